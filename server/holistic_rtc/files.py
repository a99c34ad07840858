"""Writing files so that a half one never stays."""

import contextlib
import os
import uuid
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """
    A path in the same folder and with the same suffix to write to, which takes the place of ``path`` when the block
    ends well and is removed when it doesn't. Others that write the same file at the same time don't get in the way.

    :raises OSError: the file couldn't take its place.
    """
    part = path.with_name(f".{path.stem}.{uuid.uuid4().hex}.part{path.suffix}")
    try:
        yield part
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)
