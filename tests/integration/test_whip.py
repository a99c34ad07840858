"""Signalling by the book (RFC 9725)."""

import asyncio
import json
from collections.abc import AsyncIterator

import aiohttp
import pytest
import pytest_asyncio
from aiortc import RTCCertificate, rtcpeerconnection
from aiortc.rtcdtlstransport import SRTPProtectionProfile, generate_certificate
from cryptography.hazmat.primitives.asymmetric import rsa
from OpenSSL import SSL
from yarl import URL

from tests.kit.peer import SDP
from tests.kit.pictures import grace_hopper
from tests.kit.publisher import PictureTrack, Publisher, publishing
from tests.kit.serving import Server, serving

pytestmark = pytest.mark.asyncio(loop_scope="session")

FRAGMENT = {"Content-Type": "application/trickle-ice-sdpfrag"}


async def assert_problem(response: aiohttp.ClientResponse, status: int, *words: str) -> None:
    assert response.status == status, await response.text()
    assert response.content_type == "application/problem+json"
    body = json.loads(await response.text())
    assert body["status"] == status
    assert body["type"] == f"/problems#{body['code']}"
    for word in words:
        assert word in body["detail"]


async def make_offer(server: Server, http: aiohttp.ClientSession, *kinds: str) -> str:
    async with Publisher(server.url, http) as publisher:
        for kind in kinds:
            publisher.pc.addTransceiver(kind, direction="sendonly")
        return await publisher.offer()


async def test_an_offer_is_answered_with_201_location_and_etag_and_takes_its_audio(
    server: Server, http: aiohttp.ClientSession
) -> None:
    async with Publisher(server.url, http) as publisher:
        publisher.pc.addTransceiver("audio", direction="sendrecv")
        publisher.pc.addTransceiver(PictureTrack(grace_hopper()), direction="sendrecv")
        await publisher.connect()
        assert publisher.location.startswith("/whip/")
        assert publisher.etag.startswith('"')
        audio, video = publisher.answer.split("m=audio")[1].split("m=video")
        assert "a=recvonly" in audio
        assert "a=sendrecv" in video
        assert "a=candidate:" in publisher.answer


async def test_the_answer_has_one_fingerprint_which_libdatachannel_can_take(
    server: Server, http: aiohttp.ClientSession
) -> None:
    offer = await make_offer(server, http, "audio", "video")
    async with http.post(f"{server.url}/whip", data=offer, headers=SDP) as response:
        answer, location = await response.text(), response.headers["Location"]
    assert answer.count("a=fingerprint:sha-256 ") == answer.count("a=fingerprint:") == answer.count("m=")
    async with http.delete(f"{server.url}{location}") as response:
        assert response.status == 200


async def test_a_client_may_wait_for_100_before_it_sends_its_offer(server: Server, http: aiohttp.ClientSession) -> None:
    offer = await make_offer(server, http, "video")
    async with http.post(f"{server.url}/whip", data=offer, headers=SDP, expect100=True) as response:
        assert response.status == 201, await response.text()
        location = response.headers["Location"]
    async with http.delete(f"{server.url}{location}") as response:
        assert response.status == 200


class RsaCertificate(RTCCertificate):
    """As GStreamer makes it."""

    @classmethod
    def generateCertificate(cls) -> "RsaCertificate":  # noqa: N802 - aiortc's name
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        return cls(key=key, cert=generate_certificate(key))  # type: ignore[arg-type]

    def _create_ssl_context(self, srtp_profiles: list[SRTPProtectionProfile]) -> SSL.Context:
        context = super()._create_ssl_context(srtp_profiles)
        context.set_cipher_list(b"ECDHE-RSA-AES128-GCM-SHA256")
        return context


async def test_a_peer_with_an_rsa_certificate_connects(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rtcpeerconnection, "RTCCertificate", RsaCertificate)
    async with publishing(server.url, [PictureTrack(grace_hopper())], direction="sendonly") as publisher:
        await publisher.until(lambda: publisher.landmarks)


