"""What the trackers of a model share, with the real networks."""

import gc
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import fields
from weakref import ref

import numpy as np
import pytest

from holistic_rtc.bundle.models import PoseModel, find
from holistic_rtc.errors import TrackerError
from holistic_rtc.model.result import FloatArray, Persons
from holistic_rtc.tracking.engine import Tracker
from holistic_rtc.tracking.holistic import engine
from holistic_rtc.tracking.holistic.engine import HolisticModel
from holistic_rtc.tracking.holistic.networks import Network
from holistic_rtc.tracking.holistic.runtimes.litert import LiteRTRuntime
from tests.kit.pictures import grace_hopper

PICTURE = grace_hopper()


class Loads:
    """The runtimes that were loaded. They run the real networks, of which one may fail."""

    def __init__(self) -> None:
        self.threads: list[int] = []
        self.runtimes: list[ref[LiteRTRuntime]] = []
        self.failing: Network | None = None

    def make(self, networks: dict[Network, bytes], threads: int) -> LiteRTRuntime:
        loads = self

        class Failing(LiteRTRuntime):
            def run(self, network: Network, values: FloatArray) -> Sequence[FloatArray]:
                if network is loads.failing:
                    raise TrackerError("out of order")
                return super().run(network, values)

        runtime = Failing(networks, threads)
        self.threads.append(threading.get_ident())
        self.runtimes.append(ref(runtime))
        return runtime


@pytest.fixture
def loads(monkeypatch: pytest.MonkeyPatch) -> Loads:
    loads = Loads()
    monkeypatch.setattr(engine, "make_runtime", loads.make)
    return loads


@pytest.fixture
def model(loads: Loads) -> Iterator[HolisticModel]:
    with closing(HolisticModel(find(PoseModel.LITE).path)) as model:
        yield model


def on_thread(call: Callable[[], object]) -> threading.Thread:
    thread = threading.Thread(target=call)
    thread.start()
    return thread


def assert_same(first: Persons, second: Persons) -> None:
    assert first.keys() == second.keys() == {0}
    for name in ("pose_landmarks", "pose_visibility", "face_landmarks", "face_blendshapes"):
        np.testing.assert_array_equal(getattr(first[0], name), getattr(second[0], name))


def test_the_networks_are_loaded_once_by_the_thread_that_makes_the_first_tracker(
    model: HolisticModel, loads: Loads
) -> None:
    assert loads.threads == []
    threads = [on_thread(model.tracker) for _ in range(3)]
    for thread in threads:
        thread.join()
    model.picture_tracker()
    assert len(loads.threads) == 1
    assert threading.get_ident() not in loads.threads


def test_trackers_on_several_threads_find_what_one_alone_finds(model: HolisticModel) -> None:
    def film(found: list[Persons]) -> None:
        tracker = model.tracker()
        found += (tracker.track(np.roll(PICTURE, 4 * i, axis=1), 33 * i) for i in range(8))

    alone: list[Persons] = []
    film(alone)
    together: list[list[Persons]] = [[], []]
    for thread in [on_thread(lambda found=found: film(found)) for found in together]:  # type: ignore[misc]
        thread.join()
    for found in together:
        for expected, persons in zip(alone, found, strict=True):
            assert_same(expected, persons)


def test_a_closed_tracker_leaves_the_others_alone(model: HolisticModel, loads: Loads) -> None:
    first, second = model.tracker(), model.tracker()
    first.close()
    first.close()
    with pytest.raises(TrackerError, match="closed"):
        first.track(PICTURE, 0)
    assert second.track(PICTURE, 0).keys() == {0}
    assert len(loads.threads) == 1


def fail(tracker: Tracker, loads: Loads, timestamp_ms: int) -> None:
    loads.failing = Network.FACE
    with pytest.raises(TrackerError, match="out of order"):
        tracker.track(PICTURE, timestamp_ms)
    loads.failing = None


def test_after_a_network_has_failed_the_next_tracker_has_newly_loaded_ones(model: HolisticModel, loads: Loads) -> None:
    first, other = model.tracker(), model.tracker()
    fail(first, loads, 0)
    first.close()
    second, third = model.tracker(), model.tracker()
    assert len(loads.threads) == 2
    assert_same(second.track(PICTURE, 0), third.track(PICTURE, 0))
    # Who hasn't met the failure goes on with the old networks, which are freed after that.
    assert other.track(PICTURE, 0).keys() == {0}
    other.close()
    gc.collect()
    assert [loaded() is None for loaded in loads.runtimes] == [True, False]


def test_a_frame_that_is_refused_is_no_failure_of_the_networks(model: HolisticModel, loads: Loads) -> None:
    tracker = model.tracker()
    with pytest.raises(TrackerError, match="uint8"):
        tracker.track(np.zeros((4, 4), np.uint8), 0)
    model.tracker()
    assert len(loads.threads) == 1


def test_closing_the_model_frees_the_networks(model: HolisticModel, loads: Loads) -> None:
    tracker, pictures = model.tracker(), model.picture_tracker()
    model.close()
    with pytest.raises(TrackerError, match="closed"):
        tracker.track(PICTURE, 0)
    with pytest.raises(TrackerError, match="closed"):
        pictures.detect(PICTURE)
    with pytest.raises(TrackerError, match="closed"):
        model.load()
    assert len(loads.threads) == 1


def test_two_threads_find_the_same_as_one() -> None:
    path, picture = find(PoseModel.LITE).path, PICTURE
    with closing(HolisticModel(path)) as alone, closing(HolisticModel(path, threads=2)) as together:
        expected, found = (model.picture_tracker().detect(picture)[0] for model in (alone, together))
    for field in fields(expected):
        assert np.array_equal(getattr(expected, field.name), getattr(found, field.name))
