"""How many sessions a server admits."""

from dataclasses import dataclass

from ..limits import Limits

FLOOR_FPS = 12.0
"""Tracked frames a second that each session is to have at least when all places are taken."""
OVERHEAD = 1.25
"""CPU of a session compared with its tracker's alone: decoding, drawing, encoding and sending come on top."""
SESSION_MEMORY = 300_000_000
BASE_MEMORY = 450_000_000
"""Bytes of a session process, and of all that runs beside: the front process, a spare, a snapshot process."""


@dataclass(frozen=True)
class Capacity:
    """
    :param limits: of the server and all its processes.
    :param setting: a number of sessions that takes the place of what is derived.
    """

    limits: Limits
    setting: int | None = None

    def sessions(self, frame_cpu_ms: float | None) -> int:
        """
        At least one, which on a slow machine has fewer frames than the floor.

        :param frame_cpu_ms: CPU that a frame takes a tracker, as a session process has measured it; None before.
        """
        if self.setting is not None:
            return self.setting
        if frame_cpu_ms is None:
            return 1
        by_cpu = int(self.limits.cpus * 1000 / (frame_cpu_ms * OVERHEAD * FLOOR_FPS))
        if self.limits.memory is None:
            return max(1, by_cpu)
        return max(1, min(by_cpu, (self.limits.memory - BASE_MEMORY) // SESSION_MEMORY))
