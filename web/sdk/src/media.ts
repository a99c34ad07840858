/** What keeps the delay of the video small, in both directions. */

/** Bits a second that are enough for a face and hands: more would only fill queues. */
export function maxBitrate(width: number, height: number): number {
  return width * height <= 640 * 480 ? 1_500_000 : 2_500_000;
}

/** Offer to send a track, and to receive the annotated counterpart of a video if `receive`. */
export function offerTrack(pc: RTCPeerConnection, track: MediaStreamTrack, receive: boolean): RTCRtpTransceiver {
  const transceiver = pc.addTransceiver(track, {
    direction: receive && track.kind === "video" ? "sendrecv" : "sendonly",
    streams: [new MediaStream([track])],
  });
  if (track.kind === "video") {
    preferVp8(transceiver);
  }
  return transceiver;
}

/** Offer to receive an annotated video. */
export function offerToReceive(pc: RTCPeerConnection): void {
  preferVp8(pc.addTransceiver("video", { direction: "recvonly" }));
}

/** To be called once a sender's track is another one, or has been negotiated. */
export async function tuneSender(sender: RTCRtpSender): Promise<void> {
  const { track } = sender;
  if (track?.kind !== "video") {
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
