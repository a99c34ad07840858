"""
The registry of tracking engines.

To add an engine, write a module that defines ``ENGINE``, which opens a
:class:`~holistic_rtc.tracking.engine.Model`, and list it in :data:`ENGINES`.
"""

from collections.abc import Mapping
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from holistic_rtc.errors import ConfigError, TrackerError

if TYPE_CHECKING:
    # The front process needs only the names, and doesn't load NumPy.
    from holistic_rtc.tracking.engine import Engine, Model

ENGINES: Mapping[str, str] = {
    "holistic": "holistic_rtc.tracking.holistic.engine",
    "mediapipe": "holistic_rtc.tracking.mediapipe.engine",
}
"""The module of each engine. It is imported when a model is opened, which can take half a second and 100 MB."""

DEFAULT_ENGINE = "holistic"


ONE_PERSON = frozenset({"mediapipe"})
"""Engines that track one person"""


def check_engine(name: str, max_persons: int = 1) -> None:
    """
    :raises ConfigError: there is no such engine, it isn't installed, or it doesn't track several people.
    """
    if name not in ENGINES:
        raise ConfigError(f"there is no tracking engine {name!r}; choose {' or '.join(ENGINES)}")
    if name == "mediapipe" and find_spec("mediapipe") is None:
        raise ConfigError("the engine mediapipe isn't installed; run: pip install 'holistic-rtc[mediapipe]'")
    if max_persons > 1 and name in ONE_PERSON:
        raise ConfigError(f"the engine {name} tracks one person; choose another one for up to {max_persons}")


def open_model(path: Path, engine: str = DEFAULT_ENGINE, threads: int = 1) -> "Model":
    """
    Open a model bundle. Nothing of it is loaded before the first tracker is made.

    :param path: of the bundle.
    :param engine: one of :data:`ENGINES`.
    :param threads: how many may run a network at a time. MediaPipe decides that itself.
    :raises TrackerError: the engine can't be imported.
    """
    try:
        found: Engine = import_module(ENGINES[engine]).ENGINE
    except ImportError as error:
        raise TrackerError(
            f"the engine {engine} can't be loaded: {error}; install that, or use another engine"
        ) from error
    return found(path, threads)
