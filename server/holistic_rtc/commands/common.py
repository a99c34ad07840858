"""What several commands share: options, the model bundle, progress bars."""

import argparse
import contextlib
import math
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TextIO, cast

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    TextColumn,
    TimeRemainingColumn,
)

from holistic_rtc.bundle import models
from holistic_rtc.bundle.models import ModelBundle, PoseModel
from holistic_rtc.errors import ConfigError
from holistic_rtc.model.parts import Part, parse_parts
from holistic_rtc.model.quality import Quality
from holistic_rtc.native_log import without_noise
from holistic_rtc.settings import Settings, load_settings
from holistic_rtc.tracking import DEFAULT_ENGINE, ENGINES, check_engine

DEFAULT_URL = "http://127.0.0.1:8080"
"""Where ``holistic-rtc serve`` serves by default"""


class _Stderr:
    """Standard error. What can't be written, because its terminal or its reader has gone, ends no command."""

    def write(self, text: str) -> int:
        with contextlib.suppress(OSError):
            self._file().write(text)
        return len(text)

    def flush(self) -> None:
        with contextlib.suppress(OSError):
            self._file().flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file(), name)

    def _file(self) -> TextIO:
        """The current one, which tests and a live display replace."""
        file: TextIO = getattr(sys.stderr, "rich_proxied_file", sys.stderr)
        return file


stderr = Console(file=cast(TextIO, _Stderr()), highlight=False)


def say(text: str) -> None:
    """Print a line to standard error."""
    stderr.print(text, soft_wrap=True, markup=False)


def add_model_options(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--model", type=Path, default=argparse.SUPPRESS, metavar="FILE", help="your own model bundle (HOLISTIC_MODEL)")
    add(
        "--pose-model",
        choices=[model.value for model in PoseModel],
        default=argparse.SUPPRESS,
        help="MediaPipe's model complexity 0 (lite) or 1 (full), which is slower and more precise (default: lite)",
    )


def add_engine_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--engine", choices=ENGINES, default=argparse.SUPPRESS, help=f"the tracking engine (default: {DEFAULT_ENGINE})"
    )


def add_quality_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--quality",
        choices=[quality.value for quality in Quality],
        default=argparse.SUPPRESS,
        help=f"trade-off between CPU time and precision (default: {Quality.BALANCED})",
    )


def add_max_persons_option(parser: argparse.ArgumentParser) -> None:
    # Not the setting of the same name, which is about a server.
    parser.add_argument(
        "--max-persons",
        dest="persons",
        type=_persons,
        default=1,
        metavar="N",
        help="maximum number of people to find in a frame (default: 1)",
    )


def _persons(text: str) -> int:
    if text.isdecimal() and 1 <= int(text) <= 255:
        return int(text)
    raise argparse.ArgumentTypeError(f"{text} is not a number from 1 to 255")


def add_parts_option(parser: argparse.ArgumentParser, help: str) -> None:
    # Not the setting of the same name, which is about a server.
    parser.add_argument("--parts", dest="only", type=_parts, metavar="PART,...", help=help)


def _parts(text: str) -> frozenset[Part]:
    try:
        return parse_parts(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def local(text: str) -> Path:
    """The type of arguments that are files, in commands that may also speak to a server."""
    if "://" in text:
        raise argparse.ArgumentTypeError(f"{text} isn't a file; if it is a server's address, write --url {text}")
    return Path(text)


def add_url_option(parser: argparse._ActionsContainer, what: str, *, default: str | None = DEFAULT_URL) -> None:
    """
    :param what: what the server is for.
    :param default: None if the command does without a server.
    """
    example = f"default: {default}" if default else f"such as {DEFAULT_URL}; default: none"
    parser.add_argument("--url", default=default, help=f"address of the server {what} ({example})")


def add_session_options(parser: argparse.ArgumentParser) -> None:
    add_url_option(parser, "that has the session")
    add_session_option(parser)
    add_token_option(parser)


def add_session_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--session",
        metavar="ID",
        help="the session's id, or its name, which is followed from session to session (default: the only running "
        "session, then the next one)",
    )
    parser.add_argument("--key", help="the session's viewing key, as in the link that its publisher shares")


def add_token_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--token", default=argparse.SUPPRESS, help="the server's token, if it has one (HOLISTIC_TOKEN)")


def whole_number(text: str) -> int:
    if text.isdecimal() and int(text) > 0:
        return int(text)
    raise argparse.ArgumentTypeError(f"{text} is not a whole number above 0")


def positive(text: str) -> float:
    with contextlib.suppress(ValueError):
        if 0 < (number := float(text)) < math.inf:
            return number
    raise argparse.ArgumentTypeError(f"{text} is not a number above 0")


def settings_from(options: argparse.Namespace) -> Settings:
    """
    The settings that are given as options, and the others from the environment.

    :raises ConfigError: a value can't be used.
    """
    given = {name: value for name, value in vars(options).items() if name in Settings.model_fields}
    settings = load_settings(**given)
    check_engine(settings.engine)
    return settings


def token_of(settings: Settings) -> str | None:
    return settings.token.get_secret_value() if settings.token else None


def key_of(options: argparse.Namespace) -> str | None:
    """
    :raises ConfigError: the viewing key is for no session.
    """
    if options.key and options.session is None:
        raise ConfigError("--key is the key of a session; name that with --session")
    key: str | None = options.key
    return key


def get_bundle(settings: Settings) -> ModelBundle:
    """
    Fetch the model bundle if it isn't there.

    :raises ModelError: it can't be read or fetched.
    """
    if settings.model is not None:
        return models.find(PoseModel(settings.pose_model), settings.model)
    with _progress_of_bytes() as report:
        return models.fetch(PoseModel(settings.pose_model), report=report)


@contextlib.contextmanager
def progress_of_items(title: str, total: int = 0, *, shown: bool = True) -> Iterator[Callable[..., None]]:
    """
    A progress bar, if there is a terminal. Keeps MediaPipe's own log off it.

    :param total: 0 if it isn't known yet.
    :param shown: whether to draw it at all.
    :return: called with the number of items done, and with the total once that is known.
    """
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with (
        without_noise() as descriptor,
        open(descriptor, "w", errors="backslashreplace", closefd=False) as terminal,
        Progress(
            *columns, console=Console(file=terminal), transient=True, disable=not (shown and terminal.isatty())
        ) as progress,
    ):
        task = progress.add_task(title, total=total or None)
        yield lambda done, total=total: progress.update(task, completed=done, total=total or None)


@contextlib.contextmanager
def _progress(*columns: ProgressColumn) -> Iterator[Progress]:
    """Shown only on a terminal, and removed at the end."""
    progress = Progress(*columns, console=stderr, transient=True)
    with progress if stderr.is_terminal else contextlib.nullcontext():
        yield progress


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
