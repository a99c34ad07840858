"""Tracks an uploaded picture, and returns its landmarks, the annotated picture, or both."""

import asyncio
from typing import Any

from aiohttp import MultipartWriter, hdrs, web

from holistic_rtc.errors import Code, Refusal
from holistic_rtc.http.auth import requires
from holistic_rtc.http.form import find_field
from holistic_rtc.http.keys import SETTINGS, SNAPSHOTS
from holistic_rtc.http.numbers import is_in
from holistic_rtc.http.quota import client_of
from holistic_rtc.http.trace import trace_of
from holistic_rtc.ipc.messages import TakeSnapshot
from holistic_rtc.model.parts import DEFAULT_PARTS, parse_parts
from holistic_rtc.model.rights import Right
from holistic_rtc.model.step import Step
from holistic_rtc.settings import Settings

JSON = "application/json"
BOTH = "multipart/form-data"
PICTURES = {"image/jpeg": "JPEG", "image/png": "PNG", "image/webp": "WEBP"}
ANSWERS = (JSON, *PICTURES, BOTH)

SWITCHES = {"true": True, "false": False, "1": True, "0": False}
ALL = "all"
"""Stands for as many persons as the server tracks"""
SIZES = range(16, 8193)
"""Permitted limits for the longer side of the returned picture, in pixels"""

PERSONS = range(1, 256)

FORM_OVERHEAD = 64 * 1024
"""Maximum size of a form in addition to its picture, in bytes"""

UPLOAD_RATE = 8_000
"""Bytes a second that an upload must have on average, 64 kbit/s, after :data:`UPLOAD_GRACE` seconds"""
UPLOAD_GRACE = 2.0

_CHUNK = 64 * 1024


@requires(Right.PUBLISH)
async def post_snapshot(request: web.Request) -> web.Response:
    settings, snapshots = request.app[SETTINGS], request.app[SNAPSHOTS]
    answer = _negotiate(request.headers.get(hdrs.ACCEPT) or "*/*")
    options = _read_options(request, settings)
    client, trace = client_of(request), trace_of(request)
    with snapshots.place(client):
        try:
            async with asyncio.timeout(settings.snapshot_seconds):
                picture = await _read_picture(request, settings.snapshot_max_bytes)
        except TimeoutError:
            raise Refusal(
                Code.TOO_SLOW,
                f"the upload took over {settings.snapshot_seconds:g} s, or was under {UPLOAD_RATE:,} bytes a second",
            ) from None
        trace.take(Step.READ_BODY)
        picture_format = None if answer == JSON else PICTURES.get(answer, "JPEG")
        if answer in PICTURES:
            options["parts"] = []  # Only what is drawn has to be found.
        taken = await snapshots.take(
            TakeSnapshot(
                picture=picture,
                picture_format=picture_format,
                max_pixels=settings.snapshot_max_pixels,
                address=client.address,
                trace_id=trace.id,
                **options,
            ),
            trace,
        )
    headers = {hdrs.CACHE_CONTROL: "no-store", hdrs.VARY: hdrs.ACCEPT}
    if answer == JSON:
        return web.Response(body=taken.landmarks, content_type=JSON, headers=headers)
    if answer in PICTURES:
        return web.Response(body=taken.picture, content_type=answer, headers=headers)
    both = MultipartWriter("form-data")
    both.append(taken.landmarks, {hdrs.CONTENT_TYPE: JSON}).set_content_disposition("form-data", name="landmarks")
    both.append(taken.picture, {hdrs.CONTENT_TYPE: "image/jpeg"}).set_content_disposition(
        "form-data", name="picture", filename="annotated.jpg"
    )
    return web.Response(body=both, headers=headers)


def _negotiate(accept: str) -> str:
    """
    The media type that the client prefers (RFC 9110, section 12.5.1); the first one if there are several.

    :raises Refusal: the client accepts none.
    """
    best, best_quality = None, 0.0
    for answer in ANSWERS:
        quality = _quality(accept, answer)
        if quality > best_quality:
            best, best_quality = answer, quality
    if best is None:
        raise Refusal(
            Code.NOT_ACCEPTABLE, f"the response can be {', '.join(ANSWERS)}; the Accept header allows none of them"
        )
    return best


