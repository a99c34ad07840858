"""What ``holistic-rtc doctor --url`` makes of metrics. tests/integration/test_doctor.py asks a real server."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from prometheus_client.samples import Sample

from holistic_rtc.commands import doctor
from holistic_rtc.commands.doctor.check import Finding, Verdict
from holistic_rtc.commands.doctor.observation import PREFIX, Figures, Observation, ServerCheck
from holistic_rtc.commands.doctor.server_checks import network, nodes, processes, refusals, sessions, tracking, webhooks
from holistic_rtc.errors import ServerUnreachableError
from holistic_rtc.model.figures import BOUNDS
from holistic_rtc.monitoring.metrics import Metrics

LOADED = {"frames_received_total": 100, "frames_tracked_total": 60, "frames_dropped_total": 40}


def figures(values: Mapping[str, float]) -> Figures:
    return Figures("".join(f"{PREFIX}{series} {value}\n" for series, value in values.items()))


def observe(
    check: ServerCheck, values: Mapping[str, float], before: Mapping[str, float] | None = None
) -> list[Finding]:
    return list(check(Observation(figures(before or {}), figures(values))))


def notes(findings: list[Finding]) -> str:
    assert all(finding.remedy for finding in findings if finding.verdict is not Verdict.GOOD)
    return "\n".join(finding.text for finding in findings if finding.verdict is not Verdict.GOOD)


def test_every_check_of_a_server_runs() -> None:
    files = Path(doctor.__file__).with_name("server_checks").glob("*.py")
    modules = {check.__module__.rpartition(".")[2] for check in doctor.SERVER_CHECKS}
    # The server is asked for its health, whether it shows its metrics or not.
    assert {*modules, "health"} == {path.stem for path in files if path.stem != "__init__"}


def test_a_server_that_has_just_started_has_nothing_to_be_noted() -> None:
    idle = Figures(Metrics().render("")[0].decode())
    for check in doctor.SERVER_CHECKS:
        assert notes(list(check(Observation(idle, idle)))) == ""


def names_used() -> Iterator[tuple[ServerCheck, set[str]]]:
    """The metrics that each check asks for, of a server where all is wrong."""

    class Asked(Figures):
        def __init__(self) -> None:
            self.names: set[str] = set()

        def get(self, name: str, **labels: str) -> float:
            self.names.add(name)
            return float(len(self.names))

        def series(self, name: str) -> list[Sample]:
            return [Sample(f"{PREFIX}{name}", {}, self.get(name))]

    class Risen(Observation):
        def rise(self, name: str, **labels: str) -> float:
            return self.now.get(name)

        def quantile(self, name: str, share: float, **labels: str) -> float | None:
            self.now.get(f"{name}_bucket")
            return 1.0

    for check in doctor.SERVER_CHECKS:
        asked = Asked()
        assert list(check(Risen(asked, asked)))
        yield check, asked.names


def test_the_checks_ask_for_metrics_that_there_are() -> None:
    exported = {sample.name.removeprefix(PREFIX) for family in Metrics().collect() for sample in family.samples}
    for check, names in names_used():
        assert names <= exported, check.__module__


@pytest.mark.parametrize(
    ("dropped", "words"), [(40, ""), (60, "tracks 8 of 20 frames a second, and drops 60%: it can't keep up")]
)
def test_dropped_frames(dropped: int, words: str) -> None:
    values = {"frames_received_total": 100, "frames_tracked_total": 100 - dropped, "frames_dropped_total": dropped}
    assert notes(observe(tracking.check, values)) == words


def test_only_what_happens_now_is_said_of_frames() -> None:
    [finding] = observe(tracking.check, LOADED, before=LOADED)
    assert (finding.verdict, finding.text) == (Verdict.GOOD, "nobody is sending video at the moment")


def test_delay_is_that_of_the_bucket_of_most_frames() -> None:
    buckets = {f'frame_delay_seconds_bucket{{le="{bound}"}}': 100.0 * (bound >= 0.5) for bound in BOUNDS}
    values = {**LOADED, **buckets, 'frame_delay_seconds_bucket{le="+Inf"}': 100.0, "frame_delay_seconds_count": 100.0}
    assert notes(observe(tracking.check, values)) == "95 % of the frames are annotated within 500 ms"


def test_congested_channels() -> None:
    values = {**LOADED, "landmark_messages_sent_total": 60, "landmark_messages_dropped_total": 40}
    assert "40% of the landmark messages are dropped" in notes(observe(tracking.check, values))


def test_a_full_server_and_strangers() -> None:
    values = {'refusals_total{code="server_full"}': 12.0, 'refusals_total{code="unauthorized"}': 3.0}
    told = notes(observe(refusals.check, values, before={'refusals_total{code="server_full"}': 10.0}))
    assert "refused 12 requests because the server was full, 2 of them in the last seconds" in told
    assert "3 requests for a missing or wrong token" in told


@pytest.mark.parametrize(("failed", "noted"), [(4, True), (2, False)])
def test_peers_that_get_no_connection(failed: int, noted: bool) -> None:
    values = {
        'ends_total{role="publisher",reason="ice_failed"}': failed,
        'ends_total{role="publisher",reason="deleted"}': 10 - failed,
    }
    told = notes(observe(sessions.check, values))
    assert told == (
        f"{failed} of 10 sessions couldn't connect, or lost their connection, since the server's start" if noted else ""
    )


@pytest.mark.parametrize(("lost", "noted"), [(2, False), (9, True)])
def test_lost_packets(lost: int, noted: bool) -> None:
    values = {
        'media_packets_total{direction="in"}': 100,
        'media_packets_lost_total{direction="in"}': lost,
        'media_bitrate_bits_per_second{direction="in"}': 1.5e6,
    }
    told = notes(observe(network.check, values))
    assert told == ("1.5 Mbit/s from peers, 9.0% of the packets lost" if noted else "")


def test_processes_that_are_busy_late_or_crash() -> None:
    values = {
        'process_cpu_seconds_total{kind="live"}': 9.5,
        "cpu_limit_cores": 2,
        'event_loop_lag_seconds_bucket{kind="front",le="0.1"}': 10,
        'event_loop_lag_seconds_bucket{kind="front",le="0.5"}': 20,
        'event_loop_lag_seconds_count{kind="front"}': 20,
        'worker_exits_total{pool="live",how="failed"}': 2,
    }
    told = notes(observe(processes.check, values))
    assert "uses 1.9 of 2 CPUs" in told
    assert "the event loop of front processes is up to 0.5 s late" in told
    assert "2 workers have crashed" in told


def test_lost_webhooks() -> None:
    assert "3 webhooks were given up" in notes(observe(webhooks.check, {'webhooks_total{outcome="failed"}': 3.0}))


@pytest.mark.parametrize(
    ("series", "value", "words"),
    [
        *(("redis_connected", "1.0", "reaches Redis"), ("redis_connected", "0.0", "can't reach Redis")),
        *(("job_queue_connected", "1.0", "answers"), ("job_queue_connected", "0.0", "can't be reached")),
        *(("redis_connected", "NaN", ""), ("job_queue_connected", "NaN", "")),
    ],
)
def test_a_server_that_cannot_reach_redis(series: str, value: str, words: str) -> None:
    now = Figures(f"{PREFIX}{series} {value}\n")
    found = list(nodes.check(Observation(now, now)))
    assert [words in finding.text for finding in found] == [True] * bool(words)


def test_what_is_no_metric_is_an_error() -> None:
    with pytest.raises(ServerUnreachableError, match="can't be read"):
        Figures("<!doctype html>")
