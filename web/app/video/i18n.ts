/** The tab for one video. */

import { bilingual } from "../i18n/texts.js";

export const texts = bilingual({
  en: {
    choose: "Choose a video",
    drop: "Drop the video here",
    progress: "Progress",
    emptyTitle: "Find landmarks in a video",
    emptyText: "Drop a video here, or choose one. The server tracks every frame, and you can download the result.",
    emptyPrivacy: "The video goes to this server, which deletes it with the results after a while.",
    uploading: (size: string) => `Uploading ${size}…`,
    waiting: (ahead: number) => (ahead > 0 ? `Waiting: ${ahead} ahead of you…` : "Waiting…"),
    tracking: (frames: number, total: number | null) =>
      total === null ? `${frames} frames tracked…` : `${frames} of ${total} frames tracked…`,
    done: (name: string, frames: number) => `${name} · ${frames} frames`,
    damaged: "The video is cut off or damaged; what could be decoded was tracked.",
    annotated: "Save video",
    landmarks: "Save landmarks",

    problems: {
      nothing: {
        title: "There is no file",
        remedy: "What you dropped contains no file. Choose one instead.",
      },
      file: {
        title: "The file can't be tracked",
        remedy: "It may be damaged, or in a format that the server can't read. Convert it to MP4, and try that.",
      },
      large: {
        title: "The file is too large",
        remedy: "Send a shorter video, or one with a lower bit rate. See the details below for the limit.",
      },
      busy: {
        title: "The server is busy",
        remedy: "It already has as many videos as it can take. Try again later.",
      },
      off: {
        title: "This server takes no videos",
        remedy: "Its administrator has switched that off.",
      },
      unauthorized: {
        title: "You may not send videos to this server",
        remedy: "Ask your administrator for a token, and enter it here.",
      },
      gone: {
        title: "The video is no longer there",
        remedy: "It has expired, or the server was restarted. Send it again.",
      },
      unreachable: {
        title: "The server isn't responding",
        remedy: "Check that holistic-rtc is running and that your network is up, then try again.",
      },
      failed: {
        title: "The server failed on this video",
        remedy: "Others still work. If it keeps happening, report the details below.",
      },
    },
  },
  zh: {
    choose: "选择视频",
    drop: "松开即可上传视频",
    progress: "进度",
    emptyTitle: "查找视频中的关键点",
    emptyText: "将视频拖到此处，或选择文件。服务器会追踪每一帧，完成后可下载结果。",
    emptyPrivacy: "视频会上传到此服务器，一段时间后与结果一起删除。",
    uploading: (size) => `正在上传 ${size}……`,
    waiting: (ahead) => (ahead > 0 ? `等待中：前面还有 ${ahead} 个……` : "等待中……"),
    tracking: (frames, total) => (total === null ? `已追踪 ${frames} 帧……` : `已追踪 ${frames} / ${total} 帧……`),
    done: (name, frames) => `${name} · ${frames} 帧`,
    damaged: "视频不完整或已损坏，仅追踪了可解码的部分。",
    annotated: "保存视频",
    landmarks: "保存关键点",

    problems: {
      nothing: {
        title: "其中没有文件",
        remedy: "拖入的内容不含文件。请改为选择文件。",
      },
      file: {
        title: "无法追踪此文件",
        remedy: "文件可能已损坏，或服务器不支持其格式。请转换为 MP4 后重试。",
      },
      large: {
        title: "文件过大",
        remedy: "请发送较短或码率较低的视频。服务器的限制见下方详情。",
      },
      busy: {
        title: "服务器繁忙",
        remedy: "视频数已达上限，请稍后重试。",
      },
      off: {
        title: "此服务器不接受视频",
        remedy: "管理员已关闭此功能。",
      },
      unauthorized: {
        title: "您无权向此服务器发送视频",
        remedy: "请向管理员索取令牌，并在此处输入。",
      },
      gone: {
        title: "视频已不存在",
        remedy: "它已过期，或服务器已重启。请重新发送。",
      },
      unreachable: {
        title: "服务器没有响应",
        remedy: "请确认 holistic-rtc 正在运行且网络正常，然后重试。",
      },
      failed: {
        title: "服务器处理此视频时出错",
        remedy: "其他视频仍可使用。如果问题持续，请反馈下方的详情。",
      },
    },
  },
});
