/** The page that sends a camera. Some of its controls are on the avatar's page, too. */
export const live = {
  tagline: "Live body, face and hand tracking from your webcam",

  start: "Start",
  stop: "Stop",
  sample: "Use the sample clip",
  camera: "Camera",
  defaultCamera: "Default camera",
  cameraNumber: (number: number) => `Camera ${number}`,
  size: "Size",
  mirror: "Mirror",
  draw: "Drawing",
  smoothing: "Smoothing",
  view: "View",
  viewRaw: "Raw",
  viewAnnotated: "Annotated",
  viewBoth: "Side by side",
  rawCaption: "Video from the camera",
  annotatedCaption: "Annotated video",
  helpStart: "Start or stop",
  helpMirror: "Mirror the video",
  helpDraw: "Turn drawing on or off",
  helpSmoothing: "Turn smoothing on or off",
  helpShare: "Share this session",
  helpView: "Next view",

  share: "Share",
  shareTitle: "Let others watch",
  shareText: "Anyone with this link can watch the annotated video and the landmarks while this session is running.",
  shareToken: "They also need the server's token, which isn't part of the link.",
  shareLink: "Link to the viewer",
  openViewer: "Open the viewer",

  emptyTitle: "See yourself as landmarks",
  emptyText:
    "Start the camera and move: the server draws 553 points on your body, face and hands in every frame. No camera? Use the sample clip.",
  emptyPrivacy: "Video goes to this server and back. Nothing is stored.",

  fallback: {
    use: "Use snapshots instead",
    tryLive: "Try live video again",
    title: "Snapshots instead of live video",
    noWayTitle: "Live video can't get through",
    text: "Pictures are sent one at a time.",
    noWayText:
      "A firewall may be blocking UDP, and no TURN server is available. Pictures are sent one at a time over HTTP instead.",
    rate: "Rate",
    rateUnit: "pictures/s",
    roundTrip: "Round trip",
    onServer: "Server",
  },

  tabs: { label: "What to send", live: "Live", snapshot: "Snapshot" },
};
