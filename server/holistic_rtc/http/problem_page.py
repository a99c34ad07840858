"""What a person sees of a problem: a page with a title and a remedy, in the language of the browser."""

import base64
import hashlib
import html
from collections.abc import Mapping
from typing import Literal, NamedTuple

from aiohttp import hdrs, web

from holistic_rtc.errors import Code, Refusal

Language = Literal["en", "zh"]


class Words(NamedTuple):
    """
    :ivar link: where to go from here, below the server's path; None where each page would be refused.
    """

    title: str
    remedy: str
    link: str | None = ""


_WAIT = Words("The server is busy", "Wait a moment, then reload this page.")
_ENGLISH: Mapping[Code, Words] = {
    Code.NOT_FOUND: Words("There is nothing at this address", "Check the address for typing mistakes."),
    Code.UNAUTHORIZED: Words(
        "The server requires a token",
        "Ask your administrator for it. On the server's pages, add #token= and the token to the end of the address.",
    ),
    Code.FORBIDDEN: Words(
        "The server doesn't allow this", "Ask your administrator for a token that has the right to do this."
    ),
    Code.PRIVATE_SESSION: Words(
        "This session is private", "Ask its publisher for the whole link, which ends in #key= and the key.", "view"
    ),
    Code.UNKNOWN_SESSION: Words(
        "There is no such session", "It may have ended. See the list of running sessions.", "view"
    ),
    Code.NOT_LIVE: Words("Nobody is live under this name yet", "Try again when its publisher has started.", "view"),
    Code.UNKNOWN_JOB: Words(
        "There is no such job", "Its results have expired or were deleted. Send the file again.", "#video"
    ),
    Code.JOBS_OFF: Words("This server tracks no files", "Its administrator can change that: HOLISTIC_JOB_WORKERS."),
    Code.JOB_UNFINISHED: Words("The job isn't finished yet", "Wait a moment, then reload this page."),
    Code.METHOD_NOT_ALLOWED: Words(
        "This address is for programs", "A browser can't open it. Use the pages of this server."
    ),
    Code.UNKNOWN_HOST: Words(
        "The server doesn't know this name as its own",
        "Check the address. If it is right, ask the administrator to add the name to HOLISTIC_HOSTS.",
        None,
    ),
    Code.TOO_MANY_REQUESTS: Words("Too many requests", "Wait a moment, then reload this page."),
    Code.INTERNAL: Words(
        "The server failed", "Try again. If it keeps happening, tell its administrator: its log says why."
    ),
    Code.SERVER_FULL: _WAIT,
    Code.NOT_READY: Words("The server is starting", "Wait a moment, then reload this page."),
    Code.BUSY: _WAIT,
    Code.SHUTTING_DOWN: Words("The server is shutting down", "Try again when it has been restarted."),
}
_CHINESE_WAIT = Words("服务器繁忙", "请稍候片刻，然后刷新此页面。")
_CHINESE: Mapping[Code, Words] = {
    Code.NOT_FOUND: Words("此地址没有内容", "请检查地址是否有误。"),
    Code.UNAUTHORIZED: Words("服务器需要令牌", "请向管理员索取令牌，并在服务器页面的地址末尾加上 #token= 和令牌。"),
    Code.FORBIDDEN: Words("服务器不允许此操作", "请向管理员索取具有相应权限的令牌。"),
    Code.PRIVATE_SESSION: Words("此会话是私密的", "请向发布者索取完整链接，其末尾为 #key= 和密钥。", "view"),
    Code.UNKNOWN_SESSION: Words("没有这个会话", "它可能已经结束。请查看正在进行的会话列表。", "view"),
    Code.NOT_LIVE: Words("此名称下暂时无人直播", "请在发布者开始后重试。", "view"),
    Code.UNKNOWN_JOB: Words("没有这个任务", "其结果已过期或被删除。请重新发送文件。", "#video"),
    Code.JOBS_OFF: Words("此服务器不处理文件", "管理员可以通过 HOLISTIC_JOB_WORKERS 更改。"),
    Code.JOB_UNFINISHED: Words("任务尚未完成", "请稍候片刻，然后刷新此页面。"),
    Code.METHOD_NOT_ALLOWED: Words("此地址供程序使用", "浏览器无法打开它。请使用此服务器的页面。"),
    Code.UNKNOWN_HOST: Words(
        "服务器不认识这个主机名", "请检查地址。如果地址无误，请管理员将此名称加入 HOLISTIC_HOSTS。", None
    ),
    Code.TOO_MANY_REQUESTS: Words("请求过多", "请稍候片刻，然后刷新此页面。"),
    Code.INTERNAL: Words("服务器出错", "请重试。如果问题持续存在，请告知管理员：原因见服务器日志。"),
    Code.SERVER_FULL: _CHINESE_WAIT,
    Code.NOT_READY: Words("服务器正在启动", "请稍候片刻，然后刷新此页面。"),
    Code.BUSY: _CHINESE_WAIT,
    Code.SHUTTING_DOWN: Words("服务器正在关闭", "请在服务器重启后重试。"),
}
WORDS: Mapping[Language, Mapping[Code, Words]] = {"en": _ENGLISH, "zh": _CHINESE}
_OTHERWISE: Mapping[Language, Words] = {
    "en": Words("Something went wrong", "See the details below for the reason."),
    "zh": Words("出现问题", "原因见下方详情。"),
}
_LINKS: Mapping[Language, Mapping[str, str]] = {
    "en": {"": "To the start page", "view": "Running sessions", "#video": "Send a file"},
    "zh": {"": "返回首页", "view": "正在进行的会话", "#video": "发送文件"},
}
_DETAIL: Mapping[Language, str] = {"en": "Details: ", "zh": "详情："}
_TAGS: Mapping[Language, str] = {"en": "en", "zh": "zh-Hans"}

