"""The tracker's thread, with engines that do what the test wants."""

import asyncio
import dataclasses
import threading
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import closing
from fractions import Fraction
from time import process_time
from types import MappingProxyType

import numpy as np
import pytest
import pytest_asyncio
from av import VideoFrame

from holistic_rtc.bundle.models import PoseModel, find
from holistic_rtc.drawing.annotate import annotate
from holistic_rtc.errors import TrackerError
from holistic_rtc.files.person import picture_of_a_person
from holistic_rtc.media.tracker_thread import TrackerThread
from holistic_rtc.model.parts import ALL_PARTS, DEFAULT_PARTS, Part
from holistic_rtc.model.quality import Quality
from holistic_rtc.model.result import FloatArray, HolisticResult, Image, Persons
from holistic_rtc.motion.face_geometry import face_transform
from holistic_rtc.pipeline.frames import from_rgb, to_rgb
from holistic_rtc.tracking.holistic import engine
from holistic_rtc.tracking.holistic.engine import HolisticModel
from holistic_rtc.tracking.holistic.networks import Network
from holistic_rtc.tracking.holistic.runtimes.litert import LiteRTRuntime
from tests.kit.colours import BT709, FULL, Colours, colourful, decoded, difference, h264, untagged
from tests.kit.synthetic import make_result


def make_frame(width: int = 64, height: int = 48, pts: int = 0) -> VideoFrame:
    frame = VideoFrame.from_ndarray(np.full((height, width, 3), 100, np.uint8), format="rgb24").reformat(
        format="yuv420p"
    )
    frame.pts, frame.time_base = pts, Fraction(1, 1000)
    return frame


RESET = -1
"""In place of a time"""


class Engine:
    """Keeps what it was asked; fails, or waits, as often as told."""

    quality = Quality.BALANCED

    def __init__(self, made: "list[Engine]", failures: int = 0) -> None:
        self.calls: list[tuple[tuple[int, ...], int]] = []
        self.asked: list[frozenset[Part]] = []
        self.threads = {threading.current_thread().name}
        self.closed = 0
        self._failures = failures
        made.append(self)

    def fail(self, frames: int) -> None:
        self._failures = frames

    def track(
        self, image: Image, timestamp_ms: int, parts: frozenset[Part] = ALL_PARTS, max_persons: int = 1
    ) -> Persons:
        self.threads.add(threading.current_thread().name)
        self.calls.append((image.shape, timestamp_ms))
        self.asked.append(parts)
        if self._failures > 0:
            self._failures -= 1
            raise TrackerError("out of order")
        return {0: make_result()}

    def reset(self) -> None:
        self.calls.append(((), RESET))

    def close(self) -> None:
        self.threads.add(threading.current_thread().name)
        self.closed += 1


@pytest.fixture
def made() -> list[Engine]:
    """The engines, in the order in which they were made."""
    return []


@pytest_asyncio.fixture(loop_scope="session")
async def make_thread() -> AsyncIterator[Callable[..., TrackerThread]]:
    threads: list[TrackerThread] = []

    def make(*args: object, **kwargs: object) -> TrackerThread:
        threads.append(TrackerThread(*args, **kwargs))  # type: ignore[arg-type]
        return threads[-1]

    yield make
    for thread in threads:
        await thread.close()


MakeThread = Callable[..., TrackerThread]


async def test_an_engine_is_made_used_and_closed_on_one_thread_that_is_not_the_loops(
    made: list[Engine], make_thread: MakeThread
) -> None:
    thread = make_thread(lambda: Engine(made))
    for time in range(3):
        await thread.process(make_frame(), time, draw=False, smoothing=True)
    await thread.close()
    (engine,) = made
    assert engine.closed == 1
    assert len(engine.threads) == 1
    assert threading.current_thread().name not in engine.threads


async def test_a_frame_comes_out_with_its_time_its_size_and_on_wish_drawn(
    made: list[Engine], make_thread: MakeThread
) -> None:
    thread = make_thread(lambda: Engine(made))
    frame = make_frame(pts=40)
    plain = await thread.process(frame, 40, draw=False, smoothing=True)
    drawn = await thread.process(frame, 80, draw=True, smoothing=True)
    assert plain is not None
    assert drawn is not None
    assert (plain.timestamp_ms, plain.width, plain.height, plain.annotated) == (40, 64, 48, None)
    assert drawn.annotated is not None
    assert (drawn.annotated.pts, drawn.annotated.time_base) == (frame.pts, frame.time_base)
    assert not np.array_equal(drawn.annotated.to_ndarray(), frame.to_ndarray())


