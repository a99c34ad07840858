"""
The server's metrics: this module owns the registry, the names and the labels.

Labels have few values, which are all exported from the start, so that the first event of a kind already counts as an
increase. The figures of workers are added up as they arrive, so those of ended sessions stay.
"""

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from itertools import accumulate, product
from typing import TypeVar

from prometheus_client import CollectorRegistry, Counter, Gauge, Info, disable_created_metrics
from prometheus_client.core import HistogramMetricFamily
from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from holistic_rtc.errors import Code
from holistic_rtc.ipc.load import LoadMeter
from holistic_rtc.ipc.messages import Beat
from holistic_rtc.ipc.process import Exit, Process
from holistic_rtc.model.end_reason import EndReason
from holistic_rtc.model.figures import BOUNDS, Distribution, Load, SessionFigures
from holistic_rtc.sessions.events import (
    CredentialGiven,
    Event,
    JobEnded,
    Joined,
    Left,
    Redirected,
    RedirectReason,
    Refused,
    Role,
    SnapshotTaken,
)

PREFIX = "holistic_"


class Kind(StrEnum):
    """Kinds of processes."""

    FRONT = "front"
    LIVE = "live"
    SPARE = "spare"
    SNAPSHOT = "snapshot"
    JOB = "job"


class PoolName(StrEnum):
    """Workers of the pool ``live`` are spares until they get a session."""

    LIVE = "live"
    SNAPSHOT = "snapshot"
    JOB = "job"


class JobOutcome(StrEnum):
    DONE = "done"
    BAD_FILE = "bad_file"
    """The client's fault"""
    FAILED = "failed"
    """The server's"""


class Direction(StrEnum):
    IN = "in"
    OUT = "out"


class Delivery(StrEnum):
    """What becomes of a webhook's message."""

    DELIVERED = "delivered"
    FAILED = "failed"
    DROPPED = "dropped"


_KINDS = {PoolName.SNAPSHOT: Kind.SNAPSHOT, PoolName.JOB: Kind.JOB}


