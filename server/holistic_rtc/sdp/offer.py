"""
Parses offers, and decides which of their sections the server accepts.

aiortc rejects a whole offer because of one section that it can't use, and only understands what browsers write. So it
gets a rewritten description with the accepted sections only; the rejected ones are added to its answer.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from holistic_rtc.errors import Code, Refusal
from holistic_rtc.sdp.candidates import Candidate, check_count, check_credential, read_candidates
from holistic_rtc.sdp.codecs import is_payload_type, names, read_codecs, usable_audio, usable_video
from holistic_rtc.sdp.lines import Block, split

MAX_SECTIONS = 16
MAX_VIDEOS = 4
MAX_LINES = 3000
"""Per offer; a browser's offer with four videos has about 700"""
MAX_FORMATS = 128
"""Per section: the number of payload types"""
MAX_SSRCS = MAX_FINGERPRINTS = 8
"""Per section; further ones aren't passed to aiortc"""
MAX_EXTENSIONS = 32
"""Likewise; browsers offer about 14"""

MAX_MID = 32
"""Maximum length of a mid, which is sent in RTP packets"""

_MID = re.compile(rf"\S{{1,{MAX_MID}}}")
_EXTENSION = re.compile(r"(\d{1,3})(?:/\w+)?\s+(\S+)", re.ASCII)
_EXTENSION_IDS = (*range(1, 15), *range(16, 256))
"""RFC 8285, sections 4.2 and 4.3"""
_MEDIA = re.compile(r"(\S{1,32}) (\d{1,5})(?:/\d+)? (\S{1,32}) (\S.*)", re.ASCII)
_RTP = ("UDP/TLS/RTP/SAVPF", "UDP/TLS/RTP/SAVP", "TCP/TLS/RTP/SAVPF", "RTP/SAVPF")
_SCTP = ("UDP/DTLS/SCTP", "TCP/DTLS/SCTP", "DTLS/SCTP")
_DIRECTIONS = ("sendrecv", "sendonly", "recvonly", "inactive")
_DIGESTS = ("sha-256", "sha-384", "sha-512")
_SETUPS = ("actpass", "active", "passive")
_DEFAULT_SETUP = "active"
"""RFC 4145, section 4"""

Directions = Mapping[str, str]
"""Directions of the video sections by mid, from the peer's point of view"""


@dataclass(frozen=True)
class Section:
    """
    A media section.

    :param mid: the section's mid in the offer, or a generated one.
    :param refusal: why the section is rejected; empty if it is accepted.
    :param lines: the section's description for aiortc.
    :param parameters: format parameters that the answer must repeat, by payload type.
    """

    kind: str
    protocol: str
    formats: str
    mid: str
    direction: str
    refusal: str = ""
    lines: tuple[str, ...] = ()
    parameters: Mapping[str, str] = field(default_factory=dict)

    @property
    def taken(self) -> bool:
        return not self.refusal

    @property
    def sends(self) -> bool:
        return self.kind == "video" and self.direction in ("sendrecv", "sendonly")

    @property
    def receives(self) -> bool:
        return self.kind == "video" and self.direction in ("sendrecv", "recvonly")


