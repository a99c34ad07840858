import type { viewer as english } from "../en/viewer.js";
import type { Texts } from "../texts.js";

export const viewer: Texts<typeof english> = {
  tagline: "实时观看会话",
  retry: "重试",
  allSessions: "全部会话",
  copyLink: "复制链接",
  copyLinkTip: "复制此页面的链接，不含令牌",
  fullScreen: "全屏",
  session: "会话",
  helpFullScreen: "进入或退出全屏",
  helpCopy: "复制此页面的链接",

  listTitle: "正在进行的会话",
  emptyTitle: "目前没有会话",
  emptyText: "有人在此服务器上打开摄像头后，会话会出现在这里。",
  since: (time) => `${time} 开始`,
  watching: (count) => (count === 0 ? "无人观看" : `${count} 人观看`),
  beginning: "刚刚开始",

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
};
