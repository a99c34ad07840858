"""How long a peer takes from its request to its first landmark message, step by step."""

import time
from dataclasses import dataclass, field

from holistic_rtc.model.step import Step
from holistic_rtc.sessions.events import Listener, StepTaken, ignore


@dataclass(slots=True)
class Trace:
    """
    Each step begins when the previous one has ended.

    :param parent: the ``traceparent`` of the request (W3C Trace Context); None if it isn't traced.
    :param on_event: is told about each step.
    :param session: the id of the session, once there is one.
    """

    parent: str | None = None
    on_event: Listener = ignore
    session: str | None = None
    _latest: Step = field(default=Step.READ_BODY, init=False)
    _since: int = field(default_factory=time.time_ns, init=False)

    @property
    def id(self) -> str | None:
        """For the log"""
        return self.parent.split("-")[1] if self.parent else None

    def take(self, step: Step, ended: int | None = None, error: str | None = None) -> None:
        """
        :param ended: in nanoseconds since 1970; None for now.
        :param error: why the step failed.
        """
        ended = max(ended or time.time_ns(), self._since)
        if self.parent:
            self.on_event(StepTaken(self.parent, self.session, step, self._since, ended, error))
        self._latest, self._since = step, ended

    def fail(self, error: str) -> None:
        """The step after the latest one failed."""
        self.take(self._latest.next, error=error)
