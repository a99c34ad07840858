"""How much work a tracker may save. docs/engine.md says what each gate costs in agreement. Doesn't import NumPy."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from holistic_rtc.model.quality import Quality


@dataclass(frozen=True, slots=True)
class Gates:
    """
    :param find_person_every: frames between runs of the pose detector when nobody has been seen for a second.
    :param find_face_every: frames between runs of the face detector while the face is followed.
    :param find_hand_every: frames between runs of the hand's recrop network while the hand is followed.
    :param try_hand_every: frames between attempts to find a hand that wasn't found in several frames.
    :param hand_visibility: of the wrist in this frame, below which no hand is looked for.
    :param hand_outside: whether a hand is looked for while its wrist and index finger are outside the picture.
    :param face_every: frames between runs of the face's landmarks; between them, it moves with the pose or goes on.
    """

    find_person_every: int = 1
    find_face_every: int = 1
    find_hand_every: int = 1
    try_hand_every: int = 1
    hand_visibility: float = 0.0
    hand_outside: bool = True
    face_every: int = 1


EXACT = Gates()
"""Does what MediaPipe does"""
BALANCED = Gates(
    find_person_every=3,
    find_face_every=10,
    find_hand_every=3,
    try_hand_every=3,
    hand_visibility=0.2,
    hand_outside=False,
)
FAST = replace(BALANCED, find_hand_every=6, face_every=2)

GATES: Mapping[Quality, Gates] = MappingProxyType(
    {Quality.FAST: FAST, Quality.BALANCED: BALANCED, Quality.EXACT: EXACT}
)