async def test_a_frame_that_is_not_drawn_on_keeps_its_colours(made: list[Engine], make_thread: MakeThread) -> None:
    frame = decoded(h264(Colours(BT709, FULL, "yuvj420p"), colourful()))
    tracked = await make_thread(lambda: Engine(made)).process(frame, 0, draw=False, smoothing=True)
    assert tracked is not None
    assert difference(untagged(tracked.plain), to_rgb(frame))[0] < 2


async def test_the_warm_up_is_forgotten_before_the_stream_begins(made: list[Engine], make_thread: MakeThread) -> None:
    thread = make_thread(lambda: Engine(made))
    await thread.warm_up(np.zeros((60, 40, 3), np.uint8))
    await thread.process(make_frame(), 0, draw=False, smoothing=True)
    times = [time for _, time in made[0].calls]
    assert times == [0, 1, 2, 3, 4, RESET, 0]


async def test_every_network_runs_in_the_warm_up(monkeypatch: pytest.MonkeyPatch, make_thread: MakeThread) -> None:
    runs = set[Network]()

    class Recording(LiteRTRuntime):
        def run(self, network: Network, values: FloatArray) -> Sequence[FloatArray]:
            runs.add(network)
            return super().run(network, values)

    monkeypatch.setattr(engine, "make_runtime", Recording)
    with closing(HolisticModel(find(PoseModel.LITE).path)) as model:
        assert await make_thread(model.tracker).warm_up(picture_of_a_person()) > 0
    assert runs == set(Network)


@pytest.mark.parametrize(
    ("parts", "tracked"),
    [
        (frozenset({Part.POSE}), frozenset({Part.POSE})),
        (frozenset({Part.FACE_TRANSFORM}), frozenset({Part.FACE})),
        (frozenset({Part.RIG}), DEFAULT_PARTS - {Part.FACE_TRANSFORM}),
        (ALL_PARTS, DEFAULT_PARTS - {Part.FACE_TRANSFORM}),
    ],
)
async def test_the_warm_up_tracks_all_that_may_be_asked_for_and_no_more(
    parts: frozenset[Part], tracked: frozenset[Part], made: list[Engine], make_thread: MakeThread
) -> None:
    await make_thread(lambda: Engine(made), parts=parts).warm_up(np.zeros((60, 40, 3), np.uint8))
    assert set(made[0].asked) == {tracked}


async def test_the_warm_up_measures_what_the_parts_cost(make_thread: MakeThread) -> None:
    pose, hands = frozenset({Part.POSE}), frozenset({Part.POSE, Part.LEFT_HAND, Part.RIGHT_HAND})
    cpu_ms = {}
    with closing(HolisticModel(find(PoseModel.LITE).path)) as model:
        for parts in (ALL_PARTS, hands, pose):
            cpu_ms[parts] = await make_thread(model.tracker, parts=parts).warm_up(picture_of_a_person())
    assert cpu_ms[pose] < 0.5 * cpu_ms[hands]
    assert cpu_ms[pose] < 0.5 * cpu_ms[ALL_PARTS]


class Busy(Engine):
    """Takes CPU time by its quality, and when it is to be fast, in every other frame only."""

    CPU_MS: Mapping[Quality, tuple[float, float]] = MappingProxyType(
        {Quality.EXACT: (60, 60), Quality.BALANCED: (30, 30), Quality.FAST: (20, 0)}
    )

    def track(
        self, image: Image, timestamp_ms: int, parts: frozenset[Part] = ALL_PARTS, max_persons: int = 1
    ) -> Persons:
        begun = process_time()
        while (process_time() - begun) * 1000 < self.CPU_MS[self.quality][timestamp_ms % 2]:
            pass
        return super().track(image, timestamp_ms, parts, max_persons)


@pytest.mark.parametrize("quality", Quality)
async def test_the_warm_up_measures_what_the_quality_costs(
    quality: Quality, made: list[Engine], make_thread: MakeThread
) -> None:
    cpu_ms = await make_thread(lambda: Busy(made)).warm_up(np.zeros((60, 40, 3), np.uint8), quality)
    assert cpu_ms == pytest.approx(sum(Busy.CPU_MS[quality]) / 2, abs=8)


