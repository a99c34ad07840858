"""Which layer of a simulcast is accepted."""

import pytest
from hypothesis import given

from holistic_rtc.errors import Refusal
from holistic_rtc.sdp.offer import Offer
from tests.kit.offers import CHANGES, change
from tests.kit.synthetic import FUZZ

HEAD = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0\r\n"


def offer(*layers: str, simulcast: str | None = None) -> str:
    """
    :param layers: an id and its restrictions.
    """
    ids = ";".join(layer.split()[0] for layer in layers)
    return HEAD + "\r\n".join(
        [
            "m=video 9 UDP/TLS/RTP/SAVPF 96 97",
            "a=mid:0",
            "a=ice-ufrag:user",
            "a=ice-pwd:passwordpasswordpassword",
            f"a=fingerprint:sha-256 {':'.join(['AB'] * 32)}",
            "a=setup:actpass",
            "a=rtcp-mux",
            "a=sendonly",
            "a=rtpmap:96 VP8/90000",
            "a=rtpmap:97 rtx/90000",
            "a=fmtp:97 apt=96",
            *(f"a=rid:{rid} send {limits}".rstrip() for rid, _, limits in (layer.partition(" ") for layer in layers)),
            f"a=simulcast:{simulcast or f'send {ids}'}",
            "",
        ]
    )


def chosen(*layers: str, simulcast: str | None = None) -> str:
    return Offer.parse(offer(*layers, simulcast=simulcast)).layers.get("0", "")


@pytest.mark.parametrize(
    ("layers", "layer"),
    [
        (("1 max-width=320;max-height=180", "2 max-width=640;max-height=360", "3 max-width=1280;max-height=720"), "2"),
        (("a max-width=1920;max-height=1080", "b max-width=960;max-height=540", "c max-width=480;max-height=270"), "b"),
        (("low max-fs=300", "high max-fs=1620", "full max-fs=8160"), "high"),
        (("s pt=96;max-height=120", "m pt=96;max-height=480", "l pt=96;max-height=2160"), "m"),
        (("s max-width=640", "l"), "s"),
        (("1 max-width=320;max-height=180", "2"), "2"),
        (("hi", "lo max-fs=300"), "hi"),
        (("f", "h max-width=480;max-height=360", "q max-width=240;max-height=180"), "h"),
        (("full", "mid", "low max-height=120"), "full"),
        (("s max-width=320;max-height=240", "l pt=98;max-width=640;max-height=480"), "s"),
    ],
)
def test_the_layer_nearest_to_the_trackers_size_is_chosen(layers: tuple[str, ...], layer: str) -> None:
    assert chosen(*layers) == layer


@pytest.mark.parametrize(
    ("layers", "layer"),
    [("qhf", "f"), ("fhq", "f"), ("hml", "h"), ("lmh", "h"), (("lo", "mid", "hi"), "hi"), (("r0", "r1", "r2"), "r2")],
)
def test_without_sizes_the_largest_is_chosen(layers: tuple[str, ...], layer: str) -> None:
    assert chosen(*layers) == layer


@pytest.mark.parametrize(
    ("simulcast", "layer"),
    [
        ("send x,y;z", "z"),
        ("send x,z", "x"),
        ("send x;~y", "y"),
        ("recv x send y", "y"),
        ("recv x;y", ""),
        ("send", ""),
        ("send unknown;x", "x"),
        ("send unknown", ""),
    ],
)
def test_only_layers_that_are_sent_and_described_count(simulcast: str, layer: str) -> None:
    assert chosen("x", "y", "z", simulcast=simulcast) == layer


@FUZZ
@given(CHANGES)
def test_no_change_of_an_offer_breaks_more_than_the_offer(changes: list[tuple[int, int, str]]) -> None:
    try:
        layers = Offer.parse(change(offer("q max-width=320", "h max-fs=900", "f"), changes)).layers
    except Refusal:
        return
    assert all(layer and not set(layer) & set(" \r\n") for layer in layers.values())
