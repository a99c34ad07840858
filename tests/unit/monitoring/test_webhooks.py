"""Webhooks, sent to a real receiver that accepts, refuses or ignores them."""

import asyncio
import base64
import hashlib
import hmac
import json
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import web

from holistic_rtc.errors import Code, ConfigError
from holistic_rtc.model.end_reason import EndReason
from holistic_rtc.monitoring.metrics import Delivery
from holistic_rtc.monitoring.webhooks import Webhooks, read_secret
from holistic_rtc.sessions.events import CredentialGiven, Event, Joined, Left, Refused, Role

SECRET = b"a secret of more than 24 bytes"


class Receiver:
    """
    Answers each request with the next of `statuses`, and with 200 after the last one.

    :ivar delay: seconds before each answer.
    """

    def __init__(self) -> None:
        self.url = ""
        self.statuses: list[int] = []
        self.delay = 0.0
        self.requests: list[tuple[dict[str, str], bytes]] = []
        self._changed = asyncio.Event()

    @property
    def documents(self) -> list[dict[str, Any]]:
        return [json.loads(body) for _, body in self.requests]

    async def receive(self, request: web.Request) -> web.Response:
        body = await request.read()
        self.requests.append((dict(request.headers), body))
        self._changed.set()
        await asyncio.sleep(self.delay)
        return web.Response(status=self.statuses.pop(0) if self.statuses else 200, headers={"Location": "/elsewhere"})

    async def until(self, condition: Callable[[], object]) -> None:
        async with asyncio.timeout(10):
            while not condition():
                self._changed.clear()
                await self._changed.wait()


@pytest_asyncio.fixture
async def receiver() -> AsyncIterator[Receiver]:
    receiver = Receiver()
    app = web.Application()
    app.router.add_post("/hook", receiver.receive)
    runner = web.AppRunner(app, shutdown_timeout=0)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    receiver.url = f"http://{host}:{port}/hook"
    yield receiver
    await runner.cleanup()


@pytest.fixture
def outcomes() -> Counter[Delivery]:
    return Counter()


@pytest_asyncio.fixture
async def webhooks(
    receiver: Receiver, outcomes: Counter[Delivery], monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Webhooks]:
    monkeypatch.setattr(Webhooks, "BACKOFF", (0.02, 0.04, 0.08))
    webhooks = Webhooks(receiver.url, SECRET, lambda outcome: outcomes.update([outcome]))
    webhooks.open()
    yield webhooks
    await webhooks.close()


def started(session: str = "a") -> Joined:
    return Joined(session=session, role=Role.PUBLISHER, address="192.0.2.1")


def refused(code: Code = Code.SERVER_FULL, path: str = "/whip") -> Refused:
    return Refused(code=code, detail="full", address="192.0.2.1", method="POST", path=path, session=None)


ENDED = Left(
    session="a",
    role=Role.PUBLISHER,
    address="192.0.2.1",
    reason=EndReason.PEER_CLOSED,
    message="the peer closed the connection",
    seconds=12.34,
)


async def test_each_message_says_what_happened_to_whom(receiver: Receiver, webhooks: Webhooks) -> None:
    for event in (started(), ENDED, refused()):
        webhooks.take(event)
    await receiver.until(lambda: len(receiver.requests) == 3)
    types, data = zip(*((document["type"], document["data"]) for document in receiver.documents), strict=True)
    assert types == ("session.started", "session.ended", "session.refused")
    assert data == (
        {"session": "a", "address": "192.0.2.1"},
        {
            "session": "a",
            "address": "192.0.2.1",
            "reason": "peer_closed",
            "message": "the peer closed the connection",
            "seconds": 12.3,
        },
        {"code": "server_full", "detail": "full", "address": "192.0.2.1"},
    )
    assert all(document["timestamp"].endswith("Z") for document in receiver.documents)


@pytest.mark.parametrize(
    "event",
    [
        Joined(session="a", role=Role.SUBSCRIBER, address=""),
        refused(Code.NOT_FOUND, "/favicon.ico"),
        CredentialGiven(),
    ],
)
async def test_what_is_about_no_session_is_not_sent(event: Event, receiver: Receiver, webhooks: Webhooks) -> None:
    webhooks.take(event)
    webhooks.take(started())
    await receiver.until(lambda: receiver.requests)
    assert [document["type"] for document in receiver.documents] == ["session.started"]