class Metrics(Collector):
    """
    The public gauges describe the current state; set their functions with :meth:`Gauge.set_function`.
    """

    def __init__(self) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self.front = LoadMeter()
        """Measures the front process. Its owner is whoever runs it."""
        self._registry = CollectorRegistry()
        self._running: dict[Process, _Report] = {}
        self._front_memory = 0
        gauge, counter, histogram = self._gauge, self._counter, self._histogram

        self._build = Info(f"{PREFIX}build", "Version and tracking engine of the server.", registry=self._registry)
        self.ready = gauge("ready", "1 if the next peer and the next picture can be served at once.")
        self.sessions = gauge("sessions", "Running sessions.")
        self.session_places_taken = gauge(
            "session_places_taken", "Places that are taken: one for each video of each session."
        )
        self.session_places = gauge("session_places", "Videos that may be tracked at the same time.")
        self.subscribers = gauge("subscribers", "Subscribers of the running sessions.")
        self.http_connections = gauge("http_connections", "Open HTTP connections.")
        self.http_connection_places = gauge("http_connection_places", "HTTP connections that may be open at a time.")
        self._joins = counter("joins", "Peers that joined.", role=Role)
        self._ends = counter("ends", "Peers whose session or subscription ended.", role=Role, reason=EndReason)
        self._refusals = counter("refusals", "Refused requests.", code=Code)
        self._redirects = counter("redirects", "Requests redirected to other nodes.", reason=RedirectReason)
        self.redis_connected = gauge("redis_connected", "1 if a node reaches Redis; NaN without HOLISTIC_REDIS_URL.")
        self.redis_connected.set(math.nan)
        self._turn_credentials = counter("turn_credentials", "Credentials for TURN servers given to clients.")

        self._received = counter("frames_received", "Frames of video received.")
        self._tracked = counter("frames_tracked", "Frames tracked.")
        self._dropped = counter("frames_dropped", "Frames skipped for a newer one, or on which tracking failed.")
        self._tracker = histogram("tracker_seconds", "Time to find the landmarks in a frame.")
        self._delay = histogram(
            "frame_delay_seconds",
            "Time from the decoded to the annotated frame: the server's part of the glass-to-glass delay.",
        )
        self._landmarks_sent = counter("landmark_messages_sent", "Landmark messages sent.")
        self._landmarks_dropped = counter(
            "landmark_messages_dropped", "Landmark messages dropped because a peer's channel was congested."
        )

        self._bytes = counter("media_bytes", "Bytes on peer connections, without UDP and IP.", direction=Direction)
        self._packets = counter("media_packets", "Packets on peer connections.", direction=Direction)
        self._lost = counter("media_packets_lost", "Packets of video that were lost.", direction=Direction)
        self._retransmitted = counter("media_packets_retransmitted", "Packets of video sent again on request.")
        bitrate = gauge("media_bitrate_bits_per_second", "Current bit rate on peer connections.", direction=Direction)
        for direction in Direction:
            bitrate.labels(direction).set_function(partial(self._bitrate, direction))

        self.snapshots = gauge("snapshots_pending", "Pictures being uploaded, waiting or being tracked.")
        self.snapshot_places = gauge("snapshot_places", "Pictures that may be pending at the same time.")
        self._snapshots = histogram("snapshot_seconds", "Time to track a picture once it has arrived.")

        self.jobs_waiting = gauge("jobs_waiting", "Files that wait to be tracked.")
        self.jobs_tracking = gauge("jobs_tracking", "Files that are being tracked.")
        self.job_queue_connected = gauge(
            "job_queue_connected", "1 if the queue of files answers; NaN without HOLISTIC_JOB_REDIS_URL."
        )
        self.job_queue_connected.set(math.nan)
        self.job_disk = gauge("job_disk_bytes", "Room on the disk for files and results that is used or reserved.")
        self._jobs = counter("jobs", "Files that have been tracked, and how that ended.", outcome=JobOutcome)
        self._job_frames = counter("job_frames_tracked", "Frames of files tracked.")
        self._job_seconds = counter("job_seconds", "Time to track files once they had arrived, all together.")

        processes = gauge("processes", "Running processes.", kind=Kind)
        memory = gauge("process_resident_memory_bytes", "Memory used; shared pages count for each.", kind=Kind)
        for kind in Kind:
            processes.labels(kind).set_function(partial(self._count, kind))
            memory.labels(kind).set_function(partial(self._memory, kind))
        self.cpu_limit = gauge("cpu_limit_cores", "CPUs that all processes together may use.")
        self.memory_limit = gauge("memory_limit_bytes", "Memory that all processes together may use.")
        self._cpu = counter("process_cpu_seconds", "CPU time used.", kind=Kind)
        self._lag = histogram("event_loop_lag_seconds", "How late event loops run their timers.", Kind)
        self.pool_size = gauge("pool_size", "Workers that the pool keeps.", pool=PoolName)
        self.pool_free = gauge("pool_free", "Workers of the pool that are ready and free.", pool=PoolName)
        self._starts = counter("worker_starts", "Workers started.", pool=PoolName)
        self._exits = counter("worker_exits", "Workers that ended, and how.", pool=PoolName, how=Exit)

        self.webhooks_queued = gauge("webhooks_queued", "Webhook messages that wait to be delivered.")
        self._deliveries = counter("webhooks", "Webhook messages.", outcome=Delivery)

    def describe(self, version: str, engine: str) -> None:
        self._build.info({"version": version, "engine": engine})

    def collect(self) -> Iterable[Metric]:
        """:return: all metrics as they are now."""
        load = self.front.take()
        self._front_memory = load.memory_bytes
        self._add_load(Kind.FRONT, load)
        return self._registry.collect()

    def render(self, accept: str) -> tuple[bytes, str]:
        """
        :param accept: the value of the request's ``Accept`` header.
        :return: the metrics in Prometheus' text format or as OpenMetrics, and the content type.
        """
        encode, content_type = choose_encoder(accept)
        return encode(self), content_type

    @property
    def cpus_used(self) -> float:
        """How many CPUs the workers have used in the last second."""
        return sum(report.load.cpu_seconds / max(report.load.seconds, 1e-3) for report in self._running.values())

    def take(self, event: Event) -> None:
        """Count an event."""
        match event:
            case Joined(role=role):
                self._joins.labels(role).inc()
            case Left(role=role, reason=reason):
                self._ends.labels(role, reason).inc()
            case Refused(code=code):
                self._refusals.labels(code).inc()
            case Redirected(reason):
                self._redirects.labels(reason).inc()
            case SnapshotTaken(seconds):
                self._snapshots[None].observe(seconds)
            case JobEnded(code, frames, seconds):
                bad = JobOutcome.BAD_FILE if code is Code.BAD_FILE else JobOutcome.FAILED
                self._jobs.labels(bad if code else JobOutcome.DONE).inc()
                self._job_frames.inc(frames)
                self._job_seconds.inc(seconds)
            case CredentialGiven():
                self._turn_credentials.inc()

    def take_delivery(self, outcome: Delivery) -> None:
        """Count a webhook's message."""
        self._deliveries.labels(outcome).inc()

    def watch(self, pool: PoolName, process: Process) -> None:
        """Count what a worker reports, until it ends."""

        def on_beat(beat: Beat) -> None:
            if beat.load is None:
                return
            kind = _KINDS.get(pool) or (Kind.LIVE if beat.figures else Kind.SPARE)
            self._running[process] = _Report(kind, beat.load, beat.figures)
            self._add_load(kind, beat.load)
            if beat.figures:
                self._add_figures(beat.figures)

        def on_exit(how: Exit) -> None:
            self._running.pop(process, None)
            self._exits.labels(pool, how).inc()

        self._starts.labels(pool).inc()
        process.on_beat, process.on_exit = on_beat, on_exit

    def _add_load(self, kind: Kind, load: Load) -> None:
        self._cpu.labels(kind).inc(load.cpu_seconds)
        self._lag[kind].add(load.lag)

    def _add_figures(self, figures: SessionFigures) -> None:
        video, traffic = figures.video, figures.traffic
        self._received.inc(video.received)
        self._tracked.inc(video.tracked)
        self._dropped.inc(video.dropped)
        self._tracker[None].add(video.tracker)
        self._delay[None].add(video.delay)
        self._landmarks_sent.inc(traffic.landmarks_sent)
        self._landmarks_dropped.inc(traffic.landmarks_dropped)
        for metric, received, sent in (
            (self._bytes, traffic.bytes_in, traffic.bytes_out),
            (self._packets, traffic.packets_in, traffic.packets_out),
            (self._lost, traffic.lost_in, traffic.lost_out),
        ):
            metric.labels(Direction.IN).inc(received)
            metric.labels(Direction.OUT).inc(sent)
        self._retransmitted.inc(traffic.retransmitted)

    def _count(self, kind: Kind) -> int:
        return 1 if kind is Kind.FRONT else sum(report.kind is kind for report in self._running.values())

    def _memory(self, kind: Kind) -> int:
        if kind is Kind.FRONT:
            return self._front_memory
        return sum(report.load.memory_bytes for report in self._running.values() if report.kind is kind)

    def _bitrate(self, direction: Direction) -> float:
        return sum(report.bitrate(direction) for report in self._running.values())

    def _gauge(self, name: str, text: str, **labels: type[StrEnum]) -> Gauge:
        return _with_all_values(Gauge(PREFIX + name, text, list(labels), registry=self._registry), labels)

    def _counter(self, name: str, text: str, **labels: type[StrEnum]) -> Counter:
        return _with_all_values(Counter(PREFIX + name, text, list(labels), registry=self._registry), labels)

    def _histogram(
        self, name: str, text: str, kinds: type[StrEnum] | None = None
    ) -> Mapping[StrEnum | None, Distribution]:
        distributions: dict[StrEnum | None, Distribution] = {kind: Distribution() for kind in kinds or [None]}
        self._registry.register(_Histogram(PREFIX + name, text, distributions))
        return distributions