async def test_only_what_may_be_asked_for_is_tracked_for_drawing_and_drawn(
    made: list[Engine], make_thread: MakeThread
) -> None:
    # The engine finds everything all the same.
    thread = make_thread(lambda: Engine(made), parts=frozenset({Part.LEFT_HAND}))
    tracked = await thread.process(make_frame(), 0, draw=True, smoothing=False, parts=frozenset())
    assert made[0].asked == [frozenset({Part.LEFT_HAND})]
    assert tracked is not None
    assert tracked.annotated is not None
    image = to_rgb(make_frame())
    hand = HolisticResult(left_hand_landmarks=make_result().left_hand_landmarks)
    expected = from_rgb(annotate(image, {0: hand}), make_frame())
    assert np.array_equal(tracked.annotated.to_ndarray(), expected.to_ndarray())
    assert not np.array_equal(tracked.annotated.to_ndarray(), make_frame().to_ndarray())


async def test_after_a_failure_the_next_frame_gets_a_new_engine(made: list[Engine], make_thread: MakeThread) -> None:
    thread = make_thread(lambda: Engine(made, failures=0 if made else 1))
    assert await thread.process(make_frame(), 0, draw=False, smoothing=True) is None
    assert made[0].closed == 1
    assert await thread.process(make_frame(), 33, draw=False, smoothing=True) is not None
    assert len(made) == 2


class Drifting(Engine):
    """Finds a hand that moves a little from frame to frame."""

    def __init__(self, made: list[Engine], failures: int = 0) -> None:
        super().__init__(made, failures)
        self.found: list[FloatArray] = []

    def track(
        self, image: Image, timestamp_ms: int, parts: frozenset[Part] = ALL_PARTS, max_persons: int = 1
    ) -> Persons:
        hand = super().track(image, timestamp_ms)[0].left_hand_landmarks
        assert hand is not None
        self.found.append(hand + np.float32(0.01 * len(self.calls)))
        return {0: HolisticResult(left_hand_landmarks=self.found[-1])}


async def test_results_are_smoothed_on_wish_and_from_the_first_frame_on_not_from_the_warm_up(
    made: list[Engine], make_thread: MakeThread
) -> None:
    thread = make_thread(lambda: Drifting(made))
    await thread.warm_up(np.zeros((48, 64, 3), np.uint8))
    raw = []
    for i, smoothing in enumerate((True, True, False)):
        tracked = await thread.process(make_frame(), 33 * i, draw=False, smoothing=smoothing)
        assert tracked is not None
        assert isinstance(made[0], Drifting)
        raw.append(np.array_equal(tracked.persons[0].result.left_hand_landmarks, made[0].found[-1]))  # type: ignore[arg-type]
    assert raw == [True, False, True]


async def test_nothing_is_smoothed_from_one_engine_to_the_next(made: list[Engine], make_thread: MakeThread) -> None:
    thread = make_thread(lambda: Drifting(made))
    assert await thread.process(make_frame(), 0, draw=False, smoothing=True) is not None
    made[0]._failures = 1
    assert await thread.process(make_frame(), 33, draw=False, smoothing=True) is None
    tracked = await thread.process(make_frame(), 66, draw=False, smoothing=True)
    assert tracked is not None
    assert isinstance(made[1], Drifting)
    np.testing.assert_array_equal(tracked.persons[0].result.left_hand_landmarks, made[1].found[0])


async def test_a_face_gets_the_pose_of_the_head(made: list[Engine], make_thread: MakeThread) -> None:
    thread = make_thread(lambda: Engine(made))
    for smoothing in (True, False):
        tracked = await thread.process(make_frame(64, 48), 33 * (not smoothing), draw=False, smoothing=smoothing)
        face = make_result().face_landmarks
        assert tracked is not None
        assert face is not None
        expected = face_transform(face, 64 / 48)
        assert tracked.persons[0].result.face_transform is not None
        assert expected is not None
        np.testing.assert_array_equal(tracked.persons[0].result.face_transform, expected)


async def test_an_engine_that_fails_on_three_frames_running_is_given_up(
    made: list[Engine], make_thread: MakeThread
) -> None:
    thread = make_thread(lambda: Engine(made, failures=1))
    assert await thread.process(make_frame(), 0, draw=False, smoothing=True) is None
    assert await thread.process(make_frame(), 1, draw=False, smoothing=True) is None
    with pytest.raises(TrackerError, match="out of order"):
        await thread.process(make_frame(), 2, draw=False, smoothing=True)


