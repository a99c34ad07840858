"""``holistic-rtc vmc``: moves an avatar in another program, over the VMC protocol."""

import argparse
import asyncio
from contextlib import aclosing

from rich.text import Text

from holistic_rtc.client import HolisticClient, Part
from holistic_rtc.client.follow import Follower, choose
from holistic_rtc.commands.common import add_session_options, key_of, say, settings_from, stderr, token_of
from holistic_rtc.commands.status import showing
from holistic_rtc.outputs.vmc import sending

DESCRIPTION = "Send the rig of a running session to a program that speaks the VMC protocol."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_session_options(parser)
    parser.add_argument(
        "--to",
        default="127.0.0.1:39539",
        metavar="HOST:PORT",
        help="where the program listens (default: 127.0.0.1:39539)",
    )
    parser.add_argument(
        "--arkit",
        action="store_true",
        help="send the face as ARKit's 52 blendshapes (\"perfect sync\") instead of VRM's expressions",
    )


def run(options: argparse.Namespace) -> None:
    token = token_of(settings_from(options))
    asyncio.run(_vmc(options.url, options.session, key_of(options), token, options.to, arkit=options.arkit))


async def _vmc(url: str, session: str | None, key: str | None, token: str | None, to: str, *, arkit: bool) -> None:
    async with sending(to, arkit=arkit) as sender, HolisticClient(url, token=token) as client:
        follower = Follower(client, await choose(client, session), say, key=key, parts=[Part.RIG])
        async with (
            showing(stderr, lambda: Text(sender.state()), sender.state, live=stderr.is_terminal),
            aclosing(follower.messages()) as messages,
        ):
            async for message in messages:
                if message.track == 0:
                    sender.send(message.rig)
