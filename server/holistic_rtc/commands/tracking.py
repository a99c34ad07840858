"""A file's frames through the tracker, for the commands that read files."""

from collections.abc import Callable, Iterator

from holistic_rtc.errors import MediaError
from holistic_rtc.files.media import Picture, Shot, Video
from holistic_rtc.model.message import LandmarkMessage
from holistic_rtc.model.parts import Part
from holistic_rtc.model.result import HolisticResult, Image
from holistic_rtc.pipeline.pipeline import Pipeline
from holistic_rtc.tracking.engine import Tracker

Report = Callable[[int, int], None]
"""Called with the number of frames done, and the total, which is 0 if it isn't known."""


def track_media(
    media: Picture | Video, tracker: Tracker, report: Report, parts: frozenset[Part]
) -> Iterator[tuple[Shot, LandmarkMessage]]:
    """
    Each frame with its landmarks, smoothed. No frame is skipped.

    :param parts: what to find.
    :raises MediaError: there is none.
    :raises TrackerError: the tracker failed.
    """

    def find(image: Image, timestamp_ms: int, parts: frozenset[Part]) -> HolisticResult:
        for i in range(media.passes):
            result = tracker.track(image, timestamp_ms + i, parts)
        return result

    pipeline = Pipeline(find)
    done = 0
    for shot in media.shots():
        found = pipeline.process(shot.image, shot.timestamp_ms, smoothing=True, parts=parts)
        height, width = shot.image.shape[:2]
        yield shot, LandmarkMessage(done, shot.timestamp_ms, width, height, 0, found.result, found.rig)
        done += 1
        report(done, media.frame_count)
    if not done:
        raise MediaError(f"{media.source} has no frame that can be read")
