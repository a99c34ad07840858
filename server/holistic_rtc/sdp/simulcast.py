"""Chooses one of the layers that a simulcast offers (RFC 8853), since only one is tracked."""

import math
import re
from collections.abc import Collection
from dataclasses import dataclass

from holistic_rtc.sdp.lines import Block

MAX_LAYERS = 8
"""Layers of a section that are looked at; browsers offer up to 3"""
TRACKED_PIXELS = 640 * 480
"""The size that the tracker makes the best of: with less, hands are blurred, and more only takes CPU time"""
FULL_PIXELS = 1280 * 720
"""Taken for the size of a layer without restrictions beside some with: the least that cameras usually send"""
MACROBLOCK = 256
"""Pixels, the unit of max-fs (RFC 8851, section 5)"""

_RID = re.compile(r"[A-Za-z0-9_-]{1,16}")
_ASPECT = 4 / 3
_LARGEST = ("f", "full", "hi", "high", "large")
"""Usual names of the largest layer. One called h is the largest beside l, but half as large beside f and q"""


@dataclass(frozen=True)
class _Layer:
    rid: str
    pixels: float | None
    """The most that it may have; None if the offer doesn't say, which means the full size"""


def choose_layer(block: Block, payload_types: Collection[str]) -> str:
    """
    The layer nearest to the tracker's size, by the restrictions in ``a=rid``. Browsers don't state any. Of layers
    without, it is the largest: by its name, or the last one, since senders list the smallest first.

    :param block: a video section.
    :param payload_types: of the codecs that are accepted.
    :return: its id; empty if the section isn't a simulcast.
    """
    layers = _layers(block, payload_types)
    full = max([FULL_PIXELS, *(layer.pixels for layer in layers if layer.pixels)])
    nearest = min(layers, key=lambda layer: abs(math.log((layer.pixels or full) / TRACKED_PIXELS)), default=None)
    if nearest and nearest.pixels:
        return nearest.rid
    layers = [layer for layer in layers if not layer.pixels]
    by_name = [layer.rid for name in _LARGEST for layer in layers if layer.rid.lower() == name]
    names = {layer.rid.lower() for layer in layers}
    if not by_name and {"h", "l"} <= names:
        by_name = [layer.rid for layer in layers if layer.rid.lower() == "h"]
    return by_name[0] if by_name else layers[-1].rid if layers else ""


def _layers(block: Block, payload_types: Collection[str]) -> list[_Layer]:
    restrictions: dict[str, dict[str, str]] = {}
    for value in block.all("rid"):
        rid, _, rest = value.partition(" ")
        direction, _, limits = rest.strip().partition(" ")
        if direction == "send" and _RID.fullmatch(rid):
            pairs = (item.partition("=") for item in limits.split(";"))
            restrictions.setdefault(rid, {name.strip(): number.strip() for name, _, number in pairs})
    usable = []
    for rid in _sent(block.get("simulcast") or ""):
        given = restrictions.get(rid)
        if given is not None and ("pt" not in given or set(given["pt"].split(",")) & set(payload_types)):
            usable.append(_Layer(rid, _pixels(given)))
    return usable[:MAX_LAYERS]


def _sent(simulcast: str) -> list[str]:
    """The ids after ``send``. Of alternatives, the first; those that are paused at first come with the others."""
    words = simulcast.split()
    if "send" not in words[:-1]:
        return []
    streams = words[words.index("send") + 1].split(";")
    return [stream.split(",")[0].removeprefix("~") for stream in streams]


def _pixels(limits: dict[str, str]) -> float | None:
    width, height, macroblocks = (_number(limits.get(name)) for name in ("max-width", "max-height", "max-fs"))
    if width and height:
        return width * height
    if width or height:
        return width * width / _ASPECT if width else height * height * _ASPECT
    return macroblocks * MACROBLOCK if macroblocks else None


def _number(text: str | None) -> int:
    return int(text) if text and re.fullmatch(r"\d{1,9}", text, re.ASCII) else 0
