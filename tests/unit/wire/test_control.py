"""The messages of the control channel."""

from pathlib import Path
from typing import get_args

import msgspec.inspect
import orjson
import pytest

from holistic_rtc.errors import ControlError
from holistic_rtc.model.parts import Part
from holistic_rtc.wire.control import (
    Configure,
    Configured,
    FromClient,
    FromServer,
    Ping,
    Pong,
    StatsMessage,
    decode_from_client,
    decode_from_server,
    encode,
)

PROTOCOL = Path(__file__).parents[3] / "docs" / "protocol.md"


@pytest.mark.parametrize(
    "message",
    [
        Ping(1),
        Pong(2),
        Configure(),
        Configure(parts=["pose", "rig"], draw=False, smoothing=True, max_fps=None),
        Configure(max_fps=15),
        Configure(max_persons=3),
        Configure(max_persons=None),
    ],
)
def test_what_a_client_encodes_the_server_decodes(message: FromClient) -> None:
    assert decode_from_client(encode(message)) == message


def test_a_field_that_is_left_out_is_not_sent() -> None:
    assert encode(Configure(draw=True)) == '{"type":"configure","draw":true}'
    assert encode(Configured(parts=sorted({Part.RIG, Part.FACE}))) == '{"type":"configured","parts":["face","rig"]}'


def test_a_client_ignores_fields_and_refuses_messages_of_a_newer_server() -> None:
    assert decode_from_server('{"type": "pong", "id": 3, "more": []}') == Pong(3)
    for unknown in ('{"type": "dance"}', '{"type": "pong"}', "[]", "{", b"\xff"):
        with pytest.raises(ControlError):
            decode_from_server(unknown)


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ('{"type": "ping"}', "bad_message"),
        ("[" * 10_000, "bad_message"),
        (b"\xff\xfe", "bad_message"),
        ('{"type": "configure", "draw": null}', "bad_value"),
        ('{"type": "configure", "smoothing": "yes"}', "bad_value"),
        ('{"type": "configure", "max_fps": true}', "bad_value"),
        ('{"type": "configure", "max_fps": 61}', "bad_value"),
        ('{"type": "configure", "max_persons": 0}', "bad_value"),
        ('{"type": "configure", "max_persons": 1.5}', "bad_value"),
        ('{"type": "configure", "max_persons": true}', "bad_value"),
        ('{"type": "configure", "parts": {"pose": 1}}', "bad_value"),
        ('{"type": "configure", "parts": [null]}', "unknown_part"),
    ],
)
def test_a_message_that_makes_no_sense_is_refused_with_a_code(message: str | bytes, code: str) -> None:
    with pytest.raises(ControlError) as refused:
        decode_from_client(message)
    assert refused.value.code == code


@pytest.mark.parametrize("message", [*get_args(FromClient), *get_args(FromServer)])
def test_each_message_and_field_is_in_the_protocols_description(message: type) -> None:
    described = PROTOCOL.read_text()
    info = msgspec.inspect.type_info(message)
    assert isinstance(info, msgspec.inspect.StructType)
    names = [str(info.tag), *(field.encode_name for field in info.fields)]
    if message is StatsMessage:
        tracks = next(field.type for field in info.fields if field.name == "tracks")
        assert isinstance(tracks, msgspec.inspect.ListType)
        assert isinstance(tracks.item_type, msgspec.inspect.TypedDictType)
        names += [field.encode_name for field in tracks.item_type.fields]
    for name in names:
        assert f"`{name}`" in described or f'"{name}"' in described


def test_the_stats_of_an_older_server_lack_what_is_new_and_can_be_read() -> None:
    track = {"track": 0, "width": 640, "height": 480, "fps_in": 30.0, "fps_out": 24.1, "tracked": 720, "dropped": 176}
    times = {"tracker_ms": 25.1, "draw_ms": 0.8, "delay_ms": 31.0, "landmarks_sent": 715, "landmarks_dropped": 5}
    stats = {"type": "stats", "session": "s", "model": {"origin": None, "pose_model": None}, "tracks": [track | times]}
    assert isinstance(decode_from_server(orjson.dumps(stats)), StatsMessage)
