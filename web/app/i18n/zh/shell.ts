import type { shell as english } from "../en/shell.js";
import type { Texts } from "../texts.js";

export const shell: Texts<typeof english> = {
  language: "简体中文",
  switchLanguage: "EN",
  theme: "切换浅色或深色",

  help: "键盘快捷键",
  helpHelp: "显示此列表",
  space: "空格",

  token: "令牌",
  useToken: "使用令牌",

  copy: "复制",
  copied: "已复制",
  copyFailed: "复制失败",
};
