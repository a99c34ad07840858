"""The whole graph with the real networks; which of them run is recorded."""

from collections import Counter
from collections.abc import Iterator, Sequence, Set
from contextlib import closing

import cv2
import numpy as np
import pytest

from holistic_rtc.bundle.models import PoseModel, find
from holistic_rtc.model.parts import DEFAULT_PARTS, Part
from holistic_rtc.model.result import FloatArray, HolisticResult, Image
from holistic_rtc.tracking.holistic.crowd import Crowd
from holistic_rtc.tracking.holistic.gates import BALANCED, EXACT, FAST, Gates
from holistic_rtc.tracking.holistic.networks import Network, load
from holistic_rtc.tracking.holistic.runtimes.litert import LiteRTRuntime
from holistic_rtc.tracking.mediapipe.engine import MediaPipeTracker
from tests.kit.pictures import grace_hopper

MODEL = find(PoseModel.LITE).path
FRAME_MS = 33
NOBODY = np.full((480, 640, 3), 128, np.uint8)


class Recording:
    """A runtime that counts the runs of each network."""

    name = "recording"

    def __init__(self, runtime: LiteRTRuntime) -> None:
        self._runtime = runtime
        self.runs = Counter[Network]()

    def run(self, network: Network, values: FloatArray) -> Sequence[FloatArray]:
        self.runs[network] += 1
        return self._runtime.run(network, values)

    def close(self) -> None:
        self._runtime.close()


@pytest.fixture(scope="module")
def loaded() -> Iterator[LiteRTRuntime]:
    with closing(LiteRTRuntime(load(MODEL))) as runtime:
        yield runtime


@pytest.fixture
def runtime(loaded: LiteRTRuntime) -> Recording:
    return Recording(loaded)


@pytest.fixture(scope="module")
def clip() -> list[Image]:
    """The portrait, which moves to the right and grows."""
    picture = grace_hopper()
    shifts = [np.array([[1 + i / 200, 0, 2 * i], [0, 1 + i / 200, 0]]) for i in range(8)]
    return [np.asarray(cv2.warpAffine(picture, shift, (640, 480)), np.uint8) for shift in shifts]


def track(
    tracker: Crowd, pictures: Sequence[Image], parts: Set[Part] = DEFAULT_PARTS, start: int = 0
) -> list[HolisticResult]:
    return [
        tracker.track(picture, (start + i) * FRAME_MS, parts, 1).get(0, HolisticResult())
        for i, picture in enumerate(pictures)
    ]


def distance(a: FloatArray | None, b: FloatArray | None) -> float:
    """Median, in units of the picture's size."""
    assert a is not None
    assert b is not None
    return float(np.median(np.linalg.norm(a[:, :2] - b[:, :2], axis=1)))


def test_the_results_are_those_of_mediapipe(runtime: Recording, clip: list[Image]) -> None:
    with closing(MediaPipeTracker(MODEL)) as reference:
        expected = [reference.track(picture, i * FRAME_MS)[0] for i, picture in enumerate(clip)]
    first, *_ = found = track(Crowd(runtime, EXACT), clip)
    for a, b in zip(expected, found, strict=True):
        assert distance(a.face_landmarks, b.face_landmarks) < 0.5 / 640
        assert distance(a.pose_landmarks, b.pose_landmarks) < 8 / 640
        assert a.face_blendshapes is not None
        assert b.face_blendshapes is not None
        assert np.abs(a.face_blendshapes - b.face_blendshapes).max() < 0.05
        assert (a.left_hand_landmarks is None) == (b.left_hand_landmarks is None)
    # Without the feedback from frame to frame, nothing amplifies the rounding.
    assert distance(expected[0].pose_landmarks, first.pose_landmarks) < 0.1 / 640
    assert expected[0].pose_world_landmarks is not None
    assert first.pose_world_landmarks is not None
    assert np.abs(expected[0].pose_world_landmarks - first.pose_world_landmarks).max() < 0.002
    assert first.pose_visibility == pytest.approx(expected[0].pose_visibility, abs=0.01)


def test_nobody_is_found_where_nobody_is(runtime: Recording) -> None:
    assert track(Crowd(runtime, BALANCED), [NOBODY] * 2) == [HolisticResult()] * 2
    assert runtime.runs == {Network.POSE_DETECTOR: 2}


@pytest.mark.parametrize(("gates", "looks"), [(EXACT, 30), (BALANCED, 10)], ids=["exact", "balanced"])
def test_an_empty_room_is_looked_at_less_often_after_a_second(runtime: Recording, gates: Gates, looks: int) -> None:
    crowd = Crowd(runtime, gates)
    second = 1000 // FRAME_MS + 1
    track(crowd, [NOBODY] * second)
    assert runtime.runs == {Network.POSE_DETECTOR: second}
    track(crowd, [NOBODY] * 30, start=second)
    assert runtime.runs == {Network.POSE_DETECTOR: second + looks}


