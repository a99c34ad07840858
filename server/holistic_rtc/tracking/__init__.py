"""
Tracking engines, by name.

An engine is a module that defines ``ENGINE``, an :class:`~holistic_rtc.tracking.engine.Engine`, and a line in
:data:`ENGINES`.
"""

from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    # The front process needs only the names, and does without NumPy.
    from holistic_rtc.tracking.engine import Engine, PictureTracker, Tracker

ENGINES: Mapping[str, str] = {
    "mediapipe": "holistic_rtc.tracking.mediapipe.engine",
}
"""The module of each engine, imported when a tracker is made: that can take half a second and 100 MB."""

DEFAULT_ENGINE = "mediapipe"


def make_tracker(model: Path, engine: str = DEFAULT_ENGINE) -> "Tracker":
    """
    :param model: the model bundle.
    :param engine: one of :data:`ENGINES`.
    :raises TrackerError: the engine can't be loaded.
    """
    return _load(engine).tracker(model)


def make_picture_tracker(model: Path, engine: str = DEFAULT_ENGINE) -> "PictureTracker":
    """The same as :func:`make_tracker`, for pictures that have nothing to do with each other."""
    return _load(engine).picture_tracker(model)


def _load(engine: str) -> "Engine":
    found: Engine = import_module(ENGINES[engine]).ENGINE
    return found
