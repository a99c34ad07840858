"""``holistic-rtc``, as its user runs it beside a server."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from holistic_rtc import cli

COMMAND = [sys.executable, "-m", "holistic_rtc.cli"]


@asynccontextmanager
async def running(*arguments: str | Path, **environment: str) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        *COMMAND,
        *map(str, arguments),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, **environment},
    )
    try:
        async with asyncio.timeout(120):
            yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def told(process: asyncio.subprocess.Process, words: str) -> str:
    """The next line with these words on standard error."""
    assert process.stderr is not None
    while line := (await process.stderr.readline()).decode():
        if words in line:
            return line.rstrip()
    raise AssertionError(f"the command ended without saying {words}")


async def ran(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> tuple[int, str, str]:
    """
    Runs in this process, which is faster.

    :return: status, standard output and standard error
    """
    status = await asyncio.to_thread(_status, list(map(str, arguments)))
    return status, *capsys.readouterr()


def _status(arguments: list[str]) -> int:
    try:
        return cli.main(arguments)
    except SystemExit as end:  # how argparse ends
        return int(end.code or 0)


async def refused(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> str:
    """:return: what :func:`ran` says when it ends with status 1"""
    status, output, errors = await ran(capsys, *arguments)
    assert (status, output) == (1, ""), errors
    assert errors.startswith("holistic-rtc: ")
    return errors.removeprefix("holistic-rtc: ").rstrip()
