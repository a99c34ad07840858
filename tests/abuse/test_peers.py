"""One peer's trouble stays that peer's: nothing that it sends, refuses or lacks may reach another."""

import asyncio
import contextlib
import json
import re
import socket
import struct
import time
from collections.abc import Callable

import aiohttp
import pytest
from aiortc import clock
from aiortc.rtp import RtcpPsfbPacket, RtpPacket

from tests.kit.attacks import (
    ChangingPeer,
    Victims,
    candidates,
    describe,
    names,
    post,
    transport,
    video,
    without_candidates,
)
from tests.kit.bystander import Bystander
from tests.kit.offers import mutations
from tests.kit.peer import SDP, Peer
from tests.kit.pictures import grace_hopper
from tests.kit.publisher import PictureTrack, publishing
from tests.kit.serving import Server
from tests.kit.subscriber import subscribing

pytestmark = pytest.mark.asyncio(loop_scope="session")

FRAGMENT = {"Content-Type": "application/trickle-ice-sdpfrag"}


async def more(peer: Peer, count: int = 5) -> None:
    """So many more landmarks."""
    seen = len(peer.landmarks)
    await peer.until(lambda: len(peer.landmarks) > seen + count)


async def test_viewers_that_take_small_messages_only_are_the_only_ones_to_end(
    server: Server, bystander: Bystander, http: aiohttp.ClientSession
) -> None:
    session = bystander.publisher.session

    async def watch(size: int, landmarks: bool) -> str | None:
        def limit(offer: str) -> str:
            return re.sub("a=max-message-size:.*", f"a=max-message-size:{size}", offer)

        async with ChangingPeer(server.url, http, limit) as viewer:
            if landmarks:
                viewer.open_landmarks()
            await viewer.negotiate(f"/whep/{session}")
            return await viewer.until_ended()

    async with subscribing(server.url, session, videos=0) as other, bystander.unharmed():
        for size, landmarks in [(1, False), (20, False), (200, False), (200, True), (2000, True)]:
            assert await watch(size, landmarks) in ("send_failed", None)
        await more(other)


@pytest.mark.parametrize("size", [0, 65_535, 2**63])
async def test_a_viewer_that_takes_large_messages_is_served(
    size: int, server: Server, bystander: Bystander, http: aiohttp.ClientSession
) -> None:
    def limit(offer: str) -> str:
        return re.sub("a=max-message-size:.*", f"a=max-message-size:{size}", offer)

    async with ChangingPeer(server.url, http, limit) as viewer:
        viewer.open_landmarks()
        await viewer.negotiate(f"/whep/{bystander.publisher.session}")
        await viewer.until_landmarks(3)


async def test_viewers_whose_channels_close_while_they_are_sent_to_disturb_nobody(
    server: Server, bystander: Bystander
) -> None:
    async with bystander.unharmed(), contextlib.AsyncExitStack() as stack:
        for close in ("landmarks", "control", "all"):
            viewer = await stack.enter_async_context(subscribing(server.url, bystander.publisher.session, videos=0))
            await viewer.until_landmarks(2)
            if close == "landmarks":
                assert viewer.landmarks_channel is not None
                viewer.landmarks_channel.close()
            elif close == "control":
                viewer.control_channel.close()
            else:
                await viewer.pc.close()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[" * 10_000,
        '{"type":"ping","id":' + "9" * 400 + "}",
        '{"type":"configure","parts":' + json.dumps(["\u20ac" * 4000]) + "}",
        '{"type":"configure","max_persons":1e308}',
        json.dumps({"type": "\u0000" * 16_000}),
    ],
    ids=["nothing", "brackets", "number", "part", "persons", "type"],
)
async def test_an_odd_control_message_is_refused_and_its_sender_stays(
    text: str, server: Server, bystander: Bystander
) -> None:
    async with subscribing(server.url, bystander.publisher.session, videos=0) as viewer:
        await viewer.until_landmarks(1)
        viewer.control_channel.send(text)
        await viewer.until(lambda: viewer.received("error") or viewer.received("pong"))
        assert len(json.dumps(viewer.control[-1])) < 1000
        await more(viewer, 2)


async def test_a_flood_of_control_messages_ends_its_sender_only(server: Server, bystander: Bystander) -> None:
    async with (
        bystander.unharmed(),
        subscribing(server.url, bystander.publisher.session, videos=0) as viewer,
    ):
        await viewer.until_landmarks(1)
        for number in range(500):
            viewer.control_channel.send(json.dumps({"type": "ping", "id": number}))
        assert await viewer.until_ended() in ("too_many_messages", None)


