"""What is read in encoded frames, compared with what encoders were told."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holistic_rtc.errors import MediaError
from holistic_rtc.media.frame_size import h264_sizes, vp8_size
from tests.kit.encoded import encode, h264_of_size
from tests.kit.synthetic import FUZZ

SIZES = [(640, 480), (1920, 1080), (1080, 1920), (16, 16), (18, 34), (854, 480), (4096, 2160)]


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_a_vp8_key_frame_has_its_size_and_other_frames_have_none(size: tuple[int, int]) -> None:
    key, other = encode("libvpx", *size)
    assert vp8_size(key) == size
    assert vp8_size(other) is None


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_an_h264_frame_has_its_size(size: tuple[int, int]) -> None:
    first, other = encode("libx264", *size)
    assert set(h264_sizes(first)) == {size}
    assert list(h264_sizes(other)) == []


@pytest.mark.parametrize("size", [(854, 480), (18, 34)], ids=str)
@pytest.mark.parametrize(
    ("pixels", "options"),
    [
        ("yuv420p", {"profile": "baseline"}),
        ("yuv422p", {}),
        ("yuv444p", {}),
        ("yuv420p10le", {}),
        ("gray", {}),
        ("yuv420p", {"x264-params": "cqm=jvt"}),
    ],
    ids=["baseline", "4:2:2", "4:4:4", "10 bits", "grey", "scaling lists"],
)
def test_an_h264_frame_of_any_profile_has_its_size(size: tuple[int, int], pixels: str, options: dict[str, str]) -> None:
    first, other = encode("libx264", *size, pixels, options)
    assert set(h264_sizes(first)) == {size}
    assert list(h264_sizes(other)) == []


def test_interlaced_h264_has_its_full_height() -> None:
    frames = encode("libx264", 1920, 1080, options={"x264-params": "interlaced=1"})
    assert set(h264_sizes(frames[0])) == {(1920, 1080)}


def test_cropping_does_not_hide_what_decoding_takes() -> None:
    cropped = h264_of_size(16_000, 16_000, crop=7_900)
    [(width, height)] = h264_sizes(cropped)
    assert min(width, height) > 15_900


@pytest.mark.parametrize("data", [b"\0", b"\0\0\0\x9d\x01\x2b\0\0\0\0", b"\0\0\0\x9d\x01\x2a\0\0"])
def test_a_damaged_vp8_key_frame_is_told_of(data: bytes) -> None:
    with pytest.raises(MediaError):
        vp8_size(data)


@pytest.mark.parametrize(
    "payload", [b"", b"\x42", b"\x42\0\x1e", b"\x42\0\x1e" + bytes(20)], ids=["empty", "one byte", "cut", "zeros"]
)
def test_a_damaged_parameter_set_is_told_of(payload: bytes) -> None:
    with pytest.raises(MediaError):
        list(h264_sizes(b"\0\0\1\x67" + payload))


def test_parameter_sets_are_limited() -> None:
    one = h264_of_size(640, 480)
    assert len(list(h264_sizes(one * 32))) == 32
    with pytest.raises(MediaError):
        list(h264_sizes(one * 33))


@FUZZ
@given(data=st.binary(max_size=200))
def test_any_bytes_are_read_or_told_of(data: bytes) -> None:
    for read in (vp8_size, lambda data: list(h264_sizes(b"\0\0\1\x67" + data))):
        with contextlib.suppress(MediaError):
            read(data)