def _quality(accept: str, answer: str) -> float:
    """The quality of the most specific media range that matches `answer`; 0 if there is none."""
    found = {}
    for item in accept.split(","):
        media_range, *parameters = (part.strip().lower() for part in item.split(";"))
        quality = next((part[2:] for part in parameters if part.startswith("q=")), "1")
        try:
            found[media_range] = float(quality)
        except ValueError:
            found[media_range] = 0.0
    for media_range in (answer, f"{answer.partition('/')[0]}/*", "*/*"):
        if media_range in found:
            return found[media_range]
    return 0.0


def _read_options(request: web.Request, settings: Settings) -> dict[str, Any]:
    """
    :return: the fields of :class:`TakeSnapshot` that a client can choose.
    :raises Refusal: a parameter is unknown or has an invalid value.
    """
    options: dict[str, Any] = {
        "parts": DEFAULT_PARTS & settings.parts,
        "max_persons": 1,
        "annotate": True,
        "mirror": False,
        "max_size": None,
    }
    for name, value in request.query.items():
        match name:
            case "parts":
                try:
                    options["parts"] = parse_parts(value) & settings.parts
                except ValueError as error:
                    raise Refusal(Code.BAD_REQUEST, f"parts: {error}") from None
                if not options["parts"]:
                    tracked = ", ".join(sorted(settings.parts))
                    raise Refusal(Code.BAD_REQUEST, f"this server tracks none of these parts, only {tracked}")
            case "max_persons":
                if value != ALL and not is_in(PERSONS, value):
                    raise Refusal(
                        Code.BAD_REQUEST,
                        f"max_persons must be a number from 1 to {PERSONS[-1]}, or {ALL}, not {value!r}",
                    )
                options[name] = settings.max_persons if value == ALL else min(int(value), settings.max_persons)
            case "annotate" | "mirror":
                if value not in SWITCHES:
                    raise Refusal(Code.BAD_REQUEST, f"{name} must be true or false, not {value!r}")
                options[name] = SWITCHES[value]
            case "max_size":
                if not is_in(SIZES, value):
                    raise Refusal(
                        Code.BAD_REQUEST, f"max_size must be a number from {SIZES[0]} to {SIZES[-1]}, not {value!r}"
                    )
                options[name] = int(value)
            case _:
                raise Refusal(Code.BAD_REQUEST, f"unknown parameter {name!r}; known are {', '.join(options)}")
    return options


async def _read_picture(request: web.Request, max_bytes: int) -> bytes:
    """
    :raises Refusal: the picture can't be read, or is too large.
    """
    if request.headers.get(hdrs.CONTENT_ENCODING, "identity").lower() != "identity":
        raise Refusal(Code.UNSUPPORTED_TYPE, "send the picture as it is, without Content-Encoding")
    if request.content_type != BOTH:
        picture = bytes(await _read_up_to(request, max_bytes, 0))
    else:
        form = await _read_up_to(request, max_bytes, FORM_OVERHEAD)
        picture = await find_field(form, request.headers[hdrs.CONTENT_TYPE], "file")
    if len(picture) > max_bytes:
        raise _too_large(max_bytes)
    if not picture:
        raise Refusal(Code.BAD_REQUEST, "there is no picture in the request")
    return picture


async def _read_up_to(request: web.Request, max_bytes: int, overhead: int) -> bytearray:
    """
    :raises Refusal: the body is too large.
    :raises TimeoutError: it comes too slowly.
    """
    if request.content_length is not None and request.content_length > max_bytes + overhead:
        raise _too_large(max_bytes)
    body = bytearray()
    started = asyncio.get_running_loop().time()
    while True:
        async with asyncio.timeout_at(started + UPLOAD_GRACE + len(body) / UPLOAD_RATE):
            chunk = await request.content.read(_CHUNK)
        if not chunk:
            return body
        body += chunk
        if len(body) > max_bytes + overhead:
            raise _too_large(max_bytes)


def _too_large(max_bytes: int) -> Refusal:
    return Refusal(
        Code.TOO_LARGE,
        f"the picture is too large: the maximum is {max_bytes:,} bytes, plus {FORM_OVERHEAD:,} in a form",
    )


routes = [web.post("/api/snapshot", post_snapshot)]
