"""What the metrics make of events, and of what workers report. tests/integration/test_metrics.py asks a real server."""

import re
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from holistic_rtc.errors import Code
from holistic_rtc.ipc.messages import Beat
from holistic_rtc.ipc.process import Exit
from holistic_rtc.model.end_reason import EndReason
from holistic_rtc.model.figures import BOUNDS, Distribution, Load, SessionFigures, Traffic, VideoFigures
from holistic_rtc.monitoring.metrics import PREFIX, Metrics, PoolName
from holistic_rtc.sessions.events import Joined, Left, Refused, Role


def values(metrics: Metrics) -> dict[tuple[str, ...], float]:
    text = metrics.render("")[0].decode()
    return {
        (sample.name.removeprefix(PREFIX), *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def some(seconds: float, *, memory: int = 100) -> Load:
    return Load(1.0, seconds, memory, Distribution())


class Worker:
    """What the metrics see of a process."""

    on_beat: Any
    on_exit: Any


def worker(metrics: Metrics, pool: PoolName = PoolName.LIVE) -> Worker:
    process = Worker()
    metrics.watch(pool, process)  # type: ignore[arg-type]
    return process


def figures(tracked: int) -> SessionFigures:
    video = VideoFigures(received=tracked + 1, tracked=tracked)
    for _ in range(tracked):
        video.delay.observe(0.04)
    return SessionFigures(video, Traffic(bytes_in=1000, bytes_out=2000))


def test_figures_of_a_session_stay_when_it_has_ended_and_add_up_with_the_next() -> None:
    metrics = Metrics()
    for _ in range(2):
        process = worker(metrics)
        process.on_beat(Beat(None, some(0.5)))
        process.on_beat(Beat(None, some(0.25), figures(3)))
        process.on_exit(Exit.FINISHED)
    now = values(metrics)
    assert now["frames_tracked_total",] == now["frame_delay_seconds_count",] == 6
    assert now["frame_delay_seconds_sum",] == pytest.approx(0.24)
    assert now["frame_delay_seconds_bucket", "0.03"] == 0
    assert now["frame_delay_seconds_bucket", "0.05"] == now["frame_delay_seconds_bucket", "+Inf"] == 6
    assert (now["process_cpu_seconds_total", "spare"], now["process_cpu_seconds_total", "live"]) == (1.0, 0.5)
    assert now["media_bytes_total", "out"] == 4000


def test_the_current_state_is_that_of_running_workers_only() -> None:
    metrics = Metrics()
    spare, live, snapshot = worker(metrics), worker(metrics), worker(metrics, PoolName.SNAPSHOT)
    for process in (spare, live):
        process.on_beat(Beat(None, some(1, memory=7)))
    live.on_beat(Beat(None, some(1, memory=11), figures(1)))
    snapshot.on_beat(Beat(None, some(1, memory=13)))
    now = values(metrics)
    assert [now["processes", kind] for kind in ("front", "live", "spare", "snapshot")] == [1, 1, 1, 1]
    assert [now["process_resident_memory_bytes", kind] for kind in ("live", "spare", "snapshot")] == [11, 7, 13]
    assert now["media_bitrate_bits_per_second", "in"] == 8000
    live.on_exit(Exit.FAILED)
    now = values(metrics)
    assert (now["processes", "live"], now["media_bitrate_bits_per_second", "in"]) == (0, 0)
    assert now["worker_exits_total", "failed", "live"] == 1
    assert now["frames_tracked_total",] == 1


def test_events_are_counted_by_role_reason_and_code() -> None:
    metrics = Metrics()
    metrics.take(Joined(session="a", role=Role.SUBSCRIBER, address="192.0.2.1"))
    metrics.take(
        Left(
            session="a",
            role=Role.PUBLISHER,
            address="192.0.2.1",
            reason=EndReason.PEER_SILENT,
            message="",
            seconds=1,
        )
    )
    for _ in range(2):
        metrics.take(
            Refused(code=Code.SERVER_FULL, detail="", address="192.0.2.1", method="POST", path="/whip", session=None)
        )
    now = values(metrics)
    assert now["joins_total", "subscriber"] == now["ends_total", "peer_silent", "publisher"] == 1
    assert now["refusals_total", "server_full"] == 2
    assert sum(value for sample, value in now.items() if sample[0] == "refusals_total") == 2


def test_every_series_is_there_from_the_start() -> None:
    names = values(Metrics())
    assert set(Code) == {sample[1] for sample in names if sample[0] == "refusals_total"}
    assert set(EndReason) == {sample[1] for sample in names if sample[0] == "ends_total"}


def test_names_follow_the_conventions_of_prometheus() -> None:
    units = ("seconds", "bytes", "bits_per_second")
    for family in Metrics().collect():
        assert re.fullmatch(r"holistic_[a-z]+(_[a-z]+)*", family.name)
        assert family.documentation.endswith(".")
        assert not family.name.endswith(("_total", "_ms", "_milliseconds", "_count"))
        if family.type == "histogram":
            assert family.name.endswith(units)
            assert {float(sample.labels["le"]) for sample in family.samples if "le" in sample.labels} == {
                *BOUNDS,
                float("inf"),
            }
        assert {label for sample in family.samples for label in sample.labels} <= {
            *("code", "direction", "engine", "how", "kind", "le", "outcome", "pool", "reason", "role", "version"),
        }


def test_every_metric_is_described() -> None:
    page = (Path(__file__).parents[3] / "docs" / "operations.md").read_text()
    for family in Metrics().collect():
        assert f"`{family.name}" in page
