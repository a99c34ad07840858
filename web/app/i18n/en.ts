export const en = {
  language: "English",
  tagline: "Body, face and hands from your webcam, live",

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
  rawCaption: "What the camera sees",
  annotatedCaption: "What the server found",
  help: "Keyboard shortcuts",
  helpStart: "start or stop",
  helpMirror: "mirror the pictures",
  helpDraw: "drawing on or off",
  helpSmoothing: "smoothing on or off",
  helpShare: "share this session",
  helpView: "next view",
  helpHelp: "this list",
  space: "Space",
  theme: "Light or dark",
  switchLanguage: "中文",

  share: "Share",
  shareTitle: "Let others watch",
  shareText: "With this link they see the annotated video and the landmarks, as long as this session runs.",
  shareToken: "They need the server's token besides, which is not in the link.",
  shareLink: "Link to the viewer",
  openViewer: "Open the viewer",
  watchOthers: "Watch",

  emptyTitle: "See yourself as landmarks",
  emptyText:
    "Start the camera, and the server draws 543 points of your body, face and hands on each picture while you move. No camera? Use the sample clip.",
  emptyPrivacy: "Pictures go to this server and back. Nothing is stored.",

  states: {
    idle: "Ready",
    starting: "Waiting for the camera",
    connecting: "Connecting",
    connected: "Live",
    waiting: "Waiting for a place",
    reconnecting: "Reconnecting",
    snapshots: "Snapshots",
    failed: "Stopped",
  },
  progress: {
    starting: "Allow the camera in your browser's prompt.",
    connecting: "Connecting to the server …",
  },
  reconnectingRemedy: "It connects again by itself. Press Stop to give up.",
  retryIn: (seconds: number) => `Trying again in ${seconds} s.`,
  retryNow: "Trying again …",
  attempt: (attempt: number) => `Attempt ${attempt}.`,
  detail: (message: string) => `Details: ${message}`,

  problems: {
    "camera-denied": {
      title: "The camera is blocked",
      remedy: "Click the camera icon in the address bar, allow the camera for this page, and press Start again.",
    },
    "camera-missing": {
      title: "No camera was found",
      remedy: "Plug one in and press Start again, or use the sample clip.",
    },
    "camera-busy": {
      title: "The camera can't be opened",
      remedy: "Another program may be using it. Close that one and press Start again, or choose another camera.",
    },
    "camera-lost": {
      title: "The camera was unplugged or switched off",
      remedy: "Plug it in again or choose another one, and press Start.",
    },
    "insecure-context": {
      title: "The browser withholds the camera here",
      remedy:
        "Cameras work only on pages loaded over https or from localhost. Open this page by such an address, or use the sample clip.",
    },
    unsupported: {
      title: "This browser can't do it",
      remedy: "Live video needs WebRTC. Use a current Chrome, Edge, Firefox or Safari.",
    },
    "sample-failed": {
      title: "The sample clip can't be loaded",
      remedy: "The server didn't send its picture. See whether it is running, and try again.",
    },
    "server-unreachable": {
      title: "The server doesn't answer",
      remedy: "See whether holistic-rtc is running and your network is up, and press Start again.",
    },
    "server-full": {
      title: "The server is full",
      remedy: "All places are taken at the moment.",
    },
    refused: {
      title: "The server refused the video",
      remedy: "The details below say why. Trying again as it is won't help.",
    },
    unauthorized: {
      title: "The server asks for a token",
      remedy: "Whoever runs it has one. Open this page with #token= and the token at the end of its address.",
    },
    "session-unknown": {
      title: "There is no such session",
      remedy: "It may have ended, or the address isn't complete. The list has those that are running.",
    },
    "ice-failed": {
      title: "No way for the video",
      remedy:
        "The server answered, but video can't get through: a firewall may block UDP. Try another network, or ask for a TURN server to be set up.",
    },
    "connection-lost": {
      title: "The connection was lost",
      remedy: "See whether your network is up.",
    },
    "session-ended": {
      title: "The server ended the session",
      remedy: "Press Start to begin a new one.",
    },
    aborted: {
      title: "Stopped",
      remedy: "Press Start to begin again.",
    },
    "no-session": {
      title: "Nobody is live yet",
      remedy: "Start the camera on this server. The avatar appears here by itself.",
    },
    "several-sessions": {
      title: "Several sessions are running",
      remedy:
        "This link follows the only one. Stop the others, or take the link of one: choose it at /view, go to its avatar, and copy the link for OBS.",
    },
    unexpected: {
      title: "Something went wrong",
      remedy: "Press Start to try again. If it stays like this, please report the details below.",
    },
  },

  /** In place of `problems.unauthorized` where the page has a token. */
  wrongToken: {
    title: "The server doesn't take this token",
    remedy: "Compare what stands behind #token= in this page's address with what whoever runs the server gave you.",
  },

  fallback: {
    use: "Use snapshots instead",
    tryLive: "Try live again",
    title: "Snapshots instead of live video",
    noWayTitle: "Live video can't get through",
    text: "Pictures are sent one after the other.",
    noWayText:
      "A firewall may block UDP, and no TURN server helps. So pictures are sent one after the other, over plain HTTP.",
    rate: "Rate",
    rateUnit: "pictures/s",
    roundTrip: "Round trip",
    onServer: "On the server",
  },

  tabs: { label: "What to send", live: "Live", snapshot: "Snapshot" },
  snapshot: {
    choose: "Choose a picture",
    camera: "Use the camera",
    shoot: "Take the picture",
    cancel: "Cancel",
    retry: "Try again",
    savePicture: "Save picture",
    saveJson: "Save JSON",
    picture: "The picture with its landmarks",
    preview: "What the camera sees",
    zoomIn: "Zoom in",
    zoomOut: "Zoom out",
    fit: "Fit",
    emptyTitle: "Landmarks of a picture",
    emptyText: "Drop a picture here, paste one, choose a file, or take one with the camera.",
    emptyFormats: "JPEG, PNG, WebP or BMP. It goes to this server and back. Nothing is stored.",
    drop: "Drop it here",
    sending: (size: string) => `Sending ${size}, and finding the landmarks …`,
    fromCamera: "From the camera",
    pasted: "Pasted",
    milliseconds: (count: number) => `${count} ms on the server`,
    nobody: "Nobody was found in it.",

    problems: {
      nothing: {
        title: "There is no picture in it",
        remedy: "What was pasted or dropped has no picture file. Copy the picture itself, or choose its file.",
      },
      unreadable: {
        title: "The file can't be read",
        remedy: "It may be a folder, or have been moved or deleted. Choose it again.",
      },
      damaged: {
        title: "The picture is damaged",
        remedy: "The file is cut or broken. Open it in a picture viewer, save it anew, and try that one.",
      },
      "too-large": {
        title: "The picture is too large",
        remedy: "Make it smaller, or choose another one. The details below say what the server takes.",
      },
      "not-a-picture": {
        title: "Not a picture that can be read",
        remedy: "The server takes JPEG, PNG, WebP and BMP. Convert others first, such as HEIC, GIF, SVG or PDF.",
      },
      "slow-upload": {
        title: "The picture took too long to arrive",
        remedy: "The network is slow. Try again, or send a smaller picture.",
      },
      busy: {
        title: "The server is busy",
        remedy: "It has as many pictures as it takes at a time.",
      },
      crashed: {
        title: "The server failed at this picture",
        remedy: "Other pictures still work. Try again; if it stays like this, please report the picture.",
      },
      "too-slow": {
        title: "The server took too long",
        remedy: "It may have too much to do at the moment. Try again, or send a smaller picture.",
      },
      unreachable: {
        title: "The server doesn't answer",
        remedy: "See whether holistic-rtc is running and your network is up, and try again.",
      },
      unexpected: {
        title: "Something went wrong",
        remedy: "Try again. If it stays like this, please report the details below.",
      },
      "camera-denied": {
        title: "The camera is blocked",
        remedy:
          "Click the camera icon in the address bar, allow the camera for this page, and try again. Or choose a picture.",
      },
      "camera-missing": {
        title: "No camera was found",
        remedy: "Plug one in and try again, or choose a picture.",
      },
      "camera-busy": {
        title: "The camera can't be opened",
        remedy: "Another program may be using it. Close that one and try again, or choose a picture.",
      },
      "camera-lost": {
        title: "The camera was unplugged or switched off",
        remedy: "Plug it in and try again, or choose a picture.",
      },
      "insecure-context": {
        title: "The browser withholds the camera here",
        remedy: "Cameras work only on pages loaded over https or from localhost. Choose a picture instead.",
      },
      unsupported: {
        title: "This browser gives pages no camera",
        remedy: "Choose a picture, or use a current Chrome, Edge, Firefox or Safari.",
      },
    },
  },

  figures: {
    delay: "Delay",
    fpsReceived: "Received",
    fpsSent: "Sent",
    trackerMs: "Tracker",
    rtt: "Round trip",
    dropped: "Dropped",
    bitrate: "Up / down",
    bitsReceived: "Video",
    resolution: "Picture",
    model: "Model",
  },
  tips: {
    delay:
      "From the camera to the annotated picture on the screen, estimated as the sum of encoding, round trip, server, jitter buffer and decoding.",
    fpsReceived: "Annotated pictures a second that came back and were decoded.",
    fpsSent: "Camera pictures a second that were encoded and sent.",
    trackerMs: "Time the server takes to find the landmarks in one picture.",
    rtt: "Time for a message to the server and back, over the control channel.",
    dropped:
      "Pictures the server passed over because a newer one had come, in all and of 100. Better than falling behind.",
    bitrate: "Video sent and received.",
    bitsReceived: "Video received.",
    resolution:
      "Size of the newest picture that reached the server. The browser lowers it when network or CPU are short.",
    model: "Model bundle on the server, and the variant of its pose model.",
  },
  delaySum: (parts: { encode: number; roundTrip: number; server: number; jitterBuffer: number; decode: number }) =>
    `Now: ${parts.encode} encode + ${parts.roundTrip} round trip + ${parts.server} server + ${parts.jitterBuffer} jitter buffer + ${parts.decode} decode.`,

  inspector: "Landmarks",
  points: "Points",
  parts: { pose: "Pose", face: "Face", leftHand: "Left hand", rightHand: "Right hand" },
  notSeen: "not seen",
  blendshapes: "Blendshapes",
  filter: "Filter",
  strongest: "Strongest first",
  frame: "Newest frame",
  allPoints: "All points",
  pause: "Pause",
  resume: "Resume",
  copy: "Copy",
  copied: "Copied",
  copyFailed: "Copying was refused",
  morePoints: (count: number) => `… ${count} more`,
  noFrame: "No frame yet.",

  avatar: {
    link: "Avatar",
    tagline: "An avatar that moves as you do",
    landmarks: "Landmarks",
    picture: "The avatar",
    emptyTitle: "Move the avatar",
    emptyText: "Start the camera, and the avatar does what you do. No camera? Use the sample clip.",
    emptyPrivacy: "Avatars of your own, as VRM files, stay in this browser. Nothing is stored on the server.",
    drop: "Drop the VRM file here",
    close: "Close",
    choose: "Choose a VRM file",
    mannequin: "Back to the mannequin",
    loading: (name: string) => `Loading ${name} …`,
    upperBody: "Upper body",
    preview: "Camera picture",
    calibrate: "Calibrate",
    calibrateTip: "Calibrate: sit straight and look ahead. The way you hold yourself now becomes upright",
    resetCalibration: "Undo calibration",
    copyOverlay: "Copy link for OBS",
    copyOverlayTip:
      "Copy link for OBS: the avatar alone, on a transparent ground, of whoever is the only one live. It holds the token, if there is one",
    copySessionTip:
      "Copy link for OBS: the avatar alone, on a transparent ground, until this session ends. It holds the token, if there is one",
    helpMirror: "mirror the avatar",
    helpUpperBody: "upper body or all of it",
    helpPreview: "camera picture on or off",
    helpCalibrate: "calibrate",
    helpChoose: "choose a VRM file",

    graphics: {
      missing: {
        title: "This browser draws no 3D here",
        remedy:
          "The avatar needs WebGL 2. Switch on hardware acceleration in the browser's settings, or use another one.",
      },
      lost: {
        title: "The graphics card has stopped",
        remedy: "The avatar comes back by itself when the browser has it again. If it doesn't, load this page anew.",
      },
    },
    files: {
      nothing: {
        title: "There is no file in it",
        remedy: "Drop a VRM file from a folder of this computer.",
      },
      unreadable: {
        title: "The file can't be read",
        remedy: "It may be a folder, or have been moved or deleted. Choose it again.",
      },
      "too-large": {
        title: "The file is too large",
        remedy: "200 MB is the most. Have the program that made it export it with smaller textures.",
      },
      "not-vrm": {
        title: "Not a VRM file",
        remedy: "The page takes avatars as .vrm, version 0.x or 1.0. Export others, such as FBX or MMD, as VRM first.",
      },
      "not-humanoid": {
        title: "There is no VRM avatar in it",
        remedy: "The file is a glTF model that doesn't say which of its bones is which. Export it as VRM.",
      },
      damaged: {
        title: "The file is damaged",
        remedy: "It is cut or broken, or not quite a VRM. Download or export it anew, and try that one.",
      },
    },
  },

  viewer: {
    tagline: "Watch a session, live",
    ownCamera: "Go live",
    retry: "Try again",
    allSessions: "All sessions",
    copyLink: "Copy link",
    copyLinkTip: "Copy the link to this page, without a token",
    fullScreen: "Full screen",
    session: "Session",
    helpFullScreen: "full screen on or off",
    helpCopy: "copy the link to this page",

    listTitle: "Running sessions",
    emptyTitle: "Nobody is live",
    emptyText: "As soon as somebody starts a camera on this server, the session appears here.",
    since: (time: string) => `since ${time}`,
    watching: (count: number) => (count === 0 ? "nobody watching" : `${count} watching`),
    beginning: "just beginning",

    states: {
      idle: "Up to date",
      failed: "Not connected",
      waiting: "Waiting for a place",
    },
    reconnectingRemedy: "It connects again by itself.",
    problems: {
      "insecure-context": {
        title: "The browser withholds live video here",
        remedy: "It works on pages loaded over https or from localhost. Open this page by such an address.",
      },
      "server-unreachable": {
        title: "The server doesn't answer",
        remedy: "See whether holistic-rtc is running and your network is up, and try again.",
      },
      "server-full": {
        title: "Too many are watching",
        remedy: "All places of this session are taken at the moment.",
      },
      refused: {
        title: "The server refused the connection",
        remedy: "The details below say why. Trying again as it is won't help.",
      },
      "session-ended": {
        title: "The session has ended",
        remedy: "If it was begun anew it has another address: see the list of those that are running.",
      },
      aborted: {
        title: "Stopped",
        remedy: "Try again to go on watching.",
      },
      unexpected: {
        title: "Something went wrong",
        remedy: "Try again. If it stays like this, please report the details below.",
      },
    },
  },
};

/** The dictionary's shape, with any text in place of the English. */
export type Messages = Texts<typeof en>;

type Texts<T> = {
  readonly [K in keyof T]: T[K] extends string
    ? string
    : T[K] extends (...parameters: never[]) => string
      ? T[K]
      : Texts<T[K]>;
};
