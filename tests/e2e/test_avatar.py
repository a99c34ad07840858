"""The page with the avatar: its bones are compared with the rig that came, and with forward kinematics in Python."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from io import BytesIO
from itertools import count
from typing import Any

import numpy as np
from PIL import Image
from playwright.async_api import Browser, FilePayload, Page, Playwright, expect

from holistic_rtc.model.geometry import to_matrix
from holistic_rtc.model.rig import Rig
from holistic_rtc.model.skeleton import ARKIT_BLENDSHAPES, BONES, EXPRESSIONS
from holistic_rtc.motion.rig.kinematics import forward
from holistic_rtc.sessions.session import make_id
from tests.kit.browsers import assert_fits_every_width, launched, opened
from tests.kit.serving import Server
from tests.kit.vrm import plain_glb, vrm_file

EYES = [BONES.index(f"{side}Eye") for side in ("left", "right")]

MATRICES = """bones => {
    window.matrices = () => {
        const { avatar } = window.avatarView;
        avatar.object.updateWorldMatrix(true, true);
        return bones.map((bone) => avatar.bone(bone).matrixWorld.toArray());
    };
}"""

HAS_MOVED = """() => {
    const places = window.matrices().flatMap((matrix) => matrix.slice(12, 15));
    window.first ??= places;
    return places.some((value, i) => Math.abs(value - window.first[i]) > 0.02);
}"""
"""Whether a bone is two centimetres from where it was at the first call."""


IS_UPRIGHT = "bone => [0, 5, 10].every((diagonal) => window.matrices()[bone][diagonal] > 0.99999)"

KEPT = """async kept => {
    while (Boolean(await caches.match("/avatar/kept.vrm")) !== kept) {
        await new Promise(requestAnimationFrame);
    }
}"""

COARSER = """async () => {
    const { avatar } = window.avatarView;
    const canvas = document.getElementById("avatar");
    const context = Object.assign(document.createElement("canvas"), { width: 1, height: 1 }).getContext("2d");
    const isEmpty = () => {
        context.clearRect(0, 0, 1, 1);
        context.drawImage(canvas, canvas.width / 2 - 8, 0, 16, canvas.height, 0, 0, 1, 1);
        return context.getImageData(0, 0, 1, 1).data[3] === 0;
    };
    const widths = [canvas.width];
    let empty = 0;
    const until = performance.now() + 20000;
    while (widths.length < 3 && performance.now() < until) {
        document.getElementById("upper-body").click(); // It would rest soon, and not be drawn any more.
        await new Promise(requestAnimationFrame);
        if (canvas.width !== widths.at(-1)) {
            widths.push(canvas.width);
            empty += isEmpty();
        }
        avatar.apply = () => {
            const end = performance.now() + 60;
            while (performance.now() < end);
        };
    }
    return { widths, empty };
}"""
"""Slow its drawing down, and look at the canvas in the frame in which its size has changed."""


@asynccontextmanager
async def small(browser: Browser, url: str, *, may_complain: bool = False) -> AsyncIterator[Page]:
    """A small page, since pixels that no graphics card draws are slow."""
    async with opened(browser, "about:blank", may_complain=may_complain) as page:
        await page.set_viewport_size({"width": 480, "height": 400})
        await page.goto(url)
        yield page


async def until_state(page: Page, state: str) -> None:
    await page.wait_for_function("state => document.body.dataset.state === state", arg=state)


async def go_live(page: Page) -> None:
    """As the rig says, without a mirror and with legs."""
    await page.get_by_test_id("start").click()
    await page.keyboard.press("m")
    await page.keyboard.press("u")
    await page.evaluate(MATRICES, BONES)
    await until_state(page, "connected")
    await page.wait_for_function("() => window.holistic.lastFrame?.rig")


async def hold_still(page: Page) -> None:
    """No more pictures are sent, so that the newest rig stays the newest."""
    await page.evaluate("() => window.holistic.client.peerConnection.getSenders()[0].replaceTrack(null)")


async def assert_comes_to_stand(page: Page, *, scale: float = 1, facing: int = 1) -> None:
    """
    As the newest rig says, when those on their way have come.

    :param facing: -1 for a model that was made to look the other way, and is turned round as a whole.
    """
    for attempt in count():
        rig, matrices = await page.evaluate("() => [window.holistic.lastFrame.rig, window.matrices()]")
        try:
            assert_stands_as(to_rig(rig), np.array(matrices).reshape(-1, 4, 4).swapaxes(1, 2), scale, facing)
            return
        except AssertionError:
            if attempt == 20:
                raise
        await page.evaluate("() => new Promise(requestAnimationFrame)")


def to_rig(rig: dict[str, Any]) -> Rig:
    return Rig(
        rotations=np.array([rig["bones"][bone] for bone in BONES], np.float32),
        hips_position=np.array(rig["hipsPosition"], np.float32),
        expressions=np.array([rig["expressions"][name] for name in EXPRESSIONS], np.float32),
        arkit=np.array([rig["arkit"][name] for name in ARKIT_BLENDSHAPES], np.float32),
    )


def assert_stands_as(rig: Rig, matrices: np.ndarray, scale: float, facing: int) -> None:
    rotations, positions = forward(rig)
    turned = matrices[:, :3, :3] * (facing, 1, facing) / np.linalg.norm(matrices[:, :3, :3], axis=1, keepdims=True)
    cosines = (np.einsum("nij,nij->n", to_matrix(rotations), turned) - 1) / 2
    degrees = np.degrees(np.arccos(cosines.clip(-1, 1)))
    distances = np.linalg.norm(matrices[:, :3, 3] - positions * scale, axis=1)
    others = np.delete(np.arange(len(BONES)), EYES)  # These go as far as a model allows, and sit where it has them.
    assert degrees[others].max() < 0.5, dict(zip(BONES, degrees.round(1), strict=True))
    assert distances[others].max() < 0.005, dict(zip(BONES, distances.round(3), strict=True))


async def choose(page: Page, name: str, content: bytes) -> None:
    file: FilePayload = {"name": name, "mimeType": "", "buffer": content}
    await page.get_by_test_id("avatar-file").set_input_files(file)


async def test_the_mannequin_and_vrm_avatars_of_both_versions_stand_as_the_rig_says(
    browser: Browser, server: Server
) -> None:
    async with small(browser, f"{server.url}/avatar") as page:
        await go_live(page)
        await page.wait_for_function(HAS_MOVED)
        await hold_still(page)
        await assert_comes_to_stand(page)

        await choose(page, "new.vrm", vrm_file("1.0", scale=0.8))
        await expect(page.get_by_test_id("avatar-name")).to_have_text("new.vrm")
        await assert_comes_to_stand(page, scale=0.8)
        memory = await page.evaluate("() => window.avatarView.memory")

        await choose(page, "old.vrm", vrm_file("0.x", scale=1.1))
        await expect(page.get_by_test_id("avatar-name")).to_have_text("old.vrm")
        await assert_comes_to_stand(page, scale=1.1, facing=-1)
        assert await page.evaluate("() => window.avatarView.memory") == memory, "the one before is disposed of"

        await page.get_by_test_id("mannequin").click()
        await expect(page.get_by_test_id("avatar-name")).to_be_empty()
        await page.wait_for_function(f"bone => !({IS_UPRIGHT})(bone)", arg=BONES.index("head"))
        await page.keyboard.press("c")
        await page.wait_for_function(IS_UPRIGHT, arg=BONES.index("head"))
        await page.reload()
        await page.get_by_test_id("reset-calibration").click()
        await expect(page.get_by_test_id("reset-calibration")).to_be_hidden()


async def test_files_that_are_no_avatars_are_explained_and_the_one_before_stays_even_at_the_next_visit(
    browser: Browser, server: Server
) -> None:
    problem = "file-problem"
    async with small(browser, f"{server.url}/avatar") as page:
        whole = vrm_file("1.0")
        held = b'"bufferView": 0, "componentType": 5126, "count": 8,'
        claimed = b'"componentType": 5126, "count": 200000000,'.ljust(len(held))
        await choose(page, "阿凡达.vrm", whole)
        await expect(page.get_by_test_id("avatar-name")).to_have_text("阿凡达.vrm")
        await page.evaluate(KEPT, True)
        for content, words in (
            (b"#EXTM3U, not a model at all", "Not a VRM file"),
            (b"gl", "Not a VRM file"),
            (whole[: len(whole) // 2], "The file is damaged"),
            (whole[:12] + bytes(len(whole) - 12), "The file is damaged"),
            (whole.replace(held, claimed), "it claims 200000000 vectors"),
            (plain_glb(), "There is no VRM avatar in this file"),
        ):
            await choose(page, "bad.vrm", content)
            await expect(page.get_by_test_id(problem)).to_contain_text(words)
            await expect(page.get_by_test_id(problem)).to_contain_text("bad.vrm")
            await expect(page.get_by_test_id("avatar-name")).to_have_text("阿凡达.vrm")
        await page.get_by_test_id("file-problem-close").click()
        await expect(page.get_by_test_id(problem)).to_be_hidden()

        await page.reload()
        await expect(page.get_by_test_id("avatar-name")).to_have_text("阿凡达.vrm")
        await page.get_by_test_id("mannequin").click()
        await page.evaluate(KEPT, False)
        await page.reload()
        await expect(page.get_by_test_id("avatar-name")).to_be_empty()


async def test_in_obs_there_is_the_avatar_of_a_session_and_nothing_else(
    browser: Browser, page: Page, server: Server
) -> None:
    await page.get_by_test_id("start").click()
    await until_state(page, "connected")
    session = await page.evaluate("() => window.holistic.client.sessionId")
    async with small(browser, f"{server.url}/avatar?overlay=1&session={session}") as obs:
        await obs.wait_for_function("() => window.holistic.lastFrame?.rig")
        await obs.keyboard.press("m")
        await obs.evaluate(MATRICES, BONES)
        await hold_still(page)
        await obs.keyboard.press("u")
        await assert_comes_to_stand(obs)
        for width in (480, 200):
            await obs.set_viewport_size({"width": width, "height": 400})
            assert await obs.get_by_test_id("avatar").bounding_box() == {"x": 0, "y": 0, "width": width, "height": 400}
            picture = Image.open(BytesIO(await obs.screenshot(omit_background=True))).convert("RGBA")
            alpha = np.asarray(picture)[..., 3]
            assert max(alpha[0].max(), alpha[-1].max(), alpha[:, 0].max(), alpha[:, -1].max()) < 8, "all of it is seen"
            assert alpha[:, width // 2].max() == 255
        for part in ("state", "start", "mirror", "avatar-name", "preview", "error"):
            await expect(obs.get_by_test_id(part)).to_be_hidden()


async def test_a_picture_that_becomes_coarser_since_it_is_slow_is_never_shown_empty(
    browser: Browser, server: Server
) -> None:
    async with small(browser, f"{server.url}/avatar") as page:
        seen = await page.evaluate(COARSER)
        assert seen["widths"] == sorted(set(seen["widths"]), reverse=True)
        assert len(seen["widths"]) > 1
        assert seen["empty"] == 0


async def test_an_overlay_without_an_id_follows_the_only_session_and_then_the_next_one(
    browser: Browser, page: Page, server: Server
) -> None:
    await server.until_sessions(0)
    async with opened(browser, server.url) as another:
        for publisher in (page, another):
            await publisher.get_by_test_id("start").click()
            await until_state(publisher, "connected")
        # It may ask for a session that has just ended, which Chromium complains about.
        async with small(browser, f"{server.url}/avatar?overlay=1", may_complain=True) as obs:
            hint, avatar = obs.get_by_test_id("error"), obs.get_by_test_id("avatar")
            await expect(hint).to_contain_text("Several sessions are running")
            await expect(avatar).to_have_css("opacity", "0")
            await another.get_by_test_id("stop").click()
            for _ in range(2):
                session = await page.evaluate("() => window.holistic.client.sessionId")
                await obs.wait_for_function("id => window.holistic.client.sessionId === id", arg=session)
                await obs.wait_for_function("() => window.holistic.lastFrame?.rig")
                await expect(avatar).to_have_css("opacity", "1")
                await page.get_by_test_id("stop").click()
                await until_state(obs, "waiting")
                await expect(hint).to_be_hidden()
                await obs.evaluate("() => { window.holistic.lastFrame = null; }")
                await page.get_by_test_id("start").click()
                await until_state(page, "connected")


async def test_the_link_for_obs_names_a_session_only_where_the_page_does(browser: Browser, server: Server) -> None:
    for address, link in (
        ("", "overlay=1"),
        ("?session=a%26b", "overlay=1&session=a%26b"),
        ("?session=a%26b#key=k3y", "overlay=1&session=a%26b#key=k3y"),
    ):
        async with small(browser, f"{server.url}/avatar{address}", may_complain=True) as page:
            await page.context.grant_permissions(["clipboard-read", "clipboard-write"])
            button = page.get_by_test_id("copy-overlay")
            await button.click()
            await expect(button).to_have_text("Copied")
            copied = await page.evaluate("() => navigator.clipboard.readText()")
            assert copied == f"{server.url}/avatar?{link}"


async def test_the_link_for_obs_has_a_ticket_that_only_watches_and_lists(
    browser: Browser, guarded_server: Server
) -> None:
    url = guarded_server.url
    async with small(browser, f"{url}/avatar#token=s+cret/1") as page:
        await page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        await page.get_by_test_id("copy-overlay").click()
        await expect(page.get_by_test_id("copy-overlay")).to_have_text("Copied")
        copied = await page.evaluate("() => navigator.clipboard.readText()")
        address, _, ticket = copied.partition("#ticket=")
        assert address == f"{url}/avatar?overlay=1"
        for path, expected in (("/api/sessions", 200), ("/whip", 403), ("/api/snapshot", 403)):
            method = "get" if expected == 200 else "post"
            response = await getattr(page.request, method)(f"{url}{path}?ticket={ticket}")
            assert response.status == expected
        async with small(browser, copied) as obs:
            await until_state(obs, "waiting")


async def test_an_overlay_whose_session_is_not_there_says_so(browser: Browser, server: Server) -> None:
    url = f"{server.url}/avatar?overlay=1&session={make_id()}"
    async with small(browser, url, may_complain=True) as page:
        await expect(page.get_by_test_id("error")).to_contain_text("There is no such session")


async def test_without_graphics_the_page_says_so(playwright: Playwright, server: Server) -> None:
    async with (
        launched(playwright, "--disable-3d-apis") as browser,
        opened(browser, f"{server.url}/avatar", may_complain=True) as page,
    ):
        await expect(page.get_by_test_id("graphics")).to_contain_text("can't draw in 3D")


async def test_graphics_that_are_lost_come_back(browser: Browser, server: Server) -> None:
    async with small(browser, f"{server.url}/avatar") as page:
        graphics = page.get_by_test_id("graphics")
        await page.evaluate(
            """() => {
                const context = document.getElementById("avatar").getContext("webgl2");
                window.loss = context.getExtension("WEBGL_lose_context");
                window.loss.loseContext();
            }"""
        )
        await expect(graphics).to_contain_text("graphics card stopped responding")
        await page.evaluate("() => window.loss.restoreContext()")
        await expect(graphics).to_be_hidden()


async def test_how_the_avatar_follows_is_remembered(browser: Browser, server: Server) -> None:
    async with small(browser, f"{server.url}/avatar") as page:
        # The mirror turns the pose round; a picture of it that is turned as well would undo that.
        await expect(page.get_by_test_id("mirror")).to_be_checked()
        await expect(page.get_by_test_id("avatar")).to_have_css("transform", "none")
        await page.keyboard.press("m")
        await page.keyboard.press("p")
        await page.get_by_test_id("smoothing").fill("40")
        await page.reload()
        await expect(page.get_by_test_id("mirror")).not_to_be_checked()
        await expect(page.get_by_test_id("show-preview")).not_to_be_checked()
        await expect(page.get_by_test_id("upper-body")).to_be_checked()
        await expect(page.get_by_test_id("smoothing")).to_have_value("40")


async def test_the_page_fits_every_width_and_speaks_chinese_too(browser: Browser, server: Server) -> None:
    async with opened(browser, f"{server.url}/avatar", locale="zh-CN") as page:
        await expect(page.get_by_test_id("choose")).to_have_text("选择 VRM 文件")
        await assert_fits_every_width(page)


async def test_only_the_page_with_the_avatar_may_read_from_blobs_and_loads_three(page: Page, server: Server) -> None:
    for path, is_avatar in (("/avatar", True), ("/", False), ("/view", False)):
        response = await page.request.get(server.url + path)
        policy = response.headers["content-security-policy"]
        assert "default-src 'self'" in policy
        assert ("connect-src 'self' blob:" in policy) == is_avatar
        scripts = re.findall(r'"\./(assets/[^"]+\.js)"', await response.text())
        loaded = [await (await page.request.get(f"{server.url}/{script}")).text() for script in scripts]
        assert any("WebGLRenderer" in script for script in loaded) == is_avatar
