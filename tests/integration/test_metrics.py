"""The metrics of a real server, read as Prometheus does, before, during and after a session."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable

import aiohttp
import pytest
import pytest_asyncio
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families

from holistic_rtc.errors import Code
from tests.kit.peer import SDP
from tests.kit.pictures import grace_hopper
from tests.kit.publisher import PictureTrack, publishing
from tests.kit.serving import Server, serving
from tests.kit.subscriber import subscribing

pytestmark = pytest.mark.asyncio(loop_scope="session")

Scrape = dict[tuple[str, ...], float]
"""Values by a sample's name and label values, in the order of the labels' names"""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def server() -> AsyncIterator[Server]:
    """One that counts nothing of other tests."""
    async with serving(environment={"HOLISTIC_TURN_URLS": '["turn:127.0.0.1"]', "HOLISTIC_TURN_SECRET": "s"}) as server:
        yield server


async def scrape(server: Server, http: aiohttp.ClientSession) -> Scrape:
    async with http.get(f"{server.url}/metrics") as response:
        assert response.status == 200, await response.text()
        text = await response.text()
    return {
        (sample.name.removeprefix("holistic_"), *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


async def scrape_until(
    server: Server, http: aiohttp.ClientSession, condition: Callable[[Scrape], object], timeout: float = 30
) -> Scrape:
    async with asyncio.timeout(timeout):
        while not condition(scraped := await scrape(server, http)):  # noqa: ASYNC110 - see Server.until()
            await asyncio.sleep(0.2)
    return scraped


def is_counter(name: str) -> bool:
    return name.endswith(("_total", "_bucket", "_count", "_sum"))


async def test_the_metrics_of_a_session_and_its_viewer_rise_and_stay(
    server: Server, http: aiohttp.ClientSession
) -> None:
    before = await scrape(server, http)
    assert before["sessions",] == before["joins_total", "publisher"] == before["frames_tracked_total",] == 0
    assert before["session_places",] == 4
    assert before["processes", "spare"] == before["processes", "snapshot"] == before["processes", "front"] == 1
    async with publishing(server.url, [PictureTrack(grace_hopper(), fps=10)]) as publisher:
        async with subscribing(server.url, publisher.session) as viewer:
            await viewer.until_landmarks(10)
            await viewer.until_frames(10)
            during = await scrape_until(server, http, lambda now: now["landmark_messages_sent_total",] > 20)
            assert (during["sessions",], during["subscribers",]) == (1, 1)
            assert during["joins_total", "publisher"] == during["joins_total", "subscriber"] == 1
            assert during["turn_credentials_total",] >= 2
            assert during["frames_received_total",] >= during["frames_tracked_total",] >= 10
            assert during["tracker_seconds_count",] == during["frames_tracked_total",]
            assert 0 < during["tracker_seconds_sum",] <= during["frame_delay_seconds_sum",]
            assert during["media_bytes_total", "in"] > 10_000 < during["media_bytes_total", "out"]
            assert during["media_bitrate_bits_per_second", "out"] > 10_000
            assert during["processes", "live"] == 1
            for kind in ("front", "live", "snapshot"):
                assert during["process_resident_memory_bytes", kind] > 20e6
                assert during["process_cpu_seconds_total", kind] > 0
                assert during["event_loop_lag_seconds_count", kind] > 0
        # The peer has been counting for longer than the server has reported.
        peer = await scrape_until(server, http, lambda now: now["subscribers",] == 0)
        assert peer["ends_total", "peer_closed", "subscriber"] == 1
        frames = len(publisher.landmarks)
    after = await scrape_until(server, http, lambda now: now["ends_total", "deleted", "publisher"] == 1)
    after = await scrape_until(server, http, lambda now: now["processes", "live"] == 0)
    assert after["sessions",] == after["media_bitrate_bits_per_second", "out"] == 0
    assert after["frames_tracked_total",] >= frames
    assert after["worker_exits_total", "finished", "live"] == 1
    assert after["worker_starts_total", "live"] == 2
    for scrapes in ((before, during), (during, peer), (peer, after)):
        earlier, later = scrapes
        assert earlier.keys() == later.keys()
        for sample, value in earlier.items():
            assert not is_counter(sample[0]) or value <= later[sample], sample


async def test_a_worker_that_is_killed_counts_as_failed_with_its_viewer(
    server: Server, http: aiohttp.ClientSession
) -> None:
    before = await scrape(server, http)
    async with (
        publishing(server.url, [PictureTrack(grace_hopper(), fps=10)], direction="sendonly") as publisher,
        subscribing(server.url, publisher.session, videos=0) as viewer,
    ):
        await viewer.until_landmarks(3)
        os.kill((await server.busy_worker()).pid, signal.SIGKILL)
        after = await scrape_until(server, http, lambda now: not now["sessions",])
    assert after["ends_total", "process_ended", "publisher"] == before["ends_total", "process_ended", "publisher"] + 1
    assert after["ends_total", "session_ended", "subscriber"] == before["ends_total", "session_ended", "subscriber"] + 1
    assert after["worker_exits_total", "failed", "live"] == before["worker_exits_total", "failed", "live"] + 1
    assert after["frames_tracked_total",] >= before["frames_tracked_total",]


async def test_refusals_are_counted_by_code_and_no_label_is_a_strangers(
    server: Server, http: aiohttp.ClientSession
) -> None:
    before = await scrape(server, http)
    for path in ("/whip", "/whep/nobody", '/a%0Astrange"path'):
        async with http.post(f"{server.url}{path}", data="no offer", headers=SDP) as response:
            assert response.status >= 400
    after = await scrape(server, http)
    rose = {sample[1] for sample in after if sample[0] == "refusals_total" and after[sample] > before[sample]}
    assert rose == {Code.BAD_OFFER, Code.NOT_LIVE, Code.NOT_FOUND}
    assert after.keys() == before.keys()


async def test_a_snapshot_is_timed(server: Server, http: aiohttp.ClientSession) -> None:
    before = await scrape(server, http)
    from tests.integration.test_snapshot import JPEG

    async with http.post(f"{server.url}/api/snapshot", data=JPEG) as response:
        assert response.status == 200
    after = await scrape(server, http)
    assert after["snapshot_seconds_count",] == before["snapshot_seconds_count",] + 1
    assert after["snapshots_pending",] == 0
    assert after["snapshot_places",] == 8


async def test_openmetrics_is_given_to_who_asks_for_it(server: Server, http: aiohttp.ClientSession) -> None:
    accept = {"Accept": "application/openmetrics-text; version=1.0.0"}
    async with http.get(f"{server.url}/metrics", headers=accept) as response:
        assert response.content_type == "application/openmetrics-text"
        families = list(parse_openmetrics(await response.text()))  # type: ignore[no-untyped-call]
    assert "holistic_sessions" in {family.name for family in families}


async def test_strangers_read_no_metrics(server: Server, guarded_server: Server, http: aiohttp.ClientSession) -> None:
    async with http.get(f"{guarded_server.url}/metrics") as response:
        assert response.status == 401
    async with http.get(f"{guarded_server.url}/metrics", headers={"Authorization": "Bearer open sesame"}) as response:
        assert response.status == 200
    # A proxy on this machine passes strangers' requests on.
    async with http.get(f"{server.url}/metrics", headers={"X-Forwarded-For": "192.0.2.1"}) as response:
        assert response.status == 401
