"""What takes the place of aiortc's video codecs."""

from fractions import Fraction
from typing import Any

import av
import numpy as np
import pytest
from aiortc.codecs import get_decoder, get_encoder
from aiortc.codecs.vpx import vp8_depayload
from aiortc.jitterbuffer import JitterFrame
from aiortc.rtcrtpparameters import RTCRtpCodecParameters

from holistic_rtc.media import codecs
from holistic_rtc.media.aiortc_tuning import DEFAULT_BITRATE, tune
from holistic_rtc.media.codecs import FastVp8Encoder, _open_vp8
from holistic_rtc.pipeline.frames import to_rgb
from tests.kit.pictures import grace_hopper
from tests.kit.publisher import Picture

VP8 = RTCRtpCodecParameters(mimeType="video/VP8", clockRate=90_000, payloadType=96)
H264 = RTCRtpCodecParameters(mimeType="video/H264", clockRate=90_000, payloadType=97)


@pytest.fixture
def encoder() -> FastVp8Encoder:
    tune()
    encoder = get_encoder(VP8)
    assert isinstance(encoder, FastVp8Encoder)
    return encoder


def frame(number: int = 0, picture: Picture | None = None) -> av.VideoFrame:
    frame = av.VideoFrame.from_ndarray(grace_hopper() if picture is None else picture, format="rgb24")
    frame.pts, frame.time_base = 3000 * number, Fraction(1, 90_000)
    return frame


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """All of libvpx's encoders that are opened with the fast preset."""
    opened: list[object] = []

    def open_vp8(width: int, height: int, bitrate: int) -> object:
        opened.append(_open_vp8(width, height, bitrate))
        return opened[-1]

    monkeypatch.setattr(codecs, "_open_vp8", open_vp8)
    return opened


def test_what_it_encodes_can_be_decoded_and_is_small(encoder: FastVp8Encoder) -> None:
    decoder = get_decoder(VP8)
    sizes = []
    for number in range(30):
        payloads, timestamp = encoder.encode(frame(number))
        assert abs(timestamp - 3000 * number) <= 1
        data = b"".join(map(vp8_depayload, payloads))
        sizes.append(len(data))
        (decoded,) = decoder.decode(JitterFrame(data=data, timestamp=timestamp))
    assert sum(sizes) * 8 < 1.2 * encoder.target_bitrate
    assert isinstance(decoded, av.VideoFrame)
    assert abs(to_rgb(decoded).astype(int) - grace_hopper()).mean() < 5


@pytest.mark.parametrize("factor", [0.75, 0.85, 0.905, 0.95, 1.05, 1.105, 1.2, 1.3, 1.6])
def test_no_change_of_the_bitrate_brings_aiortcs_own_encoder_back(
    encoder: FastVp8Encoder, opened: list[object], factor: float
) -> None:
    encoder.encode(frame())
    encoder.target_bitrate = round(DEFAULT_BITRATE * factor)
    encoder.encode(frame(1))
    assert encoder.codec is opened[-1]


def test_small_changes_of_the_bitrate_take_no_new_encoder_and_key_frame(encoder: FastVp8Encoder) -> None:
    encoder.encode(frame())
    first = encoder.codec
    for factor in (0.95, 1.1, 0.92, 1.1):
        encoder.target_bitrate = round(DEFAULT_BITRATE * factor)
        encoder.encode(frame(1))
        assert encoder.codec is first


def test_a_bitrate_that_falls_is_followed_at_once_and_one_that_rises_in_steps(encoder: FastVp8Encoder) -> None:
    encoder.target_bitrate = DEFAULT_BITRATE // 2
    assert encoder.target_bitrate == DEFAULT_BITRATE // 2
    encoder.target_bitrate = round(1.2 * DEFAULT_BITRATE / 2)
    assert encoder.target_bitrate == DEFAULT_BITRATE // 2
    encoder.target_bitrate = round(1.3 * DEFAULT_BITRATE / 2)
    assert encoder.target_bitrate == round(1.3 * DEFAULT_BITRATE / 2)


def test_no_codec_has_as_many_threads_as_the_machine_has_cpus() -> None:
    tune()
    encoder = get_encoder(H264)
    encoder.encode(frame())
    used: tuple[Any, ...] = (get_decoder(VP8), get_decoder(H264), encoder)
    assert [codec.codec.thread_count for codec in used] == [1, 1, 1]


def test_another_size_takes_another_encoder(encoder: FastVp8Encoder, opened: list[object]) -> None:
    encoder.encode(frame())
    encoder.encode(frame(1, grace_hopper(320, 240)))
    assert encoder.codec is not None
    assert (encoder.codec.width, encoder.codec.height) == (320, 240)
    assert encoder.codec is opened[-1]


def test_a_key_frame_of_a_low_bitrate_is_small(encoder: FastVp8Encoder) -> None:
    encoder.target_bitrate = 100_000
    payloads, _ = encoder.encode(frame())
    assert sum(map(len, payloads)) * 8 < 50_000


def test_frames_stay_small_however_few_they_are(encoder: FastVp8Encoder) -> None:
    encoder.target_bitrate = 100_000
    random = np.random.default_rng(1)
    sizes, times = [], []
    for second in range(8):
        noise = random.integers(0, 60, (480, 640, 3), dtype=np.uint8)
        payloads, timestamp = encoder.encode(frame(30 * second, grace_hopper() // 2 + noise))
        sizes.append(8 * sum(map(len, payloads)))
        times.append(timestamp)
    assert max(sizes[1:]) < 40_000
    assert times == [90_000 * second for second in range(8)]
