"""The ``holistic-rtc`` command: runs subcommands, and turns their errors into exit statuses."""

import argparse
import importlib
import io
import itertools
import signal
import sys
from collections.abc import Sequence
from difflib import get_close_matches
from typing import NoReturn

from holistic_rtc import __version__
from holistic_rtc.commands import COMMANDS
from holistic_rtc.errors import HolisticError

if sys.platform != "linux":
    sys.exit("holistic-rtc: runs on Linux only; use Docker, or WSL 2 on Windows")

SHELLS = ("bash", "zsh", "fish", "tcsh")
_ENDING = (signal.SIGTERM, signal.SIGHUP)
_interrupts = itertools.count()


def run() -> int:
    """The process's entry point. SIGTERM and SIGHUP stop it as cleanly as Ctrl-C."""
    for number in _ENDING:
        if signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, _interrupt)
    if isinstance(sys.stdout, io.TextIOWrapper):
        # Names of files are printed byte by byte, even if they aren't UTF-8.
        sys.stdout.reconfigure(errors="surrogateescape")
    return main()


def _interrupt(*_: object) -> None:
    # At the end of a login, both come, from the terminal and the shell: the second must not interrupt the clean end. It
    # may even come before the next line; only next() is atomic.
    if next(_interrupts):
        return
    for number in _ENDING:
        signal.signal(number, signal.SIG_IGN)
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        # Scripts start what runs in the background so.
        raise KeyboardInterrupt
    signal.raise_signal(signal.SIGINT)


def main(arguments: Sequence[str] | None = None) -> int:
    """
    :return: the exit status: 0 for success, 1 for an error with a message, 130 for Ctrl-C, 141 (128 + SIGPIPE) if the
        reader of an output has closed it. Invalid arguments exit with status 2.
    """
    arguments = sys.argv[1:] if arguments is None else arguments
    try:
        parser = _parser(arguments)
        if not arguments:
            parser.print_help()
            return 0
        options, others = parser.parse_known_args(arguments)
        if others:
            _refuse(options, others)
        options.run(options)
    except HolisticError as error:
        print(f"holistic-rtc: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:
        return 141
    return 0


def _refuse(options: argparse.Namespace, unknown: Sequence[str]) -> NoReturn:
    parser: argparse.ArgumentParser = options.parser
    known = [option for action in parser._actions for option in action.option_strings]
    close = [found for one in unknown for found in get_close_matches(one.partition("=")[0], known, 1)]
    hint = f"; did you mean {' or '.join(close)}?" if close else ""
    if not close and hasattr(options, "url"):
        hint = "; give a server's address with --url, and a session with --session"
    parser.error(f"unrecognized arguments: {' '.join(unknown)}{hint}")


class _PrintCompletion(argparse.Action):
    def __call__(self, parser: argparse.ArgumentParser, _: object, shell: object, *__: object) -> None:
        from holistic_rtc.commands.completion import completion

        print(completion(_parser(None), str(shell)))
        parser.exit()


def _parser(arguments: Sequence[str] | None) -> argparse.ArgumentParser:
    """
    :param arguments: determine which command's module to import: commands don't load what only others need. None for
        all commands.
    """
    parser = argparse.ArgumentParser(
        prog="holistic-rtc",
        description="Real-time holistic tracking over WebRTC: pose, face and hands from a webcam.",
    )
    parser.add_argument("--version", action="version", version=f"holistic-rtc {__version__}")
    parser.add_argument(
        "--print-completion",
        action=_PrintCompletion,
        choices=SHELLS,
        help="print a script that completes command lines in this shell",
    )
    subparsers = parser.add_subparsers(required=True, metavar="COMMAND")
    # The only option before a command that takes a value ends the program.
    chosen = next((argument for argument in arguments or () if not argument.startswith("-")), None)
    for name, text in COMMANDS.items():
        subparser = subparsers.add_parser(name, help=text)
        if arguments is None or name == chosen:
            command = importlib.import_module(f"holistic_rtc.commands.{name}")
            subparser.description = command.DESCRIPTION
            command.add_arguments(subparser)
            subparser.set_defaults(run=command.run, parser=subparser)
    return parser


if __name__ == "__main__":
    sys.exit(run())
