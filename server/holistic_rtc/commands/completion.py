"""Completion of command lines in shells."""

import argparse
from collections.abc import Iterator
from pathlib import Path

import shtab

from holistic_rtc.commands.common import local
from holistic_rtc.files.storage import place


def completion(parser: argparse.ArgumentParser, shell: str) -> str:
    """
    :param parser: with all commands.
    :param shell: its name, as shtab knows it.
    :return: the script that completes its commands, options, choices and files.
    """
    for action in _actions(parser):
        if action.type in (Path, place, local):
            action.complete = shtab.DIR if action.metavar == "DIR" else shtab.FILE  # type: ignore[attr-defined]
    return shtab.complete(parser, shell)


def _actions(parser: argparse.ArgumentParser) -> Iterator[argparse.Action]:
    for action in parser._actions:  # argparse has no other way to list them; shtab uses it, too
        yield action
        if isinstance(action, argparse._SubParsersAction):
            for subparser in action.choices.values():
                yield from _actions(subparser)
