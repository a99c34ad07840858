/** werift, a WebRTC stack written in TypeScript. */

import { exit } from "node:process";

import { MediaStreamTrack, RTCPeerConnection, useVP8 } from "werift";

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

const { role, url, clip } = readArguments();
const pc = new RTCPeerConnection({ iceServers: [], codecs: { video: [useVP8()] } });
pc.createDataChannel("landmarks", LANDMARKS).onMessage.subscribe((data) => tellLandmarks(Buffer.from(data)));
const control = pc.createDataChannel("control", CONTROL);
control.onMessage.subscribe((data) => tellControl(data.toString(), (reply) => control.send(reply)));
pc.onTrack.subscribe((track) => {
  const depacketiser = new Depacketiser();
  track.onReceiveRtp.subscribe((packet) => {
    const frame = depacketiser.add(packet.serialize());
    if (frame) {
      tellFrame(frame);
    }
  });
});
if (role === "publish") {
  const track = new MediaStreamTrack({ kind: "video" });
  const frames = await readIvf(clip);
  const packetiser = new Packetiser(0, 0); // the sender fills in its own numbers
  pc.addTransceiver(track, { direction: "sendrecv" });
  pc.connectionStateChange.subscribe((state) => {
    if (state === "connected") {
      play(frames, (frame, seconds) => packetiser.packets(frame, seconds).forEach((packet) => track.writeRtp(packet)));
    }
  });
} else {
  pc.addTransceiver("video", { direction: "recvonly" });
}
await pc.setLocalDescription(await pc.createOffer());
const { answer, location } = await exchange(url, pc.localDescription?.sdp ?? "");
await pc.setRemoteDescription({ type: "answer", sdp: answer });

await untilTold(location);
await pc.close();
exit(); // werift leaves timers behind
