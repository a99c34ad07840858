"""A file's frames through the tracker, for the commands that read files."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager

from holistic_rtc.errors import MediaError
from holistic_rtc.files.media import Picture, Shot, Video
from holistic_rtc.model.message import LandmarkMessage
from holistic_rtc.model.parts import Part
from holistic_rtc.model.quality import Quality
from holistic_rtc.pipeline.pipeline import Find, Pipeline
from holistic_rtc.tracking.engine import Model

Report = Callable[[int, int], None]
"""Called with the number of frames done, and the total, which is 0 if it isn't known."""


@contextmanager
def finding(media: Picture | Video, model: Model, quality: Quality) -> Iterator[Find]:
    """
    What finds the people in a file's frames: in a picture everywhere at once, as for a snapshot.

    :param quality: for a video.
    :raises TrackerError: the tracker can't be made.
    """
    if isinstance(media, Picture):
        with closing(model.picture_tracker()) as pictures:
            yield lambda image, _, parts, max_persons: pictures.detect(image, parts, max_persons)
    else:
        with closing(model.tracker(quality)) as tracker:
            yield tracker.track


def track_media(
    media: Picture | Video, find: Find, report: Report, parts: frozenset[Part], max_persons: int = 1
) -> Iterator[tuple[Shot, Sequence[LandmarkMessage]]]:
    """
    Each frame with its landmarks, smoothed: a message per person, in order of their ids. No frame is skipped.

    :param find: see :func:`finding`.
    :param parts: what to find.
    :param max_persons: how many people to find at most.
    :raises MediaError: there is none.
    :raises TrackerError: the tracker failed.
    """
    pipeline = Pipeline(find)
    done = 0
    for shot in media.shots():
        persons = pipeline.process(shot.image, shot.timestamp_ms, smoothing=True, parts=parts, max_persons=max_persons)
        height, width = shot.image.shape[:2]
        yield (
            shot,
            [
                LandmarkMessage(done, shot.timestamp_ms, width, height, 0, found.result, found.rig, found.person)
                for found in persons
            ],
        )
        done += 1
        report(done, media.frame_count)
    if not done:
        raise MediaError(f"{media.source} has no frame that can be read")
