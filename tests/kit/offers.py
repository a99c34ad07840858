"""Offers as other programs write them, and what may happen to their text."""

import random
from functools import cache
from pathlib import Path

from aiortc import RTCConfiguration, RTCPeerConnection
from hypothesis import strategies as st

# What is left of a line when it is cut somewhere and something is put behind it.
CHANGES = st.lists(st.tuples(st.integers(0, 200), st.integers(0, 80), st.text(max_size=12)), min_size=1, max_size=6)

_ODD = (
    *("0", "-1", "65536", "4294967296", "9" * 40, "x", "", " ", "\t", "é", "\x00", "\u2028", "%s", "a=", "=", ":", "/"),
    *("VP8/90000", "H264/90000", "opus/48000/2", "AV1/90000", "rtx/90000", "UDP/TLS/RTP/SAVPF", "DTLS/SCTP", "sha-1"),
)


async def make_offer(*transceivers: tuple[str, str], channel: bool = False) -> str:
    """
    :param transceivers: kind and direction of each.
    """
    pc = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    for kind, direction in transceivers:
        pc.addTransceiver(kind, direction=direction)
    if channel:
        pc.createDataChannel("control")
    await pc.setLocalDescription(await pc.createOffer())
    sdp = pc.localDescription.sdp
    await pc.close()
    return sdp


@cache
def real_offers() -> dict[str, str]:
    """
    By name. Those of Safari, OBS, Android, Pion, Kinesis and early versions of Chromium follow their documentation,
    the others come from the programs themselves.
    """
    files = sorted(Path(__file__).with_name("sdp").glob("*.sdp"))
    return {file.stem: "\r\n".join(file.read_text().splitlines()) + "\r\n" for file in files}


def change(text: str, changes: list[tuple[int, int, str]]) -> str:
    lines = text.splitlines()
    for number, cut, rest in changes:
        lines[number % len(lines)] = lines[number % len(lines)][:cut] + rest
    return "\r\n".join(lines) + "\r\n"


def mutations(count: int, seed: int) -> list[str]:
    """Real offers with one to four changes each, the same ones for a seed."""
    noise = random.Random(seed)
    offers = [offer.splitlines() for offer in real_offers().values()]
    return [_mutate(noise.choice(offers)[:], offers, noise) for _ in range(count)]


def _mutate(lines: list[str], offers: list[list[str]], noise: random.Random) -> str:
    for _ in range(noise.randint(1, 4)):
        at, other = noise.randrange(len(lines)), noise.randrange(len(lines))
        match noise.randrange(9):
            case 0 if len(lines) > 1:
                del lines[at]
            case 1:
                lines.insert(other, lines[at])
            case 2:
                lines[at], lines[other] = lines[other], lines[at]
            case 3:
                lines[at] = lines[at][: noise.randrange(len(lines[at]) + 1)]
            case 4:
                words = lines[at].split(" ")
                words[noise.randrange(len(words))] = noise.choice(_ODD)
                lines[at] = " ".join(words)
            case 5:
                place = noise.randrange(len(lines[at]) + 1)
                lines[at] = lines[at][:place] + noise.choice(_ODD) + lines[at][place:]
            case 6:
                lines.insert(at, noise.choice(noise.choice(offers)))
            case 7:
                section = _section(noise.choice(offers), noise)
                lines[at:at] = section
            case 8:
                # All of a kind, as by a program that has never heard of it.
                name = lines[at].partition(":")[0]
                lines = [line for line in lines if line.partition(":")[0] != name] or lines
    return "\r\n".join(lines) + "\r\n"


def _section(offer: list[str], noise: random.Random) -> list[str]:
    starts = [number for number, line in enumerate(offer) if line.startswith("m=")]
    chosen = noise.randrange(len(starts))
    return offer[starts[chosen] : [*starts, len(offer)][chosen + 1]]
