"""Sends a session's rig to avatar programs with the VMC protocol (OSC over UDP).

Source: VMC protocol 2.7, from performer to marionette, https://protocol.vmc.info/english. The protocol uses Unity's
names and axes. Unity's x axis points to the person's right, VRM's to the left, so positions and rotations are mirrored.
"""

import asyncio
import math
import socket
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress

from pythonosc.osc_bundle_builder import IMMEDIATELY, OscBundleBuilder
from pythonosc.osc_message import OscMessage
from pythonosc.osc_message_builder import OscMessageBuilder

from holistic_rtc.client.rate import Rate
from holistic_rtc.errors import ConfigError
from holistic_rtc.model.rig import OFFSETS, Rig
from holistic_rtc.model.skeleton import ARKIT_BLENDSHAPES, BONES, EXPRESSIONS

PAYLOAD = 1500 - 40 - 8
"""Maximum size of a datagram without fragmentation: Ethernet's MTU minus the headers of IPv6 and UDP"""
STATUS_PERIOD = 1.0
"""Seconds between two messages that nobody is tracked, while no frames arrive"""
RECENT = 2.0
"""Seconds for which a failure is shown"""

_BUNDLE_HEADER, _ELEMENT_HEADER = 16, 4
_LOADED, _CALIBRATED, _NORMAL_MODE = 1, 3, 0
_UNITY_THUMB = {
    "ThumbMetacarpal": "ThumbProximal",
    "ThumbProximal": "ThumbIntermediate",
    "ThumbDistal": "ThumbDistal",
}
_VRM0_NAMES = {
    **{"aa": "A", "ih": "I", "ou": "U", "ee": "E", "oh": "O"},
    **{"blink": "Blink", "blinkLeft": "Blink_L", "blinkRight": "Blink_R"},
    **{"lookUp": "LookUp", "lookDown": "LookDown", "lookLeft": "LookLeft", "lookRight": "LookRight"},
    **{"happy": "Joy", "angry": "Angry", "sad": "Sorrow", "surprised": "Surprised", "relaxed": "Fun"},
}


def _unity_name(bone: str) -> str:
    for thumb, name in _UNITY_THUMB.items():
        if bone.endswith(thumb):
            return bone[: -len(thumb)].capitalize() + name
    return bone[0].upper() + bone[1:]


_UNITY_BONES = tuple(map(_unity_name, BONES))
_UNITY_SHAPES = tuple(name[0].upper() + name[1:] for name in ARKIT_BLENDSHAPES)
"""Names as in Unity's ARKitBlendShapeLocation, which the protocol refers to"""


def datagrams(rig: Rig | None, seconds: float, *, arkit: bool) -> list[bytes]:
    """
    The datagrams of a frame, to be sent in this order.

    :param rig: None if nobody is seen; only this status is sent then.
    :param seconds: time since the start.
    :param arkit: whether to send the face as ARKit's 52 blendshapes. VRM's expressions are 0 then, since an avatar with
        both would apply everything twice.
    """
    bundles = [OscBundleBuilder(IMMEDIATELY)]
    free = PAYLOAD - _BUNDLE_HEADER
    for message in _messages(rig, seconds, arkit=arkit):
        needed = _ELEMENT_HEADER + message.size
        if needed > free:
            bundles.append(OscBundleBuilder(IMMEDIATELY))
            free = PAYLOAD - _BUNDLE_HEADER
        bundles[-1].add_content(message)
        free -= needed
    return [bundle.build().dgram for bundle in bundles]


