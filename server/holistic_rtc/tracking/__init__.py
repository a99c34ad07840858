"""Tracking engines, by name."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    # The front process, which needs the names alone, does without NumPy.
    from holistic_rtc.tracking.engine import PictureTracker, Tracker


def _mediapipe(model: Path) -> "Tracker":
    # Imported when used: it takes half a second and 100 MB.
    from holistic_rtc.tracking.mediapipe.engine import MediaPipeTracker

    return MediaPipeTracker(model)


def _mediapipe_pictures(model: Path) -> "PictureTracker":
    from holistic_rtc.tracking.mediapipe.engine import MediaPipePictureTracker

    return MediaPipePictureTracker(model)


ENGINES: Mapping[str, "Callable[[Path], Tracker]"] = {"mediapipe": _mediapipe}
PICTURE_ENGINES: Mapping[str, "Callable[[Path], PictureTracker]"] = {"mediapipe": _mediapipe_pictures}
