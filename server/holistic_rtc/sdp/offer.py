"""
Parses offers, and decides which of their sections the server accepts.

aiortc rejects a whole offer because of one section that it can't use, and only understands what browsers write. So it
gets a rewritten description with the accepted sections only; the rejected ones are added to its answer.
"""

import logging
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from holistic_rtc.errors import Code, Refusal
from holistic_rtc.sdp.candidates import Candidate, check_count, check_credential, read_candidates
from holistic_rtc.sdp.codecs import is_payload_type, names, read_codecs, sendable, usable_audio, usable_video
from holistic_rtc.sdp.lines import Block, lines_of, split
from holistic_rtc.sdp.simulcast import choose_layer

logger = logging.getLogger(__name__)

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

MAX_MESSAGE = 2**30
"""Bytes per message of a data channel, for peers that accept any number"""
MAX_MID = 32
"""Maximum length of a mid, which is sent in RTP packets"""

_MID = re.compile(rf"\S{{1,{MAX_MID}}}")
_EXTENSION = re.compile(r"(\d{1,3})(?:/\w+)?\s+(\S+)", re.ASCII)
_EXTENSION_IDS = (*range(1, 15), *range(16, 256))
"""RFC 8285, sections 4.2 and 4.3"""
_MEDIA = re.compile(r"(\S{1,32}) (\d{1,5})(?:/\d+)? (\S{1,32}) (\S.*)", re.ASCII)
_DIGIT_PAIRS = re.compile(r"[0-9A-Fa-f]{2}(?::[0-9A-Fa-f]{2})*")
_RTP = ("UDP/TLS/RTP/SAVPF", "UDP/TLS/RTP/SAVP", "TCP/TLS/RTP/SAVPF", "RTP/SAVPF")
_SCTP = ("UDP/DTLS/SCTP", "TCP/DTLS/SCTP", "DTLS/SCTP")
_DIRECTIONS = ("sendrecv", "sendonly", "recvonly", "inactive")
_DIGESTS = {"sha-256": 32, "sha-384": 48, "sha-512": 64}
"""Usable digests, and their length in bytes"""
_SETUPS = ("actpass", "active", "passive")
_DEFAULT_SETUP = "active"
"""RFC 4145, section 4"""

Directions = Mapping[str, str]
"""Directions of the sections by mid, from the peer's point of view"""


@dataclass(frozen=True)
class Section:
    """
    A media section.

    :param mid: the section's mid in the offer, or a generated one.
    :param refusal: why the section is rejected; empty if it is accepted.
    :param lines: the section's description for aiortc, without its mid and its transport.
    :param parameters: format parameters that the answer must repeat, by payload type.
    :param layer: the id of the only layer of a simulcast that is accepted; empty if there are none.
    """

    kind: str
    protocol: str
    formats: str
    mid: str
    direction: str
    refusal: str = ""
    lines: tuple[str, ...] = ()
    parameters: Mapping[str, str] = field(default_factory=dict)
    layer: str = ""

    @property
    def taken(self) -> bool:
        return not self.refusal

    @property
    def sends(self) -> bool:
        return self.kind == "video" and self.direction in ("sendrecv", "sendonly")

    @property
    def receives(self) -> bool:
        return self.kind in ("audio", "video") and self.direction in ("sendrecv", "recvonly")


