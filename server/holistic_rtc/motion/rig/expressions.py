"""Converts MediaPipe's blendshapes to VRM's expressions and to rotations of the eyes."""

from math import cos, radians, sin

import numpy as np

from holistic_rtc.model.geometry import Array
from holistic_rtc.model.parts import BLENDSHAPE_NAMES
from holistic_rtc.model.result import FloatArray
from holistic_rtc.model.skeleton import ARKIT_BLENDSHAPES, EXPRESSIONS

# The mean of these blendshapes, scaled from 0 at the first number to 1 at the second: in a neutral face, MediaPipe's
# scores reach 0.1 or 0.2, and they rarely reach 1.
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
"""How far the eyes turn sideways, and up or down, at a score of 1"""


def expressions(blendshapes: FloatArray | Array) -> Array:
    """
    VRM's expressions. Avatars can add them all up:

    - The sum of the five vowels is at most 1, as is the sum of the five moods.
    - ``blink`` is how far both eyes are closed; ``blinkLeft`` and ``blinkRight`` how much further one of them is.

    :param blendshapes: (52,) MediaPipe's scores, ``_neutral`` first.
    :return: (17,) from 0 to 1, in the order of :data:`holistic_rtc.model.skeleton.EXPRESSIONS`.
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
    The rotation of the eyes. Both turn alike, since MediaPipe's scores aren't precise enough to turn each on its own.

    :param expressions: (17,), see :func:`expressions`.
    :return: (4,) quaternion x, y, z, w of each eye.
    """
    up, down, left, right = expressions[_LOOK].tolist()
    yaw, pitch = (left - right) * GAZE[0] / 2, (down - up) * GAZE[1] / 2
    # First up or down, about x, then sideways, about y.
    return np.array((cos(yaw) * sin(pitch), sin(yaw) * cos(pitch), -sin(yaw) * sin(pitch), cos(yaw) * cos(pitch)))


_LOOK = np.array([EXPRESSIONS.index("look" + way) for way in ("Up", "Down", "Left", "Right")])
assert len(ARKIT_BLENDSHAPES) == len(BLENDSHAPE_NAMES)


def _shared(*values: float) -> list[float]:
    """The values, scaled down to a sum of 1 if they exceed it."""
    total = max(sum(values), 1.0)
    return [value / total for value in values]
