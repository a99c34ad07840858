import type { TakeFile } from "./take.js";

const TYPES = ["video/webm", "video/mp4"];
/** How often the browser hands over what it has recorded. */
const SLICE_MS = 1000;

/** Records a stream as the browser encodes it. */
export class VideoRecording {
  readonly #recorder: MediaRecorder;
  readonly #chunks: Blob[] = [];
  /** Fulfilled once it is over, with or without `stop()`: with the file, or null if the browser has recorded nothing. */
  readonly ended: Promise<TakeFile | null>;
  #bytes = 0;

  /**
   * @param onChunk - called when there is more of it.
   * @throws DOMException when the browser can't record the stream.
   */
  constructor(stream: MediaStream, onChunk: () => void) {
    const mimeType = TYPES.find((type) => MediaRecorder.isTypeSupported(type));
    this.#recorder = new MediaRecorder(stream, mimeType === undefined ? {} : { mimeType });
    this.#recorder.addEventListener("dataavailable", ({ data }) => {
      if (data.size > 0) {
        this.#chunks.push(data);
        this.#bytes += data.size;
        onChunk();
      }
    });
    this.ended = new Promise((resolve) => {
      this.#recorder.addEventListener("stop", () => resolve(this.#file()));
    });
    this.#recorder.start(SLICE_MS);
  }

  get bytes(): number {
    return this.#bytes;
  }

  stop(): void {
    if (this.#recorder.state !== "inactive") {
      this.#recorder.stop();
    }
  }

  #file(): TakeFile | null {
    const [type = ""] = this.#recorder.mimeType.split(";");
    const suffix = type.endsWith("mp4") ? ".mp4" : ".webm";
    return this.#chunks.length > 0 ? { suffix, content: new Blob(this.#chunks, { type }) } : null;
  }
}
