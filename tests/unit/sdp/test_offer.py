"""Offers from anybody, and the answers to them."""

import contextlib
import re
from collections.abc import Callable

import pytest
import pytest_asyncio
from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from hypothesis import given
from hypothesis import strategies as st

from holistic_rtc.errors import Code, Refusal
from holistic_rtc.media.aiortc_tuning import tune
from holistic_rtc.sdp.answer import advertise, complete
from holistic_rtc.sdp.codecs import MAX_CODECS
from holistic_rtc.sdp.offer import MAX_EXTENSIONS, MAX_LINES, MAX_SECTIONS, MAX_VIDEOS, Offer
from tests.kit.offers import make_offer
from tests.kit.synthetic import FUZZ

TRANSPORT = f"""\
c=IN IP4 0.0.0.0
a=ice-ufrag:user
a=ice-pwd:passwordpasswordpassword
a=fingerprint:sha-256 {":".join(["AB"] * 32)}
a=setup:actpass
a=rtcp-mux
"""
VP8 = "m=video 9 UDP/TLS/RTP/SAVPF 96\na=rtpmap:96 VP8/90000\na=sendonly\n"
OPUS = "m=audio 9 UDP/TLS/RTP/SAVPF 111\na=rtpmap:111 opus/48000/2\na=sendonly\n"
CHANNELS = "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\na=sctp-port:5000\n"


def describe(*sections: str, group: str = "") -> str:
    """Sections, the first of which is named 0."""
    named = [f"{section}a=mid:{number}\n" for number, section in enumerate(sections)]
    return f"v=0\no=- 1 1 IN IP4 127.0.0.1\ns=-\nt=0 0\n{group}{''.join(named)}".replace("\n", "\r\n")


def h264(parameters: str = "") -> str:
    fmtp = f"a=fmtp:96 {parameters}\n" if parameters else ""
    return f"m=video 9 UDP/TLS/RTP/SAVPF 96\na=rtpmap:96 H264/90000\n{fmtp}a=sendonly\n{TRANSPORT}"


async def answer_to(sdp: str) -> list[list[str]]:
    """
    What aiortc answers, completed.

    :return: the lines of the head, and of each section.
    """
    offer = Offer.parse(sdp)
    pc = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    try:
        await pc.setRemoteDescription(RTCSessionDescription(offer.for_aiortc, "offer"))
        await pc.setLocalDescription(await pc.createAnswer())
        answer = complete(offer, pc.localDescription.sdp)
    finally:
        await pc.close()
    assert answer.count("\r\nm=") == len(offer.sections)
    blocks: list[list[str]] = [[]]
    for line in answer.splitlines():
        if line.startswith("m="):
            blocks.append([])
        blocks[-1].append(line)
    return blocks


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def offer() -> str:
    return await make_offer(("audio", "sendrecv"), ("video", "sendrecv"), ("video", "recvonly"), channel=True)


def refusal(sdp: str, require: Callable[[Offer], object] = Offer.require_sending) -> Refusal:
    with pytest.raises(Refusal) as caught:
        require(Offer.parse(sdp))
    return caught.value


def test_audio_and_videos_are_taken_with_their_directions(offer: str) -> None:
    parsed = Offer.parse(offer)
    assert parsed.sdp == offer
    assert list(parsed.directions.values()) == ["sendrecv", "sendrecv", "recvonly"]
    assert parsed.channels
    assert parsed.ice_usernames == set(re.findall(r"a=ice-ufrag:(\S+)", offer))


@pytest.mark.parametrize("sdp", ["", "hello", "v=0", "v=0\r\nm=video", "m=video x y z", "\0" * 100, "v=0\r\n" * 1000])
def test_what_is_no_sdp_is_400(sdp: str) -> None:
    assert refusal(sdp).code is Code.BAD_OFFER


@pytest.mark.parametrize(
    ("line", "words"),
    [("a=ice-ufrag", "ICE"), ("a=ice-pwd", "ICE"), ("a=fingerprint", "fingerprint")],
)
def test_an_offer_without_what_a_connection_needs_is_400(line: str, words: str, offer: str) -> None:
    refused = refusal("".join(kept for kept in offer.splitlines(True) if not kept.startswith(line)))
    assert refused.code is Code.BAD_OFFER
    assert words in refused.detail


