"""
GStreamer's ``webrtcbin``, called and telling as ``node/driver.mjs`` says.

Runs in Debian's own Python, which has the bindings. ``peer.py check`` fails if a part of GStreamer is missing.
"""

import base64
import json
import sys
import threading
import urllib.parse
import urllib.request
from typing import Any

import gi  # type: ignore[import-not-found]

gi.require_version("Gst", "1.0")
gi.require_version("GstSdp", "1.0")
gi.require_version("GstWebRTC", "1.0")
from gi.repository import Gst, GstSdp, GstWebRTC  # type: ignore[import-not-found]  # noqa: E402

VIDEO = "application/x-rtp,media=video,encoding-name=VP8,payload=96,clock-rate=90000"
SOURCE = (
    "multifilesrc location={clip} loop=true ! rawvideoparse width=640 height=480 format=i420 framerate=15/1 ! "
    "identity sync=true ! vp8enc deadline=1 cpu-used=8 keyframe-max-dist=15 target-bitrate=1000000 ! "
    f"rtpvp8pay pt=96 ! {VIDEO} ! peer. "
)
SINK = "rtpvp8depay ! vp8dec ! videoconvert ! video/x-raw,format=I420 ! appsink name=sink emit-signals=true sync=false"

ELEMENTS = ("multifilesrc", "rawvideoparse", "vp8enc", "videoconvert", "webrtcbin", "dtlsdec", "sctpdec", "nicesink")
"""Of the packages that are needed"""

TOLD_EACH = 5
"""Whole pictures are large, so only some are told of."""


telling = threading.Lock()  # GStreamer's threads all tell, and a line larger than the buffer isn't written at once


def tell(**line: object) -> None:
    with telling:
        sys.stdout.write(json.dumps(line) + "\n")
        sys.stdout.flush()


def tell_base64(name: str, data: bytes, **others: object) -> None:
    tell(**{name: base64.b64encode(data).decode()}, **others)


def tell_control(channel: Any, text: str) -> None:
    message = json.loads(text)
    if message["type"] == "ping":
        channel.emit("send-string", json.dumps({"type": "pong", "id": message["id"]}))
    tell(control=message)


def open_channels(peer: Any) -> list[Any]:
    landmarks_options, _ = Gst.Structure.from_string(
        "options, ordered=(boolean)false, max-retransmits=(int)0, protocol=(string)holistic.v1.fb"
    )
    landmarks = peer.emit("create-data-channel", "landmarks", landmarks_options)
    landmarks.connect("on-message-data", lambda _, data: tell_base64("landmarks", data.get_data()))
    control_options, _ = Gst.Structure.from_string("options, protocol=(string)holistic.control.v1")
    control = peer.emit("create-data-channel", "control", control_options)
    control.connect("on-message-string", tell_control)
    return [landmarks, control]


def show(elements: Any, pad: Any) -> None:
    if pad.direction != Gst.PadDirection.SRC:
        return
    count = 0

    def take(sink: Any) -> Any:
        nonlocal count
        sample = sink.emit("pull-sample")
        count += 1
        if count % TOLD_EACH == 0:
            size, buffer = sample.get_caps().get_structure(0), sample.get_buffer()
            picture = buffer.extract_dup(0, buffer.get_size())
            tell_base64("picture", picture, width=size.get_value("width"), height=size.get_value("height"))
        return Gst.FlowReturn.OK

    shown = Gst.parse_bin_from_description(SINK, True)
    shown.get_by_name("sink").connect("new-sample", take)
    elements.add(shown)
    shown.sync_state_with_parent()
    pad.link(shown.get_static_pad("sink"))


def request(url: str, method: str, body: bytes | None = None) -> tuple[str, str]:
    """:return: the body of the response and, as a whole URL, its Location."""
    sent = urllib.request.Request(url, body, {"Content-Type": "application/sdp"}, method=method)
    with urllib.request.urlopen(sent) as response:
        return response.read().decode(), urllib.parse.urljoin(url, response.headers.get("Location", ""))


def describe(peer: Any) -> str:
    """The offer, with all candidates."""
    gathered = threading.Event()

    def look(*_: object) -> None:
        if peer.get_property("ice-gathering-state") == GstWebRTC.WebRTCICEGatheringState.COMPLETE:
            gathered.set()

    peer.connect("notify::ice-gathering-state", look)
    promise = Gst.Promise.new()
    peer.emit("create-offer", None, promise)
    promise.wait()
    reply = promise.get_reply()  # owns the offer
    offer = reply.get_value("offer")
    peer.emit("set-local-description", offer, None)
    gathered.wait()
    return str(peer.get_property("local-description").sdp.as_text())


def accept(peer: Any, answer: str) -> None:
    _, message = GstSdp.SDPMessage.new_from_text(answer)
    description = GstWebRTC.WebRTCSessionDescription.new(GstWebRTC.WebRTCSDPType.ANSWER, message)
    peer.emit("set-remote-description", description, None)


def main(role: str, url: str = "", clip: str = "") -> None:
    Gst.init(None)
    if role == "check":
        sys.exit(not all(map(Gst.ElementFactory.find, ELEMENTS)))
    source = SOURCE.format(clip=clip) if role == "publish" else ""
    elements = Gst.parse_bin_from_description(f"{source} webrtcbin name=peer bundle-policy=max-bundle", False)
    pipeline = Gst.Pipeline.new()
    pipeline.add(elements)
    peer = elements.get_by_name("peer")
    peer.connect("pad-added", lambda _, pad: show(elements, pad))
    needed = threading.Event()
    peer.connect("on-negotiation-needed", lambda _: needed.set())
    pipeline.set_state(Gst.State.READY)
    channels = open_channels(peer)
    if role == "subscribe":
        direction = GstWebRTC.WebRTCRTPTransceiverDirection.RECVONLY
        peer.emit("add-transceiver", direction, Gst.Caps.from_string(VIDEO))
    pipeline.set_state(Gst.State.PLAYING)
    needed.wait()
    answer, location = request(url, "POST", describe(peer).encode())
    tell(location=urllib.parse.urlsplit(location).path)
    accept(peer, answer)

    sys.stdin.read()  # until it is closed
    request(location, "DELETE")
    channels.clear()
    pipeline.set_state(Gst.State.NULL)


main(*sys.argv[1:])
