"""aiortc's SCTP, and what a peer may tell it."""

import pytest
import pytest_asyncio
from aiortc import RTCCertificate, RTCIceGatherer, RTCIceTransport
from aiortc.rtcsctptransport import (
    SCTP_DATA_FIRST_FRAG,
    SCTP_DATA_LAST_FRAG,
    WEBRTC_DCEP,
    DataChunk,
    SackChunk,
    serialize_packet,
)

from holistic_rtc.media.pacing import PacedTransport
from holistic_rtc.media.sctp import RateControlledSctp, disjoint

PART = bytes(1200)


@pytest_asyncio.fixture
async def sctp() -> RateControlledSctp:
    transport = PacedTransport(RTCIceTransport(RTCIceGatherer()), [RTCCertificate.generateCertificate()])
    sctp = RateControlledSctp(transport)
    sctp._last_received_tsn = 0
    sctp._set_state(sctp.State.ESTABLISHED)
    return sctp


def part(number: int, flags: int, data: bytes = PART) -> DataChunk:
    chunk = DataChunk(flags)
    chunk.tsn, chunk.stream_id, chunk.stream_seq, chunk.protocol, chunk.user_data = number, 1, 0, WEBRTC_DCEP, data
    return chunk


async def test_a_message_that_never_ends_closes_the_channels_and_is_kept_to_the_window(
    sctp: RateControlledSctp,
) -> None:
    for number in range(1, 2000):
        await sctp._receive_data_chunk(part(number, SCTP_DATA_FIRST_FRAG if number == 1 else 0))
    assert sctp.state == "closed"
    assert len(sctp._get_inbound_stream(1).reassembly) <= 1024 * 1024 / len(PART)


LABEL = b"\xff\xfe"
OPENING = b"\x03\0\0\0\0\0\0\0" + len(LABEL).to_bytes(2, "big") + b"\0\0" + LABEL
WHOLE = SCTP_DATA_FIRST_FRAG | SCTP_DATA_LAST_FRAG


@pytest.mark.parametrize(
    "chunk",
    [part(1, WHOLE, OPENING), part(70_000, WHOLE)],
    ids=["label that is no text", "too far ahead to be acknowledged"],
)
async def test_what_cannot_be_read_closes_the_channels(sctp: RateControlledSctp, chunk: DataChunk) -> None:
    await sctp._handle_data(serialize_packet(5000, 5000, sctp._local_verification_tag, chunk))
    assert sctp.state == "closed"


def outgoing(tsn: int, flags: int, *, sent: bool, lossy: bool) -> DataChunk:
    chunk = part(tsn, flags)
    chunk._abandoned = chunk._acked = chunk._retransmit = chunk._in_flight = False
    chunk._book_size, chunk._expiry, chunk._max_retransmits = len(PART), None, 0 if lossy else None
    chunk._misses, chunk._sent_count, chunk._sent_time = 0, int(sent), 1.0 if sent else None
    return chunk


async def test_the_rest_of_a_message_that_was_given_up_is_no_reason_to_close_the_channels(
    sctp: RateControlledSctp,
) -> None:
    # What comes first is to arrive in any case, so the peer can't be told yet to skip the others.
    sctp._sent_queue.extend(
        [outgoing(1, WHOLE, sent=True, lossy=False), outgoing(2, SCTP_DATA_FIRST_FRAG, sent=True, lossy=True)]
    )
    sctp._outbound_queue.append(outgoing(3, SCTP_DATA_LAST_FRAG, sent=False, lossy=True))
    sctp._last_sacked_tsn = sctp._advanced_peer_ack_tsn = 0
    sctp._give_up()
    sctp._update_advanced_peer_ack_point()
    assert [chunk._sent_time for chunk in sctp._sent_queue] == [1.0, 1.0, None]
    sctp._give_up()
    sctp._resend_reliable()
    acknowledgement = SackChunk()
    acknowledgement.cumulative_tsn, acknowledgement.advertised_rwnd = 3, 100_000
    await sctp._handle_data(serialize_packet(5000, 5000, sctp._local_verification_tag, acknowledgement))
    assert sctp.state != "closed"
    assert not sctp._sent_queue


@pytest.mark.parametrize(
    ("told", "taken"),
    [
        ([], []),
        ([(2, 3), (5, 5), (9, 12)], [(2, 3), (5, 5), (9, 12)]),
        ([(9, 12), (2, 3)], [(2, 3), (9, 12)]),
        ([(2, 9), (4, 5), (9, 12), (13, 13)], [(2, 9), (13, 13)]),
        ([(0, 4), (7, 6), (8, 8)], [(8, 8)]),
        (300 * [(1, 65_535)], [(1, 65_535)]),
    ],
)
def test_blocks_of_what_has_arrived_are_gone_through_once(
    told: list[tuple[int, int]], taken: list[tuple[int, int]]
) -> None:
    assert disjoint(told) == taken
