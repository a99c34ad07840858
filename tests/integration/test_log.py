"""The log of a real server: strangers can't forge it, flood it, or stop the server by it."""

import asyncio
import fcntl
import json
import os
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from yarl import URL

from tests.kit.pictures import grace_hopper
from tests.kit.publisher import PictureTrack, publishing
from tests.kit.serving import Server, serving

pytestmark = pytest.mark.asyncio(loop_scope="session")

MALFORMED = (
    b"\x16\x03\x01\x02\x00\x01\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: localhost\r\nUser-Agent: a\x1b[31m\r\n\r\n",
    b"GET http://[::\x00bad/ HTTP/1.1\r\nHost: localhost\r\n\r\n",
    b"GET /" + b"x" * 20_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/sdp\r\nTransfer-Encoding: chunked\r\n\r\nz\r\n",
    b"POST /whip HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: localhost\r\nCookie: \xff\x01=;;\r\n\r\n",
    b"GET /sdk/" + b"x" * 5000 + b" HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
    b"POST /whep/x%0a2026-11-30%20ERROR%20forged HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
)


@asynccontextmanager
async def logging_server(path: Path, **environment: str) -> AsyncIterator[Server]:
    with path.open("wb") as file:
        async with serving("--max-sessions", "3", environment=environment, log=file) as server:
            yield server


async def send(server: Server, data: bytes) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", URL(server.url).port)
    try:
        writer.write(data)
        async with asyncio.timeout(20):
            return await reader.read()
    except ConnectionError:
        return b""
    finally:
        writer.close()


async def test_malformed_requests_cost_a_few_short_lines(tmp_path: Path) -> None:
    log = tmp_path / "log"
    async with logging_server(log) as server:
        before = log.stat().st_size
        answers = [await send(server, data) for _ in range(20) for data in MALFORMED]
        assert {answer.split()[1] for answer in answers if answer} <= {b"400", b"404", b"415"}
        assert all(b"Python" not in answer and b"aiohttp" not in answer for answer in answers)
        async with aiohttp.ClientSession() as http, http.get(f"{server.url}/healthz") as response:
            assert response.headers["Server"] == "holistic-rtc"
    text = log.read_text()
    audit = [line for line in text.splitlines() if "audit refusal " in line]
    assert len(text) - sum(map(len, audit)) - before < 10_000
    assert max(map(len, audit)) < 500
    assert "Traceback" not in text
    assert text.count("forged") == sum("forged" in line for line in audit)
    assert sum("the request isn't valid HTTP" in line for line in audit) > 10
    assert "address=127.0.0.1" in audit[0]
    assert text.replace("\n", "").isprintable()


async def test_a_json_log_is_json_with_the_session_whatever_a_peer_calls_its_channels(tmp_path: Path) -> None:
    log = tmp_path / "log"
    label = "\x1b[2J\n2026-11-30 ERROR forged" + "x" * 10_000
    async with logging_server(log, HOLISTIC_LOG_FORMAT="json", HOLISTIC_LOG_PEERS="hash") as server:
        await send(server, MALFORMED[0])
        async with publishing(server.url, [PictureTrack(grace_hopper(320, 240))]) as publisher:
            await publisher.until(lambda: publisher.control_channel.readyState == "open")
            channels = [publisher.pc.createDataChannel(label) for _ in range(10)]
            await server.until(lambda: all(channel.readyState == "closed" for channel in channels))
            session = publisher.session
    assert log.stat().st_size < 20_000
    lines = log.read_bytes().splitlines()
    records: list[dict[str, Any]] = [json.loads(line) for line in lines]
    for record in records:
        assert {"time", "level", "message", "event", "logger", "pid"} <= set(record)
        assert len(record["message"]) < 1100
        assert record["message"].isprintable()
    pids = Counter(record["pid"] for record in records if record.get("session") == session)
    assert len(pids) == 2, "of the front process and of the session's"
    [front] = {record["pid"] for record in records if record["event"] == "session %s started in process %d"}
    assert front == server.process.pid
    [named] = [record for record in records if "forged" in record["message"]]
    assert named["session"] == session
    assert named["pid"] != front
    peers = {record["peer"] for record in records if "peer" in record}
    assert len(peers) == 1
    assert named["peer"] in peers
    assert b"127.0.0.1" not in b"".join(line for line in lines if b"peer" in line)


async def test_a_log_that_nobody_reads_stops_nobody(tmp_path: Path) -> None:
    source, sink = os.pipe()
    fcntl.fcntl(sink, fcntl.F_SETPIPE_SZ, 4096)
    try:
        async with serving("--max-sessions", "3", "--log-level", "DEBUG", log=sink) as server:
            async with publishing(server.url, [PictureTrack(grace_hopper(320, 240))]) as publisher:
                # Each of them logs, at this level more than the pipe takes.
                for _ in range(3):
                    await asyncio.gather(*(send(server, data) for _ in range(10) for data in MALFORMED))
                seen = len(publisher.control)
                await publisher.until(lambda: len(publisher.control) > seen + 2)
                async with aiohttp.ClientSession() as http, http.get(f"{server.url}/healthz") as response:
                    assert response.status == 200
            os.set_blocking(source, False)
            assert len(os.read(source, 65_536)) > 3000, "the pipe was full"
            assert await server.stop() == 0
    finally:
        os.close(source)
        os.close(sink)


async def test_workers_get_no_secret() -> None:
    secrets = {
        "HOLISTIC_TOKEN": "the-token",
        "HOLISTIC_TURN_SECRET": "the-turn-secret",
        "HOLISTIC_TURN_URLS": '["turn:turn.example.org:3478"]',
        "SOME_PASSWORD": "the-password",
    }
    async with serving(environment=secrets) as server:
        workers = [*server.workers(), *server.snapshot_workers()]
        assert len(workers) == 2
        for worker in workers:
            texts = [*worker.cmdline(), *worker.environ().values()]
            assert not [secret for secret in secrets.values() if any(secret in text for text in texts)]
