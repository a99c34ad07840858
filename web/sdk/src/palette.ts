// Made by scripts/generate_palette.py from server/holistic_rtc/drawing/style.py.

/** The colours of the server's drawing, for programs that draw landmarks, too. Left and right are the person's. */
export const PALETTE = {
  left: "#ffa726",
  right: "#4fb4ff",
  middle: "#f5f5f5",
  mesh: "#cdecff",
  outline: "#181a20",
  /** By a person's id; after the last, they start over. */
  persons: ["#f5f5f5", "#54d6a6", "#ec9cd0", "#f0e442"],
} as const;
