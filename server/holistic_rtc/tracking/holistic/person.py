"""Tracks one person through the whole graph: ``holistic_landmarker_graph.cc``."""

from collections.abc import Set
from dataclasses import dataclass, replace

from holistic_rtc.model.result import HolisticResult
from holistic_rtc.tracking.holistic.face import Face, FaceTracker
from holistic_rtc.tracking.holistic.frame import Frame
from holistic_rtc.tracking.holistic.gates import Gates
from holistic_rtc.tracking.holistic.hand import Hand, HandTracker, Side
from holistic_rtc.tracking.holistic.pose import Pose, PoseTracker
from holistic_rtc.tracking.holistic.regions import Region
from holistic_rtc.tracking.holistic.runtimes.runtime import Runtime
from holistic_rtc.tracking.holistic.stages import Stage


@dataclass(frozen=True, slots=True)
class Person:
    """What was found of a person. What isn't wanted may be missing, what isn't there is."""

    pose: Pose | None
    face: Face | None
    left_hand: Hand | None
    right_hand: Hand | None

    @property
    def has_face_or_hand(self) -> bool:
        return any(part is not None for part in (self.face, self.left_hand, self.right_hand))

    @property
    def presence(self) -> float:
        """How sure the pose's network is that this is a person, from 0 to 1."""
        return 0.0 if self.pose is None else self.pose.presence

    def result(self, frame: Frame) -> HolisticResult:
        """
        :param frame: that in which the person was found.
        """
        result = HolisticResult()
        if self.pose is not None:
            result = replace(
                result,
                pose_landmarks=frame.fractions(self.pose.points),
                pose_visibility=self.pose.visibility,
                pose_world_landmarks=self.pose.world,
            )
        if self.face is not None:
            result = replace(
                result,
                face_landmarks=frame.fractions(self.face.points),
                face_blendshapes=self.face.blendshapes,
            )
        if self.left_hand is not None:
            result = replace(
                result,
                left_hand_landmarks=frame.fractions(self.left_hand.points),
                left_hand_world_landmarks=self.left_hand.world,
            )
        if self.right_hand is not None:
            result = replace(
                result,
                right_hand_landmarks=frame.fractions(self.right_hand.points),
                right_hand_world_landmarks=self.right_hand.world,
            )
        return result


class PersonTracker:
    """
    Follows one person in a stream of frames.

    :param runtime: which several trackers on a thread may share.
    """

    def __init__(self, runtime: Runtime, gates: Gates) -> None:
        self._pose = PoseTracker(runtime)
        self._face = FaceTracker(runtime, gates)
        self._left_hand = HandTracker(runtime, gates, Side.LEFT)
        self._right_hand = HandTracker(runtime, gates, Side.RIGHT)

    def start(self, frame: Frame, region: Region, stages: Set[Stage]) -> Person | None:
        """
        Find the person in a region that the detector has found, and follow from there on.

        :raises TrackerError: the runtime failed.
        """
        self._pose.start(region)
        return self.track(frame, stages)

    def track(self, frame: Frame, stages: Set[Stage]) -> Person | None:
        """
        Find the person in the next frame.

        :param stages: what is wanted; may differ from frame to frame.
        :return: None if the person isn't there any more.
        :raises TrackerError: the runtime failed.
        """
        pose = self._pose.track(frame) if Stage.POSE in stages else None
        left = self._track_hand(self._left_hand, frame, pose if Stage.LEFT_HAND in stages else None)
        right = self._track_hand(self._right_hand, frame, pose if Stage.RIGHT_HAND in stages else None)
        pose, face = self._track_face(frame, pose, stages)
        return None if pose is None and face is None else Person(pose, face, left, right)

    def lose(self) -> None:
        """Forget where the person was. As in MediaPipe, what smooths world points and visibility is kept."""
        self._pose.lose()
        for part in (self._face, self._left_hand, self._right_hand):
            part.reset()

    def set_gates(self, gates: Gates) -> None:
        """Use other gates from the next frame on."""
        for part in (self._face, self._left_hand, self._right_hand):
            part.set_gates(gates)

    def reset(self) -> None:
        """Forget the person."""
        for part in (self._pose, self._face, self._left_hand, self._right_hand):
            part.reset()

    def _track_hand(self, tracker: HandTracker, frame: Frame, pose: Pose | None) -> Hand | None:
        if pose is None:
            tracker.reset()
            return None
        return tracker.track(frame, pose)

    def _track_face(self, frame: Frame, pose: Pose | None, stages: Set[Stage]) -> tuple[Pose | None, Face | None]:
        """
        :return: the pose, too, since a face that isn't followed is found by it.
        """
        lost = pose is None and Stage.POSE in stages
        if Stage.FACE not in stages or lost:
            self._face.reset()
            return pose, None
        blendshapes = Stage.BLENDSHAPES in stages
        face = self._face.follow(frame, pose, blendshapes=blendshapes)
        if face is None:
            pose = pose or self._pose.track(frame)
            if pose is None:
                self._face.reset()
                return None, None
            face = self._face.find(frame, pose, blendshapes=blendshapes)
        return pose, face

    def scale(self, x: float, y: float) -> None:
        """Continue in frames that are stretched by ``x`` and ``y``."""
        for part in (self._pose, self._face, self._left_hand, self._right_hand):
            part.scale(x, y)
