import type { Messages } from "./en.js";

export const zh: Messages = {
  language: "简体中文",
  tagline: "用摄像头实时追踪身体、面部和双手",

  start: "开始",
  stop: "停止",
  sample: "使用示例片段",
  camera: "摄像头",
  defaultCamera: "默认摄像头",
  cameraNumber: (number) => `摄像头 ${number}`,
  size: "尺寸",
  mirror: "镜像",
  draw: "标注",
  smoothing: "平滑",
  view: "视图",
  viewRaw: "原始画面",
  viewAnnotated: "标注画面",
  viewBoth: "并排",
  rawCaption: "摄像头画面",
  annotatedCaption: "服务器识别结果",
  help: "键盘快捷键",
  helpStart: "开始或停止",
  helpMirror: "镜像画面",
  helpDraw: "开关标注",
  helpSmoothing: "开关平滑",
  helpShare: "分享此会话",
  helpView: "切换视图",
  helpHelp: "显示此列表",
  space: "空格",
  theme: "浅色或深色",
  switchLanguage: "EN",

  share: "分享",
  shareTitle: "让他人观看",
  shareText: "只要此会话仍在进行，打开此链接即可看到标注画面和关键点。",
  shareToken: "观看者还需要服务器的令牌，链接中不含令牌。",
  shareLink: "观看页链接",
  openViewer: "打开观看页",
  watchOthers: "观看",

  emptyTitle: "看见自己的关键点",
  emptyText: "打开摄像头，服务器会在每一帧上实时标出身体、面部和双手的 543 个关键点。没有摄像头？请使用示例片段。",
  emptyPrivacy: "画面只在本机与此服务器之间传输，不会被保存。",

  states: {
    idle: "就绪",
    starting: "等待摄像头",
    connecting: "正在连接",
    connected: "实时",
    waiting: "等待空位",
    reconnecting: "正在重新连接",
    snapshots: "逐张发送",
    failed: "已停止",
  },
  progress: {
    starting: "请在浏览器的提示中允许使用摄像头。",
    connecting: "正在连接服务器……",
  },
  reconnectingRemedy: "正在自动重新连接，按“停止”可放弃。",
  retryIn: (seconds) => `${seconds} 秒后重试。`,
  retryNow: "正在重试……",
  attempt: (attempt) => `第 ${attempt} 次尝试。`,
  detail: (message) => `详情：${message}`,

  problems: {
    "camera-denied": {
      title: "摄像头被阻止",
      remedy: "请点击地址栏中的摄像头图标，允许此页面使用摄像头，然后再次按“开始”。",
    },
    "camera-missing": {
      title: "未找到摄像头",
      remedy: "请连接摄像头后再次按“开始”，或使用示例片段。",
    },
    "camera-busy": {
      title: "无法打开摄像头",
      remedy: "可能有其他程序正在使用它。请关闭该程序后再次按“开始”，或选择其他摄像头。",
    },
    "camera-lost": {
      title: "摄像头已断开或关闭",
      remedy: "请重新连接或选择其他摄像头，然后按“开始”。",
    },
    "insecure-context": {
      title: "浏览器在此地址下不提供摄像头",
      remedy: "只有通过 https 或 localhost 打开的页面才能使用摄像头。请换用这样的地址打开，或使用示例片段。",
    },
    unsupported: {
      title: "此浏览器不支持",
      remedy: "实时视频需要 WebRTC。请使用新版 Chrome、Edge、Firefox 或 Safari。",
    },
    "sample-failed": {
      title: "无法加载示例片段",
      remedy: "服务器没有返回图片。请确认服务器正在运行，然后重试。",
    },
    "server-unreachable": {
      title: "服务器没有响应",
      remedy: "请确认 holistic-rtc 正在运行且网络正常，然后再次按“开始”。",
    },
    "server-full": {
      title: "服务器已满",
      remedy: "目前没有空位。",
    },
    refused: {
      title: "服务器拒绝了视频",
      remedy: "原因见下方详情。原样重试不会成功。",
    },
    unauthorized: {
      title: "服务器要求令牌",
      remedy: "请向服务器管理员索取令牌，并在此页面地址末尾加上 #token= 和令牌后打开。",
    },
    "session-unknown": {
      title: "没有这个会话",
      remedy: "它可能已经结束，或地址不完整。正在进行的会话见列表。",
    },
    "ice-failed": {
      title: "视频无法传输",
      remedy: "服务器已应答，但视频无法通过：防火墙可能阻止了 UDP。请换一个网络，或请管理员配置 TURN 服务器。",
    },
    "connection-lost": {
      title: "连接已断开",
      remedy: "请检查网络是否正常。",
    },
    "session-ended": {
      title: "服务器结束了会话",
      remedy: "请按“开始”建立新的会话。",
    },
    aborted: {
      title: "已停止",
      remedy: "请按“开始”重新开始。",
    },
    "no-session": {
      title: "暂无直播",
      remedy: "请在此服务器上打开摄像头，虚拟形象会自动出现在这里。",
    },
    "several-sessions": {
      title: "有多个会话正在进行",
      remedy: "此链接只跟随唯一的会话。请停止其他会话，或在 /view 选择一个，进入它的虚拟形象，再复制 OBS 链接。",
    },
    unexpected: {
      title: "出现错误",
      remedy: "请按“开始”重试。如果仍然如此，请反馈下方的详情。",
    },
  },

  wrongToken: {
    title: "服务器不接受此令牌",
    remedy: "请将此页面地址中 #token= 之后的内容与管理员提供的令牌核对。",
  },

  fallback: {
    use: "改用逐张图片",
    tryLive: "重试实时视频",
    title: "以逐张图片代替实时视频",
    noWayTitle: "实时视频无法传输",
    text: "图片正在逐张发送。",
    noWayText: "防火墙可能阻止了 UDP，且没有可用的 TURN 服务器。因此改为通过普通 HTTP 逐张发送图片。",
    rate: "速率",
    rateUnit: "张/秒",
    roundTrip: "往返时间",
    onServer: "服务器用时",
  },

  tabs: { label: "发送内容", live: "实时", snapshot: "单张图片" },
  snapshot: {
    choose: "选择图片",
    camera: "使用摄像头",
    shoot: "拍照",
    cancel: "取消",
    retry: "重试",
    savePicture: "保存图片",
    saveJson: "保存 JSON",
    picture: "标有关键点的图片",
    preview: "摄像头画面",
    zoomIn: "放大",
    zoomOut: "缩小",
    fit: "适应窗口",
    emptyTitle: "图片中的关键点",
    emptyText: "将图片拖到此处、粘贴图片、选择文件，或用摄像头拍摄。",
    emptyFormats: "支持 JPEG、PNG、WebP 和 BMP。图片只在本机与此服务器之间传输，不会被保存。",
    drop: "松开即可",
    sending: (size) => `正在发送 ${size} 并查找关键点……`,
    fromCamera: "摄像头拍摄",
    pasted: "粘贴的图片",
    milliseconds: (count) => `服务器用时 ${count} ms`,
    nobody: "图片中未发现人物。",

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
        title: "服务器无法读取此图片",
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
        remedy: "其他图片仍可使用。请重试；如果仍然如此，请反馈此图片。",
      },
      "too-slow": {
        title: "服务器处理超时",
        remedy: "服务器目前可能过于繁忙。请重试，或发送较小的图片。",
      },
      unreachable: {
        title: "服务器没有响应",
        remedy: "请确认 holistic-rtc 正在运行且网络正常，然后重试。",
      },
      unexpected: {
        title: "出现错误",
        remedy: "请重试。如果仍然如此，请反馈下方的详情。",
      },
      "camera-denied": {
        title: "摄像头被阻止",
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
        title: "浏览器在此地址下不提供摄像头",
        remedy: "只有通过 https 或 localhost 打开的页面才能使用摄像头。请改为选择图片。",
      },
      unsupported: {
        title: "此浏览器不支持摄像头",
        remedy: "请选择图片，或使用新版 Chrome、Edge、Firefox 或 Safari。",
      },
    },
  },

  figures: {
    delay: "延迟",
    fpsReceived: "接收帧率",
    fpsSent: "发送帧率",
    trackerMs: "追踪用时",
    rtt: "往返时间",
    dropped: "丢弃帧",
    bitrate: "上行 / 下行",
    bitsReceived: "视频码率",
    resolution: "画面",
    model: "模型",
  },
  tips: {
    delay: "从摄像头到屏幕上标注画面的时间，估算为编码、往返、服务器、抖动缓冲和解码之和。",
    fpsReceived: "每秒收到并解码的标注画面数。",
    fpsSent: "每秒编码并发送的摄像头画面数。",
    trackerMs: "服务器在一帧画面中找到关键点所用的时间。",
    rtt: "消息经控制通道到服务器再返回的时间。",
    dropped: "因已有更新的画面而被服务器跳过的画面：总数和百分比。这样不会越来越慢。",
    bitrate: "发送和接收的视频码率。",
    bitsReceived: "接收的视频码率。",
    resolution: "最近一帧到达服务器的画面尺寸。网络或 CPU 不足时浏览器会将其降低。",
    model: "服务器上的模型包及其姿态模型的版本。",
  },
  delaySum: (parts) =>
    `当前：编码 ${parts.encode} + 往返 ${parts.roundTrip} + 服务器 ${parts.server} + 抖动缓冲 ${parts.jitterBuffer} + 解码 ${parts.decode}。`,

  inspector: "关键点",
  points: "点数",
  parts: { pose: "姿态", face: "面部", leftHand: "左手", rightHand: "右手" },
  notSeen: "未见",
  blendshapes: "表情系数",
  filter: "筛选",
  strongest: "按强度排序",
  frame: "最新一帧",
  allPoints: "所有点",
  pause: "暂停",
  resume: "继续",
  copy: "复制",
  copied: "已复制",
  copyFailed: "复制被拒绝",
  morePoints: (count) => `……还有 ${count} 个`,
  noFrame: "尚无画面。",

  avatar: {
    link: "虚拟形象",
    tagline: "随你而动的虚拟形象",
    landmarks: "关键点",
    picture: "虚拟形象",
    emptyTitle: "让它动起来",
    emptyText: "打开摄像头，虚拟形象会跟随你的动作。没有摄像头？请使用示例片段。",
    emptyPrivacy: "你自己的 VRM 文件只留在此浏览器中，服务器不会保存任何内容。",
    drop: "将 VRM 文件拖放到此处",
    close: "关闭",
    choose: "选择 VRM 文件",
    mannequin: "恢复默认人偶",
    loading: (name) => `正在加载 ${name} ……`,
    upperBody: "上半身",
    preview: "摄像头画面",
    calibrate: "校准",
    calibrateTip: "校准：请坐直并目视前方：当前姿态将作为直立姿态",
    resetCalibration: "撤销校准",
    copyOverlay: "复制 OBS 链接",
    copyOverlayTip: "复制 OBS 链接：仅含虚拟形象、背景透明，跟随唯一的直播者；如有令牌，链接中会包含",
    copySessionTip: "复制 OBS 链接：仅含虚拟形象、背景透明，直到此会话结束；如有令牌，链接中会包含",
    helpMirror: "镜像虚拟形象",
    helpUpperBody: "上半身或全身",
    helpPreview: "开关摄像头画面",
    helpCalibrate: "校准",
    helpChoose: "选择 VRM 文件",

    graphics: {
      missing: {
        title: "此浏览器无法显示 3D",
        remedy: "虚拟形象需要 WebGL 2。请在浏览器设置中开启硬件加速，或换用其他浏览器。",
      },
      lost: {
        title: "显卡已停止响应",
        remedy: "浏览器恢复后虚拟形象会自动重新出现。如果没有，请重新加载此页面。",
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
        remedy: "最大为 200 MB。请在制作软件中以较小的贴图重新导出。",
      },
      "not-vrm": {
        title: "不是 VRM 文件",
        remedy: "此页面支持 0.x 和 1.0 版的 .vrm 文件。FBX、MMD 等格式请先导出为 VRM。",
      },
      "not-humanoid": {
        title: "其中没有 VRM 虚拟形象",
        remedy: "此文件是 glTF 模型，但没有说明骨骼的对应关系。请将其导出为 VRM。",
      },
      damaged: {
        title: "文件已损坏",
        remedy: "文件不完整、已损坏或不完全符合 VRM。请重新下载或导出后再试。",
      },
    },
  },

  viewer: {
    tagline: "实时观看会话",
    ownCamera: "我要直播",
    retry: "重试",
    allSessions: "全部会话",
    copyLink: "复制链接",
    copyLinkTip: "复制此页面的链接，不含令牌",
    fullScreen: "全屏",
    session: "会话",
    helpFullScreen: "进入或退出全屏",
    helpCopy: "复制此页面的链接",

    listTitle: "正在进行的会话",
    emptyTitle: "暂无直播",
    emptyText: "一旦有人在此服务器上打开摄像头，会话就会出现在这里。",
    since: (time) => `${time} 开始`,
    watching: (count) => (count === 0 ? "无人观看" : `${count} 人观看`),
    beginning: "刚刚开始",

    states: {
      idle: "已更新",
      failed: "未连接",
      waiting: "等待空位",
    },
    reconnectingRemedy: "正在自动重新连接。",
    problems: {
      "insecure-context": {
        title: "浏览器在此地址下不提供实时视频",
        remedy: "只有通过 https 或 localhost 打开的页面才能使用。请换用这样的地址打开。",
      },
      "server-unreachable": {
        title: "服务器没有响应",
        remedy: "请确认 holistic-rtc 正在运行且网络正常，然后重试。",
      },
      "server-full": {
        title: "观看人数已满",
        remedy: "此会话目前没有空位。",
      },
      refused: {
        title: "服务器拒绝了连接",
        remedy: "原因见下方详情。原样重试不会成功。",
      },
      "session-ended": {
        title: "会话已结束",
        remedy: "如果对方重新开始，地址会不同：请查看正在进行的会话列表。",
      },
      aborted: {
        title: "已停止",
        remedy: "重试即可继续观看。",
      },
      unexpected: {
        title: "出现错误",
        remedy: "请重试。如果仍然如此，请反馈下方的详情。",
      },
    },
  },
};