def _messages(rig: Rig | None, seconds: float, *, arkit: bool) -> Iterator[OscMessage]:
    tracked = int(rig is not None)
    yield _message("/VMC/Ext/OK", _LOADED, _CALIBRATED, _NORMAL_MODE, tracked)
    yield _message("/VMC/Ext/T", seconds)
    if rig is None:
        return
    yield _message("/VMC/Ext/Root/Pos", "root", 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0)
    places = [rig.hips_position.tolist(), *OFFSETS[1:].tolist()]
    for bone, (x, y, z), (qx, qy, qz, qw) in zip(_UNITY_BONES, places, rig.rotations.tolist(), strict=True):
        yield _message("/VMC/Ext/Bone/Pos", bone, -x, y, z, qx, -qy, -qz, qw)
    for name, score in _scores(rig, arkit=arkit):
        yield _message("/VMC/Ext/Blend/Val", name, score)
    yield _message("/VMC/Ext/Blend/Apply")


def _scores(rig: Rig, *, arkit: bool) -> Iterator[tuple[str, float]]:
    for name, score in zip(EXPRESSIONS, rig.expressions.tolist(), strict=True):
        for each in (_VRM0_NAMES[name], name):
            yield each, 0.0 if arkit else score
    if arkit:
        yield from zip(_UNITY_SHAPES, rig.arkit.tolist(), strict=True)


def _message(address: str, *values: str | int | float) -> OscMessage:
    """An OSC message. ``int`` and ``float`` values are sent as OSC's 32-bit types."""
    builder = OscMessageBuilder(address)
    for value in values:
        builder.add_arg(value)
    return builder.build()


class Sender(asyncio.DatagramProtocol):
    """Sends to one program, and keeps track of failures."""

    def __init__(self, target: str, *, arkit: bool) -> None:
        self._target = target
        self._arkit = arkit
        self._rate = Rate()
        self._started = self._sent = time.monotonic()
        self._somebody = False
        self._failed = -math.inf
        self._error = ""

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:  # type: ignore[override]
        self._transport = transport

    def error_received(self, error: Exception) -> None:
        """A datagram couldn't be sent, or was rejected, as on this machine if no program is listening."""
        self._failed = time.monotonic()
        self._error = "no program is listening there" if isinstance(error, ConnectionRefusedError) else str(error)

    def send(self, rig: Rig | None) -> None:
        self._sent = time.monotonic()
        self._somebody = rig is not None
        if rig:
            self._rate.add(self._sent)
        for data in datagrams(rig, self._sent - self._started, arkit=self._arkit):
            self._transport.sendto(data)

    async def keep_reporting(self) -> None:
        """Send the status while no frames arrive, since receivers assume that a silent sender has ended."""
        while True:
            await asyncio.sleep(STATUS_PERIOD)
            if time.monotonic() - self._sent >= STATUS_PERIOD:
                self.send(None)

    def state(self) -> str:
        now = time.monotonic()
        nobody = "" if self._somebody else "; nobody seen"
        failure = f"; {self._error}" if now - self._failed < RECENT else ""
        return f"{self._rate.fps(now):.1f} fps to {self._target}{nobody}{failure}"


@asynccontextmanager
async def sending(to: str, *, arkit: bool) -> AsyncIterator[Sender]:
    """
    Open a sender for the time of the block.

    :param to: ``HOST:PORT`` of the avatar program.
    :param arkit: see :func:`datagrams`.
    :raises ConfigError: `to` isn't a valid address, or can't be sent to.
    """
    host, _, port = to.rpartition(":")
    if not host or not (port.isascii() and port.isdecimal() and 0 < int(port) < 65_536):
        raise ConfigError(f"--to must be HOST:PORT, such as 127.0.0.1:39539, not {to}")
    host = host.removeprefix("[").removesuffix("]")
    # "localhost" often resolves to IPv6 first, where avatar programs don't listen.
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        transport, sender = await asyncio.get_running_loop().create_datagram_endpoint(
            lambda: Sender(to, arkit=arkit), remote_addr=(host, int(port)), family=family
        )
    except OSError as error:
        raise ConfigError(f"can't send to {to}: {error.strerror}") from error
    reporting = asyncio.create_task(sender.keep_reporting(), name="reporting-that-nobody-is-tracked")
    try:
        yield sender
    finally:
        reporting.cancel()
        with suppress(asyncio.CancelledError):
            await reporting
        transport.close()