# The colours of web/app/styles/tokens.css. Nothing is in other files, since where a host name is refused, so are those.
_STYLE = """
:root{color-scheme:light dark}
body{margin:0;min-height:100dvh;display:grid;grid-template-rows:auto 1fr;background:light-dark(#f3f5f7,#0d1014);
color:light-dark(#12171d,#e9edf2);font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"PingFang SC",
"Microsoft YaHei","Noto Sans CJK SC",sans-serif}
header{display:flex;align-items:center;gap:12px;padding:12px 24px;font-size:18px;font-weight:700}
main{box-sizing:border-box;place-self:center;width:min(560px,100% - 28px);margin:0 14px 12vh;padding:28px 32px;
border-radius:14px;background:light-dark(#fff,#151a20);border:1px solid light-dark(#dde3e9,#27303a);
border-left:4px solid light-dark(#b4231a,#ff8a80);overflow-wrap:anywhere}
h1{margin:0;font-size:24px;line-height:1.25;letter-spacing:-.01em}
p{margin:10px 0 0;text-wrap:pretty}
.fine{color:light-dark(#5a6571,#97a3b0);font-size:14px}
a{display:inline-block;margin-top:20px;padding:8px 20px;border-radius:9px;font-weight:650;text-decoration:none;
background:light-dark(#0b776c,#3ed0bc);color:light-dark(#fff,#04211d)}
a:focus-visible{outline:2px solid light-dark(#0b776c,#3ed0bc);outline-offset:2px}
"""
_LOGO = (
    '<svg width="34" height="34" viewBox="0 0 64 64" aria-hidden="true"><rect width="64" height="64" rx="16" '
    'fill="#0c7d72"/><path d="M32 27v14M14 22l7 10 11-5 11 5 7-10M32 41l-8 12M32 41l8 12" fill="none" stroke="#fff" '
    'stroke-width="3.4" stroke-linecap="round" stroke-linejoin="round"/><circle cx="32" cy="16" r="7" fill="#ffd166"/>'
    '<g fill="#7ff0df"><circle cx="14" cy="22" r="4"/><circle cx="50" cy="22" r="4"/></g></svg>'
)
_POLICY = (
    f"default-src 'none'; style-src 'sha256-{base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()}'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
)


def is_wanted(request: web.Request) -> bool:
    """Whether a browser opens the address for a person: it asks for HTML, and not for JSON as well."""
    if request.method not in ("GET", "HEAD"):
        return False
    wanted = _preferences(request.headers.get(hdrs.ACCEPT, ""))
    json = max(wanted.get("application/json", 0), wanted.get("application/problem+json", 0))
    return wanted.get("text/html", 0) > json


def language_of(request: web.Request) -> Language:
    """The one that the browser prefers, of those that there are."""
    wanted = _preferences(request.headers.get(hdrs.ACCEPT_LANGUAGE, ""))
    best = {"en": 0.0, "zh": 0.0}
    for tag, quality in wanted.items():
        primary = tag.partition("-")[0]
        if primary in best:
            best[primary] = max(best[primary], quality)
    return "zh" if best["zh"] > best["en"] else "en"


def render(refusal: Refusal, status: int, language: Language, root_path: str = "") -> web.Response:
    """:param root_path: below which the server is reached."""
    words = WORDS[language].get(refusal.code, _OTHERWISE[language])
    link = words.link
    button = "" if link is None else f'<a href="{html.escape(root_path)}/{link}">{_LINKS[language][link]}</a>'
    document = (
        f'<!doctype html><html lang="{_TAGS[language]}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{words.title} – holistic-rtc</title><style>{_STYLE}</style></head>"
        f"<body><header>{_LOGO}holistic-rtc</header>"
        f"<main><h1>{words.title}</h1><p>{words.remedy}</p>"
        f'<p class="fine">{_DETAIL[language]}<span lang="en">{html.escape(refusal.detail)}</span> ({status})</p>'
        f"{button}</main></body></html>"
    )
    return web.Response(
        status=status, text=document, content_type="text/html", headers={"Content-Security-Policy": _POLICY}
    )


def _preferences(header: str) -> dict[str, float]:
    """What a header such as `Accept` lists, with its quality: 0 to 1."""
    found: dict[str, float] = {}
    for item in header.lower().split(","):
        name, *parameters = (part.strip() for part in item.split(";"))
        qualities = [value for key, _, value in (part.partition("=") for part in parameters) if key == "q"]
        try:
            found[name] = float(qualities[0]) if qualities else 1.0
        except ValueError:
            found[name] = 0.0
    return found