async def test_channels_that_nobody_serves_end_their_opener_only(server: Server, bystander: Bystander) -> None:
    async with (
        bystander.unharmed(),
        subscribing(server.url, bystander.publisher.session, videos=0) as viewer,
    ):
        await viewer.until_landmarks(1)
        for number in range(40):
            viewer.pc.createDataChannel(f"\r\n{number}" * 40, protocol="x" * 1000)
        assert await viewer.until_ended() in ("too_many_channels", None)


async def test_names_that_nobody_can_resolve_cost_nobody_anything(
    server: Server, bystander: Bystander, http: aiohttp.ClientSession
) -> None:
    session = bystander.publisher.session
    async with bystander.unharmed(), Peer(server.url, http) as viewer:
        viewer.open_landmarks()
        offer = without_candidates(await viewer.offer(), names(20) + "a=end-of-candidates\r\n")
        before = time.monotonic()
        status, answer, headers = await post(http, f"{server.url}/whep/{session}", offer)
        assert status == 201
        fragment = f"m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\na=mid:0\r\n{names(200)}"
        async with http.patch(f"{server.url}{headers['Location']}", data=fragment, headers=FRAGMENT) as response:
            assert response.status == 204
        # Each name would take a second.
        assert time.monotonic() - before < 10
        # The server learns of the peer by the peer's own checks.
        await viewer.accept(answer)
        await viewer.until_landmarks(1)


def many_codecs() -> str:
    """The most that fits into four videos, with a codec for each payload type."""
    numbers = [number for number in range(128) if number not in range(72, 77)]
    section = f"m=video 9 UDP/TLS/RTP/SAVPF {' '.join(map(str, numbers))}\r\na=recvonly\r\n{transport()}"
    maps = (f"a=rtpmap:{number} {'VP8' if number % 2 else 'rtx'}/90000\r\n" for number in numbers)
    parameters = (f"a=fmtp:{number} apt={number + 1}\r\n" for number in numbers if number % 2 == 0)
    return describe([section + "".join([*maps, *parameters])] * 4)


OFFERS = {
    "sections": (describe(["m=video 9 UDP/TLS/RTP/SAVPF 96\r\na=rtpmap:96 VP8/90000\r\n"] * 740), 422),
    "codecs": (many_codecs(), 201),
    "extensions": (
        describe([video(transport(), "".join(f"a=extmap:{i % 255 + 1} urn:x:{i}\r\n" for i in range(2500)))]),
        201,
    ),
    "parameters": (
        describe([video(transport(), "".join(f"a=fmtp:{i % 128} a={i};b={i}\r\n" for i in range(2500)))]),
        201,
    ),
    "one long parameter": (describe([video(transport(), f"a=fmtp:96 {'a=1;' * 12_000}\r\n")]), 201),
    "names": (describe([video(transport(), names(250))]), 201),
    "too many candidates": (describe([video(transport(), candidates("192.0.2.1", range(1, 600)))]), 400),
}


async def test_hostile_offers_are_answered_and_slow_nobody_down(
    server: Server, bystander: Bystander, http: aiohttp.ClientSession
) -> None:
    url = f"{server.url}/whep/{bystander.publisher.session}"
    async with bystander.unharmed():
        for offer, expected in OFFERS.values():
            answers = await asyncio.gather(*(post(http, url, offer) for _ in range(2)))
            assert [status for status, _, _ in answers] == [expected] * 2
            for _, _, headers in answers:
                if location := headers.get("Location"):
                    async with http.delete(f"{server.url}{location}") as deleted:
                        assert deleted.status == 200


async def test_changed_offers_of_real_programs_are_taken_or_refused_and_end_nobody(
    server: Server, bystander: Bystander, http: aiohttp.ClientSession
) -> None:
    url = f"{server.url}/whep/{bystander.publisher.session}"
    for offer in mutations(100, seed=2):
        status, body, headers = await post(http, url, offer)
        assert status in (201, 400, 422), body
        if status == 201:
            async with http.delete(f"{server.url}{headers['Location']}") as deleted:
                assert deleted.status == 200
    await more(bystander.publisher)


