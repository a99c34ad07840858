/** The page that sends a camera. */

import { bilingual } from "../i18n/texts.js";

export const texts = bilingual({
  en: {
    menu: "Landmarks",
    tagline: "Live body, face and hand tracking from your webcam",
    size: "Size",
    view: "View",
    viewRaw: "Raw",
    viewAnnotated: "Annotated",
    viewBoth: "Side by side",
    preview: "Preview",
    previewTip: "See what the camera sees, before anything is sent",
    helpPreview: "See the camera, before anything is sent",
    helpMirror: "Mirror the video",
    helpDraw: "Turn drawing on or off",
    helpSmoothing: "Turn smoothing on or off",
    helpShare: "Share this session",
    helpView: "Next view",

    hints: {
      dark: "It is too dark. Turn on a light, or turn towards the window.",
      nobody: "Nobody is in view. Step in front of the camera.",
      far: "You are far away. Come closer, so that your hands and face are large enough.",
      wrists: "Your hands are out of the picture. Step back, or raise them.",
      slowDevice: "Few frames leave this device. Close other programs, choose a smaller size, or add light.",
      slowNetwork: "Few frames get through the network. Choose a smaller size, or move closer to the router.",
      slowServer: "The server tracks few frames, since it is busy. The landmarks are still up to date.",
    },

    share: "Share",
    shareTitle: "Let others watch",
    shareText:
      "Anyone with this link can watch the annotated video and the landmarks while this session is running. Others can't, unless the server's administrator lets them.",
    shareLink: "Link to the viewer",
    openViewer: "Open the viewer",
    shareCode: "QR code of the link",
    shareLocal:
      "Only this computer can open this link. To let other devices in, start the server with --host 0.0.0.0, and open this page by its address in the network.",
    shareName: "Name",
    shareRename: "Share under this name",
    shareNameTip:
      "With a name, the link stays the same after reconnects and restarts of the server. The session reconnects. Use letters (a to z), digits, hyphens and underscores.",

    emptyTitle: "See yourself as landmarks",
    emptyText:
      "Start the camera and move: the server draws 553 points on your body, face and hands in every frame. No camera? Use the sample clip.",
    emptyPrivacy: "Video goes to this server and back. Nothing is stored.",

    fallback: {
      use: "Use snapshots instead",
      tryLive: "Try live video again",
      title: "Snapshots instead of live video",
      noWayTitle: "Live video can't get through",
      text: "Pictures are sent one at a time.",
      noWayText:
        "A firewall may be blocking UDP, and no TURN server is available. Pictures are sent one at a time over HTTP instead.",
      rate: "Rate",
      rateUnit: "pictures/s",
      roundTrip: "Round trip",
      onServer: "Server",
    },

    tabs: { label: "What to send", live: "Live", snapshot: "Snapshot", video: "Video file" },
  },
  zh: {
    menu: "关键点",
    tagline: "用摄像头实时追踪身体、面部和双手",
    size: "尺寸",
    view: "视图",
    viewRaw: "原始画面",
    viewAnnotated: "标注画面",
    viewBoth: "并排",
    preview: "预览",
    previewTip: "查看摄像头画面，此时不会发送任何内容",
    helpPreview: "预览摄像头画面，不发送",
    helpMirror: "镜像画面",
    helpDraw: "开关标注",
    helpSmoothing: "开关平滑",
    helpShare: "分享此会话",
    helpView: "切换视图",

    hints: {
      dark: "光线太暗。请开灯，或面向窗户。",
      nobody: "画面中没有人。请走到摄像头前。",
      far: "距离太远。请靠近一些，让双手和面部足够大。",
      wrists: "双手不在画面中。请后退一些，或抬起双手。",
      slowDevice: "此设备发出的帧很少。请关闭其他程序、选择更小的尺寸，或增加光线。",
      slowNetwork: "网络传输的帧很少。请选择更小的尺寸，或靠近路由器。",
      slowServer: "服务器繁忙，每秒追踪的帧较少。关键点仍是最新的。",
    },

    share: "分享",
    shareTitle: "让他人观看",
    shareText: "只要此会话仍在进行，打开此链接即可看到标注画面和关键点。其他人无法观看，除非服务器管理员允许。",
    shareLink: "观看页链接",
    openViewer: "打开观看页",
    shareCode: "链接的二维码",
    shareLocal: "只有本机能打开此链接。要让其他设备访问，请以 --host 0.0.0.0 启动服务器，并通过其网络地址打开此页面。",
    shareName: "名称",
    shareRename: "以此名称分享",
    shareNameTip:
      "设置名称后，即使重新连接或重启服务器，链接也不变。会话将重新连接。可使用字母（a 到 z）、数字、连字符和下划线。",

    emptyTitle: "看见自己的关键点",
    emptyText:
      "点击“开始”打开摄像头，服务器会在每一帧上标出身体、面部和双手的 553 个关键点。没有摄像头？请使用示例片段。",
    emptyPrivacy: "画面只在本机与此服务器之间传输，不会被保存。",

    fallback: {
      use: "改用逐帧图片模式",
      tryLive: "重试实时视频",
      title: "已改用逐帧图片模式",
      noWayTitle: "实时视频无法传输",
      text: "图片正在逐帧发送。",
      noWayText: "防火墙可能阻止了 UDP，且没有可用的 TURN 服务器。已改用逐帧图片模式，通过 HTTP 发送。",
      rate: "帧率",
      rateUnit: "帧/秒",
      roundTrip: "往返时间",
      onServer: "服务器用时",
    },

    tabs: { label: "发送内容", live: "实时", snapshot: "单张图片", video: "视频文件" },
  },
});
