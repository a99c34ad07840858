"""Codecs of an offer."""

from holistic_rtc.sdp.codecs import MAX_PARAMETERS, Codec, read_codecs
from holistic_rtc.sdp.lines import Block


def test_a_parameter_is_found_by_its_name_and_the_first_one_counts() -> None:
    codec = Codec("96", "H264/90000", "packetization-mode=1; Profile-Level-Id = 42e01f ;packetization-mode=0", ())
    assert codec.parameter("packetization-mode") == "1"
    assert codec.parameter("profile-level-id") == "42e01f"
    assert codec.parameter("apt") is None


def test_no_more_of_the_parameters_is_read_than_a_codec_can_need() -> None:
    block = Block("video 9 UDP/TLS/RTP/SAVPF 96", {"rtpmap": ["96 VP8/90000"], "fmtp": [f"96 {64_500 * ';'}"]})
    (codec,) = read_codecs(block, ["96"])
    assert len(codec.parameters) == MAX_PARAMETERS
