"""
The registry of tracking engines.

To add an engine, write a module that defines ``ENGINE``, an :class:`~holistic_rtc.tracking.engine.Engine`, and list it
in :data:`ENGINES`.
"""

from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from holistic_rtc.errors import ConfigError, TrackerError
from holistic_rtc.model.quality import Quality

if TYPE_CHECKING:
    # The front process needs only the names, and doesn't load NumPy.
    from holistic_rtc.tracking.engine import Engine, PictureTracker, Tracker

ENGINES: Mapping[str, str] = {
    "holistic": "holistic_rtc.tracking.holistic.engine",
    "mediapipe": "holistic_rtc.tracking.mediapipe.engine",
}
"""The module of each engine. It is imported when a tracker is made, which can take half a second and 100 MB."""

DEFAULT_ENGINE = "holistic"


ONE_PERSON = frozenset({"mediapipe"})
"""Engines that track one person"""


def check_engine(name: str, max_persons: int = 1) -> None:
    """
    :raises ConfigError: there is no such engine, or it doesn't track several people.
    """
    if name not in ENGINES:
        raise ConfigError(f"there is no tracking engine {name!r}; choose {' or '.join(ENGINES)}")
    if max_persons > 1 and name in ONE_PERSON:
        raise ConfigError(f"the engine {name} tracks one person; choose another one for up to {max_persons}")


def make_tracker(model: Path, engine: str = DEFAULT_ENGINE, quality: Quality = Quality.BALANCED) -> "Tracker":
    """
    Make a tracker for one stream of frames.

    :param model: path of the model bundle.
    :param engine: one of :data:`ENGINES`.
    :raises TrackerError: the engine can't be loaded.
    :raises ModelError: the model bundle has a missing or foreign network.
    """
    tracker = _load(engine).tracker(model)
    tracker.quality = quality
    return tracker


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
    try:
        found: Engine = import_module(ENGINES[engine]).ENGINE
    except ImportError as error:
        raise TrackerError(
            f"the engine {engine} can't be loaded: {error}; install that, or use another engine"
        ) from error
    return found