async def test_an_offer_that_sends_no_video_is_422() -> None:
    for transceivers in ([("audio", "sendrecv")], [("video", "recvonly")], [("video", "inactive")]):
        assert refusal(await make_offer(*transceivers)).code is Code.UNUSABLE_OFFER
    assert refusal(await make_offer(channel=True)).code is Code.UNUSABLE_OFFER


async def test_an_offer_that_receives_nothing_is_422_for_a_subscriber() -> None:
    for transceivers in ([("audio", "sendonly")], [("video", "sendonly")], [("video", "inactive")]):
        assert refusal(await make_offer(*transceivers), Offer.require_receiving).code is Code.UNUSABLE_OFFER
    Offer.parse(await make_offer(("video", "recvonly"))).require_receiving()
    Offer.parse(await make_offer(channel=True)).require_receiving()
    Offer.parse(await make_offer(("audio", "recvonly"))).require_receiving()


async def test_an_offer_with_too_many_videos_is_422() -> None:
    assert len(Offer.parse(await make_offer(*[("video", "sendonly")] * MAX_VIDEOS)).directions) == MAX_VIDEOS
    refused = refusal(await make_offer(*[("video", "sendonly")] * (MAX_VIDEOS + 1)))
    assert refused.code is Code.UNUSABLE_OFFER
    assert str(MAX_VIDEOS) in refused.detail


async def test_an_offer_that_sends_more_videos_than_are_tracked_is_422() -> None:
    offer = Offer.parse(await make_offer(*[("video", "sendrecv")] * 3, ("video", "recvonly")))
    assert offer.tracks == 3
    offer.require_sending(3)
    with pytest.raises(Refusal, match="3 videos; this server tracks 2 at most"):
        offer.require_sending(2)


def test_of_many_codecs_and_extensions_aiortc_gets_a_few() -> None:
    numbers = range(96, 128)
    section = VP8.replace(" 96\n", f" {' '.join(map(str, numbers))}\n")
    maps = "".join(f"a=rtpmap:{number} {'VP8' if number % 2 else 'H264'}/90000\n" for number in numbers)
    extensions = "".join(f"a=extmap:{number} urn:{number}\n" for number in range(256))
    lines = Offer.parse(describe(section + TRANSPORT + maps + extensions)).for_aiortc.splitlines()
    assert sum(line.startswith("a=rtpmap") for line in lines) == MAX_CODECS
    assert sum(line.startswith("a=extmap") for line in lines) == MAX_EXTENSIONS


def test_an_offer_without_a_common_codec_is_422(offer: str) -> None:
    refused = refusal(offer.replace("VP8/90000", "VP9/90000").replace("H264/90000", "AV1/90000"))
    assert refused.code is Code.UNUSABLE_OFFER
    assert "VP9, AV1" in refused.detail
    assert "VP8 or H.264" in refused.detail


@pytest.mark.parametrize("group", ["", "a=group:BUNDLE 0 1\n"])
async def test_a_section_that_cannot_be_used_is_refused_and_the_others_are_taken(group: str) -> None:
    aac = "m=audio 9 UDP/TLS/RTP/SAVPF 97\na=rtpmap:97 MPEG4-GENERIC/48000/2\n" + TRANSPORT
    sdp = describe(aac, VP8 + TRANSPORT, group=group)
    head, audio, video = await answer_to(sdp)
    assert audio == ["m=audio 0 UDP/TLS/RTP/SAVPF 97", "c=IN IP4 0.0.0.0", "a=inactive", "a=mid:0"]
    assert video[0].endswith(" UDP/TLS/RTP/SAVPF 96")
    assert {"a=recvonly", "a=mid:1"} <= set(video)
    assert [line for line in head if "group" in line] == (["a=group:BUNDLE 1"] if group else [])


