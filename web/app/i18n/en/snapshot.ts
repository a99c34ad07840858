/** The tab for one picture. */
export const snapshot = {
  choose: "Choose a picture",
  camera: "Use the camera",
  shoot: "Take picture",
  cancel: "Cancel",
  savePicture: "Save picture",
  saveJson: "Save JSON",
  picture: "Picture with landmarks",
  preview: "Video from the camera",
  zoomIn: "Zoom in",
  zoomOut: "Zoom out",
  fit: "Fit",
  emptyTitle: "Find landmarks in a picture",
  emptyText: "Drop or paste a picture here, choose a file, or take one with the camera.",
  emptyFormats: "JPEG, PNG, WebP or BMP. The picture goes to this server and back. Nothing is stored.",
  drop: "Drop it here",
  sending: (size: string) => `Sending ${size} and finding landmarks…`,
  fromCamera: "From the camera",
  pasted: "Pasted",
  milliseconds: (count: number) => `${count} ms on the server`,
  nobody: "Nobody was found.",

  problems: {
    nothing: {
      title: "There is no picture",
      remedy: "What you pasted or dropped contains no picture file. Copy the picture itself, or choose a file.",
    },
    unreadable: {
      title: "The file can't be read",
      remedy: "It may be a folder, or it may have been moved or deleted. Choose it again.",
    },
    damaged: {
      title: "The picture is damaged",
      remedy: "The file is incomplete or corrupt. Open it in a picture viewer, save a new copy, and try that one.",
    },
    "too-large": {
      title: "The picture is too large",
      remedy: "Make it smaller or choose another one. See the details below for the limit.",
    },
    "not-a-picture": {
      title: "This file format isn't supported",
      remedy: "The server accepts JPEG, PNG, WebP and BMP. Convert other formats, such as HEIC, GIF, SVG or PDF.",
    },
    "slow-upload": {
      title: "The upload timed out",
      remedy: "Your network is slow. Try again, or send a smaller picture.",
    },
    busy: {
      title: "The server is busy",
      remedy: "It is already processing as many pictures as it can.",
    },
    crashed: {
      title: "The server failed on this picture",
      remedy: "Other pictures still work. Try again; if it keeps happening, report the picture.",
    },
    "too-slow": {
      title: "The server took too long",
      remedy: "It may be overloaded. Try again, or send a smaller picture.",
    },
    unreachable: {
      title: "The server isn't responding",
      remedy: "Check that holistic-rtc is running and that your network is up, then try again.",
    },
    unexpected: {
      title: "Something went wrong",
      remedy: "Try again. If it keeps happening, report the details below.",
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
      remedy: "Another program may be using it. Close that program and try again, or choose a picture.",
    },
    "camera-lost": {
      title: "The camera was unplugged or switched off",
      remedy: "Plug it in and try again, or choose a picture.",
    },
    "insecure-context": {
      title: "The browser blocks cameras on this page",
      remedy: "Browsers allow cameras only on pages loaded over HTTPS or from localhost. Choose a picture instead.",
    },
    unsupported: {
      title: "This browser doesn't support cameras",
      remedy: "Choose a picture, or use a current version of Chrome, Edge, Firefox or Safari.",
    },
  },
};
