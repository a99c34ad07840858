/** VP8 video: read from an IVF file, cut into RTP packets (RFC 7741), and put together again. */

import { readFile } from "node:fs/promises";

const CLOCK = 90_000;
const MAX_PAYLOAD = 1200;
const RTP_HEADER = 12;

/**
 * @param {string} path
 * @returns {Promise<Buffer[]>} the file's frames.
 */
export async function readIvf(path) {
  const file = await readFile(path);
  if (file.toString("latin1", 0, 4) !== "DKIF" || file.toString("latin1", 8, 12) !== "VP80") {
    throw new Error(`${path} is no IVF file with VP8`);
  }
  const frames = [];
  for (let at = file.readUInt16LE(6); at < file.length;) {
    const start = at + 12;
    at = start + file.readUInt32LE(at);
    frames.push(file.subarray(start, at));
  }
  return frames;
}

/** Cuts frames into RTP packets. */
export class Packetiser {
  #payloadType;
  #ssrc;
  #sequence = 0;

  /**
   * @param {number} payloadType
   * @param {number} ssrc
   */
  constructor(payloadType, ssrc) {
    this.#payloadType = payloadType;
    this.#ssrc = ssrc;
  }

  /**
   * @param {Buffer} frame
   * @param {number} seconds when it was taken.
   * @returns {Buffer[]}
   */
  packets(frame, seconds) {
    const packets = [];
    for (let at = 0; at < frame.length; at += MAX_PAYLOAD) {
      const header = Buffer.alloc(RTP_HEADER + 1);
      header[0] = 0x80;
      header[1] = this.#payloadType | (at + MAX_PAYLOAD >= frame.length ? 0x80 : 0);
      header.writeUInt16BE(this.#sequence, 2);
      header.writeUInt32BE(Math.round(seconds * CLOCK) % 2 ** 32, 4);
      header.writeUInt32BE(this.#ssrc, 8);
      header[RTP_HEADER] = at === 0 ? 0x10 : 0; // the S bit: here a partition, the frame's first, begins
      this.#sequence = (this.#sequence + 1) % 2 ** 16;
      packets.push(Buffer.concat([header, frame.subarray(at, at + MAX_PAYLOAD)]));
    }
    return packets;
  }
}

/** Puts the packets of a stream that loses none, and keeps their order, together to frames. */
export class Depacketiser {
  /** @type {Buffer[]} */
  #pieces = [];

  /**
   * @param {Buffer} packet of RTP.
   * @returns {Buffer | null} the frame that it completes.
   */
  add(packet) {
    this.#pieces.push(withoutDescriptor(payload(packet)));
    if (!(packet[1] & 0x80)) {
      return null;
    }
    const frame = Buffer.concat(this.#pieces);
    this.#pieces = [];
    return frame;
  }
}

/**
 * @param {Buffer} packet
 * @returns {Buffer} what RFC 3550, 5.1 and 5.3.1 put around it taken off.
 */
function payload(packet) {
  let start = RTP_HEADER + 4 * (packet[0] & 0x0f);
  if (packet[0] & 0x10) {
    start += 4 + 4 * packet.readUInt16BE(start + 2);
  }
  return packet.subarray(start, packet.length - (packet[0] & 0x20 ? packet[packet.length - 1] : 0));
}

/**
 * @param {Buffer} payload
 * @returns {Buffer}
 */
function withoutDescriptor(payload) {
  let start = 1;
  if (payload[0] & 0x80) {
    const extensions = payload[1];
    start = 2;
    if (extensions & 0x80) {
      start += payload[start] & 0x80 ? 2 : 1; // the picture's id
    }
    start += (extensions & 0x40 ? 1 : 0) + (extensions & 0x30 ? 1 : 0);
  }
  return payload.subarray(start);
}
