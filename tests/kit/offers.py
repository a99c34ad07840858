"""Offers as aiortc makes them, and what may happen to their text."""

from aiortc import RTCConfiguration, RTCPeerConnection
from hypothesis import strategies as st

# What is left of a line when it is cut somewhere and something is put behind it.
CHANGES = st.lists(st.tuples(st.integers(0, 200), st.integers(0, 80), st.text(max_size=12)), min_size=1, max_size=6)


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


def change(text: str, changes: list[tuple[int, int, str]]) -> str:
    lines = text.splitlines()
    for number, cut, rest in changes:
        lines[number % len(lines)] = lines[number % len(lines)][:cut] + rest
    return "\r\n".join(lines) + "\r\n"
