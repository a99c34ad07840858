"""The programs that the documents show, from the documents themselves."""

import re
import shlex
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass

from .browsers import PROJECT

DOCUMENTS = ("README.md", "web/sdk/README.md", "docs/clients.md", "docs/fitness.md", "docs/research.md")

_FENCE = re.compile(r"^( *)```(\w+)\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
_OPERATORS = {"|", "&&", ";", ">"}


@dataclass(frozen=True)
class Snippet:
    document: str
    line: int
    language: str
    code: str

    @property
    def place(self) -> str:
        return f"{self.document}:{self.line}"


def snippets(*languages: str) -> list[Snippet]:
    """Those of the documents that are in one of `languages`, as their fences name it, in order."""
    return [
        Snippet(document, text.count("\n", 0, fence.start()) + 2, fence[2], textwrap.dedent(fence[3]))
        for document in DOCUMENTS
        for text in [(PROJECT / document).read_text()]
        for fence in _FENCE.finditer(text)
        if fence[2] in languages
    ]


def commands(code: str) -> Iterator[list[str]]:
    """The commands of a shell snippet, each as its words."""
    for line in code.replace("\\\n", " ").splitlines():
        words = shlex.shlex(line, posix=True, punctuation_chars=True)
        words.whitespace_split = True
        command: list[str] = []
        for word in words:
            if word in _OPERATORS:
                yield command
                command = []
            else:
                command.append(word)
        if command:
            yield command
