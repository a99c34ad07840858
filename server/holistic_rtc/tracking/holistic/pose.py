"""Tracks the pose: ``holistic_pose_tracking.cc``, ``pose_landmarks_detector_graph.cc``."""

from dataclasses import dataclass

import numpy as np

from holistic_rtc.model.result import FloatArray
from holistic_rtc.tracking.holistic import warp
from holistic_rtc.tracking.holistic.frame import Frame
from holistic_rtc.tracking.holistic.landmarks import refined, sigmoid, to_frame, turned
from holistic_rtc.tracking.holistic.networks import SPECS, Network
from holistic_rtc.tracking.holistic.one_euro import OneEuroFilter
from holistic_rtc.tracking.holistic.regions import UPRIGHT, Region, around
from holistic_rtc.tracking.holistic.runtimes.runtime import Runtime

POINTS = 33
MIDDLE, EDGE = 33, 34
"""Auxiliary points: between the hips, and how far the person reaches"""
SCALE = 1.25
"""Of the region about the auxiliary points, which mean the same as the detector's keypoints 0 and 1"""
MIN_PRESENCE = 0.5
MIN_SIZE = 1e-6
"""Pixels, so that speeds can be divided by it"""
VISIBILITY_WEIGHT = np.float32(0.1)
"""Of the visibility in this frame"""

_SIDE = SPECS[Network.POSE].input[1]


@dataclass(frozen=True, slots=True)
class Pose:
    """
    :param points: ``(33, 3)`` smoothed, in pixels.
    :param visibility: ``(33,)`` smoothed, from 0 to 1.
    :param raw_visibility: that of this frame.
    :param world: ``(33, 3)`` smoothed, in metres.
    :param presence: how sure the network is that this is a person, from 0 to 1.
    """

    points: FloatArray
    visibility: FloatArray
    raw_visibility: FloatArray
    world: FloatArray
    presence: float


class PoseTracker:
    """Tracks the pose of one person."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._region: Region | None = None
        # Cutoff and beta are from holistic_pose_tracking.cc.
        self._auxiliary_filter = OneEuroFilter(0.01, 10)
        self._filter = OneEuroFilter(0.05, 80)
        self._world_filter = OneEuroFilter(0.1, 40)
        self._visibility: FloatArray | None = None

    def start(self, region: Region) -> None:
        """Expect the pose in a region that the detector has found."""
        self._region = region

    def track(self, frame: Frame) -> Pose | None:
        """Find the pose where it is expected."""
        pose = None if self._region is None else self._locate(frame, self._region)
        if pose is None:
            self.lose()
        return pose

    def lose(self) -> None:
        """Forget where the pose was. As in MediaPipe, what smooths world points and visibility is kept."""
        self._region = None
        self._auxiliary_filter.reset()
        self._filter.reset()

    def reset(self) -> None:
        """Forget the person."""
        self._region = self._visibility = None
        for smoother in (self._auxiliary_filter, self._filter, self._world_filter):
            smoother.reset()

    def scale(self, x: float, y: float) -> None:
        """Continue in frames that are stretched by ``x`` and ``y``."""
        if self._region is not None:
            self._region = self._region.scaled(x, y)
        self._auxiliary_filter.scale(np.array([x, y], np.float32))
        self._filter.scale(np.array([x, y, x], np.float32))

    def _locate(self, frame: Frame, region: Region) -> Pose | None:
        pixels = warp.crop(frame.image, region, _SIDE, warp.REPLICATE)
        numbers, presence, heatmaps, world = self._runtime.run(Network.POSE, warp.zero_to_one(pixels))
        if not presence.item() > MIN_PRESENCE:
            return None
        raw = numbers.reshape(-1, 5)[: EDGE + 1]
        xy = refined(raw[:, :2] / np.float32(_SIDE), heatmaps[0, :, :, : EDGE + 1])
        points = np.concatenate((to_frame(xy, region), raw[:, 2:3] * np.float32(region.width / _SIDE)), axis=1)

        auxiliary = points[MIDDLE:, :2]
        middle, edge = auxiliary.tolist()
        size = max(around(middle, edge, UPRIGHT).width, MIN_SIZE)
        middle, edge = self._auxiliary_filter.apply(auxiliary, frame.timestamp_ms, size).tolist()
        self._region = around(middle, edge, UPRIGHT).transformed(SCALE)

        visibility = sigmoid(raw[:POINTS, 3])
        before = visibility if self._visibility is None else self._visibility
        self._visibility = VISIBILITY_WEIGHT * visibility + (1 - VISIBILITY_WEIGHT) * before
        return Pose(
            self._filter.apply(points[:POINTS], frame.timestamp_ms, size),
            self._visibility,
            visibility,
            self._world_filter.apply(turned(world.reshape(-1, 3)[:POINTS], region.rotation), frame.timestamp_ms),
            presence.item(),
        )