@pytest.mark.parametrize(
    "section",
    [
        "m=audio 9 UDP/TLS/RTP/SAVPF 63\na=rtpmap:63 red/48000/2\n" + TRANSPORT,
        "m=audio 0 UDP/TLS/RTP/SAVPF 111\na=rtpmap:111 opus/48000/2\n",
        "m=video 9 UDP/TLS/RTP/SAVPF 98\na=rtpmap:98 AV1/90000\na=sendonly\n" + TRANSPORT,
        "m=video 9 RTP/AVP 96\na=rtpmap:96 VP8/90000\na=sendonly\n" + TRANSPORT,
        (VP8 + TRANSPORT).replace("a=rtcp-mux\n", ""),
        "m=text 9 UDP/TLS/RTP/SAVPF 98\na=rtpmap:98 t140/1000\n" + TRANSPORT,
        "m=application 9 TCP/MSRP *\n" + TRANSPORT,
        "m=image 9 udptl t38\n",
        CHANNELS.replace("5000", "0") + TRANSPORT,
        CHANNELS.replace("5000", "99999") + TRANSPORT,
        CHANNELS + "a=max-message-size:-1\n" + TRANSPORT,
        "m=audio 9 UDP/foo opus\n" + TRANSPORT,
        "m=audio 9 UDP/TLS/RTP/SAVPF 73\n" + TRANSPORT,
    ],
    ids=[
        "no known codec",
        "port 0",
        "video of another codec",
        "no encryption",
        "no rtcp-mux",
        "text",
        "no SCTP",
        "fax without a transport",
        *("SCTP port 0", "SCTP port 99999", "message size"),
        "another protocol",
        "no usable payload type",
    ],
)
async def test_good_video_is_taken_whatever_stands_beside_it(section: str) -> None:
    sdp = describe(section, VP8 + TRANSPORT)
    assert list(Offer.parse(sdp).require_sending().directions) == ["1"]
    _, refused, video = await answer_to(sdp)
    assert refused[0].split()[1] == "0"
    assert video[0].split()[1] != "0"


async def test_of_several_sections_of_data_channels_the_first_is_taken() -> None:
    sdp = describe(*[CHANNELS + TRANSPORT] * 3, VP8 + TRANSPORT, group="a=group:BUNDLE 0 1 2 3\n")
    head, *sections = await answer_to(sdp)
    assert [section[0].split()[1] != "0" for section in sections] == [True, False, False, True]
    assert "a=group:BUNDLE 0 3" in head


async def test_static_payload_types_need_no_rtpmap() -> None:
    audio = "m=audio 9 UDP/TLS/RTP/SAVPF 0 8\na=sendonly\n" + TRANSPORT
    _, answered, _ = await answer_to(describe(audio, VP8 + TRANSPORT, group="a=group:BUNDLE 0 1\n"))
    assert answered[0] == "m=audio 0 UDP/TLS/RTP/SAVPF 0 8"


async def test_of_audio_only_opus_is_taken_with_what_it_offers_to_use() -> None:
    audio = """\
m=audio 9 UDP/TLS/RTP/SAVPF 0 63 109
a=rtpmap:63 red/48000/2
a=rtpmap:109 OPUS/48000/2
a=fmtp:109 maxplaybackrate=48000;stereo=1;useinbandfec=1
a=sendonly
"""
    sdp = describe(audio + TRANSPORT, VP8 + TRANSPORT, group="a=group:BUNDLE 0 1\n")
    _, answered, _ = await answer_to(sdp)
    assert answered[0].endswith(" UDP/TLS/RTP/SAVPF 109")
    assert [line for line in answered if "fmtp" in line] == ["a=fmtp:109 stereo=1;useinbandfec=1"]


async def test_of_several_audios_the_first_that_is_usable_is_taken() -> None:
    pcmu = "m=audio 9 UDP/TLS/RTP/SAVPF 0 8\na=sendonly\n" + TRANSPORT
    sections = (pcmu, OPUS + TRANSPORT, OPUS + TRANSPORT, VP8 + TRANSPORT)
    _, *answered = await answer_to(describe(*sections, group="a=group:BUNDLE 0 1 2 3\n"))
    assert [section[0].split()[1] != "0" for section in answered] == [False, True, False, True]


