/** VP8 video: read from an IVF file, cut into RTP packets (RFC 7741), and put together again. */

import { readFile } from "node:fs/promises";

import { RtpHeader, RtpPacket, dePacketizeRtpPackets } from "werift";

const CLOCK = 90_000;
const MAX_PAYLOAD = 1200;

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

/** Cuts frames into packets; the sender fills in the SSRC and the payload type. */
export class Packetiser {
  #sequence = 0;

  /**
   * @param {Buffer} frame
   * @param {number} seconds when it was taken.
   * @returns {RtpPacket[]}
   */
  packets(frame, seconds) {
    const packets = [];
    for (let at = 0; at < frame.length; at += MAX_PAYLOAD) {
      const start = at === 0 ? 0x10 : 0; // the S bit: here a partition, the frame's first, begins
      const payload = Buffer.concat([Buffer.of(start), frame.subarray(at, at + MAX_PAYLOAD)]);
      const header = new RtpHeader({
        sequenceNumber: this.#sequence,
        timestamp: Math.round(seconds * CLOCK) % 2 ** 32,
        marker: at + MAX_PAYLOAD >= frame.length,
        payloadOffset: 12,
      });
      this.#sequence = (this.#sequence + 1) % 2 ** 16;
      packets.push(new RtpPacket(header, payload));
    }
    return packets;
  }
}

/** Puts the packets of a stream that loses none, and keeps their order, together to frames. */
export class Depacketiser {
  /** @type {RtpPacket[]} */
  #packets = [];

  /**
   * @param {RtpPacket} packet
   * @returns {Buffer | null} the frame that it completes.
   */
  add(packet) {
    this.#packets.push(packet);
    if (!packet.header.marker) {
      return null;
    }
    const { data } = dePacketizeRtpPackets("VP8", this.#packets);
    this.#packets = [];
    return data;
  }
}
