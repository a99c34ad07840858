/** libdatachannel, OBS's WebRTC stack, which leaves codecs and RTP packets to its user. */

import { exit } from "node:process";

import { PeerConnection, RtcpReceivingSession, Video } from "node-datachannel";

import {
  CONTROL,
  LANDMARKS,
  exchange,
  play,
  readArguments,
  tellControl,
  tellFrame,
  tellLandmarks,
  untilTold,
} from "../node/driver.mjs";
import { Depacketiser, Packetiser, readIvf } from "../node/vp8.mjs";

const PAYLOAD_TYPE = 96;
const SSRC = 1234;

/**
 * @param {Buffer} packet
 * @returns {boolean} whether it is of RTCP (RFC 5761, 4).
 */
function isRtcp(packet) {
  return packet[1] >= 192 && packet[1] < 224;
}

const { role, url, clip } = readArguments();
const pc = new PeerConnection("peer", { iceServers: [], disableAutoNegotiation: true });
const { ordered, ...options } = LANDMARKS;
const landmarks = pc.createDataChannel("landmarks", { ...options, unordered: !ordered });
landmarks.onMessage((data) => tellLandmarks(Buffer.from(/** @type {Buffer} */ (data))));
const control = pc.createDataChannel("control", CONTROL);
control.onMessage((data) => tellControl(String(data), (reply) => control.sendMessage(reply)));

const video = new Video("video", role === "publish" ? "SendRecv" : "RecvOnly");
video.addVP8Codec(PAYLOAD_TYPE);
if (role === "publish") {
  video.addSSRC(SSRC, "peer", "peer", "peer");
}
const track = pc.addTrack(video);
track.setMediaHandler(new RtcpReceivingSession());
const depacketiser = new Depacketiser();
track.onMessage((packet) => {
  const frame = isRtcp(packet) ? null : depacketiser.add(packet);
  if (frame) {
    tellFrame(frame);
  }
});
if (role === "publish") {
  const frames = await readIvf(clip);
  const packetiser = new Packetiser(PAYLOAD_TYPE, SSRC);
  track.onOpen(() =>
    play(frames, (frame, seconds) =>
      packetiser.packets(frame, seconds).forEach((packet) => track.sendMessageBinary(packet)),
    ),
  );
}
/** @type {Promise<void>} */
const gathered = new Promise((resolve) => pc.onGatheringStateChange((state) => state === "complete" && resolve()));
pc.setLocalDescription();
await gathered;
const { answer, location } = await exchange(url, pc.localDescription()?.sdp ?? "");
pc.setRemoteDescription(answer, "answer");

await untilTold(location);
landmarks.close(); // a channel that nothing refers to is collected, and then tells nothing
pc.close();
exit();
