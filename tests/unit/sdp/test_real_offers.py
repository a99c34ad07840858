"""Offers of real programs, as they are and changed."""

import re

import pytest
from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription

from holistic_rtc.errors import Refusal
from holistic_rtc.media.aiortc_tuning import tune
from holistic_rtc.sdp.answer import complete
from holistic_rtc.sdp.offer import Offer
from tests.kit.offers import mutations, real_offers

MUTATIONS = 3000
_PYTHON = re.compile(r"Error|Exception|Iteration|Traceback|NoneType|object at 0x")


async def answer(offer: Offer) -> str:
    """By aiortc, completed, without candidates."""
    pc = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    try:
        await pc.setRemoteDescription(RTCSessionDescription(offer.for_aiortc, "offer"))
        return complete(offer, (await pc.createAnswer()).sdp)
    finally:
        await pc.close()


@pytest.mark.parametrize("name", real_offers())
async def test_what_real_programs_offer_is_taken(name: str) -> None:
    tune()
    offer = Offer.parse(real_offers()[name])
    require = offer.require_receiving if re.search("watch|channels", name) else offer.require_sending
    require()
    answered = await answer(offer)
    assert answered.count("\r\nm=") == real_offers()[name].count("\r\nm=")


@pytest.mark.parametrize(
    ("name", "setup"),
    [
        *[(name, "passive") for name in ("chromium-publish", "chromium-channels", "firefox-watch", "safari-publish")],
        *[(name, "active") for name in ("aiortc-publish", "gstreamer-vp8", "libdatachannel-publish", "ffmpeg-high")],
    ],
)
async def test_browsers_become_the_dtls_client(name: str, setup: str) -> None:
    answered = await answer(Offer.parse(real_offers()[name]))
    assert set(re.findall("a=setup:(.*)\r", answered)) == {setup}


async def test_a_changed_offer_is_taken_or_refused_in_our_own_words() -> None:
    tune()
    taken: dict[str, Offer] = {}
    words: set[str] = set()
    for sdp in mutations(MUTATIONS, seed=1):
        try:
            offer = Offer.parse(sdp).require_sending()
        except Refusal as refusal:
            words.add(refusal.detail)
        else:
            taken[offer.for_aiortc] = offer
    assert not [detail for detail in words if _PYTHON.search(detail)]
    # Most changes are gone, since aiortc gets a description of our own.
    assert len(taken) < MUTATIONS / 2
    for offer in taken.values():
        answered = await answer(offer)
        assert answered.count("\r\nm=") == len(offer.sections)
