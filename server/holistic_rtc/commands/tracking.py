"""A file's frames through the tracker, for the commands that read files."""

from collections.abc import Callable, Iterator

from holistic_rtc.errors import MediaError
from holistic_rtc.files.media import Picture, Shot, Video
from holistic_rtc.model.message import LandmarkMessage
from holistic_rtc.motion.refine import Refiner
from holistic_rtc.tracking.engine import Tracker

Report = Callable[[int, int], None]
"""Called with the number of frames done, and the total, which is 0 if it isn't known."""


def track_media(media: Picture | Video, tracker: Tracker, report: Report) -> Iterator[tuple[Shot, LandmarkMessage]]:
    """
    Each frame with its landmarks, refined. No frame is skipped.

    :raises MediaError: there is none.
    :raises TrackerError: the tracker failed.
    """
    refiner = Refiner()
    done = 0
    for shot in media.shots():
        yield shot, _track_shot(done, shot, media.passes, tracker, refiner)
        done += 1
        report(done, media.frame_count)
    if not done:
        raise MediaError(f"{media.source} has no frame that can be read")


def _track_shot(seq: int, shot: Shot, passes: int, tracker: Tracker, refiner: Refiner) -> LandmarkMessage:
    for i in range(passes):
        result = tracker.track(shot.image, shot.timestamp_ms + i)
    height, width = shot.image.shape[:2]
    result = refiner.refine(result, width, height, shot.timestamp_ms, smoothing=True)
    return LandmarkMessage(seq, shot.timestamp_ms, width, height, 0, result)
