"""The audio of a take."""

from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from av.packet import Packet

from holistic_rtc.errors import MediaError
from holistic_rtc.files.soundtrack import SILENCE, Soundtrack, ticks_of

RATE = 48_000


def tone(count: int) -> list[bytes]:
    """Packets of 20 ms."""
    encoder = av.CodecContext.create("libopus", "w")
    assert isinstance(encoder, av.AudioCodecContext)
    encoder.sample_rate, encoder.layout, encoder.format = RATE, "stereo", "s16"
    packets: list[bytes] = []
    for number in range(count + 2):
        times = (np.arange(960) + 960 * number) / RATE
        wave = (10_000 * np.sin(2 * np.pi * 440 * times)).astype(np.int16)
        frame = av.AudioFrame.from_ndarray(np.repeat(wave, 2)[None], format="s16", layout="stereo")
        frame.sample_rate, frame.pts, frame.time_base = RATE, 960 * number, Fraction(1, RATE)
        packets += [bytes(packet) for packet in encoder.encode(frame)]
    return packets[:count]


def packet(number: int, data: bytes) -> "Packet[Any]":
    made = Packet(data)
    made.pts, made.time_base = 1_000_000 + 960 * number, Fraction(1, RATE)
    return made


def loudness(path: Path) -> list[float]:
    """Of each 20 ms."""
    with av.open(str(path)) as container:
        samples = np.concatenate([frame.to_ndarray()[0] for frame in container.decode(audio=0)])
    return [float(np.abs(part).mean()) for part in np.array_split(samples, max(1, len(samples) // 960))]


def record(path: Path, sent: dict[int, bytes], *, begin: float) -> Soundtrack:
    """
    :param sent: packets by number, each of which comes when it is due.
    :param begin: seconds after the first one.
    """
    sound = Soundtrack(path)
    for number, data in sent.items():
        sound.add(packet(number, data), 100 + number / 50)
        if number / 50 >= begin:
            sound.begin(100 + begin)
        sound.write(100 + number / 50)
    return sound


def test_packets_are_kept_as_they_are_from_the_first_frame_on(tmp_path: Path) -> None:
    packets = tone(100)
    sound = record(tmp_path / "take.bvh", dict(enumerate(packets)), begin=0.5)
    sound.close(keep=True)
    assert sound.path == tmp_path / "take.bvh.ogg"
    with av.open(str(sound.path)) as container:
        kept = [bytes(packet) for packet in container.demux(audio=0) if packet.size]
    assert kept == packets[25:]


def test_what_is_missing_is_silent_and_the_rest_stays_in_its_place(tmp_path: Path) -> None:
    packets = {number: data for number, data in enumerate(tone(150)) if not 50 <= number < 100}
    sound = record(tmp_path / "take.csv", packets, begin=0.0)
    sound.close(keep=True)
    heard = loudness(sound.path)
    assert len(heard) == pytest.approx(150, abs=2)
    assert min(heard[5:45]) > 100 * max(heard[60:95])
    assert min(heard[110:145]) > 100 * max(heard[60:95])


def test_what_comes_late_or_is_no_opus_is_left_out(tmp_path: Path) -> None:
    packets = tone(20)
    sound = Soundtrack(tmp_path / "take.csv")
    sound.begin(0.0)
    for number in (0, 1, 2, 3, 1, 4):
        sound.add(packet(number, packets[number]), 1.0)
    sound.add(packet(5, b"\xff"), 1.0)
    sound.write(1.0)
    sound.close(keep=True)
    with av.open(str(sound.path)) as container:
        kept = [bytes(packet) for packet in container.demux(audio=0) if packet.size]
    assert kept[-5:] == packets[:5]


def test_without_audio_or_a_take_there_is_no_file(tmp_path: Path) -> None:
    silent = Soundtrack(tmp_path / "silent.bvh")
    silent.begin(0.0)
    silent.write(1.0)
    silent.close(keep=True)
    record(tmp_path / "nobody.bvh", dict(enumerate(tone(5))), begin=0.0).close(keep=False)
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_can_not_be_written_is_reported(tmp_path: Path) -> None:
    with pytest.raises(MediaError, match=r"take\.bvh\.ogg"):
        record(tmp_path / "no folder" / "take.bvh", dict(enumerate(tone(5))), begin=0.0)


def test_what_a_program_that_is_killed_has_written_can_be_heard(tmp_path: Path) -> None:
    sound = record(tmp_path / "take.bvh", dict(enumerate(tone(500))), begin=0.0)
    copy = tmp_path / "copy.ogg"
    copy.write_bytes(sound.path.read_bytes())
    assert len(loudness(copy)) > 300


@pytest.mark.parametrize(
    ("data", "ticks"),
    [
        (SILENCE, 960),
        (b"", 0),
        (b"\x00", 480),
        (b"\x19", 5760),
        (b"\x60", 480),
        (b"\x80", 120),
        (b"\xfb\x03", 2880),
        (b"\xfb", 0),
    ],
)
def test_a_packet_says_how_long_it_is(data: bytes, ticks: int) -> None:
    assert ticks_of(data) == ticks
