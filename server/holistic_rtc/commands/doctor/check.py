"""What a check is: it takes the machine, and gives findings."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from enum import StrEnum

from aioice.ice import get_host_addresses

from holistic_rtc.bundle.models import ModelBundle
from holistic_rtc.limits import Limits, read_limits
from holistic_rtc.sessions.capacity import Capacity
from holistic_rtc.settings import Settings


class Verdict(StrEnum):
    GOOD = "good"
    NOTE = "note"
    BAD = "bad"
    """It would keep the server from working."""


@dataclass(frozen=True, slots=True)
class Finding:
    verdict: Verdict
    text: str
    remedy: str = ""
    """What to do about it; empty if nothing has to be done"""


class Machine:
    """What the checks look at. Two of them leave what they find here, for those after them."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.limits: Limits = read_limits(cpus=settings.cpus, memory=settings.memory)
        self.capacity = Capacity.of(self.limits, settings)
        self.addresses: list[str] = sorted(get_host_addresses(use_ipv4=True, use_ipv6=True))
        self.bundle: ModelBundle | None = None
        """Set by the check of the model, if it can be used"""
        self.frame_cpu_ms: float | None = None
        """CPU time that tracking a frame takes; set by the check of the engine"""


Check = Callable[[Machine], AsyncIterator[Finding]]


def count_sessions(number: int) -> str:
    return "1 session" if number == 1 else f"{number} sessions"