@dataclass(frozen=True)
class Offer:
    """
    :param sdp: the original offer.
    :param bundle: the mids of the accepted sections, if they are bundled.
    :param names_mids: whether the mids come from the offer.
    :param transport: the mid of the section that describes the only transport; None if no section is accepted.
    :param transport_lines: the description of the transport for aiortc.
    :param ice_usernames: the username fragments of its ICE session.
    :param refused_ice_usernames: those of rejected sections, which would have had sessions of their own.
    :param candidates: the peer's candidates.
    """

    sdp: str
    sections: tuple[Section, ...]
    bundle: tuple[str, ...]
    names_mids: bool
    ice_lite: bool
    transport: str | None
    transport_lines: tuple[str, ...]
    ice_usernames: frozenset[str]
    refused_ice_usernames: frozenset[str]
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
        return {section.mid: section.direction for section in self.taken if section.kind != "application"}

    @property
    def layers(self) -> Mapping[str, str]:
        """The accepted layers of simulcasts, by mid."""
        return {section.mid: section.layer for section in self.taken if section.layer}

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
            media, *rest = section.lines
            lines += [media, f"a=mid:{section.mid}", *self.transport_lines, *rest]
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
        :raises Refusal: the offer receives nothing that the server can send.
        """
        return self._require(
            [section for section in self.sections if section.receives or section.kind == "application"],
            "the offer receives nothing; add a recvonly video, recvonly audio or a data channel",
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
        lines = lines_of(sdp.lstrip("\ufeff \t\r\n"))
        if not lines[0].startswith("v=0"):
            raise Refusal(Code.BAD_OFFER, "the offer can't be read: SDP must begin with v=0")
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
        self._groups: dict[str, tuple[str, ...]] = {}
        """By mid: the sections that share its transport, if it is bundled"""
        for group in groups if self._names_mids else ():
            members = tuple(mid for mid in dict.fromkeys(group) if mid in self._blocks and mid not in self._groups)
            self._groups.update(dict.fromkeys(members, members))
        self._from_browser = any(block.has("extmap-allow-mixed") for block in [self._head, *blocks])
        """All of them write this, and hardly anybody else"""

    def read(self) -> Offer:
        sections = self._select([self._read_section(mid, block) for mid, block in self._blocks.items()])
        taken = [section.mid for section in sections if section.taken]
        videos = sum(section.kind == "video" for section in sections if section.taken)
        if videos > MAX_VIDEOS:
            raise Refusal(
                Code.UNUSABLE_OFFER, f"the offer has {videos} video tracks; at most {MAX_VIDEOS} are accepted"
            )
        bundle = tuple(mid for mid in self._groups.get(taken[0], ()) if mid in taken) if taken else ()
        transport = next(iter([*bundle, *taken]), None)
        candidates = read_candidates(self._inherit_all(transport, "candidate")) if transport is not None else ()
        usernames = frozenset(self._inherit(mid, "ice-ufrag") or "" for mid in taken)
        return Offer(
            sdp=self._sdp,
            sections=tuple(sections),
            bundle=bundle,
            names_mids=self._names_mids,
            ice_lite=self._head.has("ice-lite"),
            transport=transport,
            transport_lines=tuple(self._transport_lines(transport) if transport is not None else ()),
            ice_usernames=usernames,
            refused_ice_usernames=frozenset(self._inherit(mid, "ice-ufrag") or "" for mid in self._blocks) - usernames,
            candidates=tuple(candidates),
        )

    def _select(self, sections: list[Section]) -> list[Section]:
        """Reject what can't share the transport of what matters most, and a second section of audio or channels."""
        usable = sorted((section for section in sections if section.taken), key=_rank)
        if not usable:
            return sections
        served = usable[0].mid
        group = self._groups.get(served, (served,))
        kept: dict[str, str] = {}
        selected = {}
        for section in usable:
            refusal = ""
            if section.mid not in group:
                refusal = (
                    f"the offer's {section.kind} needs a second transport, but may use only one; bundle the sections "
                    "(a=group:BUNDLE; in browsers, bundlePolicy max-bundle)"
                )
            elif section.kind != "video" and kept.setdefault(section.kind, section.mid) != section.mid:
                refusal = f"an offer can only have one section of {section.kind}"
            selected[section.mid] = replace(section, refusal=refusal)
        return [selected.get(section.mid, section) for section in sections]

    def _read_section(self, mid: str, block: Block) -> Section:
        match = _MEDIA.fullmatch(" ".join(block.media.split()))
        if match is None:
            raise Refusal(Code.BAD_OFFER, f"the offer's line {'m=' + block.media[:80]!r} can't be read")
        kind, port, protocol, formats = match.groups()
        directions = (name for source in (block, self._head) for name in _DIRECTIONS if source.has(name))
        section = Section(kind, protocol, formats, mid, next(directions, "sendrecv"))
        if int(port) == 0 and not (block.has("bundle-only") and mid in self._groups):
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
        if kind == "video" and section.receives and codecs:
            sent = usable_video(sendable(offered))
            if not sent and section.sends:
                logger.info("video %r gets none back: it offers H.264 in packetization mode 0 only", mid)
                section = replace(section, direction="sendonly")
            elif not sent:
                refusal = "the offer receives H.264 in packetization mode 0 only; offer mode 1, or VP8"
                return replace(section, refusal=refusal)
            codecs = sent or codecs
        if section.protocol.upper() not in _RTP:
            refusal = f"the offer's {kind} is {section.protocol}; offer {_RTP[0]}"
        elif self._inherit(mid, "rtcp-mux") is None:
            refusal = f"the offer's {kind} lacks a=rtcp-mux, which is required"
        elif kind == "audio" and not codecs:
            refusal = f"no usable audio codec: the offer has {names(offered)}; offer Opus"
        elif not codecs:
            refusal = f"no usable video codec: the offer has {names(offered)}; offer VP8 or H.264"
        else:
            layer = choose_layer(block, {codec.payload_type for codec in codecs}) if kind == "video" else ""
            lines = (
                f"m={kind} 9 UDP/TLS/RTP/SAVPF {' '.join(codec.payload_type for codec in codecs)}",
                f"a={section.direction}",
                "a=rtcp-mux",
                *(line for codec in codecs for line in codec.lines),
                *_extension_lines(block),
                *(() if layer else _ssrc_lines(block)),
            )
            parameters = {codec.payload_type: codec.answered for codec in codecs if codec.name in ("H264", "opus")}
            return replace(section, lines=lines, parameters=parameters, layer=layer)
        return replace(section, refusal=refusal)

    def _read_channels(self, section: Section, block: Block) -> Section:
        if section.protocol.upper() not in _SCTP:
            return replace(section, refusal=f"{section.protocol} isn't supported; offer data channels as {_SCTP[0]}")
        [format, *_] = section.formats.split()
        legacy = format != "webrtc-datachannel"
        port = format if legacy else block.get("sctp-port") or "5000"
        size = block.get("max-message-size") or ""
        if not (re.fullmatch(r"\d{1,5}", port, re.ASCII) and 1 <= int(port) <= 65535):
            return replace(section, refusal=f"the offer's SCTP port is {port[:32]!r}, which isn't valid")
        if not re.fullmatch(r"\d{0,32}", size, re.ASCII):
            return replace(section, refusal="the offer's data channels have a max-message-size that isn't a number")
        lines = (
            f"m=application 9 DTLS/SCTP {port}" if legacy else "m=application 9 UDP/DTLS/SCTP webrtc-datachannel",
            f"a=sctpmap:{port} webrtc-datachannel 65535" if legacy else f"a=sctp-port:{port}",
            *([f"a=max-message-size:{min(int(size), MAX_MESSAGE)}"] if size else []),
        )
        return replace(section, lines=lines)

    def _transport_lines(self, mid: str) -> list[str]:
        username, password = (self._inherit(mid, name) for name in ("ice-ufrag", "ice-pwd"))
        if not username or not password:
            raise Refusal(Code.BAD_OFFER, "the offer has no ICE credentials")
        fingerprints = [value.split() for value in self._inherit_all(mid, "fingerprint")[:MAX_FINGERPRINTS]]
        pairs = [(words[0], words[1]) for words in fingerprints if len(words) == 2]
        if not pairs:
            raise Refusal(Code.BAD_OFFER, "the offer has no DTLS fingerprint")
        known = [(algorithm.lower(), value) for algorithm, value in pairs if algorithm.lower() in _DIGESTS]
        if not known:
            raise Refusal(Code.UNUSABLE_OFFER, f"the offer's fingerprint is {pairs[0][0][:32]}; sha-256 is needed")
        for algorithm, value in known:
            if len(value) != 3 * _DIGESTS[algorithm] - 1 or not _DIGIT_PAIRS.fullmatch(value):
                raise Refusal(Code.BAD_OFFER, f"the offer's fingerprint isn't one of {algorithm}: {value[:100]}")
        setup = (self._inherit(mid, "setup") or _DEFAULT_SETUP).lower()
        if setup not in _SETUPS:
            raise Refusal(Code.BAD_OFFER, f"the offer has a=setup:{setup[:32]}; use one of {', '.join(_SETUPS)}")
        return [
            "c=IN IP4 0.0.0.0",
            f"a=ice-ufrag:{check_credential('ice-ufrag', username)}",
            f"a=ice-pwd:{check_credential('ice-pwd', password)}",
            *(f"a=fingerprint:{algorithm} {value}" for algorithm, value in known),
            # The DTLS client notices whatever is lost: a browser after 50 ms, others after 1 s.
            f"a=setup:{'active' if setup == 'actpass' and self._from_browser else setup}",
        ]

    def _inherit(self, mid: str, name: str) -> str | None:
        return next(iter(self._inherit_all(mid, name)), None)

    def _inherit_all(self, mid: str, name: str) -> Sequence[str]:
        """
        Look up a transport attribute in the section, then in the first of its BUNDLE group (RFC 9143), then at session
        level.
        """
        shared = [self._blocks[first] for first in self._groups.get(mid, ())[:1]]
        sources = [self._blocks[mid], *shared, self._head]
        return next((source.all(name) for source in sources if source.has(name)), ())


def _rank(section: Section) -> int:
    """What matters most comes first: the transport is chosen for it."""
    if section.kind == "application":
        return 2
    if section.direction == "inactive":
        return 4
    return 3 if section.kind == "audio" else 0 if section.sends else 1


def _extension_lines(block: Block) -> list[str]:
    """Header extensions without directions and attributes, which aiortc doesn't use."""
    matches = (_EXTENSION.match(value) for value in block.all("extmap"))
    uris = {int(match[1]): match[2] for match in matches if match and int(match[1]) in _EXTENSION_IDS}
    return [f"a=extmap:{number} {uri}" for number, uri in list(uris.items())[:MAX_EXTENSIONS]]


def _ssrc_lines(block: Block) -> list[str]:
    words = (value.split()[:1] for value in block.all("ssrc"))
    ssrcs = dict.fromkeys(word[0] for word in words if word and re.fullmatch(r"\d{1,10}", word[0], re.ASCII))
    return [f"a=ssrc:{ssrc} cname:-" for ssrc in list(ssrcs)[:MAX_SSRCS] if int(ssrc) < 2**32]
