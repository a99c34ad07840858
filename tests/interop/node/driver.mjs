/**
 * What the drivers share that make WebRTC stacks in Node a peer of the server.
 *
 *     node peer.mjs publish http://127.0.0.1:8080/whip CLIP
 *     node peer.mjs subscribe http://127.0.0.1:8080/whep/SESSION
 *
 * CLIP is an IVF file with VP8 for stacks without codecs, and pictures of {@link WIDTH} x {@link HEIGHT} in I420 for others.
 *
 * Tells by lines of JSON what comes: {"location"}, {"control": message}, {"landmarks": base64}, and either
 * {"frame": base64 of VP8} or {"picture": base64 of I420, "width", "height"}. Ends its session and itself when standard
 * input is closed.
 */

import { readFile } from "node:fs/promises";
import { argv, stdin, stdout } from "node:process";

export const FPS = 15;
export const WIDTH = 640;
export const HEIGHT = 480;

/** Of the channel "landmarks". */
export const LANDMARKS = { ordered: false, maxRetransmits: 0, protocol: "holistic.v1.fb" };
/** Of the channel "control". */
export const CONTROL = { protocol: "holistic.control.v1" };

/** @param {Record<string, unknown>} line */
function tell(line) {
  stdout.write(`${JSON.stringify(line)}\n`);
}

/** @returns {{ role: "publish" | "subscribe", url: string, clip: string }} */
export function readArguments() {
  const [, program, role, url, clip = ""] = argv;
  if (!url || !(role === "subscribe" || (role === "publish" && clip))) {
    throw new Error(`usage: ${program} publish URL CLIP | subscribe URL`);
  }
  return { role, url, clip };
}

/** @param {Uint8Array | ArrayBuffer} message */
export function tellLandmarks(message) {
  tell({ landmarks: Buffer.from(/** @type {Uint8Array} */ (message)).toString("base64") });
}

/**
 * @param {string} text
 * @param {(reply: string) => void} send
 */
export function tellControl(text, send) {
  const message = JSON.parse(text);
  if (message.type === "ping") {
    send(JSON.stringify({ type: "pong", id: message.id }));
  }
  tell({ control: message });
}

/** @param {Buffer} frame of VP8 */
export function tellFrame(frame) {
  tell({ frame: frame.toString("base64") });
}

/** @param {{ data: Uint8Array, width: number, height: number }} picture in I420 */
export function tellPicture({ data, width, height }) {
  tell({ picture: Buffer.from(data).toString("base64"), width, height });
}

/**
 * @param {string} url
 * @param {string} offer
 * @returns {Promise<{ answer: string, location: string }>}
 */
export async function exchange(url, offer) {
  const response = await fetch(url, { method: "POST", headers: { "Content-Type": "application/sdp" }, body: offer });
  const answer = await response.text();
  if (response.status !== 201) {
    throw new Error(`${url} answered ${response.status}: ${answer}`);
  }
  const location = new URL(response.headers.get("Location") ?? "", url);
  tell({ location: location.pathname });
  return { answer, location: location.href };
}

/**
 * @param {string} clip
 * @returns {Promise<Buffer[]>} its pictures.
 */
export async function readPictures(clip) {
  const file = await readFile(clip);
  const size = (WIDTH * HEIGHT * 3) / 2;
  return Array.from({ length: file.length / size }, (_, index) => file.subarray(index * size, (index + 1) * size));
}

/**
 * @template T
 * @param {T[]} frames sent again and again, in real time.
 * @param {(frame: T, seconds: number) => void} send
 */
export function play(frames, send) {
  let count = 0;
  setInterval(() => {
    send(frames[count % frames.length], count / FPS);
    count += 1;
  }, 1000 / FPS);
}

/** @param {string} location */
export async function untilTold(location) {
  for await (const _ of stdin); // until it is closed
  await fetch(location, { method: "DELETE" });
}
