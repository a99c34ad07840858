"""Whether the server is up, and ready for the next peer."""

import asyncio
from collections.abc import AsyncIterator

from holistic_rtc import __version__
from holistic_rtc.client import HolisticClient
from holistic_rtc.commands.doctor.check import Finding, Verdict

START_SECONDS = 10
"""How long a server may take to replace a worker that a session has taken"""


async def check(client: HolisticClient) -> AsyncIterator[Finding]:
    """
    :raises ClientError: the server can't be reached.
    """
    health = await client.health()
    if health.version == __version__:
        yield Finding(Verdict.GOOD, f"{client.url} is up, version {health.version}")
    else:
        yield Finding(
            Verdict.NOTE,
            f"{client.url} is up, version {health.version}; this command's is {__version__}",
            "use the server's version of this command, since metrics change",
        )
    for _ in range(START_SECONDS):
        if health.ready or health.sessions >= health.max_sessions:
            break
        await asyncio.sleep(1)
        health = await client.health()
    if health.ready:
        yield Finding(Verdict.GOOD, "the next session and the next picture can start at once")
    elif health.sessions >= health.max_sessions:
        yield Finding(
            Verdict.NOTE,
            f"it is full: {health.sessions} sessions are running, its maximum",
            "give it more CPU and memory, or add a server; its log says how many sessions it has room for",
        )
    else:
        yield Finding(
            Verdict.BAD,
            f"it hasn't been ready for {START_SECONDS} s, although places are free: no worker starts",
            "read its log, which says why",
        )