@dataclass(frozen=True)
class Offer:
    """
    :param sdp: the original offer.
    :param bundle: the mids of the accepted sections, if they are bundled.
    :param names_mids: whether the mids come from the offer.
    :param transport: the mid of the section that describes the only transport; None if no section is accepted.
    :param ice_usernames: the username fragments of its ICE session.
    :param candidates: the peer's candidates.
    """

    sdp: str
    sections: tuple[Section, ...]
    bundle: tuple[str, ...]
    names_mids: bool
    ice_lite: bool
    transport: str | None
    ice_usernames: frozenset[str]
    candidates: tuple[Candidate, ...]

    @classmethod
    def parse(cls, sdp: str) -> "Offer":
        """
        :raises Refusal: the offer can't be read, or can't be served.
        """
        return _Reader(sdp).read()

    @property
    def taken(self) -> list[Section]:
        return [section for section in self.sections if section.taken]

    @property
    def directions(self) -> Directions:
        return {section.mid: section.direction for section in self.taken if section.kind == "video"}

    @property
    def tracks(self) -> int:
        """How many videos it sends."""
        return sum(section.sends for section in self.taken)

    @property
    def channels(self) -> bool:
        return any(section.kind == "application" for section in self.taken)

    @property
    def for_aiortc(self) -> str:
        """The accepted sections, without candidates and without anything that aiortc can't handle."""
        lines = ["v=0", "o=- 0 0 IN IP4 0.0.0.0", "s=-", "t=0 0"]
        if self.ice_lite:
            lines.append("a=ice-lite")
        if self.bundle:
            lines.append(f"a=group:BUNDLE {' '.join(self.bundle)}")
        for section in self.taken:
            lines += section.lines
        return "\r\n".join(lines) + "\r\n"

    def require_sending(self, max_tracks: int = MAX_VIDEOS) -> "Offer":
        """
        :param max_tracks: how many videos it may send.
        :raises Refusal: the offer sends no usable video, or too many.
        """
        if self.tracks > max_tracks:
            raise Refusal(
                Code.UNUSABLE_OFFER, f"the offer sends {self.tracks} videos; this server tracks {max_tracks} at most"
            )
        return self._require(
            [section for section in self.sections if section.sends],
            "the offer sends no video; add a video track, sendrecv or sendonly",
        )

    def require_receiving(self) -> "Offer":
        """
        :raises Refusal: the offer receives neither video nor data channels that the server can send.
        """
        return self._require(
            [section for section in self.sections if section.receives or section.kind == "application"],
            "the offer receives nothing; add a recvonly video, or a data channel, or both",
        )

    def _require(self, wanted: list[Section], otherwise: str) -> "Offer":
        if not any(section.taken for section in wanted):
            refusals = [section.refusal for section in wanted]
            raise Refusal(Code.UNUSABLE_OFFER, refusals[0] if refusals else otherwise)
        return self


