"""The registry of recording formats. To add one, write a module that defines ``FORMAT``, and list it here."""

from collections.abc import Mapping
from pathlib import Path

from holistic_rtc.errors import MediaError
from holistic_rtc.recording import bvh, csv, jsonl, npz, parquet, vrma
from holistic_rtc.recording.format import Format

FORMATS: Mapping[str, Format] = {
    module.FORMAT.suffix: module.FORMAT for module in (bvh, vrma, jsonl, csv, npz, parquet)
}
"""By suffix"""

DEFAULT = jsonl.FORMAT
"""The format of outputs without a known suffix, such as standard output"""


def format_of(path: Path) -> Format:
    """
    :raises MediaError: what writes the format isn't installed.
    """
    form = FORMATS.get(path.suffix.lower(), DEFAULT)
    if not form.is_installed:
        raise MediaError(f"a {form.suffix} needs {form.package}; run: pip install 'holistic-rtc[{form.suffix[1:]}]'")
    return form


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
