"""``holistic-rtc watch``: a session's landmarks as a live table, and as JSON lines."""

import argparse
import asyncio
from contextlib import aclosing, nullcontext, suppress
from pathlib import Path

from holistic_rtc.atomic import Unbuffered, describe, obstacle, open_through
from holistic_rtc.client import HolisticClient
from holistic_rtc.client.follow import Follower, choose
from holistic_rtc.commands.common import (
    add_max_persons_option,
    add_session_options,
    key_of,
    say,
    settings_from,
    stderr,
    token_of,
)
from holistic_rtc.commands.status import showing
from holistic_rtc.commands.watch_table import Watched
from holistic_rtc.errors import MediaError
from holistic_rtc.wire import as_json

DESCRIPTION = "Show the landmarks of a running session: as a live table on a terminal, as JSON lines, or both."

BUFFER = 64
"""Messages of a track that wait for the output: two seconds, so that a slow disk loses none"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_session_options(parser)
    add_max_persons_option(parser)
    parser.add_argument(
        "--json",
        type=Path,
        metavar="FILE",
        help="write JSON lines, a message per frame and person; - for standard output",
    )


def run(options: argparse.Namespace) -> None:
    settings = settings_from(options)
    watch(options.url, options.session, token_of(settings), options.json, options.persons, key_of(options))


def watch(
    url: str,
    session: str | None,
    token: str | None,
    output: Path | None,
    max_persons: int = 1,
    key: str | None = None,
) -> None:
    """
    Until the session ends, if one is named.

    :param session: None for the only one that is running, and after its end the next.
    :param output: for JSON lines; ``-`` is standard output.
    :param max_persons: how many of the persons in a frame to show.
    :param key: the session's viewing key; None if it isn't needed.
    :raises ClientError: there is no such server or session, or several sessions to choose from.
    :raises MediaError: the output can't be written.
    """
    if output is not None and (reason := obstacle(output)):
        raise MediaError(reason)
    try:
        # A reader that closes the pipe has had enough.
        with suppress(BrokenPipeError), nullcontext() if output is None else _open(output) as file:
            asyncio.run(_watch(url, session, token, file, max_persons, key))
    except OSError as error:
        if output is None:
            raise
        raise MediaError(f"{describe(output)} can't be written: {error.strerror}") from error


async def _watch(
    url: str, session: str | None, token: str | None, output: Unbuffered | None, max_persons: int, key: str | None
) -> None:
    async with HolisticClient(url, token=token) as client:
        follower = Follower(client, await choose(client, session), say, key=key, max_persons=max_persons, buffer=BUFFER)
        watched = Watched(follower)
        # Lines on the same terminal would tear the table apart.
        live = stderr.is_terminal and not (output and output.isatty())
        async with (
            showing(stderr, watched.table, watched.line, live=live),
            aclosing(follower.messages()) as messages,
        ):
            async for message in messages:
                watched.add(message)
                if output:
                    await asyncio.to_thread(output.write, as_json.encode(message) + b"\n")


def _open(output: Path) -> Unbuffered:
    """Unbuffered, so that each line is there at once, and none is left that a closed pipe doesn't take."""
    return open_through(output) or Unbuffered(output, "w")
