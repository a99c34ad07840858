"""Selects usable codecs from an offer's section (RFC 8866, RFC 6184), and describes them to aiortc."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from holistic_rtc.sdp.lines import Block

VIDEO = {"VP8/90000": "VP8/90000", "H264/90000": "H264/90000"}
AUDIO = {"OPUS/48000/2": "opus/48000/2"}
"""Codecs that the server supports, and aiortc's spelling of their names"""

MAX_CODECS = 8
"""Per section, and as many retransmissions. aiortc compares each with each; browsers offer 2 or 3 of these"""

MAX_PARAMETERS = 1000
"""Characters of ``a=fmtp`` that are read; browsers write under 100"""

_STATIC = {"0": "PCMU/8000", "8": "PCMA/8000", "9": "G722/8000"}
"""Payload types that need no ``a=rtpmap`` (RFC 3551)"""
_HELPERS = ("rtx", "red", "ulpfec", "flexfec-03")
_FEEDBACK = ("nack", "nack pli", "goog-remb")
_AIORTC_H264 = "packetization-mode=1;profile-level-id=42e01f"
_NEGOTIATED = ("level-asymmetry-allowed", "packetization-mode", "profile-level-id")
"""H.264 parameters that offer and answer must agree on; the others describe one side only"""
_OPUS = ("minptime", "stereo", "sprop-stereo", "useinbandfec", "usedtx")
"""Opus parameters that the answer repeats, so that a publisher uses what it offers (RFC 7587, section 6.1)"""


@dataclass(frozen=True)
class Codec:
    """
    :param map: as in ``a=rtpmap``, such as ``VP8/90000``.
    :param parameters: as in ``a=fmtp``; empty if there are none.
    """

    payload_type: str
    map: str
    parameters: str
    feedback: tuple[str, ...]

    @property
    def name(self) -> str:
        return self.map.partition("/")[0]

    def parameter(self, name: str) -> str | None:
        return self._parsed.get(name)

    @cached_property
    def _parsed(self) -> dict[str, str]:
        items = (item.partition("=") for item in self.parameters.split(";"))
        # The first one of a name counts.
        return {key.strip().lower(): value.strip() for key, _, value in reversed(list(items))}

    @property
    def answered(self) -> str:
        """The parameters to repeat in the answer."""
        found = [(name, self.parameter(name)) for name in (_OPUS if self.name == "opus" else _NEGOTIATED)]
        return ";".join(f"{name}={value}" for name, value in found if value is not None)

    @property
    def lines(self) -> list[str]:
        """The SDP lines for aiortc, which only accepts one H.264 profile, although FFmpeg decodes all of them."""
        lines = [f"a=rtpmap:{self.payload_type} {self.map}"]
        lines += [f"a=rtcp-fb:{self.payload_type} {feedback}" for feedback in self.feedback]
        if self.name == "H264":
            lines.append(f"a=fmtp:{self.payload_type} {_AIORTC_H264}")
        elif self.name == "rtx":
            lines.append(f"a=fmtp:{self.payload_type} apt={self.parameter('apt')}")
        return lines


def is_payload_type(text: str) -> bool:
    """Whether this is a usable payload type. Some conflict with RTCP packet types (RFC 5761, section 4)."""
    return text.isascii() and text.isdigit() and len(text) <= 3 and int(text) < 128 and int(text) not in range(72, 77)


def read_codecs(block: Block, payload_types: Iterable[str]) -> list[Codec]:
    """All codecs that a section offers, including unusable ones."""
    maps = {**_STATIC, **_by_payload_type(block, "rtpmap")}
    parameters = _by_payload_type(block, "fmtp")
    feedback: dict[str, set[str]] = {"*": set()}
    for value in block.all("rtcp-fb"):
        payload_type, _, kind = value.partition(" ")
        feedback.setdefault(payload_type, set()).add(" ".join(kind.split()))
    return [
        Codec(
            payload_type,
            maps.get(payload_type, f"payload type {payload_type}"),
            parameters.get(payload_type, "")[:MAX_PARAMETERS],
            tuple(kind for kind in _FEEDBACK if kind in feedback.get(payload_type, ()) or kind in feedback["*"]),
        )
        for payload_type in dict.fromkeys(payload_types)
    ]


def usable_video(offered: list[Codec]) -> list[Codec]:
    """
    VP8 and H.264, with their retransmissions. H.264 with a profile other than Baseline, or in packetization mode 0, is
    only used if nothing else is offered, and interleaved H.264 never.
    """
    known = [codec for codec in _known(offered, VIDEO) if codec.parameter("packetization-mode") != "2"]
    best = [codec for codec in known if codec.name == "VP8" or _is_baseline(codec)] or known
    best = best[:MAX_CODECS]
    taken = {codec.payload_type for codec in best}
    rtx = [codec for codec in _known(offered, {"RTX/90000": "rtx/90000"}) if codec.parameter("apt") in taken]
    return best + rtx[:MAX_CODECS]


def sendable(offered: list[Codec]) -> list[Codec]:
    """Without H.264 in packetization mode 0, since aiortc fragments large NAL units, as only mode 1 allows."""
    return [c for c in offered if c.name.upper() != "H264" or c.parameter("packetization-mode") == "1"]


def usable_audio(offered: list[Codec]) -> list[Codec]:
    return _known(offered, AUDIO)[:MAX_CODECS]


def names(offered: list[Codec]) -> str:
    """The codecs' names for error messages, without those for retransmission and error correction."""
    found = dict.fromkeys(_describe(codec) for codec in offered if codec.name.lower() not in _HELPERS)
    return ", ".join(list(found)[:8]) or "none"


def _describe(codec: Codec) -> str:
    return f"{codec.name} in packetization mode 2" if codec.parameter("packetization-mode") == "2" else codec.name


def _known(offered: list[Codec], known: dict[str, str]) -> list[Codec]:
    return [
        Codec(codec.payload_type, known[name], codec.parameters, codec.feedback)
        for codec in offered
        # Video may be written with the number of audio channels that it hasn't.
        if (name := codec.map.upper().removesuffix("/1")) in known
    ]


def _is_baseline(codec: Codec) -> bool:
    """Whether this is the format that aiortc encodes: (Constrained) Baseline in packetization mode 1."""
    profile = codec.parameter("profile-level-id") or "42e01f"
    return codec.parameter("packetization-mode") == "1" and profile[:2].lower() == "42"


def _by_payload_type(block: Block, name: str) -> dict[str, str]:
    pairs = (re.split(r"\s+", value, maxsplit=1) for value in block.all(name))
    return {pair[0]: pair[1].strip() for pair in pairs if len(pair) == 2}
