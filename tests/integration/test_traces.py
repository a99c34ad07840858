"""Traces of a real server and its workers, as a collector gets them."""

import io
import json
import time
from collections.abc import AsyncIterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from PIL import Image

from tests.kit.collector import Collector, Span, collecting
from tests.kit.peer import SDP
from tests.kit.pictures import grace_hopper
from tests.kit.publisher import PictureTrack, Publisher, publishing
from tests.kit.serving import serving
from tests.kit.subscriber import subscribing

pytestmark = pytest.mark.asyncio(loop_scope="session")

PUBLISHED = [
    "read body",
    "wait for worker",
    "negotiate",
    "connect",
    "decode first frame",
    "track first frame",
    "send first landmarks",
]
SUBSCRIBED = ["read body", "negotiate", "connect", "send first landmarks"]
TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


@pytest_asyncio.fixture(loop_scope="session")
async def collector() -> AsyncIterator[Collector]:
    async with collecting() as collector:
        yield collector


def check_steps(steps: list[Span], root: Span, names: list[str], session: str) -> None:
    """They follow each other without gaps, from the request on."""
    assert [step.name for step in steps] == names
    assert {step.trace for step in steps} == {root.trace}
    assert {step.attributes.get("holistic.session", session) for step in steps} == {session}
    assert 0 <= steps[0].start - root.start < 1e9
    assert all(step.start <= step.end for step in steps)
    assert all(step.end == after.start for step, after in pairwise(steps))
    assert not any(step.failed for step in steps)
    assert steps[-1].end < time.time_ns()


async def test_a_trace_goes_from_the_request_to_the_first_landmarks_and_the_log_names_it(
    collector: Collector, tmp_path: Path
) -> None:
    log = tmp_path / "log"
    environment = {**collector.environment, "OTEL_SERVICE_NAME": "mirror", "HOLISTIC_LOG_FORMAT": "json"}
    with log.open("wb") as file:
        async with (
            serving(environment=environment, log=file) as server,
            aiohttp.ClientSession(headers={"traceparent": f"00-{TRACE}-{PARENT}-01"}) as http,
        ):
            async with Publisher(server.url, http) as publisher:
                publisher.pc.addTransceiver(PictureTrack(grace_hopper(), fps=5))
                publisher.open_landmarks()
                await publisher.connect()
                await publisher.until_landmarks(1)
                session = publisher.session
                async with subscribing(server.url, session, videos=0) as viewer:
                    await viewer.until_landmarks(1)
                    assert await publisher.delete() == 200
                    publisher.location = ""
                    await viewer.until_ended()
            await collector.until(lambda: len(collector.spans) == 2 + len(PUBLISHED) + len(SUBSCRIBED))
            front = server.process.pid

    [published], [subscribed] = collector.named("POST /whip"), collector.named("POST /whep/{session}")
    assert (published.trace, published.parent) == (TRACE, PARENT)
    assert (subscribed.trace != TRACE, subscribed.parent) == (True, "")
    for root in (published, subscribed):
        assert root.attributes["http.response.status_code"] == 201
        assert root.attributes["holistic.session"] == session
        assert root.resource["service.name"] == "mirror"
    check_steps(collector.steps_of(published), published, PUBLISHED, session)
    check_steps(collector.steps_of(subscribed), subscribed, SUBSCRIBED, session)
    assert published.end < collector.steps_of(published)[-1].end

    lines = [json.loads(line) for line in log.read_text().splitlines()]

    def traces(of: str, **fields: object) -> list[Any]:
        return [line.get("trace_id") for line in lines if of in line["event"] and fields.items() <= {**line}.items()]

    assert traces("audit", role="publisher") == [TRACE, TRACE]
    assert traces("audit", role="subscriber") == [subscribed.trace, subscribed.trace]
    assert traces("session %s started") == traces("session %s ended: %s") == [TRACE]
    own = [line for line in lines if line["pid"] != front and line.get("session") == session]
    assert {line["trace_id"] for line in own} == {TRACE, subscribed.trace}
    assert all((line["trace_id"] == subscribed.trace) == ("subscriber" in line["message"]) for line in own)
    assert {f"session {session} is connected", f"session {session}, subscriber 1 is connected"} <= {
        line["message"] for line in own
    }


