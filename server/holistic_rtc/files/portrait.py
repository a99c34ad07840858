"""The bundled portrait as a camera would show it. Doesn't import Pillow, which a live session has no use for."""

import cv2
import numpy as np

from holistic_rtc.model.result import Image
from holistic_rtc.sample import portrait

SIZE = 640, 480
"""Width and height of the most common camera format, in pixels"""
TOP = 43
"""Where the part of this format begins in the portrait, in pixels"""


def picture_of_a_person() -> Image:
    """A picture to warm trackers up with: ``(480, 640, 3)`` uint8 RGB."""
    picture = cv2.imread(str(portrait()), cv2.IMREAD_COLOR_RGB)
    assert picture is not None
    bottom = TOP + picture.shape[1] * SIZE[1] // SIZE[0]
    return cv2.resize(picture[TOP:bottom], SIZE, interpolation=cv2.INTER_CUBIC).astype(np.uint8, copy=False)