async def test_failures_with_good_frames_between_them_are_borne(made: list[Engine], make_thread: MakeThread) -> None:
    class Moody(Engine):
        """Fails on every second frame."""

        def track(
            self, image: Image, timestamp_ms: int, parts: frozenset[Part] = ALL_PARTS, max_persons: int = 1
        ) -> Persons:
            if timestamp_ms % 2:
                raise TrackerError("out of order")
            return super().track(image, timestamp_ms)

    thread = make_thread(lambda: Moody(made))
    outcomes = [await thread.process(make_frame(), time, draw=False, smoothing=True) for time in range(10)]
    assert [outcome is None for outcome in outcomes] == [False, True] * 5


async def test_an_engine_that_cannot_be_made_is_an_error(make_thread: MakeThread) -> None:
    def fail() -> Engine:
        raise TrackerError("no such model")

    thread = make_thread(fail)
    with pytest.raises(TrackerError, match="no such model"):
        await thread.warm_up(np.zeros((60, 40, 3), np.uint8))


async def test_a_stuck_engine_is_an_error_after_the_deadline_and_closing_does_not_wait_for_it(
    made: list[Engine], make_thread: MakeThread
) -> None:
    released = threading.Event()

    class Stuck(Engine):
        def track(
            self, image: Image, timestamp_ms: int, parts: frozenset[Part] = ALL_PARTS, max_persons: int = 1
        ) -> Persons:
            released.wait()
            return {0: make_result()}

    thread = make_thread(lambda: Stuck(made), deadline=0.1)
    try:
        with pytest.raises(TrackerError, match=r"didn't respond within 0\.1 s"):
            await thread.process(make_frame(), 0, draw=False, smoothing=True)
        async with asyncio.timeout(1):
            await thread.close()
    finally:
        released.set()


class Leaving(Engine):
    """Finds a person in the first frame of the stream, and nobody in the others."""

    def track(
        self, image: Image, timestamp_ms: int, parts: frozenset[Part] = ALL_PARTS, max_persons: int = 1
    ) -> Persons:
        super().track(image, timestamp_ms)
        if timestamp_ms > 0:
            return {}
        return {0: dataclasses.replace(make_result(), pose_visibility=np.ones(33, np.float32))}


async def test_an_avatars_pose_is_made_on_wish_and_its_motion_begins_anew_with_each_wish(
    made: list[Engine], make_thread: MakeThread
) -> None:
    thread = make_thread(lambda: Leaving(made))
    rigs = []
    for time, wished in enumerate((True, True, False, True)):
        tracked = await thread.process(
            make_frame(), 20 * time, draw=False, smoothing=True, parts=ALL_PARTS if wished else DEFAULT_PARTS
        )
        assert tracked is not None
        rigs.append(tracked.persons[0].rig)
    # An avatar stays for a moment when the person has gone; one that begins anew has seen nobody yet.
    assert [rig is not None for rig in rigs] == [True, True, False, False]


async def test_an_avatars_motion_begins_anew_with_a_new_engine(made: list[Engine], make_thread: MakeThread) -> None:
    thread = make_thread(lambda: Leaving(made))
    tracked = await thread.process(make_frame(), 0, draw=False, smoothing=True, parts=ALL_PARTS)
    assert tracked is not None
    assert tracked.persons[0].rig is not None
    made[0].fail(1)
    assert await thread.process(make_frame(), 20, draw=False, smoothing=True, parts=ALL_PARTS) is None
    tracked = await thread.process(make_frame(), 40, draw=False, smoothing=True, parts=ALL_PARTS)
    assert tracked is not None
    assert tracked.persons[0].rig is None


async def test_the_loop_goes_on_while_the_engine_works(made: list[Engine], make_thread: MakeThread) -> None:
    working = threading.Event()
    released = threading.Event()

    class Slow(Engine):
        def track(
            self, image: Image, timestamp_ms: int, parts: frozenset[Part] = ALL_PARTS, max_persons: int = 1
        ) -> Persons:
            working.set()
            released.wait()
            return {0: make_result()}

    thread = make_thread(lambda: Slow(made))
    frame = asyncio.create_task(thread.process(make_frame(), 0, draw=False, smoothing=True))
    await asyncio.to_thread(working.wait)
    assert not frame.done()
    released.set()
    assert await frame is not None


async def test_closing_twice_closes_once(made: list[Engine], make_thread: MakeThread) -> None:
    thread = make_thread(lambda: Engine(made))
    await thread.process(make_frame(), 0, draw=False, smoothing=True)
    await thread.close()
    await thread.close()
    assert made[0].closed == 1