@pytest.mark.parametrize("body", ["hello", "v=0\r\nm=video what\r\n", "v=0\r\n", "{}", "\x00" * 100, "m=video 9 X 1"])
async def test_unreadable_sdp_is_400(server: Server, http: aiohttp.ClientSession, body: str) -> None:
    async with http.post(f"{server.url}/whip", data=body, headers=SDP) as response:
        await assert_problem(response, 400)


async def test_an_empty_body_and_bytes_that_are_no_text_are_400(server: Server, http: aiohttp.ClientSession) -> None:
    for body in (b"", b"\xff\xfe\xff"):
        async with http.post(f"{server.url}/whip", data=body, headers=SDP) as response:
            await assert_problem(response, 400)


async def test_an_offer_without_video_is_422(server: Server, http: aiohttp.ClientSession) -> None:
    offer = await make_offer(server, http, "audio")
    async with http.post(f"{server.url}/whip", data=offer, headers=SDP) as response:
        await assert_problem(response, 422, "video")


async def test_an_offer_without_a_common_codec_is_422(server: Server, http: aiohttp.ClientSession) -> None:
    offer = (await make_offer(server, http, "video")).replace("VP8/90000", "AV1/90000").replace("H264/", "H265/")
    async with http.post(f"{server.url}/whip", data=offer, headers=SDP) as response:
        await assert_problem(response, 422, "VP8", "H.264")


async def test_an_offer_with_one_usable_section_of_several_is_served(
    server: Server, http: aiohttp.ClientSession
) -> None:
    async with Publisher(server.url, http) as publisher:
        publisher.pc.addTransceiver("audio", direction="sendonly")
        publisher.pc.addTransceiver(PictureTrack(grace_hopper()), direction="sendonly")
        publisher.open_landmarks()
        offer = (await publisher.offer()).replace("opus/48000/2", "MPEG4-GENERIC/48000/2")
        for codec in ("G722", "PCMU", "PCMA"):
            offer = offer.replace(f" {codec}/8000", " speex/8000")
        async with http.post(f"{server.url}/whip", data=offer, headers=SDP) as response:
            assert response.status == 201
            publisher.location = response.headers["Location"]
            answer = await response.text()
        assert "m=audio 0 " in answer
        # aiortc itself can't take a refused section, which stands before the first that is taken.
        assert "m=video 0 " not in answer
        assert await publisher.delete() == 200
        publisher.location = ""


async def test_an_offer_is_judged_before_a_place_is_looked_for(
    http: aiohttp.ClientSession, small_server: Server
) -> None:
    async with publishing(small_server.url, [PictureTrack(grace_hopper())]):
        for body, status in (("hello", 400), (await make_offer(small_server, http, "audio"), 422)):
            async with http.post(f"{small_server.url}/whip", data=body, headers=SDP) as response:
                await assert_problem(response, status)


async def test_more_tracks_than_the_limit_are_422(server: Server, http: aiohttp.ClientSession) -> None:
    offer = await make_offer(server, http, *["video"] * 5)
    async with http.post(f"{server.url}/whip", data=offer, headers=SDP) as response:
        await assert_problem(response, 422, "at most 4")


async def test_over_64_kib_is_413_whether_announced_or_not(server: Server, http: aiohttp.ClientSession) -> None:
    async with http.post(f"{server.url}/whip", data="a" * 65_537, headers=SDP) as response:
        await assert_problem(response, 413, "65536")

    async def chunks() -> object:
        for _ in range(70):
            yield b"a" * 1024

    async with http.post(f"{server.url}/whip", data=chunks(), headers=SDP) as response:
        await assert_problem(response, 413, "65536")


async def test_another_content_type_is_415(server: Server, http: aiohttp.ClientSession) -> None:
    async with http.post(f"{server.url}/whip", json={"sdp": ""}) as response:
        await assert_problem(response, 415, "application/sdp")


