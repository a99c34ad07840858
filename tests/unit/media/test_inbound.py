"""The way of frames from a source through the tracker, with a source and engines that do what the test wants."""

import asyncio
import itertools
import math
import time
from fractions import Fraction

import numpy as np
import pytest
from aiortc.mediastreams import MediaStreamError, MediaStreamTrack
from av import VideoFrame

from holistic_rtc.errors import TooManyPixelsError, TrackerError
from holistic_rtc.media.cadence import Cadence
from holistic_rtc.media.codecs import Failure
from holistic_rtc.media.governor import Governor
from holistic_rtc.media.inbound import Demand, InboundTrack, TrackOptions
from holistic_rtc.media.outbound import AnnotatedTrack
from holistic_rtc.media.tracker_thread import TrackedFrame, TrackerThread
from holistic_rtc.model.parts import ALL_PARTS, Part
from holistic_rtc.model.quality import Quality
from holistic_rtc.model.result import Image, Persons
from holistic_rtc.pipeline.pipeline import Found
from tests.kit.synthetic import make_result


class Source(MediaStreamTrack):
    """Gives the frames that a test puts into it, then waits; ends with `end`."""

    kind = "video"

    def __init__(self) -> None:
        super().__init__()
        self._queue: asyncio.Queue[VideoFrame | Failure | None] = asyncio.Queue()
        self._count = 0
        self._given = False

    def send(self, count: int = 1, *, interval: int = 33) -> None:
        """
        :param interval: between the frames' times, in milliseconds.
        """
        for _ in range(count):
            frame = VideoFrame.from_ndarray(np.full((48, 64, 3), 100, np.uint8), format="rgb24").reformat(
                format="yuv420p"
            )
            frame.pts, frame.time_base = self._count * interval, Fraction(1, 1000)
            self._count += 1
            self._queue.put_nowait(frame)

    def start_anew(self) -> None:
        """Let the sender's clock begin at 0 again."""
        self._count = 0

    def fail(self, error: Exception) -> None:
        self._queue.put_nowait(Failure(error))

    def end(self) -> None:
        self._queue.put_nowait(None)

    async def recv(self) -> VideoFrame | Failure:
        if self._given:
            self._queue.task_done()
        frame = await self._queue.get()
        self._given = True
        if frame is None:
            raise MediaStreamError
        return frame

    async def until_drained(self) -> None:
        """Until all frames are taken and the next one is asked for."""
        await self._queue.join()


class Gate:
    """A tracker thread whose frames come out when the test lets them."""

    def __init__(self, results: list[TrackedFrame | None | Exception] | None = None) -> None:
        self.entered: asyncio.Queue[int] = asyncio.Queue()
        self.draws: list[bool] = []
        self.qualities: list[Quality] = []
        self.demands: list[Demand] = []
        self.closed = 0
        self.quality: Quality | None = None
        """The only one it has"""
        self._open = asyncio.Semaphore(0)
        self._results = results or []

    def let(self, count: int = 1) -> None:
        for _ in range(count):
            self._open.release()

    async def process(
        self,
        frame: VideoFrame,
        timestamp_ms: int,
        *,
        draw: bool,
        smoothing: bool,
        parts: frozenset[Part],
        quality: Quality,
        max_persons: int,
    ) -> TrackedFrame | None:
        self.entered.put_nowait(timestamp_ms)
        self.qualities.append(quality)
        self.demands.append(Demand(parts, max_persons))
        self.draws.append(draw)
        await self._open.acquire()
        if self._results:
            result = self._results.pop(0)
            if isinstance(result, Exception):
                raise result
            return result
        annotated = frame if draw else None
        return TrackedFrame(
            *(timestamp_ms, frame.width, frame.height, [Found(0, make_result(), None)], frame, annotated, 20.0, 1.0),
            self.quality or quality,
        )

    async def close(self) -> None:
        self.closed += 1


class Way:
    """An inbound track at work."""

    def __init__(self, gate: Gate, *outputs: AnnotatedTrack, options: TrackOptions | None = None) -> None:
        self.source = Source()
        self.tracked: list[TrackedFrame] = []
        self.demand = Demand()
        self._changed = asyncio.Event()
        self.inbound = InboundTrack(
            self.source,
            gate,  # type: ignore[arg-type]
            options or TrackOptions(),
            lambda: self.demand,
            self._on_tracked,
        )
        for output in outputs:
            self.inbound.feed(output)
        self.running = asyncio.create_task(self.inbound.run())

    def _on_tracked(self, frame: TrackedFrame) -> None:
        self.tracked.append(frame)
        self._changed.set()

    async def until_tracked(self, count: int) -> None:
        async with asyncio.timeout(5):
            while len(self.tracked) < count:
                self._changed.clear()
                await self._changed.wait()

    async def finish(self) -> None:
        self.source.end()
        await self.running


