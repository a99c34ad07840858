"""What the operator of a real server is told about its sessions: by webhooks, and in the audit log."""

import asyncio
import base64
import hashlib
import hmac
import json
import re
import signal
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from aiohttp import web

from tests.kit.peer import SDP
from tests.kit.pictures import grace_hopper
from tests.kit.publisher import PictureTrack, publishing
from tests.kit.serving import serving
from tests.kit.subscriber import subscribing

pytestmark = pytest.mark.asyncio(loop_scope="session")

KEY = b"a key of at least 24 bytes"


class Receiver:
    """Of webhooks. Answers after `delay` seconds, and keeps what is genuine."""

    def __init__(self) -> None:
        self.url = ""
        self.delay = 0.0
        self.messages: list[dict[str, Any]] = []
        self._changed = asyncio.Event()

    async def receive(self, request: web.Request) -> web.Response:
        body = await request.read()
        signed = b".".join([request.headers[f"webhook-{name}"].encode() for name in ("id", "timestamp")] + [body])
        signature = base64.b64encode(hmac.digest(KEY, signed, hashlib.sha256)).decode()
        assert request.headers["webhook-signature"] == f"v1,{signature}"
        self.messages.append(json.loads(body))
        self._changed.set()
        await asyncio.sleep(self.delay)
        return web.Response()

    async def until(self, condition: Callable[[], object]) -> None:
        async with asyncio.timeout(10):
            while not condition():
                self._changed.clear()
                await self._changed.wait()


@pytest_asyncio.fixture(loop_scope="session")
async def receiver() -> AsyncIterator[Receiver]:
    receiver = Receiver()
    app = web.Application()
    app.router.add_post("/", receiver.receive)
    # Nobody waits for the answer of one that hangs once its client has gone.
    runner = web.AppRunner(app, handler_cancellation=True)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    receiver.url = f"http://127.0.0.1:{runner.addresses[0][1]}/"
    yield receiver
    await runner.cleanup()


@pytest.fixture
def environment(receiver: Receiver) -> dict[str, str]:
    secret = "whsec_" + base64.b64encode(KEY).decode()
    return {"HOLISTIC_WEBHOOK_URL": receiver.url, "HOLISTIC_WEBHOOK_SECRET": secret}


async def test_sessions_are_reported_and_audited_from_their_start_to_their_end(
    receiver: Receiver, environment: dict[str, str], http: aiohttp.ClientSession, capfd: pytest.CaptureFixture[str]
) -> None:
    async with serving(environment=environment) as server:
        async with (
            publishing(server.url, [PictureTrack(grace_hopper(), fps=5)]) as publisher,
            subscribing(server.url, publisher.session, videos=0) as viewer,
        ):
            session, key = publisher.location.split("/")[2:]
            await viewer.until_landmarks(1)
            async with http.post(f"{server.url}/whip", data="no offer", headers=SDP) as response:
                assert response.status == 400
            async with http.patch(f"{server.url}/whip/{session}/{key}", data="", headers=SDP) as response:
                assert response.status == 415
        await receiver.until(lambda: len(receiver.messages) == 3)
        async with publishing(server.url, [PictureTrack(grace_hopper(), fps=5)]) as last:
            await last.until_landmarks(1)
            before = time.monotonic()
            assert await server.stop(signal.SIGTERM) == 0
            assert time.monotonic() - before < 5
            other, last.location = last.session, ""
    types = [message["type"] for message in receiver.messages]
    assert types == ["session.started", "session.refused", "session.ended", "session.started", "session.ended"]
    first, refused, ended, _, shut_down = (message["data"] for message in receiver.messages)
    assert first == {"session": session, "address": "127.0.0.1"}
    assert (refused["code"], refused["address"]) == ("bad_offer", "127.0.0.1")
    assert (ended["session"], ended["reason"]) == (session, "deleted")
    assert (shut_down["session"], shut_down["reason"]) == (other, "server_shutdown")

    lines = re.findall("INFO audit (.*)", capfd.readouterr().err)
    assert [re.sub(r"seconds=[0-9.]+", "seconds=S", line) for line in lines if session in line] == [
        f"join role=publisher session={session} address=127.0.0.1",
        f"join role=subscriber session={session} address=127.0.0.1",
        f"refusal code=unsupported_type method=PATCH path=/whip/{session}/... session={session} address=127.0.0.1 "
        'detail="send application/trickle-ice-sdpfrag, not application/sdp"',
        f"end role=subscriber session={session} reason=peer_closed seconds=S address=127.0.0.1",
        f"end role=publisher session={session} reason=deleted seconds=S address=127.0.0.1",
    ]
    assert not [line for line in lines if key in line]


async def test_a_receiver_that_hangs_delays_neither_sessions_nor_the_end(
    receiver: Receiver, environment: dict[str, str], http: aiohttp.ClientSession
) -> None:
    receiver.delay = 60
    async with serving(environment=environment) as server:
        async with publishing(server.url, [PictureTrack(grace_hopper(), fps=5)]) as publisher:
            await receiver.until(lambda: receiver.messages)
            await publisher.until_landmarks(3)
        for _ in range(20):
            async with http.post(f"{server.url}/whip", data="no offer", headers=SDP) as response:
                assert response.status == 400
        before = time.monotonic()
        assert await server.stop(signal.SIGTERM) == 0
        assert time.monotonic() - before < 5


async def test_a_server_with_a_receiver_but_no_key_does_not_start() -> None:
    with pytest.raises(AssertionError, match="ended at its start"):
        async with serving(environment={"HOLISTIC_WEBHOOK_URL": "http://127.0.0.1:9/"}):
            pass
