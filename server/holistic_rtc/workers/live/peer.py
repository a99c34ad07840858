"""A peer connection with its channels: the common base of publishers and subscribers."""

import asyncio
import contextlib
import logging
import time
from abc import ABC, abstractmethod
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from aiortc import (
    RTCConfiguration,
    RTCDataChannel,
    RTCIceServer,
    RTCPeerConnection,
    RTCRtpTransceiver,
    RTCSessionDescription,
)
from aiortc.sdp import candidate_from_sdp
from msgspec import UNSET

from holistic_rtc.errors import Code, ControlError, Refusal
from holistic_rtc.log.writer import peer as address
from holistic_rtc.log.writer import trace_id
from holistic_rtc.media.extensions import Layer
from holistic_rtc.media.ice import PatientConnection
from holistic_rtc.media.receiver import TolerantReceiver
from holistic_rtc.media.traffic import TrafficMeter
from holistic_rtc.model.end_reason import EndReason
from holistic_rtc.model.figures import Traffic
from holistic_rtc.model.parts import ALL_PARTS, DEFAULT_PARTS, Part
from holistic_rtc.model.stats import SessionStats, TrackStats
from holistic_rtc.model.step import Step
from holistic_rtc.sdp.answer import complete
from holistic_rtc.sdp.candidates import MAX_CANDIDATES, Candidate, leave_out, read_fragment
from holistic_rtc.sdp.offer import Offer
from holistic_rtc.sdp.restart import Credentials, answer_restart, read_credentials
from holistic_rtc.wire.control import Configure, Configured, End, ErrorMessage, FromClient, FromServer, StatsMessage
from holistic_rtc.wire.encoded import Encoded
from holistic_rtc.workers.live.channels import CONTROL, LANDMARKS, ControlChannel, LandmarkChannel
from holistic_rtc.workers.live.following import Following

logger = logging.getLogger(__name__)

MAX_REFUSED_CHANNELS = 16
"""Number of data channels that a peer may open in vain"""
MAX_FORMER = 64
"""Number of username fragments that are remembered of a peer's former ICE sessions"""


@dataclass(frozen=True)
class PeerLimits:
    """
    The most that a peer gets, whatever it asks for.

    :param parts: of the landmarks.
    :param max_persons: how many people it may ask for.
    :param public_only: whether to ignore its candidates that have no public address.
    :param audio: whether audio is passed on.
    """

    parts: frozenset[Part] = ALL_PARTS
    max_persons: int = 1
    public_only: bool = False
    audio: bool = True


