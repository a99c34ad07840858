"""What a server has room for under its caps."""

from dataclasses import dataclass

from holistic_rtc.limits import Limits

FLOOR_FPS = 12.0
"""Tracked frames a second that each session is to have at least when all places are taken."""
OVERHEAD = 1.25
"""CPU of a session compared with its tracker's alone: decoding, drawing, encoding and sending come on top."""
MAX_SUBSCRIBERS = 16
"""Of one session. Each has an encoder of its own."""

SESSION_MEMORY = 300_000_000
FRONT_MEMORY = 100_000_000
SPARE_MEMORY = 100_000_000
SNAPSHOT_MEMORY = 250_000_000
"""Bytes of a session process, of the front process, of a session process that waits, and of a snapshot process."""

CPUS_FOR_ONE_KEPT = 4.0
MEMORY_FOR_ONE_KEPT = 4_000_000_000
"""What a server has to have for each process of a kind that it keeps ready, so that they are a small part of it."""


@dataclass(frozen=True)
class Capacity:
    """
    :param limits: of the server and all its processes.
    :param max_sessions: a setting that takes the place of what is derived, as are the two others.
    :param warm: session processes kept ready.
    :param snapshot_workers: processes that take pictures.
    """

    limits: Limits
    max_sessions: int | None = None
    warm: int | None = None
    snapshot_workers: int | None = None

    @property
    def spares(self) -> int:
        """How many session processes to keep ready."""
        return self.warm or self._kept

    @property
    def picture_takers(self) -> int:
        """How many snapshot processes to keep."""
        return self.snapshot_workers or self._kept

    @property
    def _kept(self) -> int:
        by_cpu = int(self.limits.cpus / CPUS_FOR_ONE_KEPT)
        return max(1, min(by_cpu, self.limits.memory // MEMORY_FOR_ONE_KEPT))

    def sessions(self, frame_cpu_ms: float | None) -> int:
        """
        How many may run at the same time: at least one, which on a slow machine has fewer frames than the floor.

        :param frame_cpu_ms: CPU that a frame takes a tracker, as a session process has measured it; None before.
        """
        if self.max_sessions is not None:
            return self.max_sessions
        if frame_cpu_ms is None:
            return 1
        by_cpu = int(self.limits.cpus * 1000 / (frame_cpu_ms * OVERHEAD * FLOOR_FPS))
        kept = FRONT_MEMORY + self.spares * SPARE_MEMORY + self.picture_takers * SNAPSHOT_MEMORY
        return max(1, min(by_cpu, (self.limits.memory - kept) // SESSION_MEMORY))


def ports(sessions: int) -> int:
    """How many UDP ports so many sessions take, all with their most subscribers, for each address of the server."""
    return sessions * (1 + MAX_SUBSCRIBERS)