async def test_snapshots_and_refusals_are_traced_and_other_requests_are_not(
    collector: Collector, http: aiohttp.ClientSession, capfd: pytest.CaptureFixture[str]
) -> None:
    picture = io.BytesIO()
    Image.fromarray(grace_hopper()).save(picture, "JPEG")
    async with serving(environment=collector.environment) as server:
        for method, path, data, status in (
            ("POST", "/api/snapshot", picture.getvalue(), 200),
            ("POST", "/whip", b"no offer", 400),
            ("PATCH", "/whip/no/session", b"", 404),
            ("GET", "/healthz", b"", 200),
        ):
            async with http.request(method, f"{server.url}{path}", data=data, headers=SDP) as response:
                assert response.status == status
    [taken, refused] = sorted((span for span in collector.spans if not span.parent), key=lambda span: span.start)
    assert (taken.name, taken.resource["service.name"]) == ("POST /api/snapshot", "holistic-rtc")
    steps = collector.steps_of(taken)
    assert [step.name for step in steps] == ["read body", "wait for worker", "track picture"]
    assert steps[-1].end <= taken.end
    assert (refused.name, refused.failed, refused.attributes["http.response.status_code"]) == ("POST /whip", False, 400)
    lines = [line for line in capfd.readouterr().err.splitlines() if "audit refusal" in line]
    assert [f"trace_id={refused.trace}" in line for line in lines] == [True, False]


async def test_the_log_says_when_traces_are_exported_again(
    collector: Collector, http: aiohttp.ClientSession, capfd: pytest.CaptureFixture[str]
) -> None:
    collector.status = 403
    async with serving(environment=collector.environment, warm=False) as server:
        for _ in range(3):
            seen = collector.requests
            async with http.post(f"{server.url}/whip", data="no offer", headers=SDP) as response:
                assert response.status == 400
            await collector.until(lambda: collector.requests > seen)  # noqa: B023
        collector.status = 200
        async with http.post(f"{server.url}/whip", data="no offer", headers=SDP) as response:
            assert response.status == 400
        await collector.until(lambda: collector.spans)
    failing, works = [line for line in capfd.readouterr().err.splitlines() if "export" in line]
    assert "403" in failing
    assert "traces are exported again" in works


async def test_a_trace_says_what_a_peer_was_at_when_it_ended(collector: Collector) -> None:
    async with serving(environment=collector.environment) as server:
        async with aiohttp.ClientSession() as http, Publisher(server.url, http) as publisher:
            publisher.pc.addTransceiver(PictureTrack(grace_hopper()))
            async with http.post(f"{server.url}/whip", data=await publisher.offer(), headers=SDP) as response:
                publisher.location = response.headers["Location"]
            assert await publisher.delete() == 200
            publisher.location = ""
            await collector.until(lambda: collector.named("connect"))
        [step] = collector.named("connect")
        assert (step.failed, step.attributes["error.type"]) == (True, "deleted")


@pytest.mark.parametrize("works", ["hangs", "fails", "is gone"])
async def test_a_collector_that_does_not_work_delays_nothing_and_costs_a_line(
    works: str, collector: Collector, http: aiohttp.ClientSession, capfd: pytest.CaptureFixture[str]
) -> None:
    environment = collector.environment
    match works:
        case "hangs":
            collector.hangs = True
        case "fails":
            collector.status = 403
        case "is gone":
            environment["OTEL_EXPORTER_OTLP_ENDPOINT"] = "http://127.0.0.1:9"
    async with serving(environment=environment) as server:
        async with publishing(server.url, [PictureTrack(grace_hopper(), fps=5)]) as publisher:
            await publisher.until_landmarks(1)
            if works != "is gone":
                await collector.until(lambda: collector.requests)
            for _ in range(2 if works == "fails" else 0):
                seen = collector.requests
                async with http.post(f"{server.url}/whip", data="no offer", headers=SDP) as response:
                    assert response.status == 400
                await collector.until(lambda: collector.requests > seen)  # noqa: B023
        before = time.monotonic()
        assert await server.stop() == 0
        assert time.monotonic() - before < 5
    lines = [line for line in capfd.readouterr().err.splitlines() if "export" in line]
    assert len(lines) == (works != "hangs")
