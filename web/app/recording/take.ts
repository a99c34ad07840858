/** What a take is made of. Nothing of it leaves the browser. */

import type { HolisticFrame } from "holistic-rtc";

export type Suffix = ".webm" | ".mp4" | ".jsonl" | ".csv" | ".bvh" | ".vrma";

export interface TakeFile {
  suffix: Suffix;
  content: Blob;
}

/** One or more files in the making. */
export interface Writer {
  /** What is held so far. */
  readonly bytes: number;
  add(frame: HolisticFrame): void;
  finish(): TakeFile[];
}

/** Lines become a blob this often: browsers keep large blobs on the disk. */
const BLOB_CHARACTERS = 1_000_000;

/** A text file with a line for each frame. Its text is ASCII. */
export class LineWriter implements Writer {
  readonly #suffix: Suffix;
  readonly #type: string;
  readonly #toLine: (frame: HolisticFrame) => string;
  #blobs: Blob[] = [];
  #text: string;
  #bytes: number;

  constructor(
    { suffix, type, header = "" }: { suffix: Suffix; type: string; header?: string },
    toLine: (frame: HolisticFrame) => string,
  ) {
    this.#suffix = suffix;
    this.#type = type;
    this.#toLine = toLine;
    this.#text = header;
    this.#bytes = header.length;
  }

  get bytes(): number {
    return this.#bytes;
  }

  add(frame: HolisticFrame): void {
    const line = this.#toLine(frame);
    this.#text += line;
    this.#bytes += line.length;
    if (this.#text.length >= BLOB_CHARACTERS) {
      this.#blobs.push(new Blob([this.#text]));
      this.#text = "";
    }
  }

  finish(): TakeFile[] {
    return [{ suffix: this.#suffix, content: new Blob([...this.#blobs, this.#text], { type: this.#type }) }];
  }
}