class _Reader:
    """The state while reading an offer."""

    def __init__(self, sdp: str) -> None:
        self._sdp = sdp
        if not sdp.lstrip().startswith("v=0"):
            raise Refusal(Code.BAD_OFFER, "the offer can't be read: SDP must begin with v=0")
        lines = sdp.splitlines()
        if len(lines) > MAX_LINES:
            raise Refusal(Code.BAD_OFFER, f"the offer has {len(lines):,} lines; the maximum is {MAX_LINES:,}")
        if (sections := sum(line.startswith("m=") for line in lines)) > MAX_SECTIONS:
            raise Refusal(
                Code.UNUSABLE_OFFER, f"the offer has {sections:,} media sections; at most {MAX_SECTIONS} are accepted"
            )
        self._head, blocks = split(lines)
        if not blocks:
            raise Refusal(Code.BAD_OFFER, "the offer has no media section")
        check_count(sum(len(block.all("candidate")) for block in [self._head, *blocks]))
        self._names_mids = all(block.get("mid") for block in blocks)
        mids = [block.get("mid") or "" if self._names_mids else f"m{i}" for i, block in enumerate(blocks)]
        self._blocks = dict(zip(mids, blocks, strict=True))
        if len(self._blocks) < len(blocks) or not all(map(_MID.fullmatch, mids)):
            raise Refusal(Code.BAD_OFFER, f"the offer's mids must be unique, and have 1 to {MAX_MID} characters")
        groups = [value.split()[1:] for value in self._head.all("group") if value.startswith("BUNDLE ")]
        bundle = dict.fromkeys(groups[0] if groups and self._names_mids else ())
        self._bundle = [mid for mid in bundle if mid in self._blocks]
        self._has_channels = False

    def read(self) -> Offer:
        sections = [self._read_section(mid, block) for mid, block in self._blocks.items()]
        taken = [section.mid for section in sections if section.taken]
        videos = sum(section.kind == "video" for section in sections if section.taken)
        if videos > MAX_VIDEOS:
            raise Refusal(
                Code.UNUSABLE_OFFER, f"the offer has {videos} video tracks; at most {MAX_VIDEOS} are accepted"
            )
        bundle = tuple(mid for mid in self._bundle if mid in taken)
        transports = [*bundle[:1], *(mid for mid in taken if mid not in bundle)]
        if len(transports) > 1:
            raise Refusal(
                Code.UNUSABLE_OFFER,
                f"the offer needs {len(transports)} transports, but may use only one; bundle its sections "
                "(a=group:BUNDLE; in browsers, bundlePolicy max-bundle)",
            )
        transport = next(iter(transports), None)
        candidates = read_candidates(self._inherit_all(transport, "candidate")) if transport is not None else ()
        return Offer(
            sdp=self._sdp,
            sections=tuple(sections),
            bundle=bundle,
            names_mids=self._names_mids,
            ice_lite=self._head.has("ice-lite"),
            transport=transport,
            ice_usernames=frozenset(self._inherit(mid, "ice-ufrag") or "" for mid in taken),
            candidates=tuple(candidates),
        )

    def _read_section(self, mid: str, block: Block) -> Section:
        match = _MEDIA.fullmatch(block.media)
        if match is None:
            raise Refusal(Code.BAD_OFFER, f"the offer's line {'m=' + block.media[:80]!r} can't be read")
        kind, port, protocol, formats = match.groups()
        directions = (name for source in (block, self._head) for name in _DIRECTIONS if source.has(name))
        section = Section(kind, protocol, formats, mid, next(directions, "sendrecv"))
        if int(port) == 0 and not (block.has("bundle-only") and mid in self._bundle):
            return replace(section, refusal=f"the offer's {kind} has port 0, which means that it is disabled")
        if kind == "application":
            return self._read_channels(section, block)
        if kind in ("audio", "video"):
            return self._read_media(section, block)
        return replace(section, refusal=f"{kind} isn't supported; offer video")

    def _read_media(self, section: Section, block: Block) -> Section:
        kind, mid = section.kind, section.mid
        payload_types = filter(is_payload_type, section.formats.split()[:MAX_FORMATS])
        offered = read_codecs(block, payload_types)
        codecs = usable_video(offered) if kind == "video" else usable_audio(offered)
        if section.protocol not in _RTP:
            refusal = f"the offer's {kind} is {section.protocol}; offer {_RTP[0]}"
        elif self._inherit(mid, "rtcp-mux") is None:
            refusal = f"the offer's {kind} lacks a=rtcp-mux, which is required"
        elif kind == "audio" and not (codecs and mid in self._bundle):
            refusal = "audio isn't tracked; offer video"
        elif not codecs:
            refusal = f"no usable video codec: the offer has {names(offered)}; offer VP8 or H.264"
        else:
            lines = (
                f"m={kind} 9 UDP/TLS/RTP/SAVPF {' '.join(codec.payload_type for codec in codecs)}",
                *self._transport_lines(mid),
                f"a={section.direction}",
                "a=rtcp-mux",
                *(line for codec in codecs for line in codec.lines),
                *_extension_lines(block),
                *_ssrc_lines(block),
            )
            parameters = {codec.payload_type: codec.answered for codec in codecs if codec.name == "H264"}
            return replace(section, lines=lines, parameters=parameters)
        return replace(section, refusal=refusal)

    def _read_channels(self, section: Section, block: Block) -> Section:
        if section.protocol not in _SCTP:
            return replace(section, refusal=f"{section.protocol} isn't supported; offer data channels as {_SCTP[0]}")
        if self._has_channels:
            return replace(section, refusal="an offer can only have one section of data channels")
        self._has_channels = True
        legacy = section.protocol == "DTLS/SCTP"
        port = section.formats.split()[0] if legacy else block.get("sctp-port") or "5000"
        size = block.get("max-message-size") or ""
        if not (re.fullmatch(r"\d{1,5}", port, re.ASCII) and 1 <= int(port) <= 65535):
            raise Refusal(Code.BAD_OFFER, f"the offer's SCTP port is {port[:32]!r}, which isn't valid")
        if not re.fullmatch(r"\d{0,19}", size, re.ASCII):
            raise Refusal(Code.BAD_OFFER, "the offer's data channels have a max-message-size that isn't a number")
        lines = (
            f"m=application 9 DTLS/SCTP {port}" if legacy else "m=application 9 UDP/DTLS/SCTP webrtc-datachannel",
            *self._transport_lines(section.mid),
            f"a=sctpmap:{port} webrtc-datachannel 65535" if legacy else f"a=sctp-port:{port}",
            *([f"a=max-message-size:{size}"] if size else []),
        )
        return replace(section, lines=lines)

    def _transport_lines(self, mid: str) -> list[str]:
        username, password = (self._inherit(mid, name) for name in ("ice-ufrag", "ice-pwd"))
        if not username or not password:
            raise Refusal(Code.BAD_OFFER, "the offer has no ICE credentials")
        fingerprints = [value.split() for value in self._inherit_all(mid, "fingerprint")[:MAX_FINGERPRINTS]]
        if not fingerprints or not all(len(words) == 2 for words in fingerprints):
            raise Refusal(Code.BAD_OFFER, "the offer has no DTLS fingerprint")
        known = [(algorithm.lower(), value) for algorithm, value in fingerprints if algorithm.lower() in _DIGESTS]
        if not known:
            raise Refusal(
                Code.UNUSABLE_OFFER, f"the offer's fingerprint is {fingerprints[0][0][:32]}; sha-256 is needed"
            )
        setup = self._inherit(mid, "setup") or _DEFAULT_SETUP
        if setup not in _SETUPS:
            raise Refusal(Code.BAD_OFFER, f"the offer has a=setup:{setup[:32]}; use one of {', '.join(_SETUPS)}")
        return [
            "c=IN IP4 0.0.0.0",
            f"a=mid:{mid}",
            f"a=ice-ufrag:{check_credential('ice-ufrag', username)}",
            f"a=ice-pwd:{check_credential('ice-pwd', password)}",
            *(f"a=fingerprint:{algorithm} {value}" for algorithm, value in known),
            f"a=setup:{setup}",
        ]

    def _inherit(self, mid: str, name: str) -> str | None:
        return next(iter(self._inherit_all(mid, name)), None)

    def _inherit_all(self, mid: str, name: str) -> Sequence[str]:
        """
        Look up a transport attribute in the section, then in the first of its BUNDLE group (RFC 9143), then at session
        level.
        """
        shared = [self._blocks[self._bundle[0]]] if mid in self._bundle else []
        sources = [self._blocks[mid], *shared, self._head]
        return next((source.all(name) for source in sources if source.has(name)), ())


def _extension_lines(block: Block) -> list[str]:
    """Header extensions without directions and attributes, which aiortc doesn't use."""
    matches = (_EXTENSION.match(value) for value in block.all("extmap"))
    uris = {int(match[1]): match[2] for match in matches if match and int(match[1]) in _EXTENSION_IDS}
    return [f"a=extmap:{number} {uri}" for number, uri in list(uris.items())[:MAX_EXTENSIONS]]


def _ssrc_lines(block: Block) -> list[str]:
    words = (value.split()[:1] for value in block.all("ssrc"))
    ssrcs = dict.fromkeys(word[0] for word in words if word and re.fullmatch(r"\d{1,10}", word[0], re.ASCII))
    return [f"a=ssrc:{ssrc} cname:-" for ssrc in list(ssrcs)[:MAX_SSRCS] if int(ssrc) < 2**32]
