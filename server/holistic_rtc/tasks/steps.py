"""The steps in which a long video is tracked by several workers: each is a task."""

from pathlib import Path

import msgspec

from holistic_rtc.files.storage import place
from holistic_rtc.model.chunk import Chunk, Cut


class Plan(msgspec.Struct, tag=True):
    """Say where to cut the video, or track it, if it isn't worth it."""


class TrackChunk(msgspec.Struct, tag=True):
    """
    :param begin: the seam at which the chunk begins.
    :param goes_on: whether to go on past the beginning of the next chunk if need be.
    """

    folder: str
    cut: Cut
    begin: int
    goes_on: bool


class Join(msgspec.Struct, tag=True):
    """Write the outputs of the whole."""

    folder: str
    chunks: list[Chunk]


Step = Plan | TrackChunk | Join


def chunk_folder(output: str, id: str) -> str:
    """
    A hidden folder beside an output.

    :param id: differs for each file that is tracked.
    """
    target = place(output)
    name = f".{id}.chunks"
    return str(target.with_name(name)) if isinstance(target, Path) else f"{target.url.rpartition('/')[0]}/{name}"
