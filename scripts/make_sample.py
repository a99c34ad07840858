"""
Makes the sample clip from a picture of a person before a green screen: ``make_sample.py both_hands.png sample.webm``.

The picture is ``src/python/tests/data/both_hands.png`` of https://github.com/sign-language-processing/pose (MIT). The
head turns, the mouth opens, and the hands move, all by bending the picture. After :data:`SECONDS`, everything is where
it was, so that the clip can be repeated.
"""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from math import cos, pi, sin
from pathlib import Path

import av
import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]
Floats = NDArray[np.float32]

WIDTH, HEIGHT, FPS, SECONDS = 640, 480, 30, 10
SIDE = 964
"""Of the picture, which is halved first"""
BITRATE = 620_000
WALL = (np.array([196, 203, 209], np.float32), np.array([120, 131, 143], np.float32))
"""RGB, in the middle and in the corners"""


@dataclass(frozen=True)
class Part:
    """
    What moves as a whole. Coordinates are in pixels of the halved picture.

    :param middle: about which it turns.
    :param inner: half axes of the ellipse that moves entirely.
    :param outer: those of the one outside of which nothing moves.
    """

    middle: tuple[float, float]
    inner: tuple[float, float]
    outer: tuple[float, float]

    def weights(self, x: Floats, y: Floats) -> Floats:
        dx, dy = x - self.middle[0], y - self.middle[1]
        inner = np.hypot(dx / self.inner[0], dy / self.inner[1])
        outer = np.hypot(dx / self.outer[0], dy / self.outer[1])
        # From 1 at the inner ellipse to 0 at the outer one.
        falling = np.clip((1 - outer) / np.maximum((1 - outer) + (inner - 1), 1e-6), 0, 1)
        weights = np.where(inner <= 1, 1, falling)
        return np.asarray(weights * weights * (3 - 2 * weights), np.float32)


HEAD = Part((485, 330), (130, 310), (190, 400))
LEFT, RIGHT = Part((296, 690), (95, 165), (170, 275)), Part((566, 690), (95, 165), (170, 275))
JAW = Part((478, 300), (48, 22), (90, 70))


def make(picture: Picture) -> Iterator[Picture]:
    """
    :param picture: ``(height, width, 3)`` RGB.
    :return: the frames, ``(480, 640, 3)``.
    """
    small = cv2.resize(picture, (SIDE, SIDE), interpolation=cv2.INTER_AREA).astype(np.float32)
    person = np.dstack(keyed(small))
    wall = backdrop()
    for number in range(FPS * SECONDS):
        x, y = bent(number / FPS)
        frame = cv2.remap(person, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=(0, 0, 0, 0))
        yield np.clip(frame[..., :3] + wall * (1 - frame[..., 3:]), 0, 255).astype(np.uint8)


def keyed(picture: Floats) -> tuple[Floats, Floats]:
    """:return: the colours, multiplied by the opacity, and the opacity from 0 to 1"""
    red, green, blue = (picture[..., channel] for channel in range(3))
    others = np.maximum(red, blue)
    opacity = 1 - np.clip((green - others - 12) / 70, 0, 1)
    opacity = cv2.GaussianBlur(np.asarray(opacity, np.float32), (0, 0), 0.7)
    colours = np.dstack((red, np.minimum(green, others), blue))
    return np.asarray(colours * opacity[..., None], np.float32), np.asarray(opacity, np.float32)


def backdrop() -> Floats:
    y, x = np.mgrid[:HEIGHT, :WIDTH].astype(np.float32)
    far = np.clip(np.hypot(x / WIDTH - 0.42, 0.8 * (y / HEIGHT - 0.35)) / 0.75, 0, 1)[..., None]
    return np.asarray(WALL[0] * (1 - far) + WALL[1] * far, np.float32)


def bent(seconds: float) -> tuple[Floats, Floats]:
    """:return: where in the picture each pixel of the frame comes from"""
    turn = 2 * pi * seconds / SECONDS
    y, x = np.mgrid[:HEIGHT, :WIDTH].astype(np.float32)
    zoom = SIDE / HEIGHT / (0.97 + 0.03 * sin(turn))
    x = (x - WIDTH / 2 - 10 * sin(turn)) * zoom + SIDE / 2
    y = (y - HEIGHT) * zoom + SIDE - 6
    wave, other = sin(2 * turn), sin(3 * turn + 1)
    moves = [
        (HEAD, 0.085 * sin(2 * turn + 0.4), (14 * sin(turn), 6 * cos(2 * turn))),
        (LEFT, 0.24 * sin(2 * turn), (-26 - 30 * cos(turn), 24 * wave - 16)),
        (RIGHT, -0.22 * sin(3 * turn), (26 + 30 * cos(turn), 24 * other - 16)),
        (JAW, 0.0, (0.0, max(0.0, 9 * sin(5 * turn)) + max(0.0, 5 * sin(8 * turn + 1)))),
    ]
    for part, angle, (right, down) in moves:
        x, y = moved(part, x, y, angle, right, down)
    return x, y


def moved(part: Part, x: Floats, y: Floats, angle: float, right: float, down: float) -> tuple[Floats, Floats]:
    """:return: where what is at a place came from when the part turned and moved"""
    weights = part.weights(x - right / 2, y - down / 2)
    dx, dy = x - right - part.middle[0], y - down - part.middle[1]
    back_x = dx * cos(angle) + dy * sin(angle) + part.middle[0]
    back_y = dy * cos(angle) - dx * sin(angle) + part.middle[1]
    return x + weights * (back_x - x), y + weights * (back_y - y)


def write(frames: Iterator[Picture], path: Path) -> None:
    """As VP9, which all browsers play."""
    with av.open(path, "w") as container:
        stream = container.add_stream("libvpx-vp9", rate=FPS)
        stream.width, stream.height, stream.pix_fmt, stream.bit_rate = WIDTH, HEIGHT, "yuv420p", BITRATE
        stream.time_base = Fraction(1, FPS)
        stream.options = {"deadline": "good", "cpu-used": "1", "g": "60"}
        for number, picture in enumerate(frames):
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts = number
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


if __name__ == "__main__":
    read = cv2.imread(sys.argv[1], cv2.IMREAD_COLOR_RGB)
    assert read is not None, "the picture can't be read"
    write(make(np.asarray(read, np.uint8)), Path(sys.argv[2]))
