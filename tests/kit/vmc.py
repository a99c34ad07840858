"""What a program that speaks the VMC protocol receives, read by another library than the one that writes it."""

import asyncio
import math
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from oscpy.parser import read_packet

# The protocol's messages from performer to marionette, by the types of their arguments.
TYPES = {
    "/VMC/Ext/OK": "iiii",
    "/VMC/Ext/T": "f",
    "/VMC/Ext/Root/Pos": "sfffffff",
    "/VMC/Ext/Bone/Pos": "sfffffff",
    "/VMC/Ext/Blend/Val": "sf",
    "/VMC/Ext/Blend/Apply": "",
}
LARGEST = 1472
"""Bytes in a datagram that is not split: 1500 less the headers of IP and UDP"""


@dataclass(frozen=True)
class Message:
    address: str
    values: tuple[Any, ...]


def read(datagram: bytes) -> list[Message]:
    """:raises AssertionError: it breaks a rule of the protocol."""
    assert len(datagram) <= LARGEST
    messages = []
    for address, tags, values, _ in read_packet(datagram, encoding="utf-8"):
        assert tags.decode() == TYPES[address.decode()]
        message = Message(address.decode(), tuple(values))
        check(message)
        messages.append(message)
    return messages


def check(message: Message) -> None:
    match message:
        case Message("/VMC/Ext/OK", (loaded, calibration, mode, tracking)):
            assert loaded in (0, 1)
            assert calibration in range(4)
            assert mode in range(3)
            assert tracking in (0, 1)
        case Message("/VMC/Ext/Root/Pos" | "/VMC/Ext/Bone/Pos", (_, *numbers)):
            assert all(map(math.isfinite, numbers))
            assert math.isclose(math.hypot(*numbers[3:]), 1, abs_tol=1e-4)
        case Message("/VMC/Ext/Blend/Val", (_, score)):
            assert 0 <= score <= 1


class Receiver(asyncio.DatagramProtocol):
    """Collects what comes; :func:`receiving` makes one."""

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self._changed = asyncio.Event()

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:  # type: ignore[override]
        self.port: int = transport.get_extra_info("sockname")[1]

    def datagram_received(self, data: bytes, _: object) -> None:
        self.messages += read(data)
        self._changed.set()

    def values(self, address: str) -> list[tuple[Any, ...]]:
        return [message.values for message in self.messages if message.address == address]

    async def frames(self, count: int, timeout: float = 60) -> list[list[Message]]:
        """The next frames that are whole: from one ``OK`` to the ``Apply`` after it."""
        async with asyncio.timeout(timeout):
            begun = len(self.messages)
            frames: list[list[Message]] = []
            while len(frames) < count:
                self._changed.clear()
                await self._changed.wait()
                frames = list(_whole(self.messages[begun:]))
            return frames[:count]


def _whole(messages: list[Message]) -> Iterator[list[Message]]:
    frame: list[Message] = []
    for message in messages:
        if message.address == "/VMC/Ext/OK":
            frame = []
        frame.append(message)
        if message.address == "/VMC/Ext/Blend/Apply" and frame[0].address == "/VMC/Ext/OK":
            yield frame


@asynccontextmanager
async def receiving(port: int = 0) -> AsyncIterator[Receiver]:
    loop = asyncio.get_running_loop()
    transport, receiver = await loop.create_datagram_endpoint(Receiver, local_addr=("127.0.0.1", port))
    try:
        yield receiver
    finally:
        transport.close()
