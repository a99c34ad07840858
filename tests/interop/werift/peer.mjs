/**
 * A WebRTC peer that shares no code with the server: werift, in Node.
 *
 *     node peer.mjs publish http://127.0.0.1:8080/whip clip.ivf
 *     node peer.mjs subscribe http://127.0.0.1:8080/whep/SESSION
 *
 * Tells by lines of JSON what comes: {"location"}, {"control": message}, {"landmarks": base64}, {"frame": base64 of VP8}.
 * Ends its session and itself when standard input is closed.
 */

import { argv, exit, stdin, stdout } from "node:process";

import { MediaStreamTrack, RTCPeerConnection, useVP8 } from "werift";

import { Depacketiser, Packetiser, readIvf } from "./vp8.mjs";

const FPS = 15;

/** @param {Record<string, unknown>} line */
function tell(line) {
  stdout.write(`${JSON.stringify(line)}\n`);
}

/** @param {RTCPeerConnection} pc */
function openChannels(pc) {
  const landmarks = pc.createDataChannel("landmarks", {
    ordered: false,
    maxRetransmits: 0,
    protocol: "holistic.v1.fb",
  });
  landmarks.onMessage.subscribe((data) => tell({ landmarks: Buffer.from(data).toString("base64") }));
  const control = pc.createDataChannel("control", { protocol: "holistic.control.v1" });
  control.onMessage.subscribe((data) => {
    const message = JSON.parse(data.toString());
    if (message.type === "ping") {
      control.send(JSON.stringify({ type: "pong", id: message.id }));
    }
    tell({ control: message });
  });
}

/** @param {RTCPeerConnection} pc */
function tellFrames(pc) {
  pc.onTrack.subscribe((track) => {
    const depacketiser = new Depacketiser();
    track.onReceiveRtp.subscribe((packet) => {
      const frame = depacketiser.add(packet);
      if (frame) {
        tell({ frame: frame.toString("base64") });
      }
    });
  });
}

/**
 * @param {RTCPeerConnection} pc
 * @param {string} url
 * @returns {Promise<string>} the address of what was made.
 */
async function connect(pc, url) {
  await pc.setLocalDescription(await pc.createOffer());
  const response = await fetch(url, {
    method: "POST",
    headers: { "Content-Type": "application/sdp" },
    body: pc.localDescription?.sdp ?? "",
  });
  const body = await response.text();
  if (response.status !== 201) {
    throw new Error(`${url} answered ${response.status}: ${body}`);
  }
  await pc.setRemoteDescription({ type: "answer", sdp: body });
  return new URL(response.headers.get("Location") ?? "", url).href;
}

/**
 * @param {MediaStreamTrack} track
 * @param {Buffer[]} frames sent again and again.
 */
function play(track, frames) {
  const packetiser = new Packetiser();
  let count = 0;
  setInterval(() => {
    for (const packet of packetiser.packets(frames[count % frames.length], count / FPS)) {
      track.writeRtp(packet);
    }
    count += 1;
  }, 1000 / FPS);
}

const [, , role, url, clip] = argv;
if (!url || !(role === "subscribe" || (role === "publish" && clip))) {
  throw new Error("usage: peer.mjs publish URL CLIP.ivf | subscribe URL");
}

const pc = new RTCPeerConnection({ iceServers: [], codecs: { video: [useVP8()] } });
openChannels(pc);
tellFrames(pc);
if (role === "publish") {
  const track = new MediaStreamTrack({ kind: "video" });
  const frames = await readIvf(clip);
  pc.addTransceiver(track, { direction: "sendrecv" });
  pc.connectionStateChange.subscribe((state) => state === "connected" && play(track, frames));
} else {
  pc.addTransceiver("video", { direction: "recvonly" });
}
const location = await connect(pc, url);
tell({ location: new URL(location).pathname });

for await (const _ of stdin); // until it is closed
await fetch(location, { method: "DELETE" });
await pc.close();
exit(); // werift leaves timers behind
