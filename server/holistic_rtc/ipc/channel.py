"""A socket between two processes: messages with their length before them, as MessagePack."""

import asyncio
from typing import Any, Generic, TypeVar

import msgspec

In = TypeVar("In")

MAX_MESSAGE = 256 * 1024 * 1024
"""Bytes. A larger one is a mistake."""
_LENGTH = 4


class ChannelError(Exception):
    """The other side says what nobody understands."""


class Channel(Generic[In]):
    """
    :param incoming: the type, or the union of types, of the other side's messages.
    """

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, incoming: Any) -> None:
        self._reader = reader
        self._writer = writer
        self._decoder: msgspec.msgpack.Decoder[In] = msgspec.msgpack.Decoder(incoming)
        self._encoder = msgspec.msgpack.Encoder()

    async def receive(self) -> In | None:
        """
        :return: None when the other side has closed its end.
        :raises ChannelError: this is no message.
        :raises ConnectionError: the other side is gone.
        """
        try:
            length = int.from_bytes(await self._reader.readexactly(_LENGTH))
            if length > MAX_MESSAGE:
                raise ChannelError(f"a message of {length:,} bytes; at most {MAX_MESSAGE:,} are read")
            return self._decoder.decode(await self._reader.readexactly(length))
        except asyncio.IncompleteReadError:
            return None
        except msgspec.MsgspecError as error:
            raise ChannelError(str(error)) from error

    def send(self, message: msgspec.Struct) -> None:
        """To nobody, if this end is closed."""
        if not self._writer.is_closing():
            data = self._encoder.encode(message)
            self._writer.write(len(data).to_bytes(_LENGTH) + data)

    async def flush(self) -> None:
        """Wait until the other side has room."""
        await self._writer.drain()

    def close(self) -> None:
        self._writer.close()