async def test_a_bundled_section_without_a_transport_of_its_own_has_that_of_the_first() -> None:
    """As in the example of RFC 9725."""
    bundled = VP8.replace("m=video 9", "m=video 0") + "a=bundle-only\n"
    sdp = describe(OPUS + TRANSPORT, bundled, CHANNELS, group="a=group:BUNDLE 0 1 2\n")
    offer = Offer.parse(sdp).require_sending()
    assert offer.ice_usernames == {"user"}
    assert (offer.bundle, offer.channels) == (("0", "1", "2"), True)
    head, audio, video, channels = await answer_to(sdp)
    assert "a=group:BUNDLE 0 1 2" in head
    assert all(section[0].split()[1] != "0" for section in (audio, video, channels))


async def test_the_transport_of_a_refused_first_section_goes_on_to_the_others() -> None:
    aac = "m=audio 9 UDP/TLS/RTP/SAVPF 97\na=rtpmap:97 MPEG4-GENERIC/48000/2\n" + TRANSPORT
    bundled = VP8.replace("m=video 9", "m=video 0") + "a=bundle-only\n"
    sdp = describe(aac + "a=candidate:1 1 udp 1 192.0.2.1 5000 typ host\n", bundled, group="a=group:BUNDLE 0 1\n")
    assert [candidate.address for candidate in Offer.parse(sdp).candidates] == ["192.0.2.1"]
    head, audio, video = await answer_to(sdp)
    assert "a=group:BUNDLE 1" in head
    assert (audio[0].split()[1], video[0].split()[1] != "0") == ("0", True)


async def test_payload_types_below_96_are_answered_as_they_were_offered() -> None:
    """Chromium gives some codecs numbers from 35 on."""
    tune()
    section = "m=video 9 UDP/TLS/RTP/SAVPF 39 40\na=rtpmap:39 H264/90000\na=fmtp:39 profile-level-id=4d001f\n"
    sdp = describe(section + "a=rtpmap:40 rtx/90000\na=fmtp:40 apt=39\n" + TRANSPORT)
    _, video = await answer_to(sdp)
    assert video[0].split()[3:] == ["39", "40"]
    assert "a=fmtp:39 profile-level-id=4d001f" in video


async def test_a_mid_that_is_bundled_twice_counts_once() -> None:
    sdp = describe(OPUS + TRANSPORT, VP8 + TRANSPORT, group="a=group:BUNDLE 0 0 1 1\n")
    head, _, video = await answer_to(sdp)
    assert "a=group:BUNDLE 0 1" in head
    assert any(line.startswith("a=candidate:") for line in video)


@pytest.mark.parametrize("number", [0, 15, 256, 999])
def test_header_extensions_with_numbers_that_do_not_exist_are_left_out(number: int) -> None:
    line = f"a=extmap:{number} urn:ietf:params:rtp-hdrext:sdes:mid\n"
    assert "extmap" not in Offer.parse(describe(VP8 + TRANSPORT + line)).for_aiortc


@pytest.mark.parametrize(
    ("sections", "group", "served"),
    [
        ((VP8, CHANNELS), "", [True, False]),
        ((CHANNELS, VP8), "", [False, True]),
        ((VP8, VP8), "", [True, False]),
        ((VP8, CHANNELS, VP8), "a=group:BUNDLE 0\n", [True, False, False]),
        ((VP8, CHANNELS), "a=group:BUNDLE 0\na=group:BUNDLE 1\n", [True, False]),
        ((VP8, CHANNELS, VP8), "a=group:BUNDLE 0 1\na=group:BUNDLE 2\n", [True, True, False]),
        ((CHANNELS, OPUS, VP8), "a=group:BUNDLE 0\na=group:BUNDLE 1 2\n", [False, True, True]),
        ((OPUS, OPUS, VP8), "a=group:BUNDLE 1 2\n", [False, True, True]),
        ((VP8.replace("sendonly", "recvonly"), VP8), "", [False, True]),
    ],
)
async def test_what_does_not_share_the_transport_of_the_video_is_refused(
    sections: tuple[str, ...], group: str, served: list[bool]
) -> None:
    sdp = describe(*(section + TRANSPORT for section in sections), group=group)
    Offer.parse(sdp).require_sending()
    head, *answered = await answer_to(sdp)
    assert [section[0].split()[1] != "0" for section in answered] == served
    bundled = " ".join(str(mid) for mid, taken in enumerate(served) if taken)
    assert [line for line in head if "group" in line] == ([f"a=group:BUNDLE {bundled}"] if group else [])


