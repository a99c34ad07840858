"""Encodes a message once for each protocol and selection of parts in use."""

from collections.abc import Callable, Mapping

from holistic_rtc.model.message import LandmarkMessage
from holistic_rtc.model.parts import Part
from holistic_rtc.wire import as_flatbuffers, as_json

DEFAULT_PROTOCOL = "holistic.v1.fb"
PROTOCOLS: Mapping[str, Callable[[LandmarkMessage, frozenset[Part]], bytes | str]] = {
    DEFAULT_PROTOCOL: as_flatbuffers.encode,
    "holistic.v1.json": lambda message, parts: as_json.encode(message, parts).decode(),
}


class Encoded:
    """A message, encoded once for all peers with the same protocol and parts."""

    def __init__(self, message: LandmarkMessage) -> None:
        self.message = message
        self._data: dict[tuple[str, frozenset[Part]], bytes | str] = {}

    def get(self, protocol: str, parts: frozenset[Part]) -> bytes | str:
        """
        The encoded message: bytes for FlatBuffers, text for JSON.

        :param protocol: one of :data:`PROTOCOLS`.
        :raises ValueError: an array in the message has the wrong shape.
        """
        key = protocol, parts
        if key not in self._data:
            self._data[key] = PROTOCOLS[protocol](self.message, parts)
        return self._data[key]
