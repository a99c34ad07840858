"""The registry of recording formats. To add one, write a module that defines ``FORMAT``, and list it here."""

from collections.abc import Mapping

from holistic_rtc.recording import bvh, csv, jsonl, vrma
from holistic_rtc.recording.format import Format

FORMATS: Mapping[str, Format] = {module.FORMAT.suffix: module.FORMAT for module in (bvh, vrma, jsonl, csv)}
"""By suffix"""

DEFAULT = jsonl.FORMAT
"""The format of outputs without a known suffix, such as standard output"""


def names() -> str:
    """For help: ``BVH, JSON lines or CSV``."""
    return _one_of([format.name for format in FORMATS.values()])


def suffixes(*, heeding: str | None = None) -> str:
    """
    For help and errors: ``.bvh, .jsonl or .csv``.

    :param heeding: the name of one of the :class:`~.format.Options`, to list only formats that support it.
    """
    return _one_of([format.suffix for format in FORMATS.values() if heeding is None or heeding in format.heeds])


def _one_of(words: list[str]) -> str:
    *most, last = words
    return f"{', '.join(most)} or {last}" if most else last