async def test_a_peer_has_at_most_32_places_that_the_server_sends_checks_to(
    server: Server, bystander: Bystander, http: aiohttp.ClientSession
) -> None:
    with Victims(40) as victims:
        lines = candidates(victims.address, victims.ports).splitlines(keepends=True)
        offer = describe([video(transport(), "".join(lines[:20]))])
        status, _, headers = await post(http, f"{server.url}/whep/{bystander.publisher.session}", offer)
        assert status == 201
        url = f"{server.url}{headers['Location']}"
        async with http.patch(url, data="a=mid:0\r\n" + "".join(lines[20:]), headers=FRAGMENT) as response:
            assert response.status == 204
        # How many it gets to depends on how many addresses it sends each check from.
        reached = await victims.until_no_other_is_reached()
        assert reached
        assert reached <= set(victims.ports[:32])
        async with http.delete(url) as deleted:
            assert deleted.status == 200


async def test_viewers_that_do_not_wait_for_their_answer_leave_no_socket_behind(
    server: Server, bystander: Bystander, http: aiohttp.ClientSession
) -> None:
    def sockets() -> int:
        return len(bystander.worker.net_connections("udp"))

    # Those of former tests are closed in the background.
    await server.until(lambda: sockets() <= bystander.publisher.answer.count("a=candidate:"), timeout=60)
    before = sockets()
    url = f"{server.url}/whep/{bystander.publisher.session}"
    async with bystander.unharmed(), Peer(server.url, http) as viewer:
        offer = await viewer.offer()
        for number in range(60):
            # From before the offer has been read until after it has been answered.
            timeout = aiohttp.ClientTimeout(total=0.002 + 0.001 * number)
            with contextlib.suppress(TimeoutError):
                async with http.post(url, data=offer, headers=SDP, timeout=timeout) as response:
                    if location := response.headers.get("Location"):
                        async with http.delete(f"{server.url}{location}"):
                            pass
    await server.until(lambda: sockets() <= before, timeout=60)


STUN = struct.pack("!HHI12s", 0x0101, 4, 0x2112A442, bytes(12)) + struct.pack("!HH", 0x0024, 0)
"""A response whose PRIORITY is empty"""


async def test_datagrams_of_a_stranger_disturb_nobody(
    server: Server, bystander: Bystander, read_log: Callable[[], str]
) -> None:
    places = re.findall(r"a=candidate:\S+ 1 udp \d+ ([0-9.]+) (\d+) typ host", bystander.publisher.answer)
    assert places
    tracebacks = read_log().count("Traceback")
    async with bystander.unharmed():
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
            for address, port in places:
                for datagram in (b"", STUN, b"\0", b"\x16", b"\x80", b"\x80\xc8"):
                    stranger.sendto(datagram, (address, int(port)))
    assert read_log().count("Traceback") == tracebacks


async def test_packets_that_cannot_be_handled_are_ignored(
    server: Server, bystander: Bystander, read_log: Callable[[], str]
) -> None:
    tracebacks = read_log().count("Traceback")
    async with publishing(server.url, [PictureTrack(grace_hopper(320, 240), fps=5)], direction="sendonly") as publisher:
        await publisher.until_landmarks(1)
        [transceiver] = publisher.pc.getTransceivers()
        sender = transceiver.sender
        [retransmission, *_] = (codec for codec in transceiver._codecs if codec.name == "rtx")
        assert retransmission.payloadType is not None
        bitrate = RtcpPsfbPacket(fmt=15, ssrc=1, media_ssrc=0, fci=b"REMB\xff\0\0\0")
        await sender.transport._send_rtp(bytes(bitrate))
        # More streams than a REMB, or a receiver report, has room for.
        for ssrc in range(1, 300):
            packet = RtpPacket(payload_type=retransmission.payloadType, ssrc=ssrc, payload=b"\x10\0")
            packet.extensions.mid = transceiver.mid
            packet.extensions.abs_send_time = (clock.current_ntp_time() >> 14) & 0xFFFFFF
            await sender.transport._send_rtp(packet.serialize(sender.transport._rtp_header_extensions_map))
        await more(publisher, 20)
    assert read_log().count("Traceback") == tracebacks


async def test_a_publisher_that_ends_its_video_ends_its_session(server: Server, bystander: Bystander) -> None:
    async with publishing(server.url, [PictureTrack(grace_hopper(320, 240), fps=5)], direction="sendonly") as publisher:
        await publisher.until_landmarks(1)
        [sender] = publisher.pc.getSenders()
        await sender.stop()
        assert await publisher.until_ended() in ("peer_closed", None)
    await server.until_sessions(1)
