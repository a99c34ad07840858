/** The page that watches a session, and the list of sessions. */

import { bilingual } from "../i18n/texts.js";

export const texts = bilingual({
  en: {
    menu: "Watch",
    tagline: "Watch a session live",
    copyLink: "Copy link",
    copyLinkTip: "Copy the link to this page. It contains the session's key, if there is one, but no token",
    session: "Session",
    helpCopy: "Copy the link to this page",
    unmute: "Unmute",
    mute: "Mute",
    helpSound: "Sound on or off",

    listTitle: "Running sessions",
    emptyTitle: "Nobody is live",
    emptyText:
      "When somebody starts a camera on this server, the session appears here if you may list it. To watch a private one, open the link that its publisher shares.",
    since: (time: string) => `since ${time}`,
    watching: (count: number) => (count === 0 ? "nobody watching" : `${count} watching`),
    beginning: "starting",
  },
  zh: {
    menu: "观看",
    tagline: "实时观看会话",
    copyLink: "复制链接",
    copyLinkTip: "复制此页面的链接：如有会话密钥则包含，不含令牌",
    session: "会话",
    helpCopy: "复制此页面的链接",
    unmute: "取消静音",
    mute: "静音",
    helpSound: "打开或关闭声音",

    listTitle: "正在进行的会话",
    emptyTitle: "目前没有会话",
    emptyText: "有人在此服务器上打开摄像头后，你有权查看的会话会出现在这里。要观看私密会话，请打开其发布者分享的链接。",
    since: (time) => `${time} 开始`,
    watching: (count) => (count === 0 ? "无人观看" : `${count} 人观看`),
    beginning: "刚刚开始",
  },
});
