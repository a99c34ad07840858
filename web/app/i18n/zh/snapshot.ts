import type { snapshot as english } from "../en/snapshot.js";
import type { Texts } from "../texts.js";

export const snapshot: Texts<typeof english> = {
  choose: "选择图片",
  camera: "使用摄像头",
  shoot: "拍照",
  cancel: "取消",
  savePicture: "保存图片",
  saveJson: "保存 JSON",
  picture: "标有关键点的图片",
  preview: "摄像头画面",
  zoomIn: "放大",
  zoomOut: "缩小",
  fit: "适应窗口",
  emptyTitle: "查找图片中的关键点",
  emptyText: "将图片拖到此处、粘贴图片、选择文件，或用摄像头拍摄。",
  emptyFormats: "支持 JPEG、PNG、WebP 和 BMP。图片只在本机与此服务器之间传输，不会被保存。",
  drop: "松开即可",
  sending: (size) => `正在发送 ${size} 并查找关键点……`,
  fromCamera: "摄像头拍摄",
  pasted: "粘贴的图片",
  milliseconds: (count) => `服务器用时 ${count} ms`,
  nobody: "未检测到人物。",

  problems: {
    nothing: {
      title: "其中没有图片",
      remedy: "粘贴或拖入的内容不含图片文件。请复制图片本身，或选择图片文件。",
    },
    unreadable: {
      title: "无法读取文件",
      remedy: "它可能是文件夹，或已被移动或删除。请重新选择。",
    },
    damaged: {
      title: "图片已损坏",
      remedy: "文件不完整或已损坏。请用看图软件打开并另存，然后使用新文件。",
    },
    "too-large": {
      title: "图片过大",
      remedy: "请缩小图片或选择其他图片。服务器的限制见下方详情。",
    },
    "not-a-picture": {
      title: "不支持此文件格式",
      remedy: "支持 JPEG、PNG、WebP 和 BMP。HEIC、GIF、SVG、PDF 等格式请先转换。",
    },
    "slow-upload": {
      title: "图片上传超时",
      remedy: "网络较慢。请重试，或发送较小的图片。",
    },
    busy: {
      title: "服务器繁忙",
      remedy: "同时处理的图片数已达上限。",
    },
    crashed: {
      title: "服务器处理此图片时出错",
      remedy: "其他图片仍可使用。请重试；如果问题持续，请反馈此图片。",
    },
    "too-slow": {
      title: "服务器处理超时",
      remedy: "服务器可能过载。请重试，或发送较小的图片。",
    },
    unreachable: {
      title: "服务器没有响应",
      remedy: "请确认 holistic-rtc 正在运行且网络正常，然后重试。",
    },
    unexpected: {
      title: "出现错误",
      remedy: "请重试。如果问题持续，请反馈下方的详情。",
    },
    "camera-denied": {
      title: "摄像头权限被拒绝",
      remedy: "请点击地址栏中的摄像头图标，允许此页面使用摄像头后重试，或选择图片。",
    },
    "camera-missing": {
      title: "未找到摄像头",
      remedy: "请连接摄像头后重试，或选择图片。",
    },
    "camera-busy": {
      title: "无法打开摄像头",
      remedy: "可能有其他程序正在使用它。请关闭该程序后重试，或选择图片。",
    },
    "camera-lost": {
      title: "摄像头已断开或关闭",
      remedy: "请重新连接后重试，或选择图片。",
    },
    "insecure-context": {
      title: "浏览器禁止此页面使用摄像头",
      remedy: "只有通过 HTTPS 或 localhost 打开的页面才能使用摄像头。请改为选择图片。",
    },
    unsupported: {
      title: "此浏览器不支持摄像头",
      remedy: "请选择图片，或使用新版 Chrome、Edge、Firefox 或 Safari。",
    },
  },
};