async def test_while_the_tracker_is_busy_only_the_newest_frame_is_kept_and_the_others_are_counted() -> None:
    gate = Gate()
    way = Way(gate)
    way.source.send()
    assert await gate.entered.get() == 0
    way.source.send(9)
    await way.source.until_drained()
    gate.let(2)
    assert await gate.entered.get() == 9 * 33
    await way.until_tracked(2)
    assert [frame.timestamp_ms for frame in way.tracked] == [0, 297]
    report = way.inbound.report()
    assert (report["tracked"], report["dropped"], report["width"], report["height"]) == (2, 8, 64, 48)
    await way.finish()


async def test_a_senders_clock_that_starts_anew_leaves_no_gap_in_messages_and_video() -> None:
    gate, outbound = Gate(), AnnotatedTrack()
    way = Way(gate, outbound)
    times = []
    for count in range(6):
        if count == 4:
            way.source.start_anew()
        way.source.send()
        gate.let()
        frame = await outbound.recv()
        assert frame.time is not None
        times.append(frame.time)
    assert all(0 < later - earlier < 1 for earlier, later in itertools.pairwise(times))
    stamps = [frame.timestamp_ms for frame in way.tracked]
    assert all(0 < later - earlier < 1000 for earlier, later in itertools.pairwise(stamps))
    await way.finish()


async def test_the_source_is_drained_however_slow_the_tracker_is() -> None:
    way = Way(Gate())
    way.source.send(500)
    async with asyncio.timeout(5):
        await way.source.until_drained()
    way.running.cancel()
    await asyncio.gather(way.running, return_exceptions=True)


async def test_an_aged_frame_is_dropped_when_the_next_one_comes_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Cadence, "patience", lambda self, received, now: 5.0)
    gate = Gate()
    gate.let()
    way = Way(gate)
    way.source.send()
    await way.source.until_drained()
    assert gate.entered.empty()
    way.source.send()
    await way.until_tracked(1)
    assert [frame.timestamp_ms for frame in way.tracked] == [0]
    assert way.inbound.meter.dropped == 1
    await way.finish()


async def test_an_aged_frame_is_tracked_when_no_other_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Cadence, "patience", lambda self, received, now: 0.01)
    gate = Gate()
    gate.let()
    way = Way(gate)
    way.source.send()
    await way.until_tracked(1)
    assert way.inbound.meter.dropped == 0
    await way.finish()


async def test_no_more_frames_than_the_cap_are_tracked() -> None:
    gate = Gate()
    gate.let(100)
    way = Way(gate, options=TrackOptions(max_fps=20))
    started = time.monotonic()
    while time.monotonic() - started < 0.7:
        way.source.send()
        await asyncio.sleep(0.01)
    await way.finish()
    elapsed = time.monotonic() - started
    assert len(way.tracked) <= elapsed * 20 + 1
    assert len(way.tracked) >= 5
    assert way.inbound.report()["dropped"] == 0


async def test_a_cap_that_is_lifted_is_lifted_at_once() -> None:
    gate = Gate()
    gate.let(100)
    options = TrackOptions(max_fps=1)
    way = Way(gate, options=options)
    way.source.send(2)
    await gate.entered.get()
    await way.source.until_drained()
    options.max_fps = None
    way.source.send()
    assert await gate.entered.get() == 66
    await way.finish()


async def test_parts_are_asked_for_only_while_somebody_wants_them() -> None:
    gate = Gate()
    way = Way(gate)
    demands = [Demand(), Demand(ALL_PARTS, 3), Demand(frozenset({Part.POSE}), 2)]
    for demand in demands:
        way.demand = demand
        way.source.send()
        await gate.entered.get()
        gate.let()
        await way.until_tracked(len(gate.demands))
    assert gate.demands == demands
    await way.finish()


async def test_a_track_without_frames_is_not_overloaded() -> None:
    gate = Gate()
    gate.let()
    way = Way(gate)
    for _ in range(2 * Governor.SECONDS_TO_OVERLOAD):
        assert "quality" not in way.inbound.report()
    way.source.send()
    await way.until_tracked(1)
    assert way.inbound.report()["quality"] == Quality.BALANCED
    await way.finish()


async def overload(way: Way, gate: Gate) -> None:
    for second in range(Governor.SECONDS_TO_OVERLOAD):
        way.source.send()
        await gate.entered.get()
        way.source.send(5)
        await way.source.until_drained()
        gate.let(2)
        await gate.entered.get()
        await way.until_tracked(2 * second + 2)
        assert way.inbound.report()["quality"] == (gate.quality or Quality.BALANCED)
    way.source.send()
    gate.let()
    await way.until_tracked(len(way.tracked) + 1)


