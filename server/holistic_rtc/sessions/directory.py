"""
What nodes know of each other, in Redis or Valkey. All keys begin with ``holistic:``.

=================  ====================================================  =====================================
key                value                                                 ends
=================  ====================================================  =====================================
``node:NODE``      the node's URL                                        :data:`NODE_MS` after a beat
``sessions:NODE``  its sessions, as ``GET /api/sessions`` lists them     :data:`LIST_MS` after the latest ones
``label:LABEL``    the :class:`Holder` of a session's id or name         :data:`LABEL_MS` after its node
``nodes``          sorted set of all nodes, by how many places are free  members: once they are found to have ended
=================  ====================================================  =====================================

Whatever the number of nodes, a session is found by two keys, and the emptiest node by one range of the sorted set.
"""

import hmac
import logging
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import msgspec
from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from holistic_rtc.sessions.session import SessionDescription

logger = logging.getLogger(__name__)

UNREACHABLE = (RedisError, OSError, ValueError)
"""What each method raises if Redis doesn't answer in time, or with what isn't text"""
DEADLINE = 1.0
"""Seconds for a connection to Redis, and again for an answer, which a server at its CPU limit may read late"""
CONNECTIONS = 8

NODE_MS = 1500
"""A node that doesn't beat for so long has ended"""
LIST_MS = 3000
"""How long a node's list of sessions may outlast it"""
LABEL_MS = 30_000
"""How long a label may outlast its node. Readers ignore it sooner, since they look for the node."""
CANDIDATES, ATTEMPTS = 8, 4
"""Nodes to choose the emptiest from, and how often, if all of these have just ended"""
LISTED_NODES, LISTED_AT_ONCE, LISTED_SESSIONS = 2000, 100, 1000
"""What a list may take, so that it stays small however many nodes there are"""

_PREFIX = "holistic:"
_NODES = f"{_PREFIX}nodes"
_TAKE = """
local held = redis.call('GET', KEYS[1])
if held and held ~= ARGV[1] and held ~= ARGV[2] then return held end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[3])
return false
"""
_RELEASE = "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0"


@dataclass(frozen=True, slots=True)
class Holder:
    """
    Who has a label.

    :param node: the node's id.
    :param digest: of the publisher's key, see :func:`digest_of`; empty for the id of a session.
    :param since: when the session or the request for it began, in milliseconds since 1970 by its node's clock.
    """

    node: str
    digest: str
    since: int

    def __str__(self) -> str:
        return f"{self.node} {self.digest} {self.since}"

    @classmethod
    def read(cls, text: str | None) -> "Holder | None":
        """:return: None if nobody has it, or it can't be read."""
        match (text or "").split(" "):
            case [node, digest, since] if since.isdecimal():
                return cls(node, digest, int(since))
        return None


def digest_of(key: str, name: str) -> str:
    """What nodes compare instead of a publisher's key, which doesn't follow from it."""
    return hmac.digest(key.encode(), f"holder of {name}".encode(), "sha256").hex()[:32]


@dataclass(frozen=True, slots=True)
class Beat:
    """
    What a node tells the others about itself.

    :param score: its free places, and as the fraction how idle its CPUs are; 0 if it takes no sessions.
    :param sessions: None if there is nothing new about them, which must be said once in :data:`LIST_MS`.
    """

    url: str
    score: float
    sessions: Sequence[SessionDescription] | None