async def test_a_subscriber_gets_unbundled_video_without_the_data_channels_beside_it() -> None:
    video = VP8.replace("sendonly", "recvonly") + TRANSPORT
    for sections in ((video, CHANNELS + TRANSPORT), (CHANNELS + TRANSPORT, video)):
        sdp = describe(*sections)
        assert Offer.parse(sdp).require_receiving().channels is False
        without_mids = "".join(line for line in sdp.splitlines(True) if not line.startswith("a=mid:"))
        for offer in (sdp, without_mids):
            _, *answered = await answer_to(offer)
            assert [section[0].split()[1] != "0" for section in answered] == ["video" in part for part in sections]


async def test_inactive_audio_leaves_its_place_to_audio_that_is_sent() -> None:
    inactive = OPUS.replace("sendonly", "inactive")
    sections = (inactive + TRANSPORT, OPUS + TRANSPORT, VP8 + TRANSPORT)
    _, *answered = await answer_to(describe(*sections, group="a=group:BUNDLE 0 1 2\n"))
    assert [section[0].split()[1] != "0" for section in answered] == [False, True, True]


def test_the_only_transport_is_that_of_the_first_section_that_is_taken() -> None:
    channels = CHANNELS + TRANSPORT
    assert Offer.parse(describe(VP8 + TRANSPORT, channels, group="a=group:BUNDLE 1 0\n")).transport == "1"
    assert Offer.parse(describe(OPUS + TRANSPORT, VP8 + TRANSPORT)).transport == "1"
    assert Offer.parse(describe(OPUS.replace("opus", "speex") + TRANSPORT)).transport is None


def test_port_0_without_bundle_only_says_that_a_section_is_not_wanted() -> None:
    sdp = describe((VP8 + TRANSPORT).replace("m=video 9", "m=video 0"), group="a=group:BUNDLE 0\n")
    assert refusal(sdp).code is Code.UNUSABLE_OFFER


async def test_what_holds_for_all_sections_may_stand_in_the_head() -> None:
    sdp = describe(VP8 + "a=rtcp-mux\n", group=TRANSPORT)
    _, video = await answer_to(sdp)
    assert video[0].split()[1] != "0"


async def test_sections_without_mids_are_answered_without() -> None:
    sdp = describe(OPUS + TRANSPORT, VP8 + TRANSPORT)
    sdp = "".join(line for line in sdp.splitlines(True) if not line.startswith("a=mid:"))
    head, audio, video = await answer_to(sdp)
    assert not any(line.startswith(("a=mid", "a=group")) for line in [*head, *audio, *video])
    assert video[0].split()[1] != "0"


@pytest.mark.parametrize(
    "parameters",
    [
        "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=640c1f",
        "packetization-mode=1;profile-level-id=4d001f",
        "packetization-mode=1;profile-level-id=42e03c",
        "packetization-mode=1;profile-level-id=f4001f",
        "profile-level-id=42e01f",
        "packetization-mode=0",
        "packetization-mode=one",
        "",
    ],
)
async def test_h264_of_any_profile_is_taken_and_answered_as_it_was_offered(parameters: str) -> None:
    sdp = describe(h264(parameters and f"{parameters};sprop-parameter-sets=Z0,aM"))
    assert Offer.parse(sdp).require_sending().directions == {"0": "sendonly"}
    _, video = await answer_to(sdp)
    assert "a=rtpmap:96 H264/90000" in video
    assert [line for line in video if "fmtp" in line] == ([f"a=fmtp:96 {parameters}"] if parameters else [])


