/** The header, and what stands on several pages. */
export const shell = {
  language: "English",
  switchLanguage: "中文",
  theme: "Switch between light and dark",

  help: "Keyboard shortcuts",
  helpHelp: "Show this list",
  space: "Space",

  token: "Token",
  useToken: "Use token",

  copy: "Copy",
  copied: "Copied",
  copyFailed: "Copy failed",
};