class Peer(ABC):
    """
    Owns a peer connection and its channels.

    :param name: its name in the log.
    """

    CONNECT_DEADLINE = 10.0
    """Seconds from the answer until the peer must be connected."""
    FIRST_FRAME_DEADLINE = 10.0
    """Seconds from then until a publisher's first frame must have been tracked."""
    SILENCE = 3.5
    """Seconds without a sign of life after which the peer is considered disconnected."""
    LATE = 2.0
    """Seconds between two checks above which this process itself must have stalled."""

    LIVE_AFTER = Step.CONNECT
    CONFIGURABLE: Collection[str] | None = None
    """The fields of a `configure` message; None for any."""

    def __init__(self, name: str, ice_servers: list[dict[str, Any]], limits: PeerLimits) -> None:
        self.name = name
        self.log = logging.LoggerAdapter(logger, {"peer": address.get(), "trace_id": trace_id.get()})
        """For what is about it, wherever that is noticed."""
        self.ended: asyncio.Future[End] = asyncio.get_running_loop().create_future()
        self.on_step: Callable[[Step], object] = lambda step: None
        """Called with each step that it has taken."""
        self._taken: set[Step] = set()
        self.parts = DEFAULT_PARTS & limits.parts
        """The parts in its landmark messages."""
        self.max_persons = 1
        """How many of the persons in a frame it gets."""
        self._limits = limits
        # An empty list, unlike None, keeps aiortc from asking a public STUN server.
        self._pc = RTCPeerConnection(RTCConfiguration(iceServers=[RTCIceServer(**server) for server in ice_servers]))
        self._traffic = TrafficMeter(self._pc)
        self._pc.on("datachannel", self._on_datachannel)
        self._pc.on("connectionstatechange", self._on_connection_state)
        self._landmarks: LandmarkChannel | None = None
        self._control: ControlChannel | None = None
        self._refused_channels = 0
        self._following: defaultdict[int, Following] = defaultdict(Following)
        """Whom it gets, by track"""
        self._sent: Counter[int] = Counter()
        self._dropped: Counter[int] = Counter()
        self._unreported_sent = self._unreported_dropped = 0
        self._offer: Offer | None = None
        self._answer = ""
        self._usernames: frozenset[str] = frozenset()
        """Of its ICE session"""
        self._former_usernames: deque[str] = deque(maxlen=MAX_FORMER)
        self._reached: set[tuple[str, int]] = set()
        """The addresses and ports of its candidates."""
        self._alive_since = self._looked_at = time.monotonic()

    @property
    def wanted(self) -> frozenset[Part]:
        """The parts to find for it."""
        return self.parts if self._landmarks else frozenset()

    async def answer(self, offer: Offer) -> str:
        """
        Accept the offer, and start everything that waits for media.

        :return: the answer, as SDP, with all of the server's candidates.
        :raises Refusal: aiortc can't use the offer.
        """
        with _negotiating("offer"):
            await self._pc.setRemoteDescription(RTCSessionDescription(sdp=offer.for_aiortc, type="offer"))
            await self._add_candidates(offer, offer.candidates)
            for transceiver in self._pc.getTransceivers():
                if isinstance(transceiver.receiver, TolerantReceiver):
                    transceiver.receiver.layer = Layer(offer.layers.get(transceiver.mid or "", ""))
                transceiver.direction = self._take(transceiver, offer.directions.get(transceiver.mid or "", "inactive"))
            await self._pc.setLocalDescription(await self._pc.createAnswer())
        self._offer = offer
        self._usernames = frozenset(offer.ice_usernames)
        self._alive_since = time.monotonic()
        self._answer = complete(offer, self._pc.localDescription.sdp)
        return self._answer

    async def add_candidates(self, fragment: str) -> str | None:
        """
        Add candidates. If the fragment has credentials that are new, begin another ICE session. Candidates of former
        ones and of rejected sections may come late, and don't matter.

        :return: the server's fragment after such a restart; None otherwise.
        :raises Refusal: the fragment can't be read or used.
        """
        assert self._offer is not None
        others = (self._offer.refused_ice_usernames | frozenset(self._former_usernames)) - self._usernames
        if fragment and not (fragment := leave_out(fragment, others)):
            return None
        usernames, candidates = read_fragment(fragment)
        restarts = not usernames <= self._usernames | others
        with _negotiating("candidate fragment"):
            if not restarts:
                await self._add_candidates(self._offer, candidates)
                return None
            return await self._restart_ice(self._offer, read_credentials(fragment), candidates)

    async def _restart_ice(self, offer: Offer, theirs: Credentials, candidates: Iterable[Candidate]) -> str:
        connection = self._ice()
        connection.restart(theirs.username, theirs.password)
        self._former_usernames.extend(self._usernames)
        self._usernames = frozenset({theirs.username})
        self._reached.clear()
        await self._add_candidates(offer, candidates)
        connection.check_all()
        self._alive_since = time.monotonic()
        self.log.info("%s restarts ICE", self.name)
        return answer_restart(self._answer, Credentials(connection.local_username, connection.local_password))

    def _ice(self) -> PatientConnection:
        """All sections share one transport."""
        users = [*(transceiver.receiver for transceiver in self._pc.getTransceivers()), self._pc.sctp]
        connection = next(user for user in users if user and user.transport).transport.transport._connection
        assert isinstance(connection, PatientConnection)
        return connection

    def send(self, track: int, persons: Sequence[Encoded]) -> None:
        """
        Send the landmarks of a frame immediately, or drop them.

        :param persons: a message per person, in order of their ids.
        """
        if self._landmarks is not None:
            messages = self._following[track].choose(persons, self.max_persons)
            sent = self._landmarks.send(messages, self.parts)
            self._sent[track] += sent
            self._dropped[track] += len(messages) - sent
            if sent:
                self._take_step(Step.SEND)
            self._unreported_sent += sent
            self._unreported_dropped += len(messages) - sent

    def tick(self, stats: SessionStats) -> None:
        """
        Ping the peer, send it the statistics, and end the connection if the peer is gone. Called once a second.

        :param stats: the session's statistics.
        """
        if self._control:
            tracks: list[TrackStats] = [
                {
                    **track,
                    "landmarks_sent": self._sent[track["track"]],
                    "landmarks_dropped": self._dropped[track["track"]],
                }
                for track in stats["tracks"]
            ]
            self._control.ping()
            self._control.send(StatsMessage(stats["session"], stats["model"], tracks))
        self._check_life()

    async def take_traffic(self) -> Traffic:
        """What the peer's connection sent, received and lost since the previous call."""
        traffic = await self._traffic.take()
        traffic.landmarks_sent, self._unreported_sent = self._unreported_sent, 0
        traffic.landmarks_dropped, self._unreported_dropped = self._unreported_dropped, 0
        return traffic

    def tell(self, message: FromServer) -> None:
        """Send a message on the control channel, if there is one."""
        if self._control:
            self._control.send(message)

    def end(self, reason: EndReason, message: str) -> None:
        """Tell the peer, if possible, and resolve `ended`. No-op if it has ended already."""
        if not self.ended.done():
            self.log.info("%s ends: %s", self.name, message)
            end = End(reason, message)
            self.ended.set_result(end)
            self.tell(end)

    async def close(self) -> None:
        await self._pc.close()

    @abstractmethod
    def _take(self, transceiver: RTCRtpTransceiver, offered: str) -> str:
        """
        Decide what to send and receive in a section.

        :param offered: the direction in the offer, from the peer's point of view.
        :return: the direction for the answer, from the server's point of view.
        """

    @abstractmethod
    def _configure(self, message: Configure) -> Configured:
        """
        Apply the fields of a `configure` message, either all or none.

        :return: what is in force now.
        :raises ControlError: a value is out of range.
        """

    def _answer_control(self, message: FromClient) -> FromServer | None:
        match message:
            case Configure():
                return self._configure(message)
        return None

    def _choose_landmarks(self, message: Configure) -> None:
        """Apply the fields that all peers have."""
        if message.max_persons is not UNSET:
            self.max_persons = min(message.max_persons or self._limits.max_persons, self._limits.max_persons)
        if message.parts is not UNSET:
            self.parts = self._limits.parts & frozenset(map(Part, message.parts))

    def _take_step(self, step: Step) -> None:
        """No-op if it has been taken."""
        if step not in self._taken:
            self._taken.add(step)
            self.on_step(step)

    async def _add_candidates(self, offer: Offer, candidates: Iterable[Candidate]) -> None:
        """
        Add up to :data:`MAX_CANDIDATES`: each is sent checks, and the first ones are the most likely to connect. A peer
        can also be reached at the addresses that its own checks come from.
        """
        left_out = 0
        for candidate in candidates:
            place = candidate.address, candidate.port
            too_many = place not in self._reached and len(self._reached) >= MAX_CANDIDATES
            if too_many or (self._limits.public_only and not candidate.is_public):
                left_out += 1
                continue
            self._reached.add(place)
            added = candidate_from_sdp(candidate.text)
            added.sdpMid = offer.transport
            await self._pc.addIceCandidate(added)
        if left_out:
            self.log.info("%s: ignoring %d candidates, which are too many or not public", self.name, left_out)

    def _on_channel_failed(self, error: Exception) -> None:
        """For example, if a message is larger than the peer accepts."""
        if isinstance(error, ControlError):
            self.end(EndReason(error.code), str(error))
        else:
            self.end(EndReason.SEND_FAILED, f"can't send the peer what it requested: {error}")

    def _last_sign_of_life(self) -> float | None:
        """:return: a time on the monotonic clock; None if only the connection itself can tell."""
        return self._control.last_message if self._control else None

    def _check_life(self) -> None:
        now = time.monotonic()
        if now - self._looked_at > self.LATE:
            self._alive_since = now  # There may be unread messages from the peer.
        self._looked_at = now
        if self._pc.connectionState != "connected":
            if now - self._alive_since > self.CONNECT_DEADLINE:
                self.end(EndReason.ICE_FAILED, f"no connection within {self.CONNECT_DEADLINE:g} s")
            return
        if self.LIVE_AFTER not in self._taken and now - self._alive_since > self.FIRST_FRAME_DEADLINE:
            self.end(EndReason.NO_VIDEO, f"no video within {self.FIRST_FRAME_DEADLINE:g} s of connecting")
            return
        sign = self._last_sign_of_life()
        if sign is not None and now - max(sign, self._alive_since) > self.SILENCE:
            self.end(EndReason.PEER_SILENT, f"nothing came from the peer for {self.SILENCE:g} s")

    def _on_connection_state(self) -> None:
        state = self._pc.connectionState
        self.log.info("%s is %s", self.name, state)
        if state == "connected":
            self._alive_since = time.monotonic()
            self._take_step(Step.CONNECT)
        elif state == "failed":
            self.end(EndReason.ICE_FAILED, "the connection failed or was lost")
        elif state == "closed":
            self.end(EndReason.PEER_CLOSED, "the peer closed the connection")

    def _on_datachannel(self, channel: RTCDataChannel) -> None:
        if channel.label == CONTROL and self._control is None:
            self._control = ControlChannel(channel, self._on_channel_failed, self._answer_control, self.CONFIGURABLE)
        elif channel.label == LANDMARKS and self._landmarks is None:
            try:
                self._landmarks = LandmarkChannel(channel, self._on_channel_failed)
            except ControlError as error:
                self.tell(ErrorMessage(error.code, str(error)))
                self._refuse(channel)
        else:
            self._refuse(channel)

    def _refuse(self, channel: RTCDataChannel) -> None:
        channel.close()
        self._refused_channels += 1
        if self._refused_channels == 1:
            self.log.info("%s opened a channel that isn't served: %.40r", self.name, channel.label)
        elif self._refused_channels > MAX_REFUSED_CHANNELS:
            self.end(EndReason.TOO_MANY_CHANNELS, f"more than {MAX_REFUSED_CHANNELS} data channels that aren't served")


@contextlib.contextmanager
def _negotiating(what: str) -> Iterator[None]:
    """Turn any exception into a refusal: aiortc may raise anything, and that mustn't end the peer's session."""
    try:
        yield
    except Refusal:
        raise
    except Exception as error:
        logger.info("aiortc can't use the %s: %s: %s", what, type(error).__name__, error)
        raise Refusal(Code.BAD_OFFER, f"the {what} can't be used: {type(error).__name__}: {error}") from error
