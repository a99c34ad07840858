"""What takes the place of aiortc's video codecs."""

import resource
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import av
import numpy as np
import pytest
from aiortc.codecs import get_decoder, get_encoder
from aiortc.codecs.h264 import h264_depayload
from aiortc.codecs.vpx import vp8_depayload
from aiortc.jitterbuffer import JitterFrame
from aiortc.rtcrtpparameters import RTCRtpCodecParameters

from holistic_rtc.errors import TooManyPixelsError
from holistic_rtc.media import codecs
from holistic_rtc.media.aiortc_tuning import DEFAULT_BITRATE, tune
from holistic_rtc.media.codecs import Failure, FastVp8Encoder, _open_vp8
from holistic_rtc.pipeline.frames import encodable, to_rgb
from tests.kit.colours import TAGGED, Colours, colourful, decoded, difference, h264, untagged
from tests.kit.encoded import encode, h264_of_size, vp8_of_size
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
        (arrived,) = decoder.decode(JitterFrame(data=data, timestamp=timestamp))
    assert sum(sizes) * 8 < 1.2 * encoder.target_bitrate
    assert isinstance(arrived, av.VideoFrame)
    assert abs(to_rgb(arrived).astype(int) - grace_hopper()).mean() < 5


@pytest.mark.parametrize("colours", TAGGED, ids=str)
@pytest.mark.parametrize(("codec", "depayload"), [(VP8, vp8_depayload), (H264, h264_depayload)])
def test_colours_arrive_as_they_were(
    codec: RTCRtpCodecParameters, depayload: Callable[[bytes], bytes], colours: Colours
) -> None:
    tune()
    encoder, decoder = get_encoder(codec), get_decoder(codec)
    source = decoded(h264(colours, colourful()))
    for number in range(5):
        source.pts, source.time_base = 3000 * number, Fraction(1, 90_000)
        payloads, timestamp = encoder.encode(encodable(source))
        data = b"".join(map(depayload, payloads))
        (arrived,) = decoder.decode(JitterFrame(data=data, timestamp=timestamp))
    assert isinstance(arrived, av.VideoFrame)
    assert difference(untagged(arrived), to_rgb(source))[0] < 3


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


@pytest.mark.parametrize(
    ("codec", "frame"),
    [(VP8, vp8_of_size(1920, 1081)), (VP8, vp8_of_size(16_383, 16_383)), (H264, h264_of_size(16_000, 16_000))],
    ids=["a little too large VP8", "VP8", "H.264"],
)
def test_a_frame_that_is_too_large_is_not_decoded_and_its_size_is_named(
    codec: RTCRtpCodecParameters, frame: bytes
) -> None:
    tune()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    [failure] = get_decoder(codec).decode(JitterFrame(data=frame, timestamp=0))
    assert isinstance(failure, Failure)
    assert isinstance(failure.error, TooManyPixelsError)
    assert "2,073,600" in str(failure.error)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 20_000  # KB


@pytest.mark.parametrize(
    ("profile", "pixels"),
    [
        *[("baseline", "yuv420p"), ("main", "yuv420p"), ("high", "yuv420p")],
        *[("high10", "yuv420p10le"), ("high422", "yuv422p"), ("high444", "yuv444p")],
    ],
)
def test_h264_of_any_profile_is_decoded(profile: str, pixels: str) -> None:
    tune()
    decoder = get_decoder(H264)
    encoded = encode("libx264", 320, 240, pixels, {"profile": profile, "tune": "zerolatency"})
    frames = [frame for data in encoded for frame in decoder.decode(JitterFrame(data=data, timestamp=0))]
    assert [to_rgb(frame).shape for frame in frames if isinstance(frame, av.VideoFrame)] == 2 * [(240, 320, 3)]


@pytest.mark.parametrize("size", [(1920, 1080), (1080, 1920)])
def test_the_largest_frames_are_decoded_in_either_orientation(encoder: FastVp8Encoder, size: tuple[int, int]) -> None:
    payloads, timestamp = encoder.encode(frame(picture=grace_hopper(*size)))
    data = b"".join(map(vp8_depayload, payloads))
    [decoded] = get_decoder(VP8).decode(JitterFrame(data=data, timestamp=timestamp))
    assert isinstance(decoded, av.VideoFrame)
    assert (decoded.width, decoded.height) == size


def test_a_damaged_frame_makes_aiortc_ask_for_another() -> None:
    tune()
    for codec, data in ((VP8, b"\0" * 20), (H264, b"\0\0\1\x67\x42")):
        with pytest.raises(av.FFmpegError):
            get_decoder(codec).decode(JitterFrame(data=data, timestamp=0))


def test_any_other_failure_of_a_decoder_reaches_the_reader_of_its_frames(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(self: object, data: bytes) -> list[object]:
        raise MemoryError

    tune()
    monkeypatch.setattr(codecs.Vp8Decoder, "sizes", fail)
    [failure] = get_decoder(VP8).decode(JitterFrame(data=b"", timestamp=0))
    assert isinstance(failure, Failure)
    assert isinstance(failure.error, MemoryError)


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


def test_encoders_share_frames_though_each_has_its_own_time(encoder: FastVp8Encoder) -> None:
    """Each encoder gives the frames that it gets its own time base, and some frames have been with others before."""
    for number in (0, 30, 31, 62, 63):
        shared = frame(number)
        if number % 2:
            shared.pts, shared.time_base = number * 1000 // 30, Fraction(1, 1000)
        payloads, timestamp = encoder.encode(shared)
        assert payloads
        assert abs(timestamp - 3000 * number) < 100