@pytest.mark.parametrize("parameters", ["packetization-mode=0;profile-level-id=42e01f", "profile-level-id=42e01f"])
async def test_h264_in_packetization_mode_0_is_received_but_not_sent(parameters: str) -> None:
    _, video = await answer_to(describe(h264(parameters).replace("sendonly", "sendrecv")))
    assert "a=recvonly" in video
    assert Offer.parse(describe(h264(parameters).replace("sendonly", "sendrecv"))).directions == {"0": "sendonly"}
    refused = refusal(describe(h264(parameters).replace("sendonly", "recvonly")), Offer.require_receiving)
    assert refused.code is Code.UNUSABLE_OFFER
    assert "packetization mode 0 only" in refused.detail


@pytest.mark.parametrize("direction", ["sendrecv", "recvonly"])
async def test_of_h264_in_both_modes_the_one_that_is_sent_is_answered(direction: str) -> None:
    both = (
        "m=video 9 UDP/TLS/RTP/SAVPF 98 99\na=rtpmap:98 H264/90000\na=fmtp:98 packetization-mode=0\n"
        f"a=rtpmap:99 H264/90000\na=fmtp:99 packetization-mode=1;profile-level-id=640c1f\na={direction}\n"
    )
    _, video = await answer_to(describe(both + TRANSPORT))
    assert video[0].split()[3:] == ["99"]


def test_interleaved_h264_which_nothing_here_puts_in_order_is_422_and_named() -> None:
    refused = refusal(describe(h264("packetization-mode=2;profile-level-id=42e01f")))
    assert refused.code is Code.UNUSABLE_OFFER
    assert "the offer has H264 in packetization mode 2" in refused.detail


async def test_of_several_codecs_those_that_are_also_sent_are_taken() -> None:
    several = (
        "m=video 9 UDP/TLS/RTP/SAVPF 98 96 99 97\na=rtpmap:98 H264/90000\n"
        "a=fmtp:98 packetization-mode=1;profile-level-id=640c1f\na=rtpmap:96 VP8/90000\na=rtpmap:99 H264/90000\n"
        "a=fmtp:99 packetization-mode=1;profile-level-id=42e01f\na=rtpmap:97 rtx/90000\na=fmtp:97 apt=96\n"
    )
    _, video = await answer_to(describe(several + TRANSPORT))
    assert video[0].split()[3:] == ["96", "99", "97"]


@pytest.mark.parametrize(
    "line",
    [
        "a=fmtp:96",
        "a=fmtp:99 apt=96",
        "a=extmap:3/sendonly urn:ietf:params:rtp-hdrext:sdes:mid with attributes",
        "a=extmap:",
        "a=ssrc:1",
        "a=ssrc:many cname:x",
        "a=rtcp-fb:96",
        "a=rtpmap:",
        "a=msid",
        "a=candidate:1 1 udp 1 name.local 5000 typ host",
        "a=candidate:1 1 tcp 1 192.0.2.1 9 typ host tcptype active",
        "a=candidate:1 1 udp 1 192.0.2.1 0 typ host",
        "a=candidate:",
        "a=end-of-candidates",
        "b=AS:5000",
        "a=simulcast:send 1;2",
    ],
)
async def test_small_freedoms_of_others_are_taken(line: str) -> None:
    _, video = await answer_to(describe(f"{VP8}{TRANSPORT}{line}\n"))
    assert "a=rtpmap:96 VP8/90000" in video
    assert any(found.startswith("a=candidate:") for found in video)


