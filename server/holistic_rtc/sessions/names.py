"""Names that publishers choose for their sessions: what they may be, who has them, and who waits for one."""

import asyncio
import hmac
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from holistic_rtc.errors import Code, Refusal
from holistic_rtc.sessions.quotas import Client
from holistic_rtc.sessions.session import ID, Resource

MAX_WAITING, MAX_WAITING_OF_ADDRESS = 256, 64
"""Requests that wait for publishers at a time. Each holds a connection."""

_NAME = re.compile(r"[0-9A-Za-z_][0-9A-Za-z_-]{0,63}")
_KEY = re.compile(r"[0-9A-Za-z_-]{16,128}")


def is_name(text: str) -> bool:
    """Whether a publisher may choose it. What looks like the id of a session isn't a name."""
    return bool(_NAME.fullmatch(text)) and not ID.fullmatch(text)


def check_name(text: str) -> str:
    """
    :raises Refusal: it isn't a name.
    """
    if not is_name(text):
        raise Refusal(
            Code.BAD_REQUEST,
            f"{text[:80]!r} can't be a name: use 1 to 64 letters (a to z), digits, hyphens and underscores, no hyphen "
            "at the beginning, and not exactly 22 letters and digits, which is what ids look like",
        )
    return text


def check_key(text: str, name: str | None) -> None:
    """
    :param name: that the publisher chooses.
    :raises Refusal: it may not choose this as its key.
    """
    if name is None:
        raise Refusal(Code.BAD_REQUEST, "key is for a name; publish to /whip/NAME?key=KEY")
    if not _KEY.fullmatch(text):
        raise Refusal(
            Code.BAD_REQUEST,
            "key must be a secret of 16 to 128 letters, digits, hyphens and underscores, chosen at random",
        )


class Names:
    """The names in use, and who waits for one."""

    def __init__(self) -> None:
        self._holders: dict[str, Resource] = {}
        self._claimants: dict[str, Resource] = {}
        """Publishers whose sessions are starting. A holder with the same key stays live until that has succeeded."""
        self._announced: dict[str, set[asyncio.Future[None]]] = {}
        self._waiting: Counter[str | None] = Counter()
        """Requests that wait, by the client's key."""

    @property
    def leaving(self) -> set[Resource]:
        """Holders that lose their names, and with them their places, when those who claim these have started."""
        return {holder for name, holder in self._holders.items() if name in self._claimants}

    @contextmanager
    def claiming(self, name: str | None, publisher: Resource) -> Iterator[None]:
        """
        Keep the name for a publisher while its session starts. If a publisher with the same key has it now, that one
        keeps it until :meth:`hold`.

        :param name: None for no name, here and below.
        :raises Refusal: somebody with another key has it, or another request with the same key is being answered.
        """
        if name is None:
            yield
            return
        holder, claimant = self._holders.get(name), self._claimants.get(name)
        for other in (holder, claimant):
            if other and not hmac.compare_digest(other.key, publisher.key):
                raise Refusal(Code.NAME_TAKEN, f"somebody else is publishing as {name}, with another key")
        if claimant:
            raise Refusal(
                Code.NOT_READY, f"another request to publish as {name} is being answered; try again", retry_after=1
            )
        self._claimants[name] = publisher
        try:
            yield
        finally:
            del self._claimants[name]

    def hold(self, name: str | None, publisher: Resource) -> None:
        """Give the name to a publisher that claims it, until :meth:`release`."""
        if name is not None:
            self._holders[name] = publisher

    def release(self, name: str | None, publisher: Resource) -> None:
        """No-op if another publisher has taken over."""
        if name is not None and self._holders.get(name) is publisher:
            del self._holders[name]

    @property
    def awaited(self) -> list[str]:
        """The names that somebody waits for."""
        return list(self._announced)

    def announce(self, name: str | None) -> None:
        """Wake those who wait for it."""
        for announced in self._announced.pop(name, ()) if name is not None else ():
            announced.set_result(None)

    async def wait(self, name: str, client: Client, seconds: float) -> bool:
        """
        Until it is announced or the time is up.

        :return: False at once if too many are waiting.
        """
        share = MAX_WAITING if client.key is None else MAX_WAITING_OF_ADDRESS
        if self._waiting.total() >= MAX_WAITING or self._waiting[client.key] >= share:
            return False
        self._waiting[client.key] += 1
        announced = asyncio.get_running_loop().create_future()
        self._announced.setdefault(name, set()).add(announced)
        try:
            await asyncio.wait({announced}, timeout=seconds)
            return True
        finally:
            self._waiting -= Counter({client.key: 1})
            if waiting := self._announced.get(name):
                waiting.discard(announced)
                if not waiting:
                    del self._announced[name]
