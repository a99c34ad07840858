import type { controls as english } from "../en/controls.js";
import type { Texts } from "../texts.js";

export const controls: Texts<typeof english> = {
  start: "开始",
  stop: "停止",
  sample: "使用示例片段",
  camera: "摄像头",
  defaultCamera: "默认摄像头",
  cameraNumber: (number) => `摄像头 ${number}`,
  mirror: "镜像",
  draw: "标注",
  smoothing: "平滑",
  rawCaption: "摄像头画面",
  annotatedCaption: "标注画面",
  helpStart: "开始或停止",

  retry: "重试",
  allSessions: "全部会话",
  fullScreen: "全屏",
  helpFullScreen: "进入或退出全屏",
};
