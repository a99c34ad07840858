"""Counts what a peer connection sends, receives and loses."""

from aiortc import RTCDtlsTransport, RTCPeerConnection, RTCRtpSender, rtcrtpsender
from aiortc.stats import RTCRemoteInboundRtpStreamStats, RTCStatsReport, RTCTransportStats

from holistic_rtc.media.receiver import TolerantReceiver
from holistic_rtc.model.figures import Traffic


class CountingSender(RTCRtpSender):
    """Counts the packets that it sends again, which aiortc's statistics lack."""

    retransmitted = 0

    async def _retransmit(self, sequence_number: int) -> None:
        history = self._RTCRtpSender__rtp_history  # type: ignore[attr-defined]
        packet = history.get(sequence_number % rtcrtpsender.RTP_HISTORY_SIZE)  # type: ignore[attr-defined]
        if packet and packet.sequence_number == sequence_number:
            self.retransmitted += 1
        await super()._retransmit(sequence_number)


class TrafficMeter:
    """
    :param pc: what to measure. Its senders should be :class:`CountingSender`, its receivers :class:`TolerantReceiver`.
    """

    def __init__(self, pc: RTCPeerConnection) -> None:
        self._pc = pc
        self._reported = Traffic()

    async def take(self) -> Traffic:
        """:return: what was counted since the previous call; also works on a closed connection."""
        totals = await self._totals()
        taken = Traffic()
        for name in Traffic.__struct_fields__:
            total, reported = getattr(totals, name), getattr(self._reported, name)
            # Packets that were lost may arrive after all, and aren't lost a second time.
            setattr(self._reported, name, max(total, reported))
            setattr(taken, name, max(0, total - reported))
        return taken

    async def _totals(self) -> Traffic:
        senders, receivers = self._pc.getSenders(), self._pc.getReceivers()
        report = RTCStatsReport()
        for sender in senders:
            report.update(await sender.getStats())
        for receiver in receivers:
            report.update(await receiver.getStats())
        if self._pc.sctp is not None:
            report.update(_stats_of(self._pc.sctp.transport))
        transports = [stats for stats in report.values() if isinstance(stats, RTCTransportStats)]
        return Traffic(
            bytes_in=sum(stats.bytesReceived for stats in transports),
            bytes_out=sum(stats.bytesSent for stats in transports),
            packets_in=sum(stats.packetsReceived for stats in transports),
            packets_out=sum(stats.packetsSent for stats in transports),
            lost_in=sum(receiver.packets_lost for receiver in receivers if isinstance(receiver, TolerantReceiver)),
            lost_out=sum(
                max(0, stats.packetsLost)
                for stats in report.values()
                if isinstance(stats, RTCRemoteInboundRtpStreamStats)
            ),
            retransmitted=sum(sender.retransmitted for sender in senders if isinstance(sender, CountingSender)),
        )


def _stats_of(transport: RTCDtlsTransport) -> RTCStatsReport:
    """aiortc only reports the transports of senders and receivers; a peer that only wants landmarks has none."""
    return transport._get_stats()