async def test_a_receiver_can_tell_by_the_signature_that_it_is_genuine_and_new(
    receiver: Receiver, webhooks: Webhooks
) -> None:
    webhooks.take(started())
    await receiver.until(lambda: receiver.requests)
    [(headers, body)] = receiver.requests
    assert abs(time.time() - int(headers["webhook-timestamp"])) < 5
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    expected = base64.b64encode(hmac.new(SECRET, signed, hashlib.sha256).digest()).decode()
    assert headers["webhook-signature"] == f"v1,{expected}"


async def test_a_message_is_repeated_with_the_same_id_until_it_is_accepted(
    receiver: Receiver, webhooks: Webhooks, outcomes: Counter[Delivery]
) -> None:
    receiver.statuses = [500, 404, 302]
    webhooks.take(started("a"))
    webhooks.take(started("b"))
    await receiver.until(lambda: len(receiver.requests) == 5)
    await webhooks.close()
    ids = [headers["webhook-id"] for headers, _ in receiver.requests]
    assert len(set(ids[:4])) == 1
    assert ids[4] != ids[0]
    assert outcomes == {Delivery.DELIVERED: 2}


async def test_a_message_that_is_never_accepted_is_given_up_and_the_next_one_follows(
    receiver: Receiver, webhooks: Webhooks, outcomes: Counter[Delivery]
) -> None:
    receiver.statuses = [500] * 4
    webhooks.take(started("a"))
    webhooks.take(started("b"))
    await receiver.until(lambda: len(receiver.requests) == 5)
    await webhooks.close()
    assert outcomes == {Delivery.FAILED: 1, Delivery.DELIVERED: 1}


async def test_a_receiver_that_is_slow_or_gone_costs_an_attempt(
    receiver: Receiver, outcomes: Counter[Delivery], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Webhooks, "BACKOFF", (0.01,))
    monkeypatch.setattr(Webhooks, "TIMEOUT", 0.1)
    receiver.delay = 5
    slow = Webhooks(receiver.url, SECRET, lambda outcome: outcomes.update([outcome]))
    gone = Webhooks("http://127.0.0.1:9/", SECRET, lambda outcome: outcomes.update([outcome]))
    for webhooks in (slow, gone):
        webhooks.open()
        webhooks.take(started())
        await webhooks.close()
    assert outcomes == {Delivery.FAILED: 2}
    assert len(receiver.requests) == 2


async def test_the_oldest_messages_are_dropped_when_too_many_wait_and_refusals_first(
    receiver: Receiver, webhooks: Webhooks, outcomes: Counter[Delivery], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Webhooks, "MAX_QUEUED", 3)
    for event in (started("a"), refused(), started("b"), ENDED, started("c"), refused()):
        webhooks.take(event)
    assert len(webhooks) == 3
    assert outcomes == {Delivery.DROPPED: 3}
    await receiver.until(lambda: len(receiver.requests) == 3)
    assert [document["type"] for document in receiver.documents] == [
        "session.ended",
        "session.started",
        "session.refused",
    ]


async def test_closing_delivers_what_is_left_but_waits_for_nobody(
    receiver: Receiver, webhooks: Webhooks, outcomes: Counter[Delivery], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Webhooks, "FLUSH_SECONDS", 0.5)
    receiver.delay = 0.3
    for session in "abc":
        webhooks.take(started(session))
    before = time.monotonic()
    await webhooks.close()
    assert time.monotonic() - before < 1
    assert outcomes == {Delivery.DELIVERED: 1, Delivery.DROPPED: 2}
    await webhooks.close()


@pytest.mark.parametrize("text", ["", "secret", "whsec_", "whsec_c2hvcnQ=", "whsec_not base64 at all, but long enough"])
def test_a_secret_that_cannot_be_used_is_an_error_that_says_how_to_make_one(text: str) -> None:
    with pytest.raises(ConfigError, match="openssl rand -base64 32"):
        read_secret(text)


def test_a_secret_is_a_key_in_base64() -> None:
    assert read_secret("whsec_" + base64.b64encode(SECRET).decode()) == SECRET
