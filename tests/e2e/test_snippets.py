"""The programs for pages in the documents: strict TypeScript accepts them, and Chromium runs them on a real server."""

import json
import shutil
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, Route

from tests.kit.browsers import PROJECT, opened
from tests.kit.serving import Server
from tests.kit.snippets import Snippet, snippets

WEB = PROJECT / "web"
NODE_MODULES = (WEB / "node_modules", PROJECT / "examples" / "node_modules")
SERVED = "https://holistic.example/sdk/holistic-rtc.js"

SCRIPTS = snippets("js", "ts", "tsx")
IN_PAGES = snippets("js")
PAGES = snippets("html")

# What the text around a snippet has introduced
DECLARATIONS = """
import type { HolisticClient as Client, SessionInfo } from "holistic-rtc";
import type { VRM } from "@pixiv/three-vrm";
declare global {
  const client: Client, session: SessionInfo, sessionId: string, viewingKey: string, video: HTMLVideoElement, vrm: VRM;
  const canvas: { width: number; height: number; getContext(kind: "2d"): CanvasRenderingContext2D };
  const avatar: { openMouth(share: number): void; raise(height: number): void };
}
"""
SERVED_MODULE = f'declare module "{SERVED}" {{ export * from "holistic-rtc"; }}'

PRELUDE = """
import { HolisticClient } from "holistic-rtc";

globalThis.calls = 0;
const count = () => void (globalThis.calls += 1);
const log = console.log;
console.log = (...values) => (log(...values), count());
const camera = await navigator.mediaDevices.getUserMedia({ video: true });
const publisher = new HolisticClient();
await publisher.connect(camera, { video: false });
const client = new HolisticClient();
if (SUBSCRIBES) await client.subscribe(publisher.sessionId, { key: publisher.viewingKey, video: false });
const canvas = document.querySelector("canvas");
canvas.getContext("2d").stroke = count;
Object.assign(globalThis, {
  client, canvas, video: document.querySelector("video"), session: { id: publisher.sessionId },
  sessionId: publisher.sessionId, viewingKey: publisher.viewingKey,
  avatar: { openMouth: count, raise: count },
  vrm: {
    humanoid: { getNormalizedBoneNode: () => ({ quaternion: { fromArray: count } }) },
    expressionManager: { setValue: count },
  },
});
await import("/snippet.js");
globalThis.ended = true;
"""
HTML = """<!doctype html><title>Snippet</title><link rel="icon" href="data:," /><video muted></video><canvas></canvas>
<script type="importmap">
  {"imports": {"holistic-rtc": "/sdk/holistic-rtc.js", "@mediapipe/tasks-vision": "/vision.js"}}
</script>
<script type="module">%s</script>"""


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which the built library is installed, with the packages that the documents mention."""
    folder = tmp_path_factory.mktemp("program")
    installed = folder / "node_modules" / "holistic-rtc"
    installed.mkdir(parents=True)
    shutil.copy(WEB / "sdk" / "package.json", installed)
    build: list[str | Path] = ["-p", WEB / "sdk" / "tsconfig.build.json", "--outDir", installed / "dist"]
    subprocess.run([NODE_MODULES[0] / ".bin" / "tsc", *build], check=True)
    for name in ("@types", "@pixiv", "three", "react", "csstype", "@mediapipe"):
        [found] = [modules / name for modules in NODE_MODULES if (modules / name).exists()]
        (folder / "node_modules" / name).symlink_to(found)
    (folder / "names.d.ts").write_text(DECLARATIONS)
    (folder / "served.d.ts").write_text(SERVED_MODULE)
    options = {
        "target": "es2022", "lib": ["es2023", "dom", "dom.iterable", "dom.asynciterable"], "jsx": "react-jsx",
        "module": "esnext", "moduleResolution": "bundler", "moduleDetection": "force",
        "strict": True, "skipLibCheck": True, "noEmit": True, "types": [],
    }  # fmt: skip
    (folder / "tsconfig.json").write_text(json.dumps({"compilerOptions": options}))
    return folder


def complaints(folder: Path) -> str:
    check: list[str | Path] = [NODE_MODULES[0] / ".bin" / "tsc", "-p", folder, "--pretty", "false"]
    return subprocess.run(check, capture_output=True, text=True).stdout


def test_strict_typescript_accepts_every_program(package: Path) -> None:
    for snippet in SCRIPTS:
        name = snippet.place.replace("/", "-").replace(":", "-line-")
        suffix = "tsx" if snippet.language == "tsx" else "ts"
        (package / f"{name}.{suffix}").write_text(snippet.code)
    assert not complaints(package)


def test_strict_typescript_rejects_an_event_that_does_not_exist(package: Path) -> None:
    wrong = package / "wrong.ts"
    wrong.write_text('client.on("landmark", () => {});')
    try:
        assert "landmark" in complaints(package)
    finally:
        wrong.unlink()


async def serve_snippet(page: Page, server: Server, snippet: Snippet) -> None:
    """Under the server's address, as its own pages are."""
    code = snippet.code.replace("https://holistic.example", server.url)
    subscribes = "client.subscribe(" not in code and "client = new" not in code
    vision = PROJECT / "examples/node_modules/@mediapipe/tasks-vision/vision_bundle.mjs"
    files = {
        "snippet.html": ("text/html", HTML % PRELUDE.replace("SUBSCRIBES", json.dumps(subscribes))),
        "snippet.js": ("text/javascript", code),
        "vision.js": ("text/javascript", vision.read_text()),
    }

    async def answer(route: Route) -> None:
        content_type, body = files[route.request.url.rpartition("/")[2]]
        await route.fulfill(body=body, content_type=content_type)

    for name in files:
        await page.route(f"{server.url}/{name}", answer)
    await page.goto(f"{server.url}/snippet.html")


@pytest_asyncio.fixture
async def blank(browser: Browser) -> AsyncIterator[Page]:
    async with opened(browser, "about:blank") as page:
        yield page


@pytest.mark.parametrize("snippet", IN_PAGES, ids=[snippet.place for snippet in IN_PAGES])
async def test_a_program_runs_in_a_page(snippet: Snippet, blank: Page, server: Server) -> None:
    await serve_snippet(blank, server, snippet)
    condition = "calls > 0" if "landmarks" in snippet.code else "globalThis.ended"
    await blank.wait_for_function(f"() => {condition}")


@pytest.mark.parametrize("snippet", PAGES, ids=[snippet.place for snippet in PAGES])
async def test_a_page_shows_the_video_and_logs_the_landmarks(snippet: Snippet, blank: Page, server: Server) -> None:
    async def answer(route: Route) -> None:
        html = snippet.code.replace("http://127.0.0.1:8080", server.url)
        await route.fulfill(body=f'<link rel="icon" href="data:," />{html}', content_type="text/html")

    await blank.route(f"{server.url}/page.html", answer)
    async with blank.expect_console_message():
        await blank.goto(f"{server.url}/page.html")
    await blank.wait_for_function("() => document.querySelector('video').videoWidth === 640")
