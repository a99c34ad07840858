/** What keeps the delay of the video small, in both directions. */

/** Bits a second that are enough for a face and hands: more would only fill queues. */
export function maxBitrate(width: number, height: number): number {
  return width * height <= 640 * 480 ? 1_500_000 : 2_500_000;
}

/** Offer to send a track, and to receive its annotated counterpart if `receive`. */
export function offerTrack(pc: RTCPeerConnection, track: MediaStreamTrack, receive: boolean): RTCRtpTransceiver {
  const transceiver = pc.addTransceiver(track, {
    direction: receive ? "sendrecv" : "sendonly",
    streams: [new MediaStream([track])],
  });
  preferVp8(transceiver);
  return transceiver;
}

/** Offer to receive an annotated video. */
export function offerToReceive(pc: RTCPeerConnection): void {
  preferVp8(pc.addTransceiver("video", { direction: "recvonly" }));
}

/** To be called once a sender's track is another one, or has been negotiated. */
export async function tuneSender(sender: RTCRtpSender): Promise<void> {
  const { track } = sender;
  if (!track) {
    return;
  }
  track.contentHint = "motion";
  const { width = 640, height = 480 } = track.getSettings();
  await changeParameters(sender, (parameters: RTCRtpSendParameters & { degradationPreference?: string }) => {
    // Short of CPU or network, fewer frames are better than blurred ones: the tracker passes over frames anyway.
    parameters.degradationPreference = "maintain-resolution";
    for (const encoding of parameters.encodings) {
      encoding.maxBitrate = maxBitrate(width, height);
    }
  });
}

/** The rate that cameras have, and one under which the video is no fun any more. */
const FULL_FPS = 30;
const LEAST_FPS = 8;
/** With less than the first of what is sent being tracked, fewer are sent; with more than the second, more. */
const TRACKED_SHARE = [0.5, 0.75] as const;

/**
 * How many frames to send when the server passes over most of them. To encode, send and decode those takes CPU from the
 * tracking; but some have to be spare, so that there is a new one whenever the tracker is free.
 *
 * @param limit - the present one; null for none.
 * @returns frames a second; null for all that the camera gives.
 */
export function nextMaxFps(limit: number | null, { fpsIn, fpsOut }: { fpsIn: number; fpsOut: number }): number | null {
  const [few, most] = TRACKED_SHARE;
  if (fpsIn > 0 && fpsOut < few * fpsIn) {
    return Math.max(LEAST_FPS, Math.ceil(1.6 * fpsOut));
  }
  if (limit !== null && fpsOut > most * fpsIn) {
    const raised = Math.ceil(1.25 * limit);
    return raised < FULL_FPS ? raised : null;
  }
  return limit;
}

/** Send at most so many frames a second; null for all. */
export async function limitFps(sender: RTCRtpSender, maxFps: number | null): Promise<void> {
  await changeParameters(sender, (parameters) => {
    for (const encoding of parameters.encodings) {
      if (maxFps === null) {
        delete encoding.maxFramerate;
      } else {
        encoding.maxFramerate = maxFps;
      }
    }
  });
}

/** The latest change of each sender, which may be under way. */
const changes = new WeakMap<RTCRtpSender, Promise<void>>();

/** One after the other: Chromium refuses parameters that were read before another change has ended. */
async function changeParameters(
  sender: RTCRtpSender,
  change: (parameters: RTCRtpSendParameters) => void,
): Promise<void> {
  const before = changes.get(sender);
  const done = (async () => {
    await before?.catch(() => undefined); // That one's affair.
    const parameters = sender.getParameters();
    change(parameters);
    await sender.setParameters(parameters);
  })();
  changes.set(sender, done);
  await done;
}

/** Show each frame as it comes, rather than evenly and later. */
export function tuneReceiver(receiver: RTCRtpReceiver): void {
  const tunable = receiver as RTCRtpReceiver & { jitterBufferTarget?: number | null; playoutDelayHint?: number };
  if ("jitterBufferTarget" in tunable) {
    tunable.jitterBufferTarget = 0;
  }
  if ("playoutDelayHint" in tunable) {
    tunable.playoutDelayHint = 0;
  }
}

/** Of the codecs that the server takes, VP8 costs it least. */
function preferVp8(transceiver: RTCRtpTransceiver): void {
  const codecs = RTCRtpReceiver.getCapabilities("video")?.codecs ?? [];
  const isVp8 = (codec: RTCRtpCodec) => codec.mimeType.toLowerCase() === "video/vp8";
  if (codecs.some(isVp8) && "setCodecPreferences" in transceiver) {
    transceiver.setCodecPreferences([...codecs.filter(isVp8), ...codecs.filter((codec) => !isVp8(codec))]);
  }
}