async def test_other_methods_are_405(server: Server, http: aiohttp.ClientSession) -> None:
    for path in ("/whip", "/whip/nobody/guess"):
        for method in ("PUT", "GET"):
            async with http.request(method, f"{server.url}{path}") as response:
                await assert_problem(response, 405)
            assert response.headers["Allow"]


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/whip//", "publish to /whip or /whip/NAME"),
        ("/whip/live/stage", "publish to /whip or /whip/NAME"),
        ("/whip/live/stage/1", "publish to /whip or /whip/NAME"),
        ("/whep", "subscribe to /whep/SESSION"),
    ],
)
async def test_offers_to_addresses_as_other_servers_have_them_are_told_the_right_one(
    server: Server, http: aiohttp.ClientSession, path: str, words: str
) -> None:
    async with http.post(URL(f"{server.url}{path}", encoded=True), data="v=0", headers=SDP) as response:
        assert response.status in (404, 405)
        assert (await response.json())["detail"].endswith(f"; {words}")


async def test_an_unknown_session_is_404(server: Server, http: aiohttp.ClientSession) -> None:
    async with http.delete(f"{server.url}/whip/nobody/guess") as response:
        await assert_problem(response, 404)
    async with http.patch(f"{server.url}/whip/nobody/guess", data="", headers=FRAGMENT) as response:
        await assert_problem(response, 404)


async def test_candidates_may_trickle_in_after_the_offer(server: Server, http: aiohttp.ClientSession) -> None:
    async with Publisher(server.url, http) as publisher:
        publisher.pc.addTransceiver(PictureTrack(grace_hopper()), direction="sendonly")
        publisher.open_landmarks()
        lines = (await publisher.offer()).split("\r\n")
        candidates = dict.fromkeys(line for line in lines if line.startswith("a=candidate:"))
        offer = "\r\n".join(line for line in lines if not line.startswith(("a=candidate:", "a=end-of-candidates")))
        async with http.post(f"{server.url}/whip", data=offer, headers=SDP) as response:
            publisher.location, publisher.etag = response.headers["Location"], response.headers["ETag"]
            answer = await response.text()
        await publisher.accept(answer)
        fragment = "\r\n".join(["m=video 9 UDP/TLS/RTP/SAVPF 0", "a=mid:0", *candidates, "a=end-of-candidates", ""])
        headers = [*FRAGMENT.items(), ("If-Match", '"other"'), ("If-Match", publisher.etag)]
        async with http.patch(f"{server.url}{publisher.location}", data=fragment, headers=headers) as response:
            assert response.status == 204
        await publisher.until(lambda: publisher.landmarks)


async def test_a_patch_that_does_not_fit_is_refused_and_a_delete_ends_the_session_and_frees_its_place(
    server: Server, http: aiohttp.ClientSession
) -> None:
    async with publishing(server.url, [PictureTrack(grace_hopper())]) as publisher:
        url = f"{server.url}{publisher.location}"
        async with http.patch(url, data="candidate:1", headers=FRAGMENT) as response:
            await assert_problem(response, 400, "a=candidate:")
        for half in ("a=ice-ufrag:other", "a=ice-ufrag:other\r\na=ice-pwd:short"):
            async with http.patch(url, data=half, headers=FRAGMENT) as response:
                await assert_problem(response, 400, "a=ice-pwd")
        async with http.patch(url, data="", headers={**FRAGMENT, "If-Match": '"other"'}) as response:
            await assert_problem(response, 412)
        async with http.patch(url, data="x", headers=SDP) as response:
            await assert_problem(response, 415)
        await publisher.until(lambda: publisher.landmarks)
        await server.until_sessions(1)
        assert await publisher.delete() == 200
        assert await publisher.delete() == 404
        assert await server.sessions() == 0
        await publisher.until(lambda: publisher.received("end"))


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def small_server() -> AsyncIterator[Server]:
    """With one place, and an address that it doesn't know of itself."""
    async with serving("--max-sessions", "1", "--advertise-ip", "203.0.113.7") as server:
        yield server


