/** Recording, on the pages that have it. */

import { bilingual } from "../i18n/texts.js";

export const texts = bilingual({
  en: {
    record: "Record",
    stop: "Stop recording",
    discard: "Discard",
    close: "Close",
    help: "Start or stop recording",
    recording: "Recording",
    time: "Time",
    video: "Video",
    landmarks: "Landmarks",
    motion: "Motion",
    privacy: "The recording stays in this browser until you download it.",
    limit: "It ends by itself at 1 GB.",
    ends: {
      stopped: "Recording finished",
      interrupted: "Recording ended with the connection",
      full: "Recording ended: it has reached 1 GB",
    },
    keep: "Download the files that you need. They are gone when you discard them or leave the page.",
    saved: "Downloaded. You can close this and record again.",
    files: {
      ".webm": "Video (WebM)",
      ".mp4": "Video (MP4)",
      ".jsonl": "Landmarks (JSON lines)",
      ".csv": "Landmarks (CSV)",
      ".bvh": "Motion (BVH)",
      ".vrma": "Motion (VRMA)",
    },
  },
  zh: {
    record: "录制",
    stop: "停止录制",
    discard: "放弃",
    close: "关闭",
    help: "开始或停止录制",
    recording: "正在录制",
    time: "时长",
    video: "视频",
    landmarks: "关键点",
    motion: "动作",
    privacy: "录制内容只保留在此浏览器中，直到你下载。",
    limit: "达到 1 GB 时自动停止。",
    ends: {
      stopped: "录制完成",
      interrupted: "连接已断开，录制随之结束",
      full: "录制已达到 1 GB 上限并停止",
    },
    keep: "请下载需要的文件。放弃或离开此页面后，它们将不复存在。",
    saved: "已下载。可以关闭此栏并再次录制。",
    files: {
      ".webm": "视频（WebM）",
      ".mp4": "视频（MP4）",
      ".jsonl": "关键点（JSON 行）",
      ".csv": "关键点（CSV）",
      ".bvh": "动作（BVH）",
      ".vrma": "动作（VRMA）",
    },
  },
});
