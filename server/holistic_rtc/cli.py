"""The ``holistic-rtc`` command."""

import argparse
import contextlib
import math
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    DownloadColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    TextColumn,
    TimeRemainingColumn,
)

from holistic_rtc import __version__
from holistic_rtc.atomic import STDOUT, is_stdout, on_terminal
from holistic_rtc.bundle import models
from holistic_rtc.bundle.models import ModelBundle, PoseModel
from holistic_rtc.errors import ConfigError, HolisticError, MediaError
from holistic_rtc.native_log import without_noise
from holistic_rtc.settings import Settings, load_settings

stderr = Console(stderr=True, highlight=False)


def run() -> int:
    """The command as a process. Told to end, or left by its terminal, it loses no more than by Ctrl-C."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        for number in (signal.SIGTERM, signal.SIGHUP):
            if signal.getsignal(number) is signal.SIG_DFL:
                signal.signal(number, lambda *_: signal.raise_signal(signal.SIGINT))
    return main()


def main(arguments: Sequence[str] | None = None) -> int:
    """
    :return: the exit status: 0, 1 for an error that was explained, 2 for a wrong command line, 130 for Ctrl-C, 141
        (128 + SIGPIPE) when the reader of an output has closed it.
    """
    options = vars(_parser().parse_args(arguments))
    command: Callable[..., None] = options.pop("command")
    try:
        command(**options)
    except HolisticError as error:
        stderr.print(f"holistic-rtc: {error}", soft_wrap=True, markup=False)
        return 1
    except KeyboardInterrupt:
        stderr.print("interrupted")
        return 130
    except BrokenPipeError:
        return 141
    return 0


def serve(**options: object) -> None:
    settings = load_settings(**options)
    bundle = _bundle(settings)
    # Imported when used, as is what the other commands need: no command has to wait for what only another one uses.
    from holistic_rtc.app import run

    run(settings, bundle)


def track(input: Path, output: Path | None, landmarks: Path | None, **options: object) -> None:
    bundle = _bundle(load_settings(**options))
    from holistic_rtc.files.media import track_file
    from holistic_rtc.tracking import make_tracker

    outputs = [path for path in (output, landmarks) if path is not None]
    with _progress_of_items(f"Tracking {input.name}", shown=not any(map(on_terminal, outputs))) as report:
        tracked = track_file(
            input,
            lambda: make_tracker(bundle.path),
            annotated=output,
            landmarks=landmarks,
            report=report,
        )
    seen = ", ".join(f"{part} in {count}" for part, count in sorted(tracked.seen.items())) or "nobody was seen"
    stderr.print(f"{tracked.frames} {'frame' if tracked.frames == 1 else 'frames'}; {seen}", soft_wrap=True)
    if tracked.damaged:
        stderr.print(f"{input} is cut or damaged; tracked what could be decoded", soft_wrap=True, markup=False)
    if not any(map(is_stdout, outputs)):
        for path in (tracked.annotated, tracked.landmarks):
            if path is not None:
                print(path)


def watch(url: str, session: str | None, json: Path | None, **options: object) -> None:
    token = load_settings(**options).token
    from holistic_rtc.commands.watch import watch

    watch(url, session, token.get_secret_value() if token else None, json, stderr)


def vmc(url: str, session: str | None, to: str, arkit: bool, **options: object) -> None:
    token = load_settings(**options).token
    from holistic_rtc.commands.vmc import vmc

    vmc(url, session, token.get_secret_value() if token else None, to, arkit=arkit, console=stderr)


def record(
    input: Path | None,
    url: str | None,
    session: str | None,
    output: Path,
    seconds: float,
    fps: float,
    arkit: bool,
    **options: object,
) -> None:
    settings = load_settings(**options)
    from holistic_rtc.commands.record import record_file, record_session
    from holistic_rtc.recording.format import Options
    from holistic_rtc.recording.take import Wanted
    from holistic_rtc.tracking import make_tracker

    wanted = Wanted(output, seconds, Options(fps, arkit))
    if url is not None:
        token = settings.token.get_secret_value() if settings.token else None
        take = record_session(url, session, token, wanted, stderr)
    else:
        assert input is not None
        bundle = _bundle(settings)
        with _progress_of_items(f"Tracking {input.name}", shown=not on_terminal(output)) as report:
            take = record_file(input, lambda: make_tracker(bundle.path), wanted, report)
    stderr.print(f"{take.frames} frames, {take.seconds:.1f} s")
    if take.full and take.longest < seconds:
        stderr.print(f"a {output.suffix} holds an hour; what came after it is left out")
    if not is_stdout(output):
        print(output)


def snapshot(pictures: list[Path], output: Path | None, json: bool, url: str | None, **options: object) -> None:
    if output == STDOUT:
        raise MediaError("-o names a folder, so it can't be standard output")
    settings = load_settings(**options)
    from holistic_rtc.commands.snapshot import find_pictures, take_batch, taking_here, taking_through

    found = find_pictures(pictures)
    if not found:
        raise MediaError(f"there are no pictures in {', '.join(map(str, pictures))}")
    token = settings.token.get_secret_value() if settings.token else None
    taking = taking_here(_bundle(settings)) if url is None else taking_through(url, token)
    with _progress_of_items("Taking snapshots", len(found)) as report, taking as take:
        batch = take_batch(found, take, output, with_json=json, report=report)
    for path in batch.written:
        print(path)
    if batch.failed:
        for picture, reason in batch.failed.items():
            stderr.print(f"{picture}: {reason}", soft_wrap=True, markup=False)
        raise MediaError(f"{len(batch.failed)} of {len(found)} pictures failed, see above")


def doctor(**options: object) -> None:
    settings = load_settings(**options)
    from holistic_rtc.commands.doctor import Finding, Verdict, report

    signs = {Verdict.GOOD: "[green]✓[/]", Verdict.NOTE: "[yellow]•[/]", Verdict.BAD: "[red]✗[/]"}
    stdout = Console(highlight=False)

    def say(finding: Finding) -> None:
        stdout.print(f"{signs[finding.verdict]} {escape(finding.text)}", soft_wrap=True)
        if finding.remedy:
            stdout.print(f"    {finding.remedy}", soft_wrap=True, markup=False)

    with without_noise():
        bad = report(settings, say)
    if bad:
        raise ConfigError(f"{bad} of these would keep the server from working")


def fetch_model(**options: object) -> None:
    _describe(_bundle(load_settings(**options)))


def verify_model(**options: object) -> None:
    settings = load_settings(**options)
    bundle = models.find(PoseModel(settings.pose_model), settings.model)
    models.verify(bundle)
    _describe(bundle)


def locate_model(**options: object) -> None:
    settings = load_settings(**options)
    print(settings.model or models.where(PoseModel(settings.pose_model)))


def _bundle(settings: Settings) -> ModelBundle:
    """
    :raises ModelError: it is not there and can't be fetched.
    """
    if settings.model is not None:
        return models.find(PoseModel(settings.pose_model), settings.model)
    with _progress_of_bytes() as report:
        return models.fetch(PoseModel(settings.pose_model), report=report)


@contextlib.contextmanager
def _progress(*columns: ProgressColumn) -> Iterator[Progress]:
    """Shown on a terminal only, and gone when all is done."""
    progress = Progress(*columns, console=stderr, transient=True)
    with progress if stderr.is_terminal else contextlib.nullcontext():
        yield progress


@contextlib.contextmanager
def _progress_of_items(title: str, total: int = 0, *, shown: bool = True) -> Iterator[Callable[..., None]]:
    """
    Keeps away what MediaPipe's library writes on the terminal, too.

    :param total: 0 if that isn't known yet.
    :param shown: whether to draw it if there is a terminal.
    :return: called with the number of items done, and with the total when that is known by then.
    """
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with (
        without_noise() as descriptor,
        open(descriptor, "w", closefd=False) as terminal,
        Progress(
            *columns, console=Console(file=terminal), transient=True, disable=not (shown and terminal.isatty())
        ) as progress,
    ):
        task = progress.add_task(title, total=total or None)
        yield lambda done, total=total: progress.update(task, completed=done, total=total or None)


@contextlib.contextmanager
def _progress_of_bytes() -> Iterator[models.Report]:
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with _progress(*columns) as progress:
        tasks: dict[str, object] = {}

        def report(step: str, done: int, total: int) -> None:
            if step not in tasks:
                for earlier in progress.task_ids:
                    progress.remove_task(earlier)
                if not stderr.is_terminal:
                    stderr.print(f"{step} ...")
                tasks[step] = progress.add_task(step, total=total)
            progress.update(progress.task_ids[-1], completed=done)

        yield report


def _positive(text: str) -> float:
    with contextlib.suppress(ValueError):
        if 0 < (number := float(text)) < math.inf:
            return number
    raise argparse.ArgumentTypeError(f"{text} is no number above 0")


def _describe(bundle: ModelBundle) -> None:
    pose = f", {bundle.pose_model} pose model" if bundle.pose_model else ""
    stderr.print(f"{bundle.origin} bundle{pose}, sha256 {bundle.sha256}", soft_wrap=True)
    print(bundle.path)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="holistic-rtc",
        description="Real-time holistic tracking over WebRTC: pose, face and hands of a webcam.",
    )
    parser.add_argument("--version", action="version", version=f"holistic-rtc {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    model = argparse.ArgumentParser(add_help=False, argument_default=argparse.SUPPRESS)
    model.add_argument("--model", type=Path, metavar="FILE", help="a model bundle of your own (HOLISTIC_MODEL)")
    model.add_argument(
        "--pose-model",
        choices=[model.value for model in PoseModel],
        help="MediaPipe's model complexity 0 or 1; full is slower and finer (default: lite)",
    )

    command = commands.add_parser(
        "serve",
        parents=[model],
        argument_default=argparse.SUPPRESS,
        help="run the server",
        description="Run the server. Each option can also be set as HOLISTIC_<NAME> in the environment.",
    )
    command.add_argument("--host", help="address to serve (default: 127.0.0.1; 0.0.0.0 for all)")
    command.add_argument("--port", type=int, help="port to serve (default: 8080; 0 for a free one)")
    command.add_argument("--tls", choices=["self-signed"], help="serve HTTPS with a certificate made here")
    command.add_argument("--tls-cert", type=Path, metavar="FILE", help="serve HTTPS with this certificate (PEM)")
    command.add_argument("--tls-key", type=Path, metavar="FILE", help="the key of --tls-cert (PEM)")
    command.add_argument("--advertise-ip", metavar="IP", help="where peers reach the media ports, behind a NAT")
    command.add_argument(
        "--max-sessions",
        type=int,
        metavar="N",
        help="sessions at the same time (default: as many as can have 12 frames a second)",
    )
    command.add_argument("--warm", type=int, metavar="N", help="session processes kept ready")
    command.add_argument("--token", help="what clients have to know to publish and to watch (default: nothing)")
    command.add_argument(
        "--log-level", type=str.upper, choices=["DEBUG", "INFO", "WARNING", "ERROR"], help="default: INFO"
    )
    command.set_defaults(command=serve)

    command = commands.add_parser(
        "doctor",
        parents=[model],
        argument_default=argparse.SUPPRESS,
        help="look at what a server needs, and say what is wrong",
        description="Look at limits, model, ports, addresses and TURN servers, with the settings of `serve` from the "
        "environment, and say what to do about what is wrong.",
    )
    command.add_argument("--host")
    command.add_argument("--port", type=int)
    command.set_defaults(command=doctor)

    command = commands.add_parser(
        "track",
        parents=[model],
        help="track a picture or a video file",
        description="Track a picture or a video file: the landmarks as JSON, the annotated picture or video, or both.",
    )
    command.add_argument("input", type=Path, metavar="INPUT", help="a picture, or a video that FFmpeg can read")
    command.add_argument(
        "-o",
        "--output",
        type=Path,
        metavar="FILE",
        help="the annotated .mp4, or .png or .jpg for a picture; - for stdout, as .mp4 or .png "
        "(default: beside INPUT, unless --landmarks is given)",
    )
    command.add_argument(
        "--landmarks", type=Path, metavar="FILE", help="JSON lines, one message for each frame; - for stdout"
    )
    command.set_defaults(command=track)

    command = commands.add_parser(
        "watch",
        argument_default=argparse.SUPPRESS,
        help="show the landmarks of a running session",
        description="Show the landmarks of a running session: a live table on a terminal, JSON lines, or both.",
    )
    command.add_argument("url", metavar="URL", help="the server's address, such as http://localhost:8080")
    command.add_argument(
        "session", nargs="?", default=None, metavar="SESSION", help="its id (default: the only one, then the next)"
    )
    command.add_argument(
        "--json", type=Path, default=None, metavar="FILE", help="JSON lines, one message for each frame; - for stdout"
    )
    command.add_argument("--token", help="what the server asks for (HOLISTIC_TOKEN)")
    command.set_defaults(command=watch)

    command = commands.add_parser(
        "vmc",
        argument_default=argparse.SUPPRESS,
        help="move an avatar in another program",
        description="Send the rig of a running session to a program that speaks the VMC protocol.",
    )
    command.add_argument("--url", required=True, help="the server's address, such as http://localhost:8080")
    command.add_argument("--session", default=None, help="its id (default: the only one, then the next)")
    command.add_argument(
        "--to",
        default="127.0.0.1:39539",
        metavar="HOST:PORT",
        help="where the program receives (default: 127.0.0.1:39539)",
    )
    command.add_argument(
        "--arkit",
        action="store_true",
        default=False,
        help="move the face by ARKit's 52 shapes (\"perfect sync\") instead of VRM's expressions",
    )
    command.add_argument("--token", help="what the server asks for (HOLISTIC_TOKEN)")
    command.set_defaults(command=vmc)

    command = commands.add_parser(
        "record",
        parents=[model],
        help="record a running session or a video file as animation or data",
        description="Record the rig of a running session, or of a video file, for animation programs: as BVH, VRM "
        "Animation, JSON lines or CSV. A live recording ends with Ctrl-C, or when the named session does.",
    )
    source = command.add_mutually_exclusive_group(required=True)
    source.add_argument("input", type=Path, nargs="?", metavar="INPUT", help="a video that FFmpeg can read")
    source.add_argument("--url", help="a server's address, such as http://localhost:8080, to record live")
    command.add_argument("--session", help="its id, with --url (default: the only one, then the next)")
    command.add_argument(
        *("-o", "--output"),
        type=Path,
        required=True,
        metavar="FILE",
        help="ends in .bvh, .vrma, .jsonl or .csv, which says the format; - for JSON lines on stdout",
    )
    command.add_argument("--seconds", type=_positive, default=math.inf, metavar="N", help="stop after this time")
    command.add_argument(
        "--fps", type=_positive, default=30.0, metavar="N", help="frames a second of a .bvh (default: 30)"
    )
    command.add_argument("--arkit", action="store_true", help="give a .vrma the face as ARKit's 52 shapes")
    command.add_argument(
        "--token", default=argparse.SUPPRESS, help="what the server asks for, with --url (HOLISTIC_TOKEN)"
    )
    command.set_defaults(command=record)

    command = commands.add_parser(
        "snapshot",
        parents=[model],
        help="track a folder of pictures",
        description="Track pictures: writes NAME-annotated.jpg for each, here or through a server. Bad pictures are "
        "listed at the end, and don't keep the others from being taken.",
    )
    command.add_argument("pictures", type=Path, nargs="+", metavar="PICTURE", help="pictures, or folders of pictures")
    command.add_argument(
        "-o", "--output", type=Path, metavar="DIR", help="folder for what is written (default: beside each picture)"
    )
    command.add_argument("--json", action="store_true", help="write NAME.json with the landmarks, too")
    command.add_argument("--url", help="a server to send the pictures to, such as http://localhost:8080")
    command.add_argument("--token", default=argparse.SUPPRESS, help="what the server asks for (HOLISTIC_TOKEN)")
    command.set_defaults(command=snapshot)

    command = commands.add_parser("models", help="get or check the model bundle")
    actions = command.add_subparsers(required=True, metavar="ACTION")
    for name, function, text in (
        ("fetch", fetch_model, "get the model bundle, unless it is there"),
        ("verify", verify_model, "read the model bundle and check all of it"),
        ("where", locate_model, "print the place of the model bundle"),
    ):
        action = actions.add_parser(name, parents=[model], help=text, description=f"{text.capitalize()}.")
        action.set_defaults(command=function)
    return parser


if __name__ == "__main__":
    sys.exit(run())