def test_a_person_who_left_is_forgotten_and_found_again(runtime: Recording, clip: list[Image]) -> None:
    results = track(Crowd(runtime, BALANCED), [clip[0], NOBODY, NOBODY, clip[0]])
    seen = [result.face_landmarks is not None for result in results]
    assert (seen[0], seen[2], seen[3]) == (True, False, True)


@pytest.mark.parametrize(
    ("parts", "networks"),
    [
        ({Part.POSE}, {Network.POSE_DETECTOR, Network.POSE}),
        ({Part.FACE}, {Network.POSE_DETECTOR, Network.POSE, Network.FACE_DETECTOR, Network.FACE}),
        (
            {Part.BLENDSHAPES},
            {Network.POSE_DETECTOR, Network.POSE, Network.FACE_DETECTOR, Network.FACE, Network.BLENDSHAPES},
        ),
        (set(), set()),
    ],
)
def test_networks_that_no_wanted_part_needs_do_not_run(
    runtime: Recording, clip: list[Image], parts: set[Part], networks: set[Network]
) -> None:
    track(Crowd(runtime, BALANCED), clip, parts)
    assert set(runtime.runs) == networks


def test_a_face_alone_needs_the_pose_only_to_be_found(runtime: Recording, clip: list[Image]) -> None:
    results = track(Crowd(runtime, BALANCED), clip, {Part.FACE})
    assert all(result.face_landmarks is not None for result in results)
    assert (runtime.runs[Network.POSE], runtime.runs[Network.FACE]) == (1, len(clip))


def test_parts_may_change_from_frame_to_frame(runtime: Recording, clip: list[Image]) -> None:
    tracker = Crowd(runtime, BALANCED)
    (pose,) = track(tracker, clip[:1], {Part.POSE})
    assert pose.pose_landmarks is not None
    assert pose.face_landmarks is None
    (both,) = track(tracker, clip[1:2], {Part.POSE, Part.FACE}, start=1)
    assert both.face_landmarks is not None
    assert both.face_blendshapes is None
    (blendshapes,) = track(tracker, clip[2:3], {Part.BLENDSHAPES}, start=2)
    assert blendshapes.face_blendshapes is not None
    assert blendshapes.pose_landmarks is None


@pytest.mark.parametrize(("gates", "detected", "located"), [(EXACT, 8, 8), (BALANCED, 1, 8), (FAST, 1, 4)], ids=str)
def test_gates_save_runs_of_networks(
    runtime: Recording, clip: list[Image], gates: Gates, detected: int, located: int
) -> None:
    results = track(Crowd(runtime, gates), [clip[0]] * 8)
    assert (runtime.runs[Network.FACE_DETECTOR], runtime.runs[Network.FACE]) == (detected, located)
    assert all(result.face_landmarks is not None for result in results)


def test_the_quality_may_change(runtime: Recording, clip: list[Image]) -> None:
    tracker = Crowd(runtime, EXACT)
    track(tracker, [clip[0]] * 2)
    before = runtime.runs[Network.FACE]
    tracker.set_gates(FAST)
    track(tracker, [clip[0]] * 4, start=2)
    assert runtime.runs[Network.FACE] - before == 2


@pytest.mark.parametrize("size", [(320, 240), (1280, 960), (640, 360)])
def test_a_person_is_kept_when_the_size_of_the_frames_changes(
    runtime: Recording, clip: list[Image], size: tuple[int, int]
) -> None:
    tracker = Crowd(runtime, BALANCED)
    *_, before = track(tracker, [clip[0]] * 3)
    resized = np.asarray(cv2.resize(clip[0], size, interpolation=cv2.INTER_AREA), np.uint8)
    (after,) = track(tracker, [resized], start=3)
    assert runtime.runs[Network.POSE_DETECTOR] == 1
    assert distance(before.face_landmarks, after.face_landmarks) < 0.01
    # Were the filters not scaled, the pose would be elsewhere at first.
    assert distance(before.pose_landmarks, after.pose_landmarks) < 0.03


@pytest.mark.parametrize(("parts", "located"), [(DEFAULT_PARTS, 16), ({Part.FACE}, 17)], ids=["all", "face"])
def test_a_face_that_is_tracked_fast_is_found_as_often_and_located_half_as_often(
    runtime: Recording, clip: list[Image], parts: Set[Part], located: int
) -> None:
    track(Crowd(runtime, FAST), [clip[0]] * 32, parts)
    assert (runtime.runs[Network.FACE_DETECTOR], runtime.runs[Network.FACE]) == (4, located)


def test_a_face_that_is_tracked_fast_moves_on_without_a_pose(runtime: Recording, clip: list[Image]) -> None:
    exact, fast = (track(Crowd(runtime, gates), clip, {Part.FACE}) for gates in (BALANCED, FAST))
    moved = distance(exact[1].face_landmarks, exact[2].face_landmarks)
    for expected, found in zip(exact, fast, strict=True):
        assert distance(expected.face_landmarks, found.face_landmarks) < moved / 4