async def test_without_a_direction_a_section_is_sendrecv_and_without_setup_active() -> None:
    plain = (VP8 + TRANSPORT).replace("a=sendonly\n", "").replace("a=setup:actpass\n", "")
    assert Offer.parse(describe(plain)).require_sending().directions == {"0": "sendrecv"}
    _, video = await answer_to(describe(plain))
    assert "a=setup:passive" in video


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("\r\n", " \r\n"),
        ("\r\n", "\n    "),
        ("\r\n", "\r\n\r\n"),
        ("v=0", "\ufeff\r\nv=0"),
        ("m=video 9 ", "m= video\t9  "),
        ("96 VP8", "96 \t VP8"),
        ("a=", "a= "),
        ("actpass", "ACTPASS"),
        ("UDP/TLS/RTP/SAVPF", "udp/tls/rtp/savpf"),
        ("sha-256", "SHA-256 "),
        ("VP8", "vp8"),
    ],
    ids=[
        *("at the end of lines", "indented", "empty lines", "byte order mark", "in m=", "in a=rtpmap", "in a="),
        *("setup", "protocol", "digest", "codec"),
    ],
)
async def test_white_space_and_case_do_not_matter(old: str, new: str) -> None:
    _, video = await answer_to(describe(VP8 + TRANSPORT, group="a=group:BUNDLE 0\n").replace(old, new))
    assert "a=rtpmap:96 VP8/90000" in video
    assert {"a=recvonly", "a=setup:active"} <= set(video)


@pytest.mark.parametrize("separator", ["\u2028", "\u2029", "\x85", "\x0b", "\x0c", "\x1c"])
async def test_only_carriage_returns_and_line_feeds_end_lines(separator: str) -> None:
    sdp = describe(VP8 + TRANSPORT, group=f"a=tool:x{separator}m=video 0 RTP/AVP 0\n")
    assert len(Offer.parse(sdp).sections) == 1
    fmtp = f"packetization-mode=1;profile-level-id=42e01f{separator}a=candidate:1"
    parsed = Offer.parse(describe(h264(fmtp)))
    assert parsed.for_aiortc.splitlines() == parsed.for_aiortc.split("\r\n")[:-1]


@pytest.mark.parametrize("first", [0, 1])
def test_bundled_sections_use_the_transport_of_the_first_in_the_group(first: int) -> None:
    others = TRANSPORT.replace("user", "else").replace("AB:", "CD:").replace("actpass", "passive")
    transports = (TRANSPORT, others) if first == 0 else (others, TRANSPORT)
    sections = (section + transport for section, transport in zip((VP8, CHANNELS), transports, strict=True))
    offer = Offer.parse(describe(*sections, group=f"a=group:BUNDLE {first} {1 - first}\n"))
    for line in ("a=ice-ufrag:user", f"a=fingerprint:sha-256 {':'.join(['AB'] * 32)}", "a=setup:actpass"):
        assert offer.for_aiortc.count(line) == 2
    assert offer.ice_usernames == {"user", "else"}


@pytest.mark.parametrize("line", ["sha-1", "", "sha-256", "sha-1 AB:CD with more"])
def test_a_good_fingerprint_counts_beside_one_that_cannot_be_read(line: str) -> None:
    assert Offer.parse(describe(f"{VP8}a=fingerprint:{line}\n{TRANSPORT}")).require_sending().tracks == 1


@pytest.mark.parametrize("name", ["VP8/90000/1", "H264/90000/1"])
async def test_video_may_be_written_with_a_channel(name: str) -> None:
    _, video = await answer_to(describe(VP8.replace("VP8/90000", name) + TRANSPORT))
    assert f"a=rtpmap:96 {name.removesuffix('/1')}" in video


@pytest.mark.parametrize("value", ["hello", ":".join(["AB"] * 31), "AB" * 32, ":".join(["GG"] * 32)])
def test_a_fingerprint_that_no_certificate_can_have_is_400(value: str) -> None:
    refused = refusal(describe(VP8 + TRANSPORT.replace(":".join(["AB"] * 32), value)))
    assert refused.code is Code.BAD_OFFER
    assert "fingerprint isn't one of sha-256" in refused.detail


@pytest.mark.parametrize(("offered", "known"), [("", False), ("0", True), ("262144", True), (str(2**64), True)])
def test_a_peer_may_take_messages_of_any_size(offered: str, known: bool) -> None:
    line = f"a=max-message-size:{offered}\n" if offered else ""
    found = re.findall(r"a=max-message-size:(\d+)", Offer.parse(describe(CHANNELS + line + TRANSPORT)).for_aiortc)
    assert bool(found) == known
    assert all(int(size) in (0, 262144, 2**30) for size in found)


