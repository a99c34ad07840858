"""Judging an offer before a peer connection is spent on it, and reading trickled candidates."""

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from aiortc import RTCIceCandidate
from aiortc.sdp import SessionDescription, candidate_from_sdp

from ..errors import SignallingError

MAX_TRACKS = 4
MAX_CANDIDATES = 64


@contextlib.contextmanager
def reading(what: str) -> Iterator[None]:
    """aiortc's SDP code meets hostile input with whatever exception comes of it; all of them mean 400."""
    try:
        yield
    except SignallingError:
        raise
    except Exception as error:
        raise SignallingError(400, f"the {what} can't be read: {type(error).__name__}: {error}") from error


@dataclass(frozen=True)
class Offer:
    """
    :param sdp: the offer, as it came.
    :param directions: of its video sections, by their mid, from the peer's point of view.
    :param channels: whether it has data channels.
    :param ice_username: names its ICE session.
    """

    sdp: str
    directions: Mapping[str, str]
    channels: bool
    ice_username: str

    @classmethod
    def parse(cls, sdp: str) -> "Offer":
        """
        :raises SignallingError: 400 when it can't be read, 422 when it can't be served.
        """
        usernames: list[str] = []
        with reading("offer"):
            description = SessionDescription.parse(sdp)
            for media in description.media:
                if media.ice is None or media.ice.usernameFragment is None or media.ice.password is None:
                    raise SignallingError(400, "the offer has no ICE credentials")
                usernames.append(media.ice.usernameFragment)
                if not media.dtls or not media.dtls.fingerprints:
                    raise SignallingError(400, "the offer has no DTLS fingerprint")
        if not description.media:
            raise SignallingError(400, "the offer has no media section")
        videos = [m for m in description.media if m.kind == "video"]
        if len(videos) > MAX_TRACKS:
            raise SignallingError(422, f"the offer has {len(videos)} video tracks; at most {MAX_TRACKS} are taken")
        for media in videos:
            if not {"video/vp8", "video/h264"} & {codec.mimeType.lower() for codec in media.rtp.codecs}:
                raise SignallingError(422, "no common video codec; offer VP8 or H.264")
        return cls(
            sdp=sdp,
            directions={media.rtp.muxId: media.direction or "" for media in videos},
            channels=any(media.kind == "application" for media in description.media),
            ice_username=usernames[0],
        )

    def require_sending(self) -> None:
        """
        :raises SignallingError: 422, it sends no video.
        """
        if not {"sendrecv", "sendonly"} & set(self.directions.values()):
            raise SignallingError(422, "the offer sends no video; add a video track, sendrecv or sendonly")

    def require_receiving(self) -> None:
        """
        :raises SignallingError: 422, it wants neither video nor landmarks.
        """
        if not self.channels and not {"sendrecv", "recvonly"} & set(self.directions.values()):
            raise SignallingError(422, "the offer receives nothing; add a recvonly video, or a data channel, or both")


def advertise(answer: str, address: str) -> str:
    """
    Add a host candidate at `address` for each one that the answer has, since the addresses of a container, or behind a
    NAT that forwards ports, are not those that peers can reach.

    :param answer: SDP.
    """
    lines = []
    for line in answer.splitlines():
        lines.append(line)
        if line.startswith("a=candidate:"):
            foundation, component, protocol, priority, _, *rest = line.removeprefix("a=candidate:").split()
            added = f"a=candidate:{foundation}a {component} {protocol} {int(priority) - 1} {address} {' '.join(rest)}"
            same_family = (":" in line.split()[4]) == (":" in address)
            if "host" in rest and protocol.lower() == "udp" and same_family:
                lines.append(added)
    return "\r\n".join(lines) + "\r\n"


def parse_fragment(fragment: str) -> tuple[str | None, list[RTCIceCandidate]]:
    """
    Read an ``application/trickle-ice-sdpfrag`` body (RFC 8840).

    :return: its ICE username fragment, if it has one, and its candidates.
    :raises SignallingError: 400 when it can't be read.
    """
    username: str | None = None
    candidates: list[RTCIceCandidate] = []
    mid: str | None = None
    index = -1
    with reading("candidate fragment"):
        for line in fragment.splitlines():
            if line.startswith("m="):
                index += 1
                mid = None
            elif line.startswith("a=mid:"):
                mid = line.removeprefix("a=mid:").strip()
            elif line.startswith("a=ice-ufrag:"):
                username = line.removeprefix("a=ice-ufrag:").strip()
            elif line.startswith("a=candidate:"):
                candidate = candidate_from_sdp(line.removeprefix("a=candidate:").strip())
                candidate.sdpMid = mid
                candidate.sdpMLineIndex = max(index, 0)
                candidates.append(candidate)
    if len(candidates) > MAX_CANDIDATES:
        raise SignallingError(400, f"{len(candidates)} candidates at once; at most {MAX_CANDIDATES} are taken")
    return username, candidates
