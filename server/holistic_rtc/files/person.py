"""
The picture that trackers warm up with, and that the server measures itself by. Doesn't import Pillow, which a live
session has no use for.
"""

import cv2
import numpy as np

from holistic_rtc.model.result import Image
from holistic_rtc.sample import portrait

_WIDTH, _HEIGHT = 640, 480
_PORTRAIT = 268, 315
_WALL, _SLEEVE, _SKIN, _OUTLINE = (70, 120, 180), (20, 20, 45), (205, 160, 135), (120, 80, 60)
_SLEEVE_ENDS = (85, 470), (190, 300)
"""x from the middle of the picture, and y"""
_HAND = 195, 215
_FINGERS = (
    ((-18, -8), (-42, -27), 14),
    ((-13, -29), (-19, -67), 13),
    ((-2, -32), (-2, -75), 13),
    ((10, -30), (14, -69), 13),
    ((19, -24), (29, -53), 11),
)
"""From the middle of the palm: both ends of each finger, and its width; the thumb first, on the inside"""


def picture_of_a_person() -> Image:
    """
    The bundled portrait with two raised hands drawn on, so that every network runs: a person with all parts in sight is
    what costs the tracker most.

    :return: ``(480, 640, 3)`` uint8 RGB, the most common camera format.
    """
    picture = np.full((_HEIGHT, _WIDTH, 3), _WALL, np.uint8)
    width, height = _PORTRAIT
    left = (_WIDTH - width) // 2
    person = cv2.imread(str(portrait()), cv2.IMREAD_COLOR_RGB)
    assert person is not None
    picture[_HEIGHT - height :, left : left + width] = cv2.resize(person, _PORTRAIT, interpolation=cv2.INTER_AREA)
    for side in (-1, 1):
        (x, y), (end_x, end_y) = _SLEEVE_ENDS
        middle = _WIDTH // 2
        cv2.line(picture, (middle + side * x, y), (middle + side * end_x, end_y), _SLEEVE, 60, cv2.LINE_AA)
        _draw_hand(picture, side)
    return picture


def _draw_hand(picture: Image, side: int) -> None:
    """
    :param side: -1 for the hand on the left of the picture, 1 for the other.
    """
    x, y = _WIDTH // 2 + side * _HAND[0], _HAND[1]

    def place(point: tuple[int, int]) -> tuple[int, int]:
        return x - side * point[0], y + point[1]

    for colour, margin in ((_OUTLINE, 3), (_SKIN, 0)):
        for start, end, width in _FINGERS:
            cv2.line(picture, place(start), place(end), colour, width + 2 * margin, cv2.LINE_AA)
        cv2.ellipse(picture, place((2, -11)), (22 + margin, 26 + margin), 0, 0, 360, colour, cv2.FILLED, cv2.LINE_AA)
        cv2.line(picture, place((2, 8)), place((3, 48)), colour, 26 + 2 * margin, cv2.LINE_AA)
