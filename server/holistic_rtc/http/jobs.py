"""Files that clients send to be tracked: upload, progress, results."""

import asyncio
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import IO

import orjson
from aiohttp import hdrs, web

from holistic_rtc.errors import Code, Refusal
from holistic_rtc.http.auth import open_to_all, requires
from holistic_rtc.http.keys import JOBS, SETTINGS
from holistic_rtc.http.numbers import is_in
from holistic_rtc.http.quota import client_of
from holistic_rtc.http.signalling import base_of
from holistic_rtc.http.snapshot import ALL, BOTH, PERSONS
from holistic_rtc.model.job import JobResult, JobState
from holistic_rtc.model.picture_format import PICTURE_TYPES
from holistic_rtc.model.quality import Quality
from holistic_rtc.model.rights import Right
from holistic_rtc.sessions.jobs import Job, JobOptions
from holistic_rtc.settings import Settings

EVENTS = "text/event-stream"
TYPES = {**PICTURE_TYPES, ".mp4": "video/mp4", ".jsonl": "application/x-ndjson"}
"""Media types of results, by suffix"""

UPLOAD_RATE = 32_000
"""Bytes a second that an upload must have on average, 256 kbit/s, after :data:`UPLOAD_GRACE` seconds"""
UPLOAD_GRACE = 10.0
EVENT_SECONDS = 0.5
"""Between two events"""
COMMENT_SECONDS = 15.0
"""Without an event until a comment is sent, so that proxies keep the connection open"""
RETRY_AFTER = 2

_CHUNK = 256 * 1024


@requires(Right.PUBLISH)
async def post_job(request: web.Request) -> web.Response:
    settings, jobs = request.app[SETTINGS], request.app[JOBS]
    options = _read_options(request, settings)
    if request.headers.get(hdrs.CONTENT_ENCODING, "identity").lower() != "identity" or request.content_type == BOTH:
        raise Refusal(Code.UNSUPPORTED_TYPE, "send the file itself as the body, without a form or Content-Encoding")
    length = request.content_length
    if length is not None and length > settings.job_max_bytes:
        raise _too_large(settings)
    job = jobs.reserve(client_of(request), length, options)
    try:
        size = await _receive(request, job.source, settings)
        jobs.start(job, size)
    except BaseException as error:
        jobs.remove(job)
        if isinstance(error, OSError):
            raise Refusal(Code.JOBS_FULL, f"the file can't be stored: {error.strerror}", retry_after=60) from error
        raise
    headers: dict[str, str] = {hdrs.LOCATION: _address(request, job), hdrs.CACHE_CONTROL: "no-store"}
    return web.json_response(body=_encode(request, job), status=201, headers=headers)


@open_to_all
async def get_job(request: web.Request) -> web.StreamResponse:
    job = request.app[JOBS].get(request.match_info["job"])
    headers: dict[str, str] = {hdrs.CACHE_CONTROL: "no-store", hdrs.VARY: hdrs.ACCEPT}
    if EVENTS not in request.headers.get(hdrs.ACCEPT, ""):
        return web.json_response(body=_encode(request, job), headers=headers)
    # Some proxies would collect events.
    response = web.StreamResponse(headers={**headers, hdrs.CONTENT_TYPE: EVENTS, "X-Accel-Buffering": "no"})
    await response.prepare(request)
    await _send_events(request, response, job)
    return response


@open_to_all
async def delete_job(request: web.Request) -> web.Response:
    jobs = request.app[JOBS]
    jobs.remove(jobs.get(request.match_info["job"]))
    return web.Response(status=204)


@open_to_all
async def get_result(request: web.Request) -> web.StreamResponse:
    job = request.app[JOBS].get(request.match_info["job"])
    if job.error is not None:
        raise job.error
    if job.state is not JobState.DONE:
        raise Refusal(Code.JOB_UNFINISHED, "the job has no results yet", retry_after=RETRY_AFTER)
    for output in job.outputs:
        if output.name == request.match_info["result"]:
            headers = {
                hdrs.CONTENT_TYPE: TYPES[output.suffix],
                hdrs.CONTENT_DISPOSITION: "attachment",
                hdrs.CACHE_CONTROL: "private, no-store",
            }
            return web.FileResponse(output, headers=headers)
    raise Refusal(Code.NOT_FOUND, f"the job has only {', '.join(output.name for output in job.outputs)}")


@open_to_all
async def allow(request: web.Request) -> web.Response:
    """For other sites' pages, see :mod:`.cors`."""
    return web.Response(status=204)


