"""``holistic-rtc record``: a take of a running session, or of a video file, for animation programs and data tools."""

import argparse
import asyncio
import math
import time
from collections.abc import AsyncIterable, Awaitable, Callable, Sequence
from contextlib import ExitStack, aclosing, closing, suppress
from itertools import combinations, product
from pathlib import Path

from rich.text import Text

from holistic_rtc.atomic import describe, is_stdout, obstacle, on_terminal, passes_through, same_output
from holistic_rtc.client import HolisticClient
from holistic_rtc.client.follow import Follower, choose
from holistic_rtc.client.rate import Rate
from holistic_rtc.commands.common import (
    add_engine_option,
    add_model_options,
    add_parts_option,
    add_quality_option,
    add_session_option,
    add_token_option,
    add_url_option,
    get_bundle,
    key_of,
    local,
    positive,
    progress_of_items,
    say,
    settings_from,
    stderr,
    token_of,
)
from holistic_rtc.commands.status import showing
from holistic_rtc.errors import ClientError, ConfigError, ControlError, MediaError
from holistic_rtc.files.media import opened
from holistic_rtc.files.soundtrack import Soundtrack
from holistic_rtc.files.source import name_of, path_of
from holistic_rtc.media.audio import OpusPacket
from holistic_rtc.model.message import LandmarkMessage
from holistic_rtc.model.parts import Part
from holistic_rtc.model.quality import Quality
from holistic_rtc.recording.format import Options
from holistic_rtc.recording.formats import DEFAULT, names, suffixes
from holistic_rtc.recording.live import JOURNAL, how_to_finish, recordings, recover, unfinished
from holistic_rtc.recording.take import Take, Wanted, writing
from holistic_rtc.tracking import check_engine, open_model
from holistic_rtc.tracking.engine import Model
from holistic_rtc.workers.job.frames import Report, processing, track_media

DESCRIPTION = (
    f"Record a running session, or a video file, for animation programs and data tools: as {names()}. "
    "A live recording ends with Ctrl-C, or with the session if one is named."
)

