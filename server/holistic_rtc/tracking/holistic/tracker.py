"""Tracks one person through the whole graph: ``holistic_landmarker_graph.cc``."""

from collections.abc import Set
from dataclasses import replace

from holistic_rtc.model.parts import ALL_PARTS, Part
from holistic_rtc.model.result import HolisticResult, Image
from holistic_rtc.tracking.holistic.face import Face, FaceTracker
from holistic_rtc.tracking.holistic.frame import Frame
from holistic_rtc.tracking.holistic.hand import Hand, HandTracker, Side
from holistic_rtc.tracking.holistic.pose import Pose, PoseTracker
from holistic_rtc.tracking.holistic.runtimes.runtime import Runtime
from holistic_rtc.tracking.holistic.stages import Stage, needed
from holistic_rtc.tracking.quality import Quality


class PersonTracker:
    """
    Tracks one person in a stream of frames.

    :param runtime: which several trackers on a thread may share.
    """

    def __init__(self, runtime: Runtime, quality: Quality) -> None:
        self._pose = PoseTracker(runtime)
        self._face = FaceTracker(runtime, quality)
        self._left_hand = HandTracker(runtime, quality, Side.LEFT)
        self._right_hand = HandTracker(runtime, quality, Side.RIGHT)
        self._size: tuple[int, int] | None = None

    def track(self, image: Image, timestamp_ms: int, parts: Set[Part] = ALL_PARTS) -> HolisticResult:
        """
        Find the person in the next frame.

        :param image: ``(height, width, 3)`` uint8 RGB; its size may differ from frame to frame.
        :param timestamp_ms: greater than that of the previous frame.
        :param parts: what is wanted; may differ from frame to frame. What isn't wanted may be missing in the result.
        :raises TrackerError: the runtime failed.
        """
        frame = Frame(image, timestamp_ms)
        self._adapt(frame.width, frame.height)
        stages = needed(parts)
        pose = self._pose.track(frame) if Stage.POSE in stages else None
        left = self._track_hand(self._left_hand, frame, pose if Stage.LEFT_HAND in stages else None)
        right = self._track_hand(self._right_hand, frame, pose if Stage.RIGHT_HAND in stages else None)
        return _result(frame, pose, self._track_face(frame, pose, stages), left, right)

    def set_quality(self, quality: Quality) -> None:
        """Use another quality from the next frame on."""
        for part in (self._face, self._left_hand, self._right_hand):
            part.set_quality(quality)

    def reset(self) -> None:
        """Forget the person."""
        for part in (self._pose, self._face, self._left_hand, self._right_hand):
            part.reset()

    def _track_hand(self, tracker: HandTracker, frame: Frame, pose: Pose | None) -> Hand | None:
        if pose is None:
            tracker.reset()
            return None
        return tracker.track(frame, pose)

    def _track_face(self, frame: Frame, pose: Pose | None, stages: Set[Stage]) -> Face | None:
        lost = pose is None and Stage.POSE in stages
        if Stage.FACE not in stages or lost:
            self._face.reset()
            return None
        blendshapes = Stage.BLENDSHAPES in stages
        face = self._face.follow(frame, pose, blendshapes=blendshapes)
        if face is None:
            pose = pose or self._pose.track(frame)
            if pose is None:
                self._face.reset()
                return None
            face = self._face.find(frame, pose, blendshapes=blendshapes)
        return face

    def _adapt(self, width: int, height: int) -> None:
        """When the frames' size changes, stretch what is known of the person with it."""
        if self._size is not None and self._size != (width, height):
            x, y = width / self._size[0], height / self._size[1]
            for part in (self._pose, self._face, self._left_hand, self._right_hand):
                part.scale(x, y)
        self._size = width, height


def _result(
    frame: Frame, pose: Pose | None, face: Face | None, left: Hand | None, right: Hand | None
) -> HolisticResult:
    result = HolisticResult()
    if pose is not None:
        result = replace(
            result,
            pose_landmarks=frame.fractions(pose.points),
            pose_visibility=pose.visibility,
            pose_world_landmarks=pose.world,
        )
    if face is not None:
        result = replace(result, face_landmarks=frame.fractions(face.points), face_blendshapes=face.blendshapes)
    if left is not None:
        result = replace(result, left_hand_landmarks=frame.fractions(left.points), left_hand_world_landmarks=left.world)
    if right is not None:
        result = replace(
            result, right_hand_landmarks=frame.fractions(right.points), right_hand_world_landmarks=right.world
        )
    return result
