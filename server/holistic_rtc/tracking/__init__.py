"""
The registry of tracking engines.

To add an engine, write a module that defines ``ENGINE``, an :class:`~holistic_rtc.tracking.engine.Engine`, and list it
in :data:`ENGINES`.
"""

from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from holistic_rtc.tracking.quality import DEFAULT_QUALITY

if TYPE_CHECKING:
    # The front process needs only the names, and doesn't load NumPy.
    from holistic_rtc.tracking.engine import Engine, PictureTracker, Tracker

ENGINES: Mapping[str, str] = {
    "mediapipe": "holistic_rtc.tracking.mediapipe.engine",
    "holistic": "holistic_rtc.tracking.holistic.engine",
}
"""The module of each engine. It is imported when a tracker is made, which can take half a second and 100 MB."""

DEFAULT_ENGINE = "mediapipe"


def make_tracker(model: Path, engine: str = DEFAULT_ENGINE, quality: str = DEFAULT_QUALITY) -> "Tracker":
    """
    Make a tracker for one stream of frames.

    :param model: path of the model bundle.
    :param engine: one of :data:`ENGINES`.
    :param quality: one of :data:`.quality.QUALITIES`. Engines may ignore it.
    :raises TrackerError: the engine can't be loaded.
    :raises ModelError: the model bundle has a missing or foreign network.
    """
    return _load(engine).tracker(model, quality)


def make_picture_tracker(model: Path, engine: str = DEFAULT_ENGINE) -> "PictureTracker":
    """
    Make a tracker for unrelated pictures.

    :param model: path of the model bundle.
    :param engine: one of :data:`ENGINES`.
    :raises TrackerError: the engine can't be loaded.
    :raises ModelError: the model bundle has a missing or foreign network.
    """
    return _load(engine).picture_tracker(model)


def _load(engine: str) -> "Engine":
    found: Engine = import_module(ENGINES[engine]).ENGINE
    return found