BUFFER = 64
"""Messages that wait for the disk: two seconds, so that a slow one loses none"""
MAX_PERSONS = 8
"""To find in a file when one of them is named"""
TYPICAL_DELAY = 0.05
"""Seconds that tracking takes, as long as the server hasn't told"""
LATE = 1.0
"""Seconds after the time of all takes is up at which they end even if no frame comes"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_model_options(parser)
    add_engine_option(parser)
    add_quality_option(parser)
    source = parser.add_mutually_exclusive_group()
    source.add_argument(
        "input",
        type=local,
        nargs="?",
        metavar="INPUT",
        help="a video that FFmpeg can read; - for standard input (default: a running session)",
    )
    add_url_option(source, "that has the session")
    source.add_argument(
        "--recover",
        type=Path,
        metavar="FILE",
        help=f"finish a live recording that was cut off; FILE is its {JOURNAL} or its output",
    )
    add_session_option(parser)
    add_token_option(parser)
    parser.add_argument(
        *("-o", "--output"),
        type=Path,
        action="append",
        metavar="FILE",
        help=f"its suffix sets the format: {suffixes()}; - for {DEFAULT.name} on standard output. "
        "Repeat it for several formats",
    )
    add_parts_option(
        parser,
        f"what to record in a {suffixes(heeding='parts')}, such as pose,hands; less takes less CPU (default: all)",
    )
    parser.add_argument(
        "--person",
        type=_person,
        metavar="ID",
        help="which person to record, if there are several (default: the first in each frame)",
    )
    parser.add_argument("--seconds", type=positive, default=math.inf, metavar="N", help="how long each output lasts")
    parser.add_argument(
        "--fps",
        type=positive,
        default=Options().fps,
        metavar="N",
        help=f"frame rate of a {suffixes(heeding='fps')} (default: {Options().fps:g})",
    )
    parser.add_argument(
        "--arkit",
        action="store_true",
        help=f"write the face as ARKit's 52 blendshapes to a {suffixes(heeding='arkit')}",
    )


def _person(text: str) -> int:
    if text.isdecimal() and int(text) <= 255:
        return int(text)
    raise argparse.ArgumentTypeError(f"{text} is not a number from 0 to 255")


def run(options: argparse.Namespace) -> None:
    if options.recover is not None:
        output, *others = options.output or [None]
        if others:
            raise ConfigError("--recover makes one file; give -o once")
        recovered = recover(options.recover, output)
        say(f"{recovered.frames} frames")
        if recovered.damaged:
            say(f"{recovered.damaged} bytes of an incomplete frame are left out")
        print(recovered.path)
        return
    if options.output is None:
        raise ConfigError(f"name the output with -o FILE, which ends in {suffixes()}")
    settings = settings_from(options)
    form = Options(options.fps, options.arkit, options.only)
    wanted = [Wanted(output, options.seconds, form, options.person) for output in options.output]
    for one, other in combinations(options.output, 2):
        if same_output(one, other):
            raise MediaError(f"two outputs would go to {describe(one)}; choose another for one of them")
    if options.input is None:
        takes = record_session(options.url, options.session, token_of(settings), wanted, key_of(options))
    elif options.session is not None:
        raise ConfigError(f"give either the file {options.input} or --session, not both")
    else:
        check_engine(settings.engine, 1 + (options.person or 0))
        bundle = get_bundle(settings)
        progress = progress_of_items(
            f"Tracking {name_of(options.input)}", shown=not any(map(on_terminal, options.output))
        )
        with progress as report, closing(open_model(bundle.path, settings.engine)) as model:
            takes = record_file(options.input, model, settings.quality, wanted, report)
    longest = _longest(takes)
    say(f"{longest.frames} frames, {longest.seconds:.1f} s")
    for one_wanted, take in zip(wanted, takes, strict=True):
        if take.full and take.longest < one_wanted.seconds:
            say(f"a {one_wanted.format.suffix} holds {take.longest / 60:.0f} minutes at most; the rest is left out")
    if not any(map(is_stdout, options.output)):
        for output in options.output:
            print(output)


def record_session(
    url: str, session: str | None, token: str | None, wanted: Sequence[Wanted], key: str | None = None
) -> list[Take]:
    """
    Until Ctrl-C, the end of the named session, or the wanted time.

    :param wanted: of one person, for the same time. The audio is kept beside the first.
    :param session: None for the only one that is running, and after its end the next.
    :param key: the session's viewing key; None if it isn't needed.
    :raises BrokenPipeError: the reader of the take has closed it.
    :raises ClientError: there is no such server or session, or several sessions to choose from. If the connection was
        lost on the way, what had come by then is written.
    :raises ControlError: the server doesn't know rigs, or doesn't track what the format needs. Again, what had come is
        written.
    :raises MediaError: there was nothing to write, or it can't be written. The message says what is kept.
    """
    for journal in sorted({journal for one in wanted for journal in unfinished(one.path.parent)}):
        say(f"{journal} has a recording that was cut off: {how_to_finish(journal)}, or delete it")
    lost = None
    with recordings(wanted) as takes:
        try:
            # A recording without a given length ends with Ctrl-C.
            with suppress(KeyboardInterrupt):
                asyncio.run(_record(url, session, token, wanted, takes, key))
        except (ClientError, ControlError) as error:
            if not any(take.frames for take in takes):
                raise
            lost = error
    if lost:
        raise lost
    return takes


async def _record(
    url: str, session: str | None, token: str | None, wanted: Sequence[Wanted], takes: Sequence[Take], key: str | None
) -> None:
    rate = Rate()
    take, first = takes[0], wanted[0].path
    beside = Soundtrack(first)
    sound = None if passes_through(first) or passes_through(beside.path) or obstacle(beside.path) else beside
    outputs = [one.path for one in wanted]

    def save(message: LandmarkMessage) -> None:
        nonlocal sound
        now, before = time.monotonic(), take.frames
        for one in takes:
            one.add(message)
        if before == 0 < take.frames and sound:
            sound.begin(now - _delay(follower))
        if sound and not take.full:
            try:
                sound.write(now)
            except MediaError as error:
                say(f"{error}; the take goes on without")
                sound = None

    def hear(packet: OpusPacket) -> None:
        if sound:
            sound.add(packet, time.monotonic())

    async def add(message: LandmarkMessage) -> None:
        before = sum(one.frames for one in takes)
        await asyncio.to_thread(save, message)
        if sum(one.frames for one in takes) > before:
            rate.add(time.monotonic())
            if not before:
                say(f"recording to {', '.join(map(describe, outputs))}; press Ctrl-C to stop")

    def state() -> str:
        longest = _longest(takes)
        return f"{longest.frames} frames, {longest.seconds:.1f} s, {rate.fps(time.monotonic()):.1f} fps"

    async with HolisticClient(url, token=token) as client:
        follower = Follower(
            client,
            await choose(client, session),
            say,
            key=key,
            parts=frozenset[Part]().union(*(one.parts for one in wanted)),
            max_persons=wanted[0].max_persons,
            buffer=BUFFER,
            on_audio=hear if sound else None,
        )
        async with (
            showing(
                stderr, lambda: Text(state()), state, live=stderr.is_terminal and not any(map(on_terminal, outputs))
            ),
            aclosing(follower.messages()) as messages,
        ):
            try:
                await fill(takes, messages, add)
            finally:
                beside.close(keep=take.frames > 0)
                if take.frames and not beside.empty:
                    say(f"the audio is in {beside.path}")


async def fill(
    takes: Sequence[Take],
    messages: AsyncIterable[LandmarkMessage],
    add: Callable[[LandmarkMessage], Awaitable[None]],
) -> None:
    """
    Until all takes have their time, each since its own first frame, or no more messages come. If their time is over
    since the last of them began, no frame is waited for.

    :param add: adds a message to the takes.
    """
    loop = asyncio.get_running_loop()
    longest = max(take.longest for take in takes)
    try:
        async with asyncio.timeout(None) as limit:
            async for message in messages:
                await add(message)
                if all(take.full for take in takes):
                    return
                if limit.when() is None and longest < math.inf and all(take.frames for take in takes):
                    limit.reschedule(loop.time() + longest + LATE)
    except TimeoutError:
        if not limit.expired():
            raise


def _longest(takes: Sequence[Take]) -> Take:
    return max(takes, key=lambda take: take.frames)


def _delay(follower: Follower) -> float:
    """Seconds from a frame's arrival at the server to its landmarks."""
    stats = follower.subscription and follower.subscription.stats
    return stats["tracks"][0]["delay_ms"] / 1000 if stats and stats["tracks"] else TYPICAL_DELAY


def record_file(source: Path, model: Model, quality: Quality, wanted: Sequence[Wanted], report: Report) -> list[Take]:
    """
    Every frame of a file, in one pass.

    :param source: see :func:`holistic_rtc.files.media.opened`.
    :param model: not loaded before the files have been checked.
    :param quality: how exactly to track a video.
    :param wanted: of one person, for the same time.
    :raises BrokenPipeError: the reader of the take has closed it.
    :raises MediaError: a file can't be read or written.
    :raises TrackerError: the tracker failed.
    """
    with opened(source) as media, ExitStack() as stack:
        for one in wanted:
            if reason := obstacle(one.path, path_of(source)):
                raise MediaError(reason)
        takes = [stack.enter_context(writing(one)) for one in wanted]
        parts = frozenset[Part]().union(*(one.parts for one in wanted))
        with processing(media, model, quality, parts, wanted[0].max_persons or MAX_PERSONS) as process:
            for _, messages in track_media(media, process, report):
                for message, take in product(messages, takes):
                    take.add(message)
                if all(take.full for take in takes):
                    break
    return takes
