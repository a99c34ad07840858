import type { avatar as english } from "../en/avatar.js";
import type { Texts } from "../texts.js";

export const avatar: Texts<typeof english> = {
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
  copyOverlayTip: "复制 OBS 链接：仅含虚拟形象、背景透明，跟随唯一的会话；如有令牌，链接中会包含",
  copySessionTip: "复制 OBS 链接：仅含虚拟形象、背景透明，直到此会话结束；如有令牌，链接中会包含",
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
};
