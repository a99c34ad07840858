/** The page with the avatar. */
export const avatar = {
  tagline: "An avatar that moves as you do",
  picture: "The avatar",
  emptyTitle: "Move the avatar",
  emptyText: "Start the camera, and the avatar moves as you do. No camera? Use the sample clip.",
  emptyPrivacy: "Your own avatars, as VRM files, stay in this browser. Nothing is stored on the server.",
  drop: "Drop the VRM file here",
  close: "Close",
  choose: "Choose a VRM file",
  mannequin: "Back to the mannequin",
  loading: (name: string) => `Loading ${name}…`,
  upperBody: "Upper body",
  preview: "Camera preview",
  calibrate: "Calibrate",
  calibrateTip: "Calibrate: sit straight and look ahead. Your current pose becomes the upright one",
  resetCalibration: "Reset calibration",
  copyOverlay: "Copy link for OBS",
  copyOverlayTip:
    "Copy link for OBS: only the avatar, on a transparent background, for the only running session. The link contains the token, if there is one",
  copySessionTip:
    "Copy link for OBS: only the avatar, on a transparent background, until this session ends. The link contains the token, if there is one",
  helpMirror: "Mirror the avatar",
  helpUpperBody: "Show the upper body or all of it",
  helpPreview: "Show or hide the camera preview",
  helpCalibrate: "Calibrate",
  helpChoose: "Choose a VRM file",

  graphics: {
    missing: {
      title: "This browser can't draw in 3D",
      remedy:
        "The avatar needs WebGL 2. Turn on hardware acceleration in the browser's settings, or use another browser.",
    },
    lost: {
      title: "The graphics card stopped responding",
      remedy: "The avatar comes back when the browser recovers. If it doesn't, reload the page.",
    },
  },
  files: {
    nothing: {
      title: "There is no file",
      remedy: "Drop a VRM file from a folder on this computer.",
    },
    unreadable: {
      title: "The file can't be read",
      remedy: "It may be a folder, or it may have been moved or deleted. Choose it again.",
    },
    "too-large": {
      title: "The file is too large",
      remedy: "The limit is 200 MB. Export the avatar again with smaller textures.",
    },
    "not-vrm": {
      title: "Not a VRM file",
      remedy:
        "The page accepts avatars as .vrm files, version 0.x or 1.0. Export other formats, such as FBX or MMD, as VRM.",
    },
    "not-humanoid": {
      title: "There is no VRM avatar in this file",
      remedy: "It is a glTF model that doesn't name its humanoid bones. Export it as VRM.",
    },
    damaged: {
      title: "The file is damaged",
      remedy: "It is incomplete, corrupt or not valid VRM. Download or export it again, and try that one.",
    },
  },
};
