import pytest

from holistic_rtc.model.parts import ALL_PARTS, Part
from holistic_rtc.wire import encoded
from holistic_rtc.wire.encoded import PROTOCOLS, Encoded
from tests.kit.synthetic import make_message, make_result


def test_a_message_is_encoded_once_for_each_protocol_and_set_of_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    encodings: list[tuple[str, frozenset[Part]]] = []

    def counting(protocol: str):  # type: ignore[no-untyped-def]
        def encode(message: object, parts: frozenset[Part]) -> bytes:
            encodings.append((protocol, parts))
            return b"encoded"

        return encode

    monkeypatch.setattr(encoded, "PROTOCOLS", {protocol: counting(protocol) for protocol in PROTOCOLS})
    message = Encoded(make_message(make_result()))
    few = frozenset({Part.POSE})
    for _ in range(3):
        for protocol in PROTOCOLS:
            for parts in (ALL_PARTS, few, frozenset({Part.POSE})):
                assert message.get(protocol, parts) == b"encoded"
    assert sorted(encodings, key=str) == sorted(
        ((protocol, parts) for protocol in PROTOCOLS for parts in (ALL_PARTS, few)), key=str
    )