@pytest.mark.parametrize("media", ["DTLS/SCTP 5000", "DTLS/SCTP webrtc-datachannel", "UDP/DTLS/SCTP 5000"])
async def test_data_channels_of_older_drafts_are_taken(media: str) -> None:
    section = f"m=application 9 {media}\na=sctpmap:5000 webrtc-datachannel 1024\n{TRANSPORT}"
    _, channels, _ = await answer_to(describe(section, VP8 + TRANSPORT, group="a=group:BUNDLE 0 1\n"))
    assert channels[0].split()[2:] == media.split()
    assert channels[0].split()[1] != "0"


@pytest.mark.parametrize(("name", "least"), [("a=ice-ufrag:", 4), ("a=ice-pwd:", 22)])
def test_credentials_have_the_lengths_that_rfc_8839_gives(name: str, least: int) -> None:
    def with_credential(length: int) -> str:
        return describe(VP8 + TRANSPORT + "a=later\n").replace(name, f"{name}{'u' * length}\r\na=was:")

    for length in (least, 256):
        assert Offer.parse(with_credential(length)).directions
    for length in (least - 1, 257):
        refused = refusal(with_credential(length))
        assert refused.code is Code.BAD_CANDIDATES
        assert f"{least} to 256" in refused.detail


def test_a_fingerprint_of_an_unsafe_digest_alone_is_422() -> None:
    refused = refusal(describe((VP8 + TRANSPORT).replace("sha-256", "sha-1")))
    assert refused.code is Code.UNUSABLE_OFFER
    assert "sha-1" in refused.detail
    assert "sha-256" in refused.detail


@pytest.mark.parametrize(
    ("sdp", "code"),
    [
        (describe(*[VP8 + TRANSPORT] * (MAX_SECTIONS + 1)), Code.UNUSABLE_OFFER),
        (describe(VP8 + TRANSPORT + "a=x\n" * MAX_LINES), Code.BAD_OFFER),
        (describe(VP8.replace(" 96\n", " 75\n") + TRANSPORT), Code.UNUSABLE_OFFER),
        (describe(VP8 + TRANSPORT).replace("a=mid:0", f"a=mid:{'0' * 33}"), Code.BAD_OFFER),
        (describe(VP8 + TRANSPORT).replace("a=mid:0", "a=mid:0 0"), Code.BAD_OFFER),
        (describe(VP8 + TRANSPORT, VP8 + TRANSPORT).replace("a=mid:1", "a=mid:0"), Code.BAD_OFFER),
        (describe((VP8 + TRANSPORT).replace("actpass", "holdconn")), Code.BAD_OFFER),
    ],
    ids=[
        *(
            "sections",
            "lines",
            "RTCP's payload type",
            "long mid",
            "mid of two words",
            "mids that are the same",
        ),
        "setup",
    ],
)
def test_what_is_too_much_or_no_sense_is_refused(sdp: str, code: Code) -> None:
    assert refusal(sdp).code is code


@FUZZ
@given(sdp=st.text())
def test_any_text_is_read_or_refused(sdp: str) -> None:
    with contextlib.suppress(Refusal):
        Offer.parse(sdp)


ANSWER = """\
m=application 40000 UDP/DTLS/SCTP webrtc-datachannel
a=candidate:f1 1 udp 2130706431 172.17.0.2 40000 typ host
a=candidate:f2 1 udp 2130706175 fd00::2 40001 typ host
a=candidate:f3 1 udp 1694498815 198.51.100.1 40002 typ srflx raddr 172.17.0.2 rport 40000
a=end-of-candidates
"""


def test_an_advertised_address_is_added_for_each_host_candidate_of_its_family() -> None:
    answer = advertise(ANSWER.replace("\n", "\r\n"), "203.0.113.7")
    added = set(answer.splitlines()) - set(ANSWER.splitlines())
    assert added == {"a=candidate:f1a 1 udp 2130706430 203.0.113.7 40000 typ host"}
    assert [line.split()[4] for line in answer.splitlines() if line.startswith("a=candidate")][:2] == [
        "172.17.0.2",
        "203.0.113.7",
    ]
