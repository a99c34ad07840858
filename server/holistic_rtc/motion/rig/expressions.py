"""From MediaPipe's blendshapes to VRM's expressions, ARKit's names, and the eyes."""

from math import cos, radians, sin

import numpy as np

from holistic_rtc.model.geometry import Array
from holistic_rtc.model.parts import BLENDSHAPE_NAMES
from holistic_rtc.model.result import FloatArray
from holistic_rtc.model.skeleton import ARKIT_BLENDSHAPES, EXPRESSIONS

# What an expression is made of: the mean of these blendshapes, from 0 at the first number to 1 at the second. MediaPipe
# gives a calm face scores of up to 0.1 or 0.2 and seldom reaches 1.
_INGREDIENTS: dict[str, tuple[tuple[str, ...], float, float]] = {
    "open": (("jawOpen",), 0.05, 0.6),
    "pucker": (("mouthPucker",), 0.25, 0.9),
    "funnel": (("mouthFunnel",), 0.05, 0.5),
    "wide": (("mouthStretchLeft", "mouthStretchRight"), 0.1, 0.6),
    "teeth": (("mouthLowerDownLeft", "mouthLowerDownRight", "mouthUpperUpLeft", "mouthUpperUpRight"), 0.15, 0.6),
    "blinkLeft": (("eyeBlinkLeft",), 0.2, 0.65),
    "blinkRight": (("eyeBlinkRight",), 0.2, 0.65),
    "lookUp": (("eyeLookUpLeft", "eyeLookUpRight"), 0.05, 0.7),
    "lookDown": (("eyeLookDownLeft", "eyeLookDownRight"), 0.15, 0.8),
    "lookLeft": (("eyeLookOutLeft", "eyeLookInRight"), 0.05, 0.75),
    "lookRight": (("eyeLookOutRight", "eyeLookInLeft"), 0.05, 0.75),
    "smile": (("mouthSmileLeft", "mouthSmileRight"), 0.15, 0.8),
    "frown": (("mouthFrownLeft", "mouthFrownRight"), 0.1, 0.5),
    "browDown": (("browDownLeft", "browDownRight"), 0.15, 0.7),
    "browInnerUp": (("browInnerUp",), 0.15, 0.7),
    "browUp": (("browOuterUpLeft", "browOuterUpRight"), 0.2, 0.8),
    "eyeWide": (("eyeWideLeft", "eyeWideRight"), 0.05, 0.4),
    "squint": (("eyeSquintLeft", "eyeSquintRight"), 0.3, 0.8),
    "press": (("mouthPressLeft", "mouthPressRight", "noseSneerLeft", "noseSneerRight"), 0.05, 0.4),
}
_MEANS = np.array(
    [[(name in shapes) / len(shapes) for name in BLENDSHAPE_NAMES] for shapes, _, _ in _INGREDIENTS.values()]
)
_LOW = np.array([low for _, low, _ in _INGREDIENTS.values()])
_RANGE = np.array([high - low for _, low, high in _INGREDIENTS.values()])

GAZE = radians(30), radians(22)
"""How far the eyes are turned to the side and up or down when they look there wholly"""


def expressions(blendshapes: FloatArray | Array) -> Array:
    """
    VRM's expressions. They are made so that an avatar may add them all up:

    - The vowels share the mouth: together they are at most 1. So are the five moods.
    - ``blink`` is what both eyes are closed, ``blinkLeft`` and ``blinkRight`` by how much one is closed more than that.

    :param blendshapes: (52,) MediaPipe's, ``_neutral`` first.
    :return: (17,) from 0 to 1.
    """
    scores = np.minimum(np.maximum((_MEANS @ blendshapes - _LOW) / _RANGE, 0), 1)
    face = dict(zip(_INGREDIENTS, scores.tolist(), strict=True))
    jaw, smile, brow_down = face["open"], face["smile"], face["browDown"]
    round_lips = max(face["pucker"], face["funnel"])
    spread_lips = max(face["wide"], 0.6 * smile) * (1 - round_lips)
    aa = jaw * (1 - round_lips) * (1 - 0.5 * spread_lips)
    ih = face["teeth"] * (1 - round_lips) * (1 - jaw) * (1 - spread_lips)
    ou = face["pucker"] * (1 - jaw)
    ee = face["teeth"] * spread_lips
    oh = round_lips * jaw
    left, right = face["blinkLeft"], face["blinkRight"]
    blink = min(left, right)
    angry = brow_down * max(face["press"], face["frown"]) * (1 - smile)
    sad = max(face["frown"], 0.5 * face["browInnerUp"]) * (1 - smile) * (1 - brow_down) * (1 - face["browUp"])
    surprised = face["browUp"] * max(face["eyeWide"], jaw) * (1 - smile)
    relaxed = 0.5 * face["squint"] * (1 - smile) * (1 - brow_down)
    return np.array(
        (
            *_shared(aa, ih, ou, ee, oh),
            *(blink, left - blink, right - blink),
            *(face["lookUp"], face["lookDown"], face["lookLeft"], face["lookRight"]),
            *_shared(smile, angry, sad, surprised, relaxed),
        )
    )


def eyes(expressions: Array) -> Array:
    """
    How the eyes are turned: both alike, as what MediaPipe says of each of them isn't good enough for a squint.

    :param expressions: (17,)
    :return: (4,) the rotation of each eye.
    """
    up, down, left, right = expressions[_LOOK].tolist()
    yaw, pitch = (left - right) * GAZE[0] / 2, (down - up) * GAZE[1] / 2
    # First up or down, about x, then to the side, about y.
    return np.array((cos(yaw) * sin(pitch), sin(yaw) * cos(pitch), -sin(yaw) * sin(pitch), cos(yaw) * cos(pitch)))


_LOOK = np.array([EXPRESSIONS.index("look" + way) for way in ("Up", "Down", "Left", "Right")])
assert len(ARKIT_BLENDSHAPES) == len(BLENDSHAPE_NAMES)


def _shared(*values: float) -> list[float]:
    """The values, made less when they are more than 1 together."""
    total = max(sum(values), 1.0)
    return [value / total for value in values]
