/** The page with the avatar. */

import { bilingual } from "../i18n/texts.js";

export const texts = bilingual({
  en: {
    menu: "Avatar",
    tagline: "An avatar that moves as you do",
    picture: "The avatar",
    emptyTitle: "Move the avatar",
    emptyText: "Start the camera, and the avatar moves as you do. No camera? Use the sample clip.",
    emptyPrivacy: "Your own avatars, as VRM files, stay in this browser. Nothing is stored on the server.",
    drop: "Drop the VRM file here",
    close: "Close",
    choose: "Choose a VRM file",
    mannequin: "Back to the mannequin",
    loading: (name: string) => `Loading ${name}…`,
    upperBody: "Upper body",
    preview: "Camera preview",
    calibrate: "Calibrate",
    calibrateTip: "Calibrate: sit straight and look ahead. Your current pose becomes the upright one",
    resetCalibration: "Reset calibration",
    copyOverlay: "Copy link for OBS",
    copyOverlayTip:
      "Copy link for OBS: only the avatar, on a transparent background, for the only running session. On a server with a token, the link expires after a while",
    copySessionTip: "Copy link for OBS: only the avatar, on a transparent background, until this session ends",
    helpMirror: "Mirror the avatar",
    helpUpperBody: "Show the upper body or all of it",
    helpPreview: "Show or hide the camera preview",
    helpCalibrate: "Calibrate",
    helpChoose: "Choose a VRM file",

    graphics: {
      missing: {
        title: "This browser can't draw in 3D",
        remedy:
          "The avatar needs WebGL 2. Turn on hardware acceleration in the browser's settings, or use another browser.",
      },
      lost: {
        title: "The graphics card stopped responding",
        remedy: "The avatar comes back when the browser recovers. If it doesn't, reload the page.",
      },
    },
    files: {
      nothing: {
        title: "There is no file",
        remedy: "Drop a VRM file from a folder on this computer.",
      },
      unreadable: {
        title: "The file can't be read",
        remedy: "It may be a folder, or it may have been moved or deleted. Choose it again.",
      },
      "too-large": {
        title: "The file is too large",
        remedy: "The limit is 200 MB. Export the avatar again with smaller textures.",
      },
      "not-vrm": {
        title: "Not a VRM file",
        remedy:
          "The page accepts avatars as .vrm files, version 0.x or 1.0. Export other formats, such as FBX or MMD, as VRM.",
      },
      "not-humanoid": {
        title: "There is no VRM avatar in this file",
        remedy: "It is a glTF model that doesn't name its humanoid bones. Export it as VRM.",
      },
      damaged: {
        title: "The file is damaged",
        remedy: "It is incomplete, corrupt or not valid VRM. Download or export it again, and try that one.",
      },
    },
  },
  zh: {
    menu: "虚拟形象",
    tagline: "随你而动的虚拟形象",
    picture: "虚拟形象",
    emptyTitle: "让它动起来",
    emptyText: "点击“开始”打开摄像头，虚拟形象会跟随你的动作。没有摄像头？请使用示例片段。",
    emptyPrivacy: "你自己的 VRM 文件只留在此浏览器中，服务器不会保存任何内容。",
    drop: "将 VRM 文件拖放到此处",
    close: "关闭",
    choose: "选择 VRM 文件",
    mannequin: "恢复默认人偶",
    loading: (name) => `正在加载 ${name} ……`,
    upperBody: "上半身",
    preview: "摄像头预览",
    calibrate: "校准",
    calibrateTip: "校准：请坐直并目视前方。当前姿态将作为直立姿态",
    resetCalibration: "重置校准",
    copyOverlay: "复制 OBS 链接",
    copyOverlayTip: "复制 OBS 链接：仅含虚拟形象、背景透明，跟随唯一的会话；如服务器要求令牌，链接会在一段时间后失效",
    copySessionTip: "复制 OBS 链接：仅含虚拟形象、背景透明，直到此会话结束",
    helpMirror: "镜像虚拟形象",
    helpUpperBody: "上半身或全身",
    helpPreview: "开关摄像头预览",
    helpCalibrate: "校准",
    helpChoose: "选择 VRM 文件",

    graphics: {
      missing: {
        title: "此浏览器无法显示 3D",
        remedy: "虚拟形象需要 WebGL 2。请在浏览器设置中开启硬件加速，或换用其他浏览器。",
      },
      lost: {
        title: "显卡已停止响应",
        remedy: "浏览器恢复后虚拟形象会重新出现。如果没有，请重新加载此页面。",
      },
    },
    files: {
      nothing: {
        title: "其中没有文件",
        remedy: "请从本机文件夹中拖入 VRM 文件。",
      },
      unreadable: {
        title: "无法读取文件",
        remedy: "它可能是文件夹，或已被移动或删除。请重新选择。",
      },
      "too-large": {
        title: "文件过大",
        remedy: "上限为 200 MB。请以较小的贴图重新导出。",
      },
      "not-vrm": {
        title: "不是 VRM 文件",
        remedy: "此页面支持 0.x 和 1.0 版的 .vrm 文件。FBX、MMD 等格式请先导出为 VRM。",
      },
      "not-humanoid": {
        title: "文件中没有 VRM 虚拟形象",
        remedy: "此文件是 glTF 模型，但没有说明人形骨骼的对应关系。请将其导出为 VRM。",
      },
      damaged: {
        title: "文件已损坏",
        remedy: "文件不完整、已损坏或不是有效的 VRM。请重新下载或导出后再试。",
      },
    },
  },
});