async def _receive(request: web.Request, path: Path, settings: Settings) -> int:
    """
    :return: the number of bytes.
    :raises OSError: they can't be stored.
    :raises Refusal: the file is empty, too large, or comes too slowly.
    """
    loop = asyncio.get_running_loop()
    started, size = loop.time(), 0
    file: IO[bytes] = await asyncio.to_thread(open, path, "wb")
    try:
        while True:
            async with asyncio.timeout_at(started + UPLOAD_GRACE + size / UPLOAD_RATE):
                chunk = await request.content.read(_CHUNK)
            if not chunk:
                break
            size += len(chunk)
            if size > settings.job_max_bytes:
                raise _too_large(settings)
            await asyncio.to_thread(file.write, chunk)
    except TimeoutError:
        raise Refusal(Code.TOO_SLOW, f"the upload was under {UPLOAD_RATE:,} bytes a second") from None
    finally:
        await asyncio.to_thread(file.close)
    if not size:
        raise Refusal(Code.BAD_REQUEST, "there is no file in the request")
    return size


async def _send_events(request: web.Request, response: web.StreamResponse, job: Job) -> None:
    """Until the job has ended or has been deleted, or the client has gone."""
    jobs = request.app[JOBS]
    while True:
        changed = job.changed
        if job not in jobs:
            return
        await response.write(b"event: job\ndata: " + _encode(request, job) + b"\n\n")
        if job.state.ended:
            return
        pause = asyncio.get_running_loop().time() + EVENT_SECONDS
        while not await _happens(changed, COMMENT_SECONDS):
            await response.write(b":\n\n")
        if not job.state.ended:
            await asyncio.sleep(max(0, pause - asyncio.get_running_loop().time()))


async def _happens(event: asyncio.Event, seconds: float) -> bool:
    try:
        async with asyncio.timeout(seconds):
            return await event.wait()
    except TimeoutError:
        return False


def _encode(request: web.Request, job: Job) -> bytes:
    address = _address(request, job)
    document: dict[str, object] = {
        "id": job.id,
        "state": job.state,
        "ahead": request.app[JOBS].ahead_of(job),
        "frames": job.frames,
        "total": max(job.frames, job.total) or None,
        "damaged": job.damaged,
        "results": [
            {"name": output.name, "type": TYPES[output.suffix], "url": f"{address}/{output.name}"}
            for output in job.outputs
        ],
        "error": {"code": job.error.code, "detail": job.error.detail} if job.error else None,
        "expires_in": None if job.expires is None else max(0, round(job.expires - time.monotonic())),
    }
    return orjson.dumps(document)


def _address(request: web.Request, job: Job) -> str:
    return f"{base_of(request)}/api/jobs/{job.id}"


def _read_options(request: web.Request, settings: Settings) -> JobOptions:
    """
    :raises Refusal: a parameter is unknown or has an invalid value.
    """
    options: dict[str, object] = {"quality": settings.quality}
    readers: dict[str, Callable[[str, str], object]] = {
        "results": _read_results,
        "quality": _read_quality,
        "max_persons": partial(_read_persons, settings.max_persons),
    }
    for name, value in request.query.items():
        if name == "ticket":
            continue
        if name not in readers:
            raise Refusal(Code.BAD_REQUEST, f"unknown parameter {name!r}; known are {', '.join(readers)}")
        options[name] = readers[name](name, value)
    return JobOptions(**options)  # type: ignore[arg-type]


def _read_results(name: str, value: str) -> frozenset[JobResult]:
    try:
        return frozenset(map(JobResult, value.split(",")))
    except ValueError:
        raise Refusal(
            Code.BAD_REQUEST, f"{name} must be {' and '.join(JobResult)}, separated by commas, not {value!r}"
        ) from None


def _read_quality(name: str, value: str) -> Quality:
    try:
        return Quality(value)
    except ValueError:
        raise Refusal(Code.BAD_REQUEST, f"{name} must be {', '.join(Quality)}, not {value!r}") from None


def _read_persons(most: int, name: str, value: str) -> int:
    if value != ALL and not is_in(PERSONS, value):
        raise Refusal(Code.BAD_REQUEST, f"{name} must be a number from 1 to {PERSONS[-1]}, or {ALL}, not {value!r}")
    return most if value == ALL else min(int(value), most)


def _too_large(settings: Settings) -> Refusal:
    return Refusal(Code.TOO_LARGE, f"the file is too large: the maximum is {settings.job_max_bytes:,} bytes")


routes = [
    web.post("/api/jobs", post_job),
    web.get("/api/jobs/{job}", get_job),
    web.options("/api/jobs", allow),
    web.options("/api/jobs/{job}", allow),
    web.delete("/api/jobs/{job}", delete_job),
    web.get("/api/jobs/{job}/{result}", get_result),
]
