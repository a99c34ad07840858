/** libwebrtc, Chromium's WebRTC stack, by itself. */

import { exit } from "node:process";

import wrtc from "@roamhq/wrtc";

import {
  CONTROL,
  HEIGHT,
  LANDMARKS,
  WIDTH,
  exchange,
  play,
  readArguments,
  readPictures,
  tellControl,
  tellLandmarks,
  tellPicture,
  untilTold,
} from "../node/driver.mjs";

const { RTCPeerConnection } = wrtc;
const { RTCVideoSink, RTCVideoSource } = wrtc.nonstandard;

/** Whole pictures are large, so only some are told of. */
const TOLD_EACH = 5;

const { role, url, clip } = readArguments();
const pc = new RTCPeerConnection({ iceServers: [] });
pc.createDataChannel("landmarks", LANDMARKS).onmessage = ({ data }) => tellLandmarks(data);
const control = pc.createDataChannel("control", CONTROL);
control.onmessage = ({ data }) => tellControl(data, (reply) => control.send(reply));
pc.ontrack = ({ track }) => {
  let count = 0;
  new RTCVideoSink(track).onframe = ({ frame }) => {
    count += 1;
    if (count % TOLD_EACH === 0) {
      tellPicture(frame);
    }
  };
};
if (role === "publish") {
  const source = new RTCVideoSource();
  const pictures = await readPictures(clip);
  pc.addTransceiver(source.createTrack(), { direction: "sendrecv" });
  play(pictures, (data) => source.onFrame({ width: WIDTH, height: HEIGHT, data: new Uint8ClampedArray(data) }));
} else {
  pc.addTransceiver("video", { direction: "recvonly" });
}
/** @type {Promise<void>} */
const gathered = new Promise((resolve) => {
  pc.onicegatheringstatechange = () => pc.iceGatheringState === "complete" && resolve();
});
await pc.setLocalDescription(await pc.createOffer());
await gathered;
const { answer, location } = await exchange(url, pc.localDescription?.sdp ?? "");
await pc.setRemoteDescription({ type: "answer", sdp: answer });

await untilTold(location);
pc.close();
exit();
