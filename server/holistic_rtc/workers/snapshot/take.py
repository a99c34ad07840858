"""Tracks a picture, and returns its landmarks and the annotated picture."""

import io
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import cv2
import numpy as np
import orjson

from holistic_rtc.drawing.annotate import DRAWN_PARTS, annotate
from holistic_rtc.files.pictures import MAX_PIXELS, MAX_SIDES, decode_reduced, encode_picture
from holistic_rtc.model.message import LandmarkMessage
from holistic_rtc.model.parts import DEFAULT_PARTS, Part
from holistic_rtc.model.result import Image, Persons
from holistic_rtc.pipeline.pipeline import Pipeline, landmarks_of
from holistic_rtc.wire import as_json


@dataclass(frozen=True, kw_only=True)
class SnapshotOptions:
    """
    :param parts: the parts to return.
    :param drawn: the parts to draw.
    :param max_persons: how many people to find at most.
    :param picture_format: format of the returned picture: JPEG, PNG or WEBP; None for no picture.
    :param annotate: whether to draw the landmarks on it.
    :param mirror: whether to flip it left to right; landmarks never are.
    :param max_size: maximum length of its longer side in pixels; None for the original size. What its format can't
        hold is scaled down in any case.
    :param max_pixels: the limit for the uploaded picture.
    """

    parts: frozenset[Part] = DEFAULT_PARTS
    drawn: frozenset[Part] = DRAWN_PARTS
    max_persons: int = 1
    picture_format: str | None = "JPEG"
    annotate: bool = True
    mirror: bool = False
    max_size: int | None = None
    max_pixels: int = MAX_PIXELS


@dataclass(frozen=True)
class Snapshot:
    """
    :param landmarks: the first person's landmark message as JSON, with the additional fields `others` (the messages of
        the other people), `model` and `milliseconds`.
    :param picture: the encoded picture, if one was requested.
    """

    landmarks: bytes
    picture: bytes | None


def take_snapshot(
    detect: Callable[[Image, frozenset[Part], int], Persons],
    model: Mapping[str, str | None],
    data: bytes,
    options: SnapshotOptions,
) -> Snapshot:
    """
    :param detect: finds the people, like :meth:`holistic_rtc.tracking.engine.PictureTracker.detect`.
    :param model: description of the model in use, for clients.
    :param data: the uploaded picture.
    :raises MediaError: the picture can't be read, or is too large.
    :raises TrackerError: the engine failed; the tracker can't be used any more.
    """
    started = time.perf_counter()
    image, (width, height) = decode_reduced(io.BytesIO(data), options.max_pixels, options.max_size)
    pipeline = Pipeline(lambda image, _, parts, max_persons: detect(image, parts, max_persons))
    drawn = options.drawn if options.picture_format and options.annotate else frozenset[Part]()
    persons = pipeline.process(image, 0, smoothing=False, parts=options.parts | drawn, max_persons=options.max_persons)
    picture = None
    if options.picture_format:
        sides = (options.max_size, MAX_SIDES.get(options.picture_format))
        shown = _shrink(image, min((side for side in sides if side), default=None))
        if options.annotate:
            shown = annotate(shown, landmarks_of(persons), options.drawn)
        if options.mirror:
            shown = np.ascontiguousarray(shown[:, ::-1])
        picture = encode_picture(shown, options.picture_format)
    first, *others = (
        as_json.encode(LandmarkMessage(0, 0, width, height, 0, found.result, found.rig, found.person), options.parts)
        for found in persons
    )
    milliseconds = round((time.perf_counter() - started) * 1000, 1)
    more = orjson.dumps({"others": list(map(orjson.Fragment, others)), "model": model, "milliseconds": milliseconds})
    return Snapshot(first[:-1] + b"," + more[1:], picture)


def _shrink(image: Image, max_size: int | None) -> Image:
    height, width = image.shape[:2]
    if max_size is None or max(height, width) <= max_size:
        return image
    scale = max_size / max(height, width)
    size = max(round(width * scale), 1), max(round(height * scale), 1)
    return cv2.resize(image, size, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)
