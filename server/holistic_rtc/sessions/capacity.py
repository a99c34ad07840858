"""How many sessions and processes fit into the server's CPU and memory limits."""

from dataclasses import dataclass

from holistic_rtc.limits import Limits
from holistic_rtc.settings import Settings

FLOOR_FPS = 12.0
"""Tracked frames per second that each session should get when the server is full."""
OVERHEAD_MS = 18.0
"""A session's CPU time per tracked frame besides its tracker's: receiving and decoding 2.5 frames at 640x480,
converting, drawing, encoding and sending one. It doesn't depend on what is tracked. docs/deploy.md says how it was
measured."""
MAX_SUBSCRIBERS = 16
"""Maximum per session. Each subscriber has its own encoder."""

SESSION_MEMORY = 300_000_000
FRONT_MEMORY = 150_000_000
SPARE_MEMORY = 100_000_000
SNAPSHOT_MEMORY = 250_000_000
"""Bytes used by a session process at 1920x1080, the front process with uploads and the fork server, an idle session
process, and a snapshot process at work on a large picture; pages that processes share count once (PSS)."""

SNAPSHOTS_AT_ONCE = 2
MEMORY_FOR_ONE_OF_THEM = 1_500_000_000
"""Snapshot processes that are worth having on as many CPUs, and bytes per process"""
CPUS_FOR_ONE_KEPT = 4.0
MEMORY_FOR_ONE_KEPT = 4_000_000_000
"""CPUs and bytes per process that the server keeps ready, so that these use only a small part of it."""


@dataclass(frozen=True)
class Capacity:
    """
    :param limits: the limits for the server with all its processes.
    :param max_sessions: overrides the derived number, like the next two.
    :param warm: number of session processes kept ready.
    :param snapshot_workers: number of snapshot processes.
    :param max_persons: how many persons a session may track. Each takes the tracker as long as the first.
    """

    limits: Limits
    max_sessions: int | None = None
    warm: int | None = None
    snapshot_workers: int | None = None
    max_persons: int = 1

    @classmethod
    def of(cls, limits: Limits, settings: Settings) -> "Capacity":
        return cls(limits, settings.max_sessions, settings.warm, settings.snapshot_workers, settings.max_persons)

    @property
    def spares(self) -> int:
        """How many session processes to keep ready."""
        return self.warm or self._kept

    @property
    def picture_takers(self) -> int:
        """How many snapshot processes to keep."""
        few = min(SNAPSHOTS_AT_ONCE, int(self.limits.cpus), self.limits.memory // MEMORY_FOR_ONE_OF_THEM)
        return self.snapshot_workers or max(few, self._kept)

    @property
    def _kept(self) -> int:
        by_cpu = int(self.limits.cpus / CPUS_FOR_ONE_KEPT)
        return max(1, min(by_cpu, self.limits.memory // MEMORY_FOR_ONE_KEPT))

    def sessions(self, frame_cpu_ms: float | None) -> int:
        """
        How many sessions may run at the same time. This is at least 1, which on a slow machine may get fewer than
        :data:`FLOOR_FPS`.

        :param frame_cpu_ms: the tracker's CPU time per frame, as measured by a session process; None before that.
        """
        if self.max_sessions is not None:
            return self.max_sessions
        if frame_cpu_ms is None:
            return 1
        by_cpu = int(self.limits.cpus * 1000 / (session_cpu_ms(frame_cpu_ms, self.max_persons) * FLOOR_FPS))
        kept = FRONT_MEMORY + self.spares * SPARE_MEMORY + self.picture_takers * SNAPSHOT_MEMORY
        return max(1, min(by_cpu, (self.limits.memory - kept) // SESSION_MEMORY))


def session_cpu_ms(frame_cpu_ms: float, persons: int = 1) -> float:
    """
    :param frame_cpu_ms: the tracker's CPU time per frame and person.
    :return: the CPU time of a whole session per tracked frame.
    """
    return frame_cpu_ms * persons + OVERHEAD_MS


def ports(sessions: int) -> int:
    """The number of UDP ports that full sessions need, for each of the server's addresses."""
    return sessions * (1 + MAX_SUBSCRIBERS)