M = TypeVar("M", Gauge, Counter)


def _with_all_values(metric: M, labels: Mapping[str, type[StrEnum]]) -> M:
    if labels:
        for values in product(*labels.values()):
            metric.labels(*values)
    return metric


@dataclass(frozen=True, slots=True)
class _Report:
    """The latest of a worker."""

    kind: Kind
    load: Load
    figures: SessionFigures | None

    def bitrate(self, direction: Direction) -> float:
        """In bits per second."""
        if self.figures is None:
            return 0.0
        traffic = self.figures.traffic
        count = traffic.bytes_in if direction is Direction.IN else traffic.bytes_out
        return 8 * count / max(self.load.seconds, 1e-3)


class _Histogram(Collector):
    """
    Exports distributions that workers have counted. :class:`prometheus_client.Histogram` takes single values only.

    :param distributions: by the value of the label ``kind``; one without a label has None.
    """

    def __init__(self, name: str, text: str, distributions: Mapping[StrEnum | None, Distribution]) -> None:
        self._name = name
        self._text = text
        self._distributions = distributions

    def collect(self) -> Iterator[Metric]:
        labels = [] if None in self._distributions else ["kind"]
        family = HistogramMetricFamily(self._name, self._text, labels=labels)
        for kind, distribution in self._distributions.items():
            cumulative = accumulate(distribution.counts)
            buckets = [(str(bound), float(count)) for bound, count in zip([*BOUNDS, "+Inf"], cumulative, strict=True)]
            family.add_metric([] if kind is None else [kind], buckets, distribution.total)
        yield family
