import type { inspector as english } from "../en/inspector.js";
import type { Texts } from "../texts.js";

export const inspector: Texts<typeof english> = {
  figures: {
    delay: "延迟",
    fpsReceived: "接收帧率",
    fpsSent: "发送帧率",
    trackerMs: "追踪用时",
    rtt: "往返时间",
    dropped: "丢弃帧",
    bitrate: "上行 / 下行",
    bitsReceived: "视频码率",
    resolution: "分辨率",
    model: "模型",
  },
  tips: {
    delay: "从摄像头到屏幕上标注画面的估计时间：编码、往返、服务器、抖动缓冲和解码之和。",
    fpsReceived: "每秒收到并解码的标注帧数。",
    fpsSent: "每秒编码并发送的摄像头帧数。",
    trackerMs: "服务器在一帧中找到关键点所用的时间。",
    rtt: "消息经控制通道到服务器再返回的时间。",
    dropped: "服务器为处理更新的帧而跳过的帧：总数和占全部帧的比例。这样可以保持低延迟。",
    bitrate: "发送和接收的视频码率。",
    bitsReceived: "接收的视频码率。",
    resolution: "最近一帧到达服务器的画面尺寸。网络或 CPU 跟不上时，浏览器会降低分辨率。",
    model: "服务器上的模型包，以及姿态模型的规格（lite 或 full）。",
  },
  delaySum: (parts) =>
    `当前：编码 ${parts.encode} + 往返 ${parts.roundTrip} + 服务器 ${parts.server} + 抖动缓冲 ${parts.jitterBuffer} + 解码 ${parts.decode}。`,

  inspector: "关键点",
  points: "各部位关键点",
  parts: { pose: "姿态", face: "面部", leftHand: "左手", rightHand: "右手" },
  pointsTip: "服务器只追踪客户端请求或需要绘制的部位。追踪的部位越少，占用的 CPU 越少。",
  notSeen: "未检测到",
  notTracked: "未追踪",
  persons: "人物",
  person: (number) => `人物 ${number}`,
  blendshapes: "表情系数",
  filter: "筛选",
  strongest: "按强度排序",
  frame: "最新一帧",
  allPoints: "所有点",
  pause: "暂停",
  resume: "继续",
  morePoints: (count) => `……还有 ${count} 个`,
  noFrame: "暂无数据",
};
