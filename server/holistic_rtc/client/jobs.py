"""Whole files, tracked by a server from beginning to end."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from holistic_rtc.atomic import replacing
from holistic_rtc.client.signalling import Server
from holistic_rtc.errors import JobFailedError, MediaError
from holistic_rtc.model.job import JobState

RETRY_SECONDS = 0.5
"""Until events are asked for again that ended before the job did"""


@dataclass(frozen=True, slots=True)
class JobStatus:
    """How far a job is."""

    state: JobState
    ahead: int
    """How many jobs wait in front of this one, while it waits"""
    frames: int
    """How many have been tracked"""
    total: int | None
    """How many there are, an estimate for some formats; None if unknown"""
    damaged: bool
    """Whether some of the video or its audio couldn't be decoded"""
    results: tuple[str, ...]
    """Names of the files that can be downloaded, once it is done"""
    error: str | None
    """Why it failed, in words"""
    error_code: str | None
    expires_in: int | None
    """Seconds until the server removes it, once it has ended"""

    @classmethod
    def read(cls, document: Mapping[str, Any]) -> Self:
        """
        :raises KeyError, TypeError, ValueError: it isn't a job.
        """
        error = document["error"] or {}
        return cls(
            state=JobState(document["state"]),
            ahead=document["ahead"],
            frames=document["frames"],
            total=document["total"],
            damaged=document["damaged"],
            results=tuple(result["name"] for result in document["results"]),
            error=error.get("detail"),
            error_code=error.get("code"),
            expires_in=document["expires_in"],
        )


class Job:
    """
    A file on a server, as :meth:`.client.HolisticClient.submit` returns it. All methods raise a
    :class:`~holistic_rtc.errors.JobUnknownError` once it has expired.

    :param id: secret: all that is needed to use the job.
    """

    def __init__(self, server: Server, id: str) -> None:
        self.id = id
        self._server = server

    async def status(self) -> JobStatus:
        return self._read(await self._server.get_job(self.id))

    async def follow(self) -> AsyncGenerator[JobStatus]:
        """The job's status whenever it changes, until it has ended. A slow consumer skips some."""
        while True:
            async with aclosing(self._server.get_job_events(self.id)) as events:
                async for document in events:
                    status = self._read(document)
                    yield status
                    if status.state.ended:
                        return
            await asyncio.sleep(RETRY_SECONDS)

    async def wait(self) -> JobStatus:
        """
        Wait until the job is done.

        :raises JobFailedError: it has failed.
        """
        async with aclosing(self.follow()) as statuses:
            async for status in statuses:
                if status.state is JobState.FAILED:
                    raise JobFailedError(status.error or "the job failed", code=status.error_code)
                if status.state is JobState.DONE:
                    return status
        raise AssertionError("it has ended")

    async def download(self, result: str, path: Path) -> None:
        """
        Download a result. The file appears when it is complete.

        :param result: one of :attr:`JobStatus.results`.
        :raises MediaError: the file can't be written.
        """
        try:
            with replacing(path) as part, part.open("wb") as file:
                async with aclosing(self._server.get_job_result(self.id, result)) as chunks:
                    async for chunk in chunks:
                        file.write(chunk)
        except OSError as error:
            raise MediaError(f"{path} can't be written: {error.strerror}") from error

    async def delete(self) -> None:
        """Stop the job, and remove its files from the server."""
        await self._server.delete_job(self.id)

    def _read(self, document: Mapping[str, Any]) -> JobStatus:
        try:
            return JobStatus.read(document)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise self._server.not_ours("its jobs can't be read") from error
