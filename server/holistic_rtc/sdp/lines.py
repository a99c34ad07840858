"""Splits a session description (RFC 8866) into sections and attributes, without interpreting them."""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

_END = re.compile(r"\r\n|\n|\r")


@dataclass(frozen=True)
class Block:
    """
    The session-level part of a description, or one of its media sections.

    :param media: the value of the ``m=`` line; empty for the session-level part.
    :param attributes: the values of the ``a=`` lines by name, in order; empty strings for flags.
    """

    media: str = ""
    attributes: Mapping[str, list[str]] = field(default_factory=lambda: defaultdict(list))

    def get(self, name: str) -> str | None:
        """The first value of an attribute."""
        values = self.all(name)
        return values[0] if values else None

    def all(self, name: str) -> Sequence[str]:
        return self.attributes.get(name, ())

    def has(self, name: str) -> bool:
        return name in self.attributes


def lines_of(text: str) -> list[str]:
    """Without the white space around them. Unicode has more line ends than SDP, which :meth:`str.splitlines` knows."""
    return [line.strip() for line in _END.split(text.strip())]


def split(lines: Iterable[str]) -> tuple[Block, list[Block]]:
    """
    :return: the session-level part, and the media sections.
    """
    blocks = [Block()]
    for line in lines:
        if line.startswith("a="):
            name, _, value = line[2:].partition(":")
            blocks[-1].attributes[name.strip()].append(value.strip())
        elif line.startswith("m="):
            blocks.append(Block(line[2:].strip()))
    return blocks[0], blocks[1:]
