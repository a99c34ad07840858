"""Timestamps that go on growing when a session is followed by another."""

import time
from dataclasses import replace

from holistic_rtc.model.message import LandmarkMessage


class Timeline:
    """Puts messages of one session after another on one time axis, apart by the time that passed in between."""

    def __init__(self) -> None:
        self.arrived = time.monotonic()
        """When the latest message arrived, on the monotonic clock"""
        self._session: str | None = None
        self._newest_ms: int | None = None
        self._since_ms = 0

    def place(self, message: LandmarkMessage, session: str) -> LandmarkMessage:
        """
        The message that has just arrived, with a timestamp since the start of the first session.

        :param session: the id of the session that it is from.
        """
        before, self.arrived = self.arrived, time.monotonic()
        if session != self._session:
            self._session = session
            if self._newest_ms is not None:
                self._since_ms = self._newest_ms + round(1000 * (self.arrived - before)) - message.timestamp_ms
        self._newest_ms = self._since_ms + message.timestamp_ms
        return replace(message, timestamp_ms=self._newest_ms)
