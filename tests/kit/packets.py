"""What a peer receives, before aiortc decodes it."""

from aiortc import RTCPeerConnection
from aiortc.rtp import RtpPacket


def listen(pc: RTCPeerConnection, kind: str) -> list[RtpPacket]:
    """:return: the packets of the only such section, as they come from now on."""
    [receiver] = [transceiver.receiver for transceiver in pc.getTransceivers() if transceiver.kind == kind]
    packets: list[RtpPacket] = []
    handle = receiver._handle_rtp_packet

    async def take(packet: RtpPacket, arrival_time_ms: int) -> None:
        packets.append(packet)
        await handle(packet, arrival_time_ms)

    receiver._handle_rtp_packet = take  # type: ignore[method-assign]
    return packets
