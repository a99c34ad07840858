"""Which of the people in a frame a peer gets."""

from collections.abc import Sequence
from dataclasses import replace

from holistic_rtc.model.result import HolisticResult
from holistic_rtc.wire.encoded import Encoded


class Following:
    """
    Follows people on one track for one peer. Those who were chosen stay chosen while they are seen and for a moment
    after that, so that the peer's person doesn't change when one with a lower id comes, or flickers.
    """

    PATIENCE_MS = 1000
    """How long somebody who isn't seen keeps the place"""

    def __init__(self) -> None:
        self._seen_ms: dict[int, int] = {}
        """When each person that is followed was last seen, by id"""

    def choose(self, persons: Sequence[Encoded], count: int) -> Sequence[Encoded]:
        """
        Choose from the next frame.

        :param persons: a message per person, in order of their ids.
        :param count: how many people to follow at most; may change from frame to frame.
        :return: the messages of those who are followed, in order of their ids. Without any, a message of nobody.
        """
        now = persons[0].message.timestamp_ms
        here = {encoded.message.person: encoded for encoded in persons}
        seen = {number for number, encoded in here.items() if encoded.message.result.has_anything}
        for number, seen_ms in list(self._seen_ms.items()):
            if number in seen:
                self._seen_ms[number] = now
            elif now - seen_ms > self.PATIENCE_MS:
                del self._seen_ms[number]
        for number in sorted(self._seen_ms)[count:]:
            del self._seen_ms[number]
        for number in sorted(seen - self._seen_ms.keys())[: count - len(self._seen_ms)]:
            self._seen_ms[number] = now
        if not self._seen_ms:
            return persons[:count]
        chosen = [encoded for number, encoded in here.items() if number in self._seen_ms]
        return chosen or [Encoded(replace(persons[0].message, person=0, result=HolisticResult(), rig=None))]
