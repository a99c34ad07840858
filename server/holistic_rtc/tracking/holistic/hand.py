"""
Tracks a hand.

``holistic_hand_tracking.cc``, ``hand_roi_refinement_graph.cc``, ``hand_landmarks_detector_graph.cc``.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import Enum
from types import MappingProxyType

import numpy as np

from holistic_rtc.model.result import FloatArray
from holistic_rtc.tracking.holistic import warp
from holistic_rtc.tracking.holistic.follow import Follower, Steps
from holistic_rtc.tracking.holistic.frame import Frame
from holistic_rtc.tracking.holistic.gates import Gates
from holistic_rtc.tracking.holistic.landmarks import to_frame, turned
from holistic_rtc.tracking.holistic.networks import SPECS, Network
from holistic_rtc.tracking.holistic.pose import Pose
from holistic_rtc.tracking.holistic.regions import (
    UPRIGHT,
    UPSIDE_DOWN,
    Limits,
    Region,
    around,
    direction,
    turned_box,
)
from holistic_rtc.tracking.holistic.runtimes.runtime import Runtime

MIN_WRIST_VISIBILITY = 0.1
"""Smoothed"""
POSE_SCALE = 2.7
SCALE = 2.0
SHIFT = -0.1
"""Of all three kinds of regions, along the hand, towards the fingers"""
LIMITS = Limits(degrees=40, translation=0.2, scale=0.4, margin=-0.1)
MIN_PRESENCE = 0.5
Z_SCALE = 0.4
"""``kLandmarksNormalizeZ``"""

WRIST = 0
INDEX, MIDDLE, RING = 5, 9, 13
"""The fingers' first joints"""
PALM = np.array([0, 1, 2, 3, 5, 6, 9, 10, 13, 14, 17, 18])
"""Points that the region of the next frame follows from: ``hand_landmarks_to_rect_calculator.cc``"""

_RECROP_SIDE = SPECS[Network.HAND_RECROP].input[1]
_SIDE = SPECS[Network.HAND].input[1]


class Side(Enum):
    """The person's left or right."""

    LEFT = "left"
    RIGHT = "right"


@dataclass(frozen=True, slots=True)
class PoseHand:
    """Numbers of the pose's points of a hand."""

    wrist: int
    pinky: int
    index: int


POSE_HANDS: Mapping[Side, PoseHand] = MappingProxyType(
    {Side.LEFT: PoseHand(15, 17, 19), Side.RIGHT: PoseHand(16, 18, 20)}
)


@dataclass(frozen=True, slots=True)
class Hand:
    """
    :param points: ``(21, 3)`` in pixels.
    :param world: ``(21, 3)`` in metres, relative to the wrist.
    """

    points: FloatArray
    world: FloatArray

    def moved_to(self, points: FloatArray) -> "Hand":
        return replace(self, points=points)


class HandTracker:
    """Tracks one hand of one person."""

    def __init__(self, runtime: Runtime, gates: Gates, side: Side) -> None:
        self._runtime = runtime
        self._gates = gates
        self._pose_hand = POSE_HANDS[side]
        self._follower = Follower(
            Steps(self._find, self._locate, _surround, LIMITS), gates.find_hand_every, gates.try_hand_every
        )

    def track(self, frame: Frame, pose: Pose) -> Hand | None:
        """
        Find the hand.

        :return: its world points are aligned with the wrist of the pose.
        """
        if not self._may_be_seen(frame, pose):
            self._follower.reset()
            return None
        numbers = self._pose_hand
        coarse = _coarse(*pose.points[[numbers.wrist, numbers.pinky, numbers.index], :2].tolist())
        hand = self._follower.follow(frame, coarse) or self._follower.find(frame, coarse)
        return None if hand is None else replace(hand, world=hand.world + pose.world[numbers.wrist])

    def set_gates(self, gates: Gates) -> None:
        """Use other gates from the next frame on."""
        self._gates = gates
        self._follower.find_every = gates.find_hand_every
        self._follower.try_every = gates.try_hand_every

    def reset(self) -> None:
        """Forget the hand."""
        self._follower.reset()

    def scale(self, x: float, y: float) -> None:
        """Continue in frames that are stretched by ``x`` and ``y``."""
        self._follower.scale(x, y)

    def _may_be_seen(self, frame: Frame, pose: Pose) -> bool:
        wrist = self._pose_hand.wrist
        if pose.visibility[wrist] <= MIN_WRIST_VISIBILITY:
            return False
        if pose.raw_visibility[wrist] < self._gates.hand_visibility:
            return False
        return self._gates.hand_outside or any(
            0 <= x < frame.width and 0 <= y < frame.height
            for x, y in pose.points[[wrist, self._pose_hand.index], :2].tolist()
        )

    def _find(self, frame: Frame, coarse: Region) -> Region:
        pixels = warp.crop(frame.image, coarse, _RECROP_SIDE, warp.REPLICATE)
        (numbers,) = self._runtime.run(Network.HAND_RECROP, warp.zero_to_one(pixels))
        middle, edge = to_frame(numbers.reshape(2, 2) / np.float32(_RECROP_SIDE), coarse).tolist()
        return around(middle, edge, UPSIDE_DOWN).transformed(1, shift_y=SHIFT)

    def _locate(self, frame: Frame, region: Region) -> Hand | None:
        pixels = warp.crop(frame.image, region, _SIDE, warp.REPLICATE)
        numbers, presence, _, world = self._runtime.run(Network.HAND, warp.zero_to_one(pixels))
        if not presence.item() > MIN_PRESENCE:
            return None
        raw = numbers.reshape(-1, 3) / np.float32(_SIDE)
        points = np.concatenate((to_frame(raw[:, :2], region), raw[:, 2:] * np.float32(region.width / Z_SCALE)), axis=1)
        world = turned(world.reshape(-1, 3), region.rotation)
        return Hand(points, world - world[WRIST])


def _coarse(wrist: list[float], pinky: list[float], index: list[float]) -> Region:
    """``hand_detections_from_pose_to_rects_calculator.cc``"""
    middle = [(2 * i + p) / 3 for i, p in zip(index, pinky, strict=True)]
    square = around(middle, wrist, UPRIGHT)
    upright = replace(square, rotation=direction(wrist, middle, UPRIGHT))
    return upright.transformed(POSE_SCALE, shift_y=SHIFT)


def _surround(points: FloatArray) -> Region:
    """``hand_landmarks_to_rect_calculator.cc``"""
    knuckles = ((points[INDEX] + points[RING]) / 2 + points[MIDDLE]) / 2
    rotation = direction(points[WRIST].tolist(), knuckles.tolist(), UPRIGHT)
    return turned_box(points[PALM], rotation).transformed(SCALE, shift_y=SHIFT)