async def test_an_overloaded_track_is_tracked_fast_and_says_so(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(Governor, "MAX_FPS", math.inf)  # These seconds are short.
    caplog.set_level("INFO")
    gate = Gate()
    way = Way(gate)
    await overload(way, gate)
    assert gate.qualities[-1] == Quality.FAST
    assert way.inbound.report()["quality"] == Quality.FAST
    assert "quality is now fast" in caplog.text
    await way.finish()


async def test_an_overloaded_track_of_an_engine_with_one_quality_does_not_say_that_it_changed(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(Governor, "MAX_FPS", math.inf)
    caplog.set_level("INFO")
    gate = Gate()
    gate.quality = Quality.EXACT
    way = Way(gate)
    await overload(way, gate)
    assert gate.qualities[-1] == Quality.FAST
    assert way.inbound.report()["quality"] == Quality.EXACT
    assert "quality" not in caplog.text
    await way.finish()


async def test_annotated_frames_go_out_and_plain_ones_when_drawing_is_off() -> None:
    gate, outbound = Gate(), AnnotatedTrack()
    way = Way(gate, outbound)
    for draw in (True, False):
        outbound.draw = draw
        way.source.send()
        await gate.entered.get()
        gate.let()
        frame = await outbound.recv()
        assert (frame.width, frame.height) == (64, 48)
    assert gate.draws == [True, False]
    await way.finish()


async def test_each_output_is_given_frames_until_it_is_stopped() -> None:
    gate, first, second = Gate(), AnnotatedTrack(), AnnotatedTrack()
    first.draw = False
    way = Way(gate, first, second)
    way.source.send()
    gate.let()
    await asyncio.gather(first.recv(), second.recv())
    second.stop()
    way.source.send()
    gate.let()
    await first.recv()
    assert gate.draws == [True, False]
    await way.finish()


async def test_nothing_is_drawn_for_a_peer_that_wants_no_video() -> None:
    gate = Gate()
    gate.let()
    way = Way(gate)
    way.source.send()
    await gate.entered.get()
    await way.finish()
    assert gate.draws == [False]


async def test_a_frame_on_which_the_engine_failed_counts_as_dropped_and_the_next_goes_on() -> None:
    gate = Gate([None])
    gate.let(2)
    way = Way(gate)
    for _ in range(2):
        way.source.send()
        await gate.entered.get()
    await way.until_tracked(1)
    assert way.inbound.report()["dropped"] == 1
    await way.finish()


async def test_a_tracker_that_fails_for_good_ends_the_track() -> None:
    gate = Gate([TrackerError("stuck")])
    gate.let()
    way = Way(gate)
    way.source.send()
    with pytest.raises(ExceptionGroup) as caught:
        await way.running
    assert [type(error) for error in caught.value.exceptions] == [TrackerError]


async def test_closing_ends_the_way_out_and_the_tracker() -> None:
    gate, outbound = Gate(), AnnotatedTrack()
    way = Way(gate, outbound)
    await way.inbound.close()
    with pytest.raises(MediaStreamError):
        await outbound.recv()
    assert gate.closed == 1
    await way.finish()


async def test_rates_are_of_the_time_since_the_last_report() -> None:
    gate = Gate()
    gate.let(2)
    way = Way(gate)
    for _ in range(2):
        way.source.send()
        await gate.entered.get()
    await way.until_tracked(2)
    report = way.inbound.report()
    assert (report["tracker_ms"], report["draw_ms"]) == (20.0, 1.0)
    assert report["fps_in"] > 0
    again = way.inbound.report()
    assert (again["fps_in"], again["fps_out"], again["tracker_ms"], again["tracked"]) == (0, 0, 0, 2)
    await way.finish()


async def test_with_a_real_thread_frames_are_tracked_in_order() -> None:
    class Engine:
        quality = Quality.BALANCED

        def track(
            self, image: Image, timestamp_ms: int, parts: frozenset[Part] = ALL_PARTS, max_persons: int = 1
        ) -> Persons:
            return {0: make_result()}

        def reset(self) -> None:
            pass

        def close(self) -> None:
            pass

    thread = TrackerThread(Engine)
    way = Way(thread)  # type: ignore[arg-type]
    while len(way.tracked) < 5:
        way.source.send()
        await asyncio.sleep(0.001)
    times = [frame.timestamp_ms for frame in way.tracked]
    assert times == sorted(set(times))
    await way.finish()
    await way.inbound.close()


async def test_what_a_decoder_could_not_do_ends_the_track() -> None:
    source = Source()
    track = InboundTrack(source, Gate(), TrackOptions(), Demand, lambda frame: None)  # type: ignore[arg-type]
    source.fail(TooManyPixelsError("too large"))
    with pytest.raises(ExceptionGroup) as caught:
        async with asyncio.timeout(10):
            await track.run()
    assert caught.group_contains(TooManyPixelsError)
    await track.close()
