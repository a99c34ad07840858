"""Smoothing, on points that move as the test wants."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from holistic_rtc.model.result import FloatArray, HolisticResult
from holistic_rtc.motion.smoothing import MAX_GAP_MS, MIN_CUTOFF, Smoother
from tests.kit.synthetic import make_result

SMOOTHED = (
    "face_landmarks",
    "left_hand_landmarks",
    "left_hand_world_landmarks",
    "right_hand_landmarks",
    "right_hand_world_landmarks",
)
ASPECT = 4 / 3
FRAME_MS = 33


def hand(x: float = 0, y: float = 0, scale: float = 0.1, noise: float = 0, seed: int = 0) -> FloatArray:
    """The same random points at each call, moved, scaled, and each disturbed by a part of the scale."""
    shape = np.random.default_rng(1).uniform(-1, 1, (21, 3))
    disturbance = np.random.default_rng(seed).normal(0, noise, (21, 3)) if noise else 0
    return ((shape + disturbance) * scale + (x, y, 0)).astype(np.float32)


def seen(image: FloatArray | None, world: FloatArray | None = None) -> HolisticResult:
    return HolisticResult(left_hand_landmarks=image, left_hand_world_landmarks=world)


def run(frames: list[FloatArray], *, step: int = FRAME_MS, aspect: float = ASPECT) -> list[FloatArray]:
    """The image landmarks of a left hand through a new smoother."""
    smoother = Smoother()
    results = [smoother.smooth(seen(points), aspect, i * step).left_hand_landmarks for i, points in enumerate(frames)]
    assert all(points is not None for points in results)
    return results  # type: ignore[return-value]


def jitter(frames: list[FloatArray]) -> float:
    return float(np.std(frames[len(frames) // 3 :], axis=0).mean())


def test_the_first_frame_is_given_as_it_is_and_the_next_one_is_smoothed() -> None:
    first, second = make_result(), make_result()
    shifted = {name: getattr(second, name) + np.float32(0.01) for name in SMOOTHED}
    second = replace(second, **shifted)
    smoother = Smoother()
    for name in SMOOTHED:
        np.testing.assert_allclose(getattr(smoother.smooth(first, ASPECT, 0), name), getattr(first, name), atol=1e-6)
        smoother = Smoother()
    smoother.smooth(first, ASPECT, 0)
    result = smoother.smooth(second, ASPECT, FRAME_MS)
    for name in SMOOTHED:
        points = getattr(result, name)
        assert points.dtype == np.float32
        assert points.flags.c_contiguous
        assert points.shape == getattr(first, name).shape
        if "world" not in name:
            assert (getattr(first, name) < points).all()
            assert (points < getattr(second, name)).all()


def test_the_pose_and_the_blendshapes_are_left_as_they_are() -> None:
    smoother = Smoother()
    smoother.smooth(HolisticResult(), ASPECT, 0)
    smoother.smooth(make_result(), ASPECT, FRAME_MS)
    result = make_result()
    smoothed = smoother.smooth(result, ASPECT, 2 * FRAME_MS)
    for name in ("pose_landmarks", "pose_world_landmarks", "pose_visibility", "face_blendshapes"):
        assert getattr(smoothed, name) is getattr(result, name)


@pytest.mark.parametrize("part", ["face", "hand"])
def test_noise_on_what_stands_still_becomes_three_times_less(part: str) -> None:
    frames = [hand(noise=0.01, seed=seed) for seed in range(120)]
    smoother = Smoother()
    found = [HolisticResult(face_landmarks=p) if part == "face" else seen(p) for p in frames]
    results = [smoother.smooth(result, ASPECT, i * FRAME_MS) for i, result in enumerate(found)]
    smoothed = [r.face_landmarks if part == "face" else r.left_hand_landmarks for r in results]
    assert jitter(smoothed) < jitter(frames) / 3  # type: ignore[arg-type]


def test_what_moves_fast_lags_by_less_than_a_frame() -> None:
    speed = 0.3 / 1000
    frames = [hand(x=speed * i * FRAME_MS) for i in range(60)]
    lag = (frames[-1] - run(frames)[-1])[:, 0].mean() / speed
    assert 0 < lag < FRAME_MS


def test_a_step_is_followed_as_the_low_pass_filter_of_the_paper_does_it() -> None:
    """The step is too small to count as speed, so the cut-off is the least."""
    step = 1e-5
    alpha = 1 / (1 + 1 / (2 * np.pi * MIN_CUTOFF) / (FRAME_MS / 1000))
    x = [points[0, 0] - hand()[0, 0] for points in run([hand(), *[hand(x=step)] * 3])]
    expected = [step * (1 - (1 - alpha) ** n) for n in range(4)]
    np.testing.assert_allclose(x, expected, rtol=0.05)


@pytest.mark.parametrize("fps", [8, 15, 60])
def test_the_lag_of_a_motion_is_the_same_at_every_frame_rate(fps: int) -> None:
    def lag(fps: int) -> float:
        speed, step = 0.2 / 1000, round(1000 / fps)
        frames = [hand(x=speed * i * step) for i in range(3 * fps)]
        return float((frames[-1] - run(frames, step=step)[-1])[:, 0].mean()) / speed

    assert lag(fps) == pytest.approx(lag(30), rel=0.05)


@pytest.mark.parametrize("scale", [0.5, 4])
def test_a_gesture_is_smoothed_alike_near_the_camera_and_far_from_it(scale: float) -> None:
    gesture = [hand(x=0.2 * np.sin(i / 5), noise=0.02, seed=i) for i in range(30)]
    scaled = run([(points * scale).astype(np.float32) for points in gesture])
    np.testing.assert_allclose(scaled, np.array(run(gesture)) * scale, atol=1e-5)


def test_both_axes_are_smoothed_alike_though_fractions_of_them_differ() -> None:
    """The same gesture in pixels, once along x and once along y, on a frame twice as wide as high."""
    along_x = run([hand(x=0.01 * i, noise=0.02, seed=i) for i in range(20)], aspect=2)
    turned = [np.stack((p[:, 1] / 2, p[:, 0] * 2, p[:, 2]), axis=1) for p in along_x]
    frames = [hand(x=0.01 * i, noise=0.02, seed=i) for i in range(20)]
    along_y = run([np.stack((p[:, 1] / 2, p[:, 0] * 2, p[:, 2]), axis=1) for p in frames], aspect=2)
    np.testing.assert_allclose(np.array(along_y), np.array(turned), atol=1e-6)


def test_a_lost_hand_is_gone_at_once_and_begins_anew() -> None:
    smoother = Smoother()
    smoother.smooth(seen(hand(), hand()), ASPECT, 0)
    lost = smoother.smooth(seen(None), ASPECT, 33)
    assert lost.left_hand_landmarks is None
    assert lost.left_hand_world_landmarks is None
    back = smoother.smooth(seen(hand(x=0.02), hand(x=0.02)), ASPECT, 66)
    np.testing.assert_array_equal(back.left_hand_landmarks, hand(x=0.02))


def test_losing_one_hand_leaves_the_other_and_the_face_alone() -> None:
    def twice(between: HolisticResult) -> HolisticResult:
        smoother = Smoother()
        smoother.smooth(make_result(), ASPECT, 0)
        smoother.smooth(between, ASPECT, 33)
        moved = {name: getattr(make_result(), name) + np.float32(0.02) for name in SMOOTHED}
        return smoother.smooth(HolisticResult(**moved), ASPECT, 66)

    lost = replace(make_result(), left_hand_landmarks=None, left_hand_world_landmarks=None)
    whole, without = twice(make_result()), twice(lost)
    np.testing.assert_array_equal(without.right_hand_landmarks, whole.right_hand_landmarks)
    np.testing.assert_array_equal(without.face_landmarks, whole.face_landmarks)
    assert not np.array_equal(without.left_hand_landmarks, whole.left_hand_landmarks)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "second", "aspect", "time"),
    [
        ("a gap in time", hand(x=0.01), ASPECT, MAX_GAP_MS + 1),
        ("a jump", hand(x=0.3), ASPECT, FRAME_MS),
        ("a turned phone", hand(x=0.01), 1 / ASPECT, FRAME_MS),
        ("another number of points", hand(x=0.01)[:20], ASPECT, FRAME_MS),
    ],
)
def test_nothing_is_smoothed_across(name: str, second: FloatArray, aspect: float, time: int) -> None:
    smoother = Smoother()
    smoother.smooth(seen(hand()), ASPECT, 0)
    np.testing.assert_array_equal(smoother.smooth(seen(second), aspect, time).left_hand_landmarks, second)


def test_smoothing_goes_on_over_passed_over_frames_and_when_the_browser_makes_the_frames_smaller() -> None:
    smoother = Smoother()
    smoother.smooth(seen(hand()), 640 / 480, 0)
    result = smoother.smooth(seen(hand(x=0.01)), 426 / 320, 4 * FRAME_MS).left_hand_landmarks
    assert result is not None
    assert (hand() + (1e-4, 0, 0) < result)[:, 0].all()
    assert (result < hand(x=0.01) - (1e-4, 0, 0))[:, 0].all()


def test_the_wrist_in_the_world_stays_where_the_pose_has_it() -> None:
    smoother = Smoother()
    for i in range(10):
        world = hand(x=0.3 * i, noise=0.05, seed=i)
        result = smoother.smooth(seen(hand(noise=0.01, seed=i), world), ASPECT, i * FRAME_MS)
        assert result.left_hand_world_landmarks is not None
        np.testing.assert_allclose(result.left_hand_world_landmarks[0], world[0], atol=1e-6)


def test_in_the_world_the_fingers_are_smoothed_about_the_wrist_as_much_as_in_the_image() -> None:
    worlds = [hand(x=0.01 * i, noise=0.05, seed=i) for i in range(120)]
    smoother = Smoother()
    results = [
        smoother.smooth(seen(hand(noise=0.01, seed=i), world), ASPECT, i * FRAME_MS).left_hand_world_landmarks
        for i, world in enumerate(worlds)
    ]
    smoothed = [world - world[0] for world in results if world is not None]
    assert len(smoothed) == 120
    assert jitter(smoothed) < jitter([world - world[0] for world in worlds]) / 3


def test_a_part_without_size_passes() -> None:
    points = np.full((21, 3), 0.5, np.float32)
    for smoothed in run([points] * 3):
        np.testing.assert_array_equal(smoothed, points)


def test_a_result_that_is_no_number_is_forgotten_with_its_frame() -> None:
    broken = np.full((21, 3), np.nan, np.float32)
    *_, after, later = run([hand(), broken, hand(), hand(x=0.001)])
    np.testing.assert_array_equal(after, hand())
    assert np.isfinite(later).all()


def test_what_is_given_out_never_overshoots() -> None:
    x = [points[:, 0].mean() for points in run([hand(), *[hand(x=0.05)] * 60])]
    assert all(a <= b + 1e-7 for a, b in pairwise(x))
    assert x[-1] <= hand(x=0.05)[:, 0].mean() + 1e-6