async def test_a_peer_that_does_not_wait_for_its_answer_holds_no_place(
    small_server: Server, http: aiohttp.ClientSession
) -> None:
    url = small_server.url
    offer = await make_offer(small_server, http, "video")
    async with publishing(url, [PictureTrack(grace_hopper())]):
        pass
    # The pool's next process is not warm yet, so that this one has to wait.
    with pytest.raises(TimeoutError):
        await http.post(f"{url}/whip", data=offer, headers=SDP, timeout=aiohttp.ClientTimeout(total=0.1))
    await small_server.until_ready()
    async with publishing(url, [PictureTrack(grace_hopper())]) as publisher:
        await publisher.until(lambda: publisher.landmarks)


async def test_a_full_server_answers_503_with_retry_after_and_is_not_ready(
    small_server: Server, http: aiohttp.ClientSession
) -> None:
    url = small_server.url
    async with publishing(url, [PictureTrack(grace_hopper())]):
        offer = await make_offer(small_server, http, "video")
        async with http.post(f"{url}/whip", data=offer, headers=SDP) as response:
            await assert_problem(response, 503, "full")
            assert int(response.headers["Retry-After"]) > 0
        async with http.get(f"{url}/readyz") as response:
            assert response.status == 503
        async with http.get(f"{url}/healthz") as response:
            assert response.status == 200
    await small_server.until_ready()


async def test_an_address_is_advertised_beside_those_of_the_server_itself(small_server: Server) -> None:
    async with publishing(small_server.url, [PictureTrack(grace_hopper())], direction="sendonly") as publisher:
        await publisher.until(lambda: publisher.landmarks)
        advertised = [line.split() for line in publisher.answer.splitlines() if " 203.0.113.7 " in line]
        own = [
            line.split() for line in publisher.answer.splitlines() if "typ host" in line and ":" not in line.split()[4]
        ]
    assert advertised
    assert {words[5] for words in advertised} == {words[5] for words in own}


async def test_only_configured_origins_may_connect_from_other_sites_and_are_told_of_ice_servers() -> None:
    environment = {
        "HOLISTIC_CORS_ORIGINS": '["https://rig.example"]',
        "HOLISTIC_ICE_SERVERS": '[{"urls": ["turn:turn.example:3478"], "username": "u", "credential": "p\\"w"}]',
    }
    async with serving(environment=environment, warm=False) as server, aiohttp.ClientSession() as http:
        async with http.options(f"{server.url}/whip", headers={"Origin": "https://rig.example"}) as response:
            assert response.status == 204
            assert response.headers["Access-Control-Allow-Origin"] == "https://rig.example"
            assert "POST" in response.headers["Access-Control-Allow-Methods"]
            assert response.headers["Accept-Post"] == "application/sdp"
            assert response.headers["Link"] == (
                '<turn:turn.example:3478>; rel="ice-server"; username="u"; credential="p\\"w"; '
                'credential-type="password"'
            )
        async with http.options(f"{server.url}/whip", headers={"Origin": "https://other.example"}) as response:
            assert "Access-Control-Allow-Origin" not in response.headers
        async with http.get(f"{server.url}/api/ice-servers") as response:
            assert (await response.json())["iceServers"][0]["username"] == "u"


async def test_many_broken_offers_leave_the_warm_process_in_place(server: Server, http: aiohttp.ClientSession) -> None:
    # Those of sessions that have ended may still be there.
    await server.until(lambda: len(server.workers()) == 1)
    await server.until_ready()
    spares = server.workers()

    async def post() -> int:
        async with http.post(f"{server.url}/whip", data="v=0\r\nrubbish", headers=SDP) as response:
            return response.status

    assert set(await asyncio.gather(*(post() for _ in range(3)))) == {400}
    assert set(spares) <= set(server.workers())
