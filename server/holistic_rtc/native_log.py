"""Filters what native libraries write directly to standard error.

For each landmarker, MediaPipe's writes a dozen irrelevant lines and, occasionally, one that matters. libtiff may write
a line for each row of a damaged picture, for which Pillow raises an error.
"""

import contextlib
import os
import re
import threading
from collections.abc import Iterator

_NOISE = re.compile(
    rb"[IW]\d{4} |INFO: |WARNING: Logging before InitGoogle|\w*(?:Decode|TIFF|JPEGLib)\w*: |tempfile\.tif: "
)


def is_noise(line: bytes) -> bool:
    return _NOISE.match(line) is not None


@contextlib.contextmanager
def without_noise() -> Iterator[int]:
    """
    Remove the noise from this process's standard error.

    A thread copies complete lines. To write partial lines, use the yielded descriptor.

    :return: a file descriptor of the original standard error.
    """
    stderr = os.dup(2)
    source, sink = os.pipe()
    os.dup2(sink, 2)
    os.close(sink)

    def copy() -> None:
        with open(source, "rb") as lines:
            for line in lines:
                if not is_noise(line):
                    os.write(stderr, line)

    copier = threading.Thread(target=copy, name="native-log")
    copier.start()
    try:
        yield stderr
    finally:
        os.dup2(stderr, 2)
        copier.join()
        os.close(stderr)
