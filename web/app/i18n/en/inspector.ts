/** Figures of a connection, and the landmarks that come. */
export const inspector = {
  figures: {
    delay: "Latency",
    fpsReceived: "Received",
    fpsSent: "Sent",
    trackerMs: "Tracker",
    rtt: "Round trip",
    dropped: "Dropped",
    bitrate: "Up / down",
    bitsReceived: "Bit rate",
    resolution: "Resolution",
    model: "Model",
  },
  tips: {
    delay:
      "Estimated time from the camera to the annotated frame on screen: the sum of encoding, round trip, server, jitter buffer and decoding.",
    fpsReceived: "Annotated frames received and decoded per second.",
    fpsSent: "Camera frames encoded and sent per second.",
    trackerMs: "Time the server takes to find the landmarks in one frame.",
    rtt: "Time for a message to reach the server and come back on the control channel.",
    dropped:
      "Frames that the server skipped for a newer frame: total, and share of all frames. This keeps the latency low.",
    bitrate: "Bit rate of the video sent and received.",
    bitsReceived: "Bit rate of the video received.",
    resolution:
      "Size of the newest frame that reached the server. The browser lowers it when the network or the CPU can't keep up.",
    model: "Model bundle on the server, and the variant of its pose model.",
  },
  delaySum: (parts: { encode: number; roundTrip: number; server: number; jitterBuffer: number; decode: number }) =>
    `Now: ${parts.encode} encoding + ${parts.roundTrip} round trip + ${parts.server} server + ${parts.jitterBuffer} jitter buffer + ${parts.decode} decoding.`,

  details: "Details",
  helpDetails: "Show or hide the details",
  connection: "Connection",
  points: "Landmarks by part",
  parts: { pose: "Pose", face: "Face", leftHand: "Left hand", rightHand: "Right hand" },
  pointsTip:
    "The server tracks the parts that its clients ask for, or that it draws. Tracking fewer parts takes less CPU.",
  notSeen: "not seen",
  notTracked: "not tracked",
  persons: "Person",
  person: (number: number) => `Person ${number}`,
  blendshapes: "Blendshapes",
  filter: "Filter",
  strongest: "Strongest first",
  frame: "Newest frame",
  allPoints: "All points",
  pause: "Pause",
  resume: "Resume",
  morePoints: (count: number) => `… ${count} more`,
  noFrame: "No data yet.",
};
