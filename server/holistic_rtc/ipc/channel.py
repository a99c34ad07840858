"""A socket between two processes that carries length-prefixed MessagePack messages."""

import asyncio
from typing import Any, Generic, TypeVar

import msgspec

In = TypeVar("In")

MAX_MESSAGE = 256 * 1024 * 1024
"""Maximum size in bytes. A larger message is a bug."""
_LENGTH = 4


class ChannelError(Exception):
    """The other side sent an invalid message."""


class Channel(Generic[In]):
    """
    :param incoming: the type of the other side's messages, or a union of types.
    """

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, incoming: Any) -> None:
        self._reader = reader
        self._writer = writer
        self._decoder: msgspec.msgpack.Decoder[In] = msgspec.msgpack.Decoder(incoming)
        self._encoder = msgspec.msgpack.Encoder()

    async def receive(self) -> In | None:
        """
        Wait for the next message.

        :return: None if the other side has closed the channel.
        :raises ChannelError: the message is invalid.
        :raises ConnectionError: the other side has crashed.
        """
        try:
            length = int.from_bytes(await self._reader.readexactly(_LENGTH))
            if length > MAX_MESSAGE:
                raise ChannelError(f"a message has {length:,} bytes; the maximum is {MAX_MESSAGE:,}")
            return self._decoder.decode(await self._reader.readexactly(length))
        except asyncio.IncompleteReadError:
            return None
        except msgspec.MsgspecError as error:
            raise ChannelError(str(error)) from error

    def send(self, message: msgspec.Struct) -> None:
        """Send a message. No-op if the channel is closed."""
        if not self._writer.is_closing():
            data = self._encoder.encode(message)
            self._writer.write(len(data).to_bytes(_LENGTH) + data)

    async def flush(self) -> None:
        """Wait until the send buffer has drained."""
        await self._writer.drain()

    def close(self) -> None:
        self._writer.close()
