import type { status as english } from "../en/status.js";
import type { Texts } from "../texts.js";
import { codes } from "./codes.js";

export const status: Texts<typeof english> = {
  states: {
    idle: "就绪",
    preview: "预览",
    starting: "正在启动",
    connecting: "正在连接",
    connected: "实时",
    waiting: "等待中",
    reconnecting: "正在重新连接",
    snapshots: "逐帧图片",
    failed: "已停止",
  },
  progress: {
    starting: "请在浏览器的提示中允许使用摄像头。",
    connecting: "正在连接服务器……",
  },
  reconnectingRemedy: "页面会自动重新连接。点击“停止”可放弃。",
  retryIn: (seconds) => `${seconds} 秒后重试。`,
  retryNow: "正在重试……",
  attempt: (attempt) => `第 ${attempt} 次尝试。`,
  detail: (message) => `详情：${message}`,
  meaning: (code) => codes[code] ?? "",

  problems: {
    "camera-denied": {
      title: "摄像头权限被拒绝",
      remedy: "请点击地址栏中的摄像头图标，允许此页面使用摄像头，然后再次点击“开始”。",
    },
    "camera-missing": {
      title: "未找到摄像头",
      remedy: "请连接摄像头后再次点击“开始”，或使用示例片段。",
    },
    "camera-busy": {
      title: "无法打开摄像头",
      remedy: "可能有其他程序正在使用它。请关闭该程序后再次点击“开始”，或选择其他摄像头。",
    },
    "camera-lost": {
      title: "摄像头已断开或关闭",
      remedy: "请重新连接或选择其他摄像头，然后点击“开始”。",
    },
    "insecure-context": {
      title: "浏览器禁止此页面使用摄像头",
      remedy: "只有通过 HTTPS 或 localhost 打开的页面才能使用摄像头。请换用这样的地址打开，或使用示例片段。",
    },
    unsupported: {
      title: "不支持此浏览器",
      remedy: "实时视频需要 WebRTC。请使用新版 Chrome、Edge、Firefox 或 Safari。",
    },
    "sample-failed": {
      title: "无法加载示例片段",
      remedy: "服务器没有返回片段。请确认服务器正在运行，然后重试。",
    },
    "server-unreachable": {
      title: "服务器没有响应",
      remedy: "请确认 holistic-rtc 正在运行且网络正常，然后再次点击“开始”。",
    },
    "server-full": {
      title: "服务器已满",
      remedy: "同时进行的会话数已达上限。",
    },
    "server-busy": {
      title: "服务器暂时无法处理",
      remedy: "原因见下方详情。页面会自动重试。",
    },
    refused: {
      title: "服务器拒绝了视频",
      remedy: "原因见下方详情。不作更改直接重试不会成功。",
    },
    unauthorized: {
      title: "服务器要求令牌",
      remedy: "请向管理员索取令牌，并在此处输入。此页面会保留令牌，直到标签页关闭。",
    },
    forbidden: {
      title: "服务器不允许此操作",
      remedy: "原因见下方详情。请向管理员索取有相应权限的令牌。",
    },
    "session-unknown": {
      title: "没有这个会话",
      remedy: "它可能已经结束，或地址不完整。正在进行的会话见列表。",
    },
    "not-live": {
      title: "此名称下目前没有直播",
      remedy: "有人以此名称发布后，这里会自动开始。",
    },
    "ice-failed": {
      title: "视频无法传输",
      remedy: "服务器已应答，但防火墙可能阻止了 UDP。请换一个网络，或请管理员配置 TURN 服务器。",
    },
    "connection-lost": {
      title: "连接已断开",
      remedy: "请检查网络是否正常。",
    },
    "session-ended": {
      title: "服务器结束了会话",
      remedy: "请点击“开始”建立新的会话。",
    },
    aborted: {
      title: "已停止",
      remedy: "请点击“开始”重新开始。",
    },
    "no-session": {
      title: "目前没有会话",
      remedy: "有人在此服务器上打开摄像头后，虚拟形象会自动出现在这里。",
    },
    "several-sessions": {
      title: "有多个会话正在进行",
      remedy:
        "此链接只在恰好有一个会话时可用。请停止其他会话，或在 /view 选择一个，进入它的虚拟形象，再复制 OBS 链接。",
    },
    unexpected: {
      title: "出现错误",
      remedy: "请点击“开始”重试。如果问题持续，请反馈下方的详情。",
    },
  },

  byCode: {
    name_taken: { title: "此名称已被占用", remedy: "有人正在以此名称发布。请选择其他名称，或不带名称打开此页面。" },
  },

  wrongToken: {
    title: "服务器拒绝了此令牌",
    remedy: "请与管理员核对令牌，然后重新输入。",
  },

  wrongTicket: {
    title: "此链接已过期",
    remedy: "请索取新的链接，或在原处重新复制。",
  },

  viewing: {
    states: {
      idle: "已更新",
      failed: "未连接",
    },
    reconnectingRemedy: "页面会自动重新连接。",
    problems: {
      "insecure-context": {
        title: "浏览器禁止此页面播放实时视频",
        remedy: "只有通过 HTTPS 或 localhost 打开的页面才能播放。请换用这样的地址打开。",
      },
      "server-unreachable": {
        title: "服务器没有响应",
        remedy: "请确认 holistic-rtc 正在运行且网络正常，然后重试。",
      },
      "server-full": {
        title: "观看人数已满",
        remedy: "此会话的观看人数已达上限。",
      },
      refused: {
        title: "服务器拒绝了连接",
        remedy: "原因见下方详情。不作更改直接重试不会成功。",
      },
      forbidden: {
        title: "此会话是私密的",
        remedy: "请向其发布者索取完整的链接：在“分享”中，以 #key= 和密钥结尾。",
      },
      "session-ended": {
        title: "会话已结束",
        remedy: "如果会话重新开始，地址会不同：请查看正在进行的会话列表。",
      },
      aborted: {
        title: "已停止",
        remedy: "重试即可继续观看。",
      },
      unexpected: {
        title: "出现错误",
        remedy: "请重试。如果问题持续，请反馈下方的详情。",
      },
    },
  },
};
