"""Tracking engines, by name."""

from collections.abc import Callable, Mapping
from pathlib import Path

from .base import Tracker


def _mediapipe(model: Path) -> Tracker:
    # Imported when used: it takes half a second and 100 MB.
    from .mediapipe import MediaPipeTracker

    return MediaPipeTracker(model)


ENGINES: Mapping[str, Callable[[Path], Tracker]] = {"mediapipe": _mediapipe}
