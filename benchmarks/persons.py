"""What a further person costs, and whether somebody is seen where nobody is."""

import time
from collections.abc import Iterator
from contextlib import closing
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from benchmarks.clips import FRAME_MS, clips
from benchmarks.figure import Figure
from holistic_rtc.bundle import models
from holistic_rtc.model.parts import DEFAULT_PARTS
from holistic_rtc.native_log import without_noise
from holistic_rtc.tracking import open_model
from tests.kit.publisher import Picture

FRAMES = 120
WARM_UP = 20
PACKAGES = ("skimage", "sklearn", "matplotlib")
"""Those that are installed provide pictures: ``pip install scikit-image scikit-learn``"""
PEOPLE = ("astronaut", "camera", "grace_hopper", "grace", "kitchen")
"""Pictures of people, and Grace Hopper's, among them"""
SMALLEST = 60
LARGEST = 1000
"""Pixels"""


def measure() -> list[Figure]:
    with without_noise():
        return [*_cost(), *_ghosts()]


def _cost() -> list[Figure]:
    """A picture of one, of the other, and of both persons, in turns."""
    first, second = (clips().get(name) for name in ("squats", "wave"))
    if not first or not second:
        return []
    model = open_model(models.find(models.PoseModel.LITE).path)
    trackers = {name: model.tracker() for name in ("first", "second", "both")}
    cost = dict.fromkeys(trackers, 0.0)
    for i in range(WARM_UP + FRAMES):
        halves = [pictures[i % len(pictures)][:, 160:480] for pictures in (first, second)]
        grey = np.full_like(halves[0], 128)
        for name, pair in (("first", (halves[0], grey)), ("second", (grey, halves[1])), ("both", halves)):
            picture = np.concatenate(pair, axis=1)
            started = time.process_time()
            trackers[name].track(picture, i * FRAME_MS, DEFAULT_PARTS, 2 if name == "both" else 1)
            cost[name] += (time.process_time() - started) * (i >= WARM_UP)
    model.close()
    return [
        Figure("two persons, compared with both alone", cost["both"] / (cost["first"] + cost["second"]), "times", 1.1)
    ]


def _ghosts() -> list[Figure]:
    seen = {1: 0, 4: 0}
    count = 0
    with closing(open_model(models.find(models.PoseModel.LITE).path).picture_tracker()) as tracker:
        for picture in _pictures_of_nobody():
            count += 1
            for max_persons in seen:
                seen[max_persons] += bool(tracker.detect(picture, DEFAULT_PARTS, max_persons))
    return [
        Figure("pictures of nobody", count, ""),
        Figure("somebody seen there, of one person", seen[1], "", 1),
        Figure("of up to four", seen[4], ""),
    ]


def _pictures_of_nobody() -> Iterator[Picture]:
    """Each also mirrored, flipped and rolled, its halves, and its middle."""
    for package in PACKAGES:
        spec = find_spec(package)
        if spec is None or spec.origin is None:
            continue
        for path in sorted(Path(spec.origin).parent.rglob("*")):
            if path.suffix.lower() in (".png", ".jpg", ".gif") and not path.stem.startswith(PEOPLE):
                try:
                    with Image.open(path) as file:
                        picture = file.convert("RGB")
                except (OSError, UnidentifiedImageError):
                    continue
                if min(picture.size) >= SMALLEST:
                    picture.thumbnail((LARGEST, LARGEST))
                    yield from map(np.asarray, _variants(picture))


def _variants(picture: Image.Image) -> Iterator[Image.Image]:
    width, height = picture.size
    yield picture
    yield ImageOps.mirror(picture)
    yield ImageOps.flip(picture)
    yield picture.rotate(15, expand=True)
    for box in (
        (0, 0, width // 2, height),
        (width // 2, 0, width, height),
        (width // 4, height // 4, 3 * width // 4, 3 * height // 4),
    ):
        yield picture.crop(box).resize(picture.size)
