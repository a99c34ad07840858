"""A file's frames through the tracker."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from functools import partial

from holistic_rtc.errors import MediaError
from holistic_rtc.files.annotated import Shot
from holistic_rtc.files.media import Picture, Video
from holistic_rtc.files.seams import SEAMS, Seams
from holistic_rtc.model.message import LandmarkMessage
from holistic_rtc.model.parts import Part
from holistic_rtc.model.quality import Quality
from holistic_rtc.model.result import Image
from holistic_rtc.pipeline.pipeline import Found, Pipeline
from holistic_rtc.tracking.engine import Model
from holistic_rtc.workers.job.relay import Relay

Report = Callable[[int, int], None]
"""Called with the number of frames done, and the total, which is 0 if it isn't known."""

Process = Callable[[Image, int], Sequence[Found]]
"""Finds the people in an image, ``(height, width, 3)`` uint8 RGB, at a time in milliseconds; smoothed."""


@contextmanager
def processing(
    media: Picture | Video,
    model: Model,
    quality: Quality,
    parts: frozenset[Part],
    max_persons: int = 1,
    seams: Seams = SEAMS,
) -> Iterator[Process]:
    """
    What processes a file's frames. In a picture, people are looked for everywhere at once, as for a snapshot.

    :param quality: for a video.
    :param parts: what to find.
    :param max_persons: how many people to find at most.
    :param seams: where the tracker of a video is replaced.
    :raises TrackerError: the tracker can't be made.
    """
    if isinstance(media, Picture):
        with closing(model.picture_tracker()) as pictures:
            pipeline = Pipeline(lambda image, _, parts, max_persons: pictures.detect(image, parts, max_persons))
            yield partial(pipeline.process, smoothing=True, parts=parts, max_persons=max_persons)
    else:
        with closing(Relay(lambda: model.tracker(quality), parts, max_persons, seams)) as relay:
            yield relay.process


def track_media(
    media: Picture | Video, process: Process, report: Report
) -> Iterator[tuple[Shot, Sequence[LandmarkMessage]]]:
    """
    Each frame with its landmarks, smoothed: a message per person, in order of their ids. No frame is skipped.

    :param process: see :func:`processing`.
    :raises MediaError: there is none.
    :raises TrackerError: the tracker failed.
    """
    done = 0
    for shot in media.shots():
        yield shot, messages(shot, done, process(shot.image, shot.timestamp_ms))
        done += 1
        report(done, media.frame_count)
    if not done:
        raise MediaError(f"{media.name} has no frame that can be read")


def messages(shot: Shot, number: int, persons: Sequence[Found]) -> Sequence[LandmarkMessage]:
    """
    :param number: of the frame.
    """
    height, width = shot.image.shape[:2]
    return [
        LandmarkMessage(number, shot.timestamp_ms, width, height, 0, found.result, found.rig, found.person)
        for found in persons
    ]
