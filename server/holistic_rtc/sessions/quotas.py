"""How much of the server one client address may use, so that nobody keeps the others out."""

import math
import time
from collections import OrderedDict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Protocol, TypeVar

from holistic_rtc.errors import Code, Refusal

CLASSROOM = 32
"""Most sessions of one address by default: a classroom behind one router, and the teacher"""
RETRY_AFTER = 5
"""Seconds after which an address may have given up one of its places"""
PENDING_SECONDS = 5.0
"""How long a pending peer keeps its place when another one needs it. Most are connected within one second."""


@dataclass(frozen=True)
class Client:
    """
    :param address: the IP address that a request came from.
    :param key: what its limits are counted by; None if it has none.
    """

    address: str
    key: str | None = None


LOCAL = Client("")
"""This machine"""


class RateLimit:
    """
    A token bucket for each key. Memory is bounded: the bucket that wasn't used for longest is forgotten first.

    :param rate: tokens a second.
    :param burst: the size of a bucket in tokens.
    :param keys: maximum number of buckets.
    """

    def __init__(self, rate: float, burst: float, keys: int = 10_000) -> None:
        self.rate = rate
        self._burst = burst
        self._keys = keys
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()
        """Tokens, and when they were counted."""

    def __len__(self) -> int:
        return len(self._buckets)

    def take(self, key: str, tokens: float = 1) -> float:
        """
        Take tokens out of the key's bucket.

        :return: 0, or the seconds until there are enough.
        """
        now = time.monotonic()
        left, counted = self._buckets.pop(key, (self._burst, now))
        left = min(left + (now - counted) * self.rate, self._burst)
        enough = left >= tokens
        self._buckets[key] = (left - tokens if enough else left), now
        if len(self._buckets) > self._keys:
            self._buckets.popitem(last=False)
        return 0.0 if enough else (tokens - left) / self.rate


class Peer(Protocol):
    """
    :ivar places: how many it has.
    :ivar client: where its offer came from.
    :ivar answered: when its offer was answered, on the monotonic clock; infinity before that.
    :ivar live: whether it has connected, and its first frame has come if it sends video. Until then, it is pending.
    """

    places: int
    answered: float
    live: bool

    @property
    def client(self) -> Client: ...


P = TypeVar("P", bound=Peer)


def session_share(places: int) -> int:
    """How many of a server's places for sessions one address gets by default: a quarter is left to the others."""
    return min(CLASSROOM, places - places // 4)


def pending_share(places: int) -> int:
    """How many peers of one address may be pending."""
    return max(1, places // 2)


def picture_share(places: int) -> int:
    """How many of the places for pictures one address may use."""
    return max(1, places // 2)


def job_share(places: int) -> int:
    """How many of the places for jobs one address may use."""
    return max(1, places // 2)


def check_share(client: Client, clients: Iterable[Client], share: int, what: str, needed: int = 1) -> None:
    """
    :param clients: those that have a place already, once for each place.
    :param what: what the places are for, in the plural.
    :param needed: how many places the client needs. It gets more than its share if it has none yet.
    :raises Refusal: the client's address has its share.
    """
    held = sum(other.key == client.key for other in clients)
    if client.key is not None and held and held + needed > share:
        raise Refusal(
            Code.ADDRESS_FULL,
            f"your address, {client.key}, already has {held} {what}; its maximum on this server is {share}",
            retry_after=RETRY_AFTER,
        )


def make_room(peers: Collection[P], client: Client, places: int, full: Refusal, needed: int = 1) -> P | None:
    """
    Find a place for a newcomer.

    :param peers: those that have a place.
    :param client: the newcomer.
    :param places: how many there are.
    :param full: raised if there is none.
    :param needed: how many the newcomer needs. It gets more than there are if all are free.
    :return: the pending peer that must leave; None if a place is free.
    :raises Refusal: all places are taken, or too many peers of the address are pending.
    """
    pending = [peer for peer in peers if not peer.live]
    own = [peer for peer in pending if peer.client.key == client.key]
    taken = sum(peer.places for peer in peers)
    missing = min(taken, taken + needed - places)
    if client.key is not None and len(own) >= pending_share(places):
        pending = own
        full = Refusal(
            Code.ADDRESS_FULL,
            f"{len(own)} peers of your address, {client.key}, aren't connected yet; try again when they are",
            retry_after=1,
        )
    elif missing <= 0:
        return None
    pending = [peer for peer in pending if peer.places >= missing]
    latest = time.monotonic() - PENDING_SECONDS
    if leaving := [peer for peer in pending if peer.answered <= latest]:
        # Those of the newcomer's own address go first.
        return min(leaving, key=lambda peer: (peer.client.key != client.key, peer.answered))
    if pending:
        wait = min(peer.answered for peer in pending) - latest
        full.retry_after = math.ceil(min(full.retry_after or RETRY_AFTER, wait))
    raise full
