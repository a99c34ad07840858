"""Packets in, frames out, whatever the network does to them."""

import random

import pytest
from aiortc.rtp import RtpPacket

from holistic_rtc.media.jitter import FrameBuffer

TICKS = 3000


def packets_of(frames: int, *, size: int = 3, first: int = 65_530) -> list[RtpPacket]:
    """`frames` frames of `size` packets each, whose sequence numbers wrap around."""
    packets = []
    for index in range(frames * size):
        frame, part = divmod(index, size)
        packet = RtpPacket(
            sequence_number=(first + index) % 2**16, timestamp=frame * TICKS, marker=int(part == size - 1)
        )
        packet._data = bytes([frame, part])  # type: ignore[attr-defined]
        packets.append(packet)
    return packets


def feed(buffer: FrameBuffer, packets: list[RtpPacket]) -> tuple[list[int], int]:
    """:return: the numbers of the frames that came out, and how often a key frame was asked for"""
    numbers, lost = [], 0
    for packet in packets:
        need_key_frame, frame = buffer.add(packet)
        lost += need_key_frame
        if frame is not None:
            numbers.append(frame.timestamp // TICKS)
            assert frame.data == bytes(value for part in range(3) for value in (numbers[-1], part))
    return numbers, lost


@pytest.fixture
def buffer() -> FrameBuffer:
    return FrameBuffer(capacity=64)


def test_a_frame_comes_out_with_its_last_packet(buffer: FrameBuffer) -> None:
    for packet in packets_of(5):
        assert (buffer.add(packet)[1] is not None) == bool(packet.marker)


def test_a_frame_without_marker_comes_out_with_the_next_one(buffer: FrameBuffer) -> None:
    packets = packets_of(3)
    packets[2].marker = 0
    assert feed(buffer, packets[:3]) == ([], 0)
    assert feed(buffer, packets[3:]) == ([0, 1, 2], 0)


def test_packets_out_of_order_or_twice_make_no_difference(buffer: FrameBuffer) -> None:
    packets = packets_of(20)
    shuffler = random.Random(3)
    shuffled = [packets[0]]
    for start in range(1, len(packets), 6):
        group = packets[start : start + 6] * 2
        shuffler.shuffle(group)
        shuffled += group
    assert feed(buffer, [*shuffled, *packets_of(22)[60:]])[0] == list(range(22))


def test_a_packet_that_is_sent_again_in_time_fills_its_gap(buffer: FrameBuffer) -> None:
    packets = packets_of(6)
    missing = packets.pop(4)
    assert feed(buffer, packets[:8]) == ([0], 0)
    assert feed(buffer, [missing, *packets[8:]]) == ([1, 2, 3, 4, 5], 0)


def test_a_packet_may_be_sent_again_more_than_once() -> None:
    buffer = FrameBuffer(capacity=512)
    packets = packets_of(28)
    missing = packets.pop(4)
    assert feed(buffer, packets) == ([0], 0)
    assert buffer.add(missing)[1] is not None


def test_a_packet_that_never_comes_costs_its_frame_and_a_key_frame_is_asked_for(buffer: FrameBuffer) -> None:
    packets = packets_of(40)
    del packets[4]
    numbers, lost = feed(buffer, packets)
    assert lost == 1
    assert numbers[0] == 0
    assert 1 not in numbers
    assert numbers[-1] == 39


def test_no_more_packets_are_kept_than_the_capacity(buffer: FrameBuffer) -> None:
    packets = packets_of(2, size=3) + packets_of(100, size=3)[6:]
    for packet in packets:
        packet.timestamp = min(packet.timestamp, 8 * TICKS)
        packet.marker = 0
    del packets[1]
    lost = sum(buffer.add(packet)[0] for packet in packets)
    assert lost >= 1
    assert len(buffer._packets) <= 64


def test_a_packet_that_comes_after_its_frame_was_given_up_is_dropped(buffer: FrameBuffer) -> None:
    packets = packets_of(30)
    missing = packets.pop(4)
    feed(buffer, packets)
    assert buffer.add(missing) == (False, None)


def test_probes_without_data_give_no_frames(buffer: FrameBuffer) -> None:
    packets = packets_of(2)
    probe = RtpPacket(sequence_number=(packets[-1].sequence_number + 1) % 2**16, timestamp=packets[-1].timestamp)
    probe._data = b""  # type: ignore[attr-defined]
    following = packets_of(4, first=65_530 + 1)[6:]
    assert feed(buffer, [*packets, probe, *following])[0] == [0, 1, 2, 3]


def test_a_stream_that_starts_over_with_other_numbers_goes_on(buffer: FrameBuffer) -> None:
    feed(buffer, packets_of(10, first=30_000))
    numbers, lost = feed(buffer, packets_of(3, first=20_000))
    assert (numbers, lost) == ([0, 1, 2], 1)


def test_what_is_lost_of_few_frames_a_second_is_waited_for_as_long(buffer: FrameBuffer) -> None:
    first, second, third = (packets_of(3)[start : start + 3] for start in (0, 3, 6))
    for packet in (*second, *third):
        packet.timestamp *= 18  # 0.6 s
    assert [buffer.add(packet)[0] for packet in (*first, *second[1:], *third)] == 8 * [False]


@pytest.mark.parametrize("seconds", [2, 10, 3600])
def test_what_is_lost_before_the_senders_clock_steps_back_is_not_waited_for_longer(
    buffer: FrameBuffer, seconds: int
) -> None:
    packets = packets_of(60)
    for packet in packets[90:]:
        packet.timestamp = (packet.timestamp - seconds * 90_000) % 2**32
    del packets[80]
    waiting = [buffer.add(packet)[0] for packet in packets]
    assert waiting.index(True) <= 90


def test_what_was_lost_in_a_pause_of_the_network_is_not_waited_for(buffer: FrameBuffer) -> None:
    packets = packets_of(60)
    assert feed(buffer, packets[:9]) == ([0, 1, 2], 0)
    # 1.2 s later, the second packet overtakes the first.
    packets[111], packets[112] = packets[112], packets[111]
    numbers, lost = feed(buffer, packets[111:150])
    assert lost == 1
    assert numbers[0] <= 37 + 7, "after 0.2 s"
