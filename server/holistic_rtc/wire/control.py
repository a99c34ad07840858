"""
The messages on the data channel ``control``, which are JSON objects.

This is their only definition: ``make generate`` derives the TypeScript client's types, events and readers from it.
docs/protocol.md explains them.
"""

from collections.abc import Collection, Mapping
from typing import Annotated, Any, get_args

import msgspec
import orjson
from msgspec import UNSET, Meta, Struct, UnsetType

from holistic_rtc.errors import ControlError
from holistic_rtc.model.parts import Part
from holistic_rtc.model.stats import ModelInfo, TrackStats

MAX_MESSAGE = 16_384
"""Maximum size of a client's message, in bytes"""

PartName = Annotated[str, Meta(title="Part")]
"""A :class:`Part` for clients; any text here, since a newer server may know more parts"""
FrameRate = Annotated[float, Meta(ge=1, le=60)]
Persons = Annotated[int, Meta(ge=1, le=255)]


class Ping(Struct, tag_field="type", tag="ping"):
    """Either side sends one a second."""

    id: int


class Pong(Struct, tag_field="type", tag="pong"):
    """The answer to a ping."""

    id: int


class Configure(Struct, tag_field="type", tag="configure", kw_only=True):
    """What the server is to do. An absent field stays as it is; a subscriber has ``parts`` and ``max_persons``."""

    parts: Collection[PartName] | UnsetType = UNSET
    """Which parts the landmark messages carry, of those that the server tracks. Fewer take it less CPU.

    Default: all but ``rig``.
    """
    max_persons: Persons | None | UnsetType = UNSET
    """How many of the people in a frame to receive; ``null`` for as many as the server tracks. Default: 1."""
    draw: bool | UnsetType = UNSET
    """Whether the returned video is annotated. Default: ``true``."""
    smoothing: bool | UnsetType = UNSET
    """Whether face and hands are smoothed over time. Default: ``true``."""
    max_fps: FrameRate | None | UnsetType = UNSET
    """Maximum number of tracked frames a second, 1 to 60. Default: ``null``, no limit."""


class Configured(Struct, tag_field="type", tag="configured", kw_only=True):
    """The configuration in force. A subscriber receives ``parts`` and ``max_persons`` only."""

    parts: Collection[PartName]
    """Those in the landmark messages; without those that were asked for and the server doesn't track."""
    max_persons: int | UnsetType = UNSET
    draw: bool | UnsetType = UNSET
    smoothing: bool | UnsetType = UNSET
    max_fps: float | None | UnsetType = UNSET


class StatsMessage(Struct, tag_field="type", tag="stats"):
    """Session statistics, once a second."""

    session: str
    model: ModelInfo
    """The model bundle in use."""
    tracks: list[TrackStats]


class ErrorMessage(Struct, tag_field="type", tag="error"):
    """A control message was refused, or tracking failed."""

    code: str
    message: str


class Draining(Struct, tag_field="type", tag="draining"):
    """The server is about to stop, and accepts no new sessions."""

    seconds: float
    """How long it still serves the sessions that it has."""


class End(Struct, tag_field="type", tag="end", frozen=True):
    """Why the server closes the connection: a word for programs and a sentence for people."""

    reason: str
    message: str


Event = Configured | StatsMessage | Draining
"""What a client passes on to its program: the TypeScript client emits an event with the name of the tag."""

FromClient = Ping | Pong | Configure
FromServer = Ping | Pong | Event | ErrorMessage | End

_from_server = msgspec.json.Decoder(FromServer)
_CLIENT_TYPES: Mapping[str, type[FromClient]] = {
    str(message.__struct_config__.tag): message for message in get_args(FromClient)
}


def encode(message: FromClient | FromServer) -> str:
    return msgspec.json.encode(message).decode()


def decode_from_server(data: str | bytes) -> FromServer:
    """
    :raises ControlError: the data isn't a message that this version knows.
    """
    try:
        return _from_server.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ControlError(f"not a control message: {error}") from error


def decode_from_client(data: str | bytes, configurable: Collection[str] | None = None) -> FromClient:
    """
    :param configurable: the fields of a :class:`Configure` that may be set; None for those that this version knows, and
        to ignore others.
    :raises ControlError: the data isn't a known message, or a field has an invalid value.
    """
    size = len(data.encode() if isinstance(data, str) else data)
    if size > MAX_MESSAGE:
        raise ControlError(f"a control message can have up to {MAX_MESSAGE} bytes, this one has {size}")
    try:
        # msgspec would raise a RecursionError for brackets nested deeply enough.
        message = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise ControlError(f"not JSON: {error}") from error
    match message:
        case {"type": "ping", "id": int() as number}:
            return Ping(number)
        case {"type": "pong"}:
            return Pong(message.get("id", 0))
        case {"type": "configure"}:
            return _read_configure(message, configurable)
        case {"type": str() as kind} if kind in _CLIENT_TYPES:
            try:
                return msgspec.convert(message, _CLIENT_TYPES[kind])
            except msgspec.ValidationError as error:
                raise ControlError(f"{kind}: {error}") from error
        case {"type": str() as kind}:
            raise ControlError(f"unknown message type {kind[:40]!r}; known are {', '.join(sorted(_CLIENT_TYPES))}")
        case _:
            raise ControlError('a control message must be a JSON object with a "type"')


def _read_configure(message: Mapping[str, Any], configurable: Collection[str] | None) -> Configure:
    """Validates the fields by hand, since msgspec's errors don't say which values are valid."""
    if configurable is not None:
        for name in message.keys() - {"type", *configurable}:
            raise ControlError(f"can't configure {name[:40]!r}, only {', '.join(configurable)}", code="bad_value")
    if "parts" in message:
        _check_parts(message["parts"])
    max_persons = message.get("max_persons")
    if max_persons is not None and not (type(max_persons) is int and 1 <= max_persons <= 255):
        raise ControlError('"max_persons" must be an integer from 1 to 255, or null', code="bad_value")
    for name in ("draw", "smoothing"):
        if not isinstance(message.get(name, False), bool):
            raise ControlError(f'"{name}" must be true or false', code="bad_value")
    max_fps = message.get("max_fps")
    if max_fps is not None and not (type(max_fps) in (int, float) and 1 <= max_fps <= 60):
        raise ControlError('"max_fps" must be a number from 1 to 60, or null', code="bad_value")
    return Configure(**{name: message[name] for name in Configure.__struct_fields__ if name in message})


def _check_parts(names: object) -> None:
    if not isinstance(names, list):
        raise ControlError('"parts" must be a list of names', code="bad_value")
    unknown = [name for name in names if name not in list(Part)]
    if unknown:
        raise ControlError(f"unknown part {str(unknown[0])[:40]!r}; known are {', '.join(Part)}", code="unknown_part")
