"""The recording formats. A new one is a module that defines ``FORMAT``, and its name here."""

from collections.abc import Mapping

from holistic_rtc.recording import bvh, csv, jsonl, vrma
from holistic_rtc.recording.format import Format

FORMATS: Mapping[str, Format] = {module.FORMAT.suffix: module.FORMAT for module in (bvh, vrma, jsonl, csv)}
"""By suffix"""

DEFAULT = jsonl.FORMAT
"""For outputs whose name says nothing, such as standard output"""


def suffixes(*, heeding: str | None = None) -> str:
    """
    For help and errors: ``.bvh, .vrma, .jsonl or .csv``.

    :param heeding: the name of one of the :class:`~.format.Options`, for the formats that heed it alone.
    """
    *most, last = (format.suffix for format in FORMATS.values() if heeding is None or heeding in format.heeds)
    return f"{', '.join(most)} or {last}" if most else last