class Directory:
    """
    :param url: of Redis.
    :param node: this node's id. No other node may ever have the same.
    """

    def __init__(self, url: str, node: str) -> None:
        self._node = node
        pool = BlockingConnectionPool.from_url(
            url,
            max_connections=CONNECTIONS,
            timeout=DEADLINE,
            socket_timeout=DEADLINE,
            socket_connect_timeout=DEADLINE,
            retry=Retry(NoBackoff(), 0),
            decode_responses=True,
        )
        # Its types are those of the synchronous client, too.
        self._redis = cast(Any, Redis.from_pool(pool))
        self._take = self._redis.register_script(_TAKE)
        self._release = self._redis.register_script(_RELEASE)
        self._suspect = ""

    async def close(self) -> None:
        await self._redis.aclose()

    async def beat(self, beat: Beat, labels: Sequence[str]) -> list[Holder | None]:
        """
        Tell the others about this node, and remove one that has ended from their set, if there is any.

        :return: who has each of the labels.
        """
        commands = self._redis.pipeline(transaction=False)
        commands.set(_node_key(self._node), beat.url, px=NODE_MS)
        commands.zadd(_NODES, {self._node: beat.score})
        commands.exists(_node_key(self._suspect))
        # One at random, each time: together, the nodes look at all of them within a few beats.
        commands.zrandmember(_NODES)
        if labels:
            commands.mget(map(_label_key, labels))
        if beat.sessions is not None:
            commands.set(_sessions_key(self._node), msgspec.json.encode(beat.sessions), px=LIST_MS)
        _, _, exists, suspect, *held = await commands.execute()
        if self._suspect and not exists:
            await self._redis.zrem(_NODES, self._suspect)
        self._suspect = suspect or ""
        return [Holder.read(text) for text in held[0]] if labels else []

    async def keep(self, labels: Iterable[str]) -> None:
        """Let labels of this node last for another while."""
        commands = self._redis.pipeline(transaction=False)
        for label in labels:
            commands.pexpire(_label_key(label), LABEL_MS)
        await commands.execute()

    async def leave(self, labels: Mapping[str, Holder]) -> None:
        """Remove what there is of this node, which has these labels."""
        commands = self._redis.pipeline(transaction=False)
        commands.zrem(_NODES, self._node)
        commands.delete(_node_key(self._node), _sessions_key(self._node))
        await commands.execute()
        for label, holder in labels.items():
            await self.release(label, holder)

    async def take(self, label: str, holder: Holder, replacing: Holder | None = None) -> Holder | None:
        """
        Make somebody the holder of a label if nobody else is, or only the one to replace.

        :return: who else has it; None if that has succeeded.
        """
        text = await self._take(keys=[_label_key(label)], args=[str(holder), str(replacing or holder), LABEL_MS])
        return Holder.read(text)

    async def release(self, label: str, holder: Holder) -> None:
        """No-op if somebody else has it."""
        await self._release(keys=[_label_key(label)], args=[str(holder)])

    async def lives(self, node: str) -> bool:
        return bool(await self._redis.exists(_node_key(node)))

    async def find(self, label: str) -> str | None:
        """:return: the URL of the other node that has this session; None if no other node has it."""
        holder = Holder.read(await self._redis.get(_label_key(label)))
        if holder is None or holder.node == self._node:
            return None
        return cast(str | None, await self._redis.get(_node_key(holder.node)))

    async def find_live(self, labels: Sequence[str]) -> list[str]:
        """:return: those of the labels that other nodes have."""
        held = map(Holder.read, await self._redis.mget(map(_label_key, labels)))
        found = {
            label: holder.node
            for label, holder in zip(labels, held, strict=True)
            if holder and holder.node != self._node
        }
        if not found:
            return []
        urls = await self._redis.mget(map(_node_key, found.values()))
        return [label for label, url in zip(found, urls, strict=True) if url]

    async def reserve(self, places: int) -> str | None:
        """
        Find the other node with the most free places, and let the others consider these taken until its next beat.

        :return: its URL; None if no other node has so many free.
        """
        for _ in range(ATTEMPTS):
            nodes = await self._redis.zrange(_NODES, "+inf", places, byscore=True, desc=True, offset=0, num=CANDIDATES)
            others = [node for node in nodes if node != self._node]
            if not others:
                return None
            urls = await self._redis.mget(map(_node_key, others))
            for node, url in zip(others, urls, strict=True):
                if url:
                    await self._redis.zadd(_NODES, {node: -places}, xx=True, incr=True)
                    return str(url)
            await self._redis.zrem(_NODES, *others)
        return None

    async def list_sessions(self) -> list[SessionDescription]:
        """The sessions of other nodes, of as many nodes as :data:`LISTED_NODES`."""
        nodes = await self._redis.zrange(_NODES, 0, LISTED_NODES - 1)
        sessions: list[SessionDescription] = []
        others = [node for node in nodes if node != self._node]
        for start in range(0, len(others), LISTED_AT_ONCE):
            texts = await self._redis.mget(map(_sessions_key, others[start : start + LISTED_AT_ONCE]))
            for text in filter(None, texts):
                sessions += _read_sessions(text)
            if len(sessions) >= LISTED_SESSIONS:
                break
        return sessions[:LISTED_SESSIONS]


def _read_sessions(text: str) -> Collection[SessionDescription]:
    try:
        return msgspec.json.decode(text, type=list[SessionDescription])
    except msgspec.DecodeError as error:  # of a node with another version
        logger.debug("ignoring the sessions of a node: %s", error)
        return []


def _node_key(node: str) -> str:
    return f"{_PREFIX}node:{node}"


def _sessions_key(node: str) -> str:
    return f"{_PREFIX}sessions:{node}"


def _label_key(label: str) -> str:
    return f"{_PREFIX}label:{label}"
