"""The commands in the documents are ones that exist."""

import re

import pytest

from holistic_rtc import cli
from tests.kit.browsers import PROJECT
from tests.kit.snippets import Snippet, commands, snippets

SHELL = snippets("sh")
TARGETS = set(re.findall(r"^([a-z-]+):", (PROJECT / "Makefile").read_text(), re.MULTILINE))
OF_OTHERS = {"curl", "docker", "jq", "npm", "pip"}


@pytest.mark.parametrize("snippet", SHELL, ids=[snippet.place for snippet in SHELL])
def test_a_command_has_only_options_that_exist(snippet: Snippet) -> None:
    for command in commands(snippet.code):
        program, *arguments = command[1:] if command[0] == "uvx" else command
        if program.rpartition("/")[2] == "holistic-rtc":
            assert status(arguments) == 0
        elif program == "make":
            target, *variables = arguments
            assert target in TARGETS
            for name, _, value in (variable.partition("=") for variable in variables):
                assert name in {"HOST", "PORT", "ARGS"}
                if name == "ARGS":
                    assert status(["serve", *value.split()]) == 0
        else:
            assert program in OF_OTHERS


def status(arguments: list[str]) -> int:
    """What parsing ends with."""
    try:
        cli._parser(arguments).parse_args(arguments)
    except SystemExit as end:  # how argparse ends, after --help as after a mistake
        return int(end.code or 0)
    return 0


def test_an_option_that_does_not_exist_is_noticed() -> None:
    assert status(["watch", "--no-such-option"]) == 2
