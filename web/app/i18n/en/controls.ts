/** Controls of several pages. */
export const controls = {
  start: "Start",
  stop: "Stop",
  sample: "Use the sample clip",
  camera: "Camera",
  defaultCamera: "Default camera",
  cameraNumber: (number: number) => `Camera ${number}`,
  mirror: "Mirror",
  draw: "Drawing",
  smoothing: "Smoothing",
  rawCaption: "Video from the camera",
  annotatedCaption: "Annotated video",
  helpStart: "Start or stop",

  retry: "Try again",
  allSessions: "All sessions",
  fullScreen: "Full screen",
  helpFullScreen: "Enter or leave full screen",
};
