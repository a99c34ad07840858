"""One picture at a time: the tab that takes it from anywhere, and what there is where live video can't get through."""

import asyncio
import io
import json
import re
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest
import pytest_asyncio
from PIL import Image
from playwright.async_api import Browser, FilePayload, Locator, Page, Playwright, Route, expect

from tests.kit.browsers import assert_fits_every_width, launched, opened, pixels
from tests.kit.pictures import grace_hopper
from tests.kit.publisher import Picture
from tests.kit.serving import Server, serving

PORTRAIT = Image.fromarray(grace_hopper())


def encode(picture: Image.Image, picture_format: str = "JPEG") -> bytes:
    data = io.BytesIO()
    picture.save(data, picture_format)
    return data.getvalue()


def payload(data: bytes, name: str = "hopper.jpg") -> FilePayload:
    return {"name": name, "mimeType": "image/jpeg", "buffer": data}


@pytest_asyncio.fixture
async def tab(browser: Browser, server: Server) -> AsyncIterator[Page]:
    """The Snapshot tab; refusals that a test asks for are in the console, too."""
    async with opened(browser, f"{server.url}#snapshot", may_complain=True) as page:
        yield page


async def until_shown(page: Page) -> None:
    await page.locator('[data-snapshot="shown"]').wait_for()


async def until_problem(page: Page, problem: str) -> Locator:
    error = page.get_by_test_id("snapshot-error")
    await expect(error).to_be_visible()
    await expect(error).to_have_attribute("data-problem", problem)
    return error


async def choose(page: Page, file: bytes | Path, name: str = "hopper.jpg") -> None:
    """:param file: a large one as a path, since bytes take long to the browser."""
    async with page.expect_file_chooser() as chooser:
        await page.get_by_test_id("choose").click()
    await (await chooser.value).set_files(file if isinstance(file, Path) else payload(file, name))


async def transfer(page: Page, event: str, data: bytes | None) -> None:
    """Paste or drop a file, or where there is none, text."""
    await page.evaluate(
        """([event, bytes]) => {
            const transfer = new DataTransfer();
            if (bytes) {
                transfer.items.add(new File([new Uint8Array(bytes)], "image.jpg", { type: "image/jpeg" }));
            } else {
                transfer.setData("text/plain", "hello");
            }
            const init = { bubbles: true, cancelable: true };
            document.body.dispatchEvent(
                event === "paste"
                    ? new ClipboardEvent("paste", { ...init, clipboardData: transfer })
                    : new DragEvent(event, { ...init, dataTransfer: transfer }),
            );
        }""",
        [event, None if data is None else list(data)],
    )


async def download(page: Page, test_id: str) -> tuple[str, bytes]:
    async with page.expect_download() as started:
        await page.get_by_test_id(test_id).click()
    saved = await started.value
    path = await saved.path()
    return saved.suggested_filename, await asyncio.to_thread(path.read_bytes)


async def saved_picture(page: Page) -> Picture:
    _, data = await download(page, "save-picture")
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB")).astype(int)


async def test_a_chosen_picture_is_shown_annotated_with_its_landmarks_and_can_be_saved(
    browser: Browser, server: Server
) -> None:
    async with opened(browser, f"{server.url}#snapshot") as page:
        await choose(page, encode(PORTRAIT))
        await until_shown(page)
        await expect(page.get_by_test_id("snapshot-facts")).to_contain_text(
            re.compile(r"hopper\.jpg · 640 × 480 · \d+ ms")
        )
        await expect(page.get_by_test_id("points")).to_contain_text("478 / 478")
        await expect(page.get_by_test_id("frame-json")).to_contain_text("faceLandmarks")
        name, data = await download(page, "save-json")
        assert name == "hopper.json"
        assert len(json.loads(data)["face"]) == 478
        name, data = await download(page, "save-picture")
        assert name == "hopper-annotated.jpg"
        assert Image.open(io.BytesIO(data)).size == PORTRAIT.size


async def test_of_several_persons_one_can_choose_whose_landmarks_are_shown(tab: Page) -> None:
    async def add_person(route: Route) -> None:
        """A second one, of whom nothing but a hand is seen, to what the server says."""
        response = await route.fetch()
        hand = [[0.5, 0.5, 0]] * 21
        other = {"seq": 0, "timestamp_ms": 0, "width": 640, "height": 480, "track": 0, "person": 1, "left_hand": hand}
        body = (await response.body()).replace(b'"others":[]', b'"others":[%s]' % json.dumps(other).encode())
        # The part's length is that of the server's.
        body = re.sub(rb"(?i)content-length: [0-9]+\r\n", b"", body)
        await route.fulfill(status=200, content_type=response.headers["content-type"], body=body)

    await tab.route("**/api/snapshot*", add_person)
    persons, points = tab.get_by_test_id("persons"), tab.get_by_test_id("points")
    await expect(persons).to_be_hidden()
    await choose(tab, encode(PORTRAIT))
    await until_shown(tab)
    await expect(tab.get_by_role("radio", name="Person 0")).to_be_checked()
    await expect(points).to_contain_text("478 / 478")
    await tab.get_by_role("radio", name="Person 0").focus()
    await tab.keyboard.press("ArrowRight")
    await expect(tab.get_by_role("radio", name="Person 1")).to_be_checked()
    await expect(points).not_to_contain_text("478 / 478")
    await expect(points).to_contain_text("21 / 21")
    await expect(tab.get_by_test_id("frame-json")).to_contain_text('"person": 1')
    await assert_fits_every_width(tab)
    await tab.unroute("**/api/snapshot*")
    await choose(tab, encode(PORTRAIT))
    await expect(persons).to_be_hidden()
    await expect(points).to_contain_text("478 / 478")


@pytest.mark.parametrize("event", ["paste", "drop"])
async def test_a_picture_can_be_pasted_and_dropped_and_anything_else_is_explained(tab: Page, event: str) -> None:
    await transfer(tab, event, None)
    await expect(await until_problem(tab, "nothing")).to_contain_text("no picture file")
    await transfer(tab, event, encode(PORTRAIT))
    await until_shown(tab)
    await expect(tab.get_by_test_id("points")).to_contain_text("478 / 478")


async def test_where_a_picture_would_be_dropped_is_shown(tab: Page) -> None:
    await transfer(tab, "dragover", b"")
    await expect(tab.get_by_text("Drop it here")).to_be_visible()
    await transfer(tab, "drop", encode(PORTRAIT))
    await until_shown(tab)
    await expect(tab.get_by_text("Drop it here")).to_be_hidden()


async def test_a_picture_can_be_taken_with_the_camera_which_is_off_afterwards(tab: Page) -> None:
    await tab.get_by_test_id("use-camera").click()
    preview = tab.get_by_test_id("snapshot-preview")
    await tab.wait_for_function("() => document.getElementById('snapshot-preview').videoWidth > 0")
    camera = await preview.evaluate_handle("video => video.srcObject.getTracks()[0]")
    await tab.get_by_test_id("shoot").click()
    await until_shown(tab)
    await expect(tab.get_by_test_id("points")).to_contain_text("478 / 478")
    await expect(preview).to_be_hidden()
    assert await camera.evaluate("track => track.readyState") == "ended"


async def test_leaving_the_tab_puts_the_camera_off(tab: Page) -> None:
    await tab.get_by_test_id("use-camera").click()
    await tab.locator('[data-snapshot="camera"]').wait_for()
    camera = await tab.evaluate_handle("() => document.getElementById('snapshot-preview').srcObject.getTracks()[0]")
    await tab.get_by_test_id("tab-live").click()
    assert await camera.evaluate("track => track.readyState") == "ended"


async def test_without_a_camera_the_tab_says_what_else_to_do(browser_without_camera: Browser, server: Server) -> None:
    async with opened(browser_without_camera, f"{server.url}#snapshot") as page:
        await page.get_by_test_id("use-camera").click()
        await expect(await until_problem(page, "camera-missing")).to_contain_text("choose a picture")


async def test_drawing_and_mirroring_apply_to_the_picture_that_is_shown(tab: Page) -> None:
    await choose(tab, encode(PORTRAIT, "PNG"))
    await until_shown(tab)
    drawn = await saved_picture(tab)
    for switch in ("snapshot-draw", "snapshot-mirror"):
        async with tab.expect_response("**/api/snapshot*"):
            await tab.get_by_test_id(switch).click(force=True)
        await until_shown(tab)
        if switch == "snapshot-draw":
            plain = await saved_picture(tab)
    mirrored = await saved_picture(tab)
    assert np.abs(plain - np.asarray(PORTRAIT)).mean() < 3
    assert np.abs(drawn - plain).mean() > 1
    assert np.abs(mirrored[:, ::-1] - plain).mean() < 3


async def test_the_picture_can_be_zoomed_by_buttons_wheel_and_keys(tab: Page) -> None:
    await choose(tab, encode(PORTRAIT))
    await until_shown(tab)
    picture = tab.get_by_test_id("picture")

    async def width() -> float:
        box = await picture.bounding_box()
        assert box
        return box["width"]

    fit = await width()
    await tab.get_by_test_id("zoom-in").click()
    assert await width() > 1.3 * fit
    await tab.get_by_test_id("zoom-fit").click()
    assert await width() == fit
    box = await picture.bounding_box()
    assert box
    await tab.mouse.move(box["x"] + 5, box["y"] + 5)
    await tab.mouse.wheel(0, -300)
    await tab.wait_for_function("fit => document.getElementById('picture').clientWidth > 1.3 * fit", arg=fit)
    zoomed = await picture.bounding_box()
    assert zoomed
    assert abs(zoomed["x"] - box["x"]) < 8  # What is below the pointer stays there.
    await tab.get_by_test_id("picture-view").focus()
    await tab.keyboard.press("0")
    assert await width() == fit


BAD_FILES: list[tuple[bytes | Path, str, str]] = [
    (b"hello", "not-a-picture", "JPEG, PNG, WebP and BMP"),
    (encode(PORTRAIT)[:9000], "damaged", "incomplete or corrupt"),
    (b"", "damaged", "no picture in the request"),
    (encode(Image.new("L", (6000, 5000)), "PNG"), "too-large", "24,000,000 pixels"),
]


async def test_bad_files_are_explained_and_the_next_good_one_is_taken(tab: Page, tmp_path: Path) -> None:
    large = tmp_path / "large.jpg"
    await asyncio.to_thread(large.write_bytes, bytes(11_000_000))
    for file, problem, words in [*BAD_FILES, (large, "too-large", "10,000,000 bytes")]:
        await choose(tab, file)
        await expect(await until_problem(tab, problem)).to_contain_text(words)
        await expect(tab.get_by_test_id("snapshot-retry")).to_be_hidden()
        async with tab.expect_file_chooser():
            await tab.get_by_test_id("choose-other").click()
    await choose(tab, encode(PORTRAIT))
    await until_shown(tab)


@pytest_asyncio.fixture(scope="module")
async def hurried_server() -> AsyncIterator[Server]:
    """Gives a snapshot 3 s, and takes one at a time."""
    environment = {"HOLISTIC_SNAPSHOT_PLACES": "1", "HOLISTIC_SNAPSHOT_SECONDS": "3"}
    async with serving(environment=environment) as server:
        yield server


async def test_a_busy_server_is_waited_for(browser: Browser, hurried_server: Server) -> None:
    async with opened(browser, f"{hurried_server.url}#snapshot", may_complain=True) as page:
        # An upload that doesn't end has the only place, until it is given up.
        host, port = hurried_server.url.removeprefix("http://").split(":")
        _, writer = await asyncio.open_connection(host, int(port))
        writer.write(f"POST /api/snapshot HTTP/1.1\r\nHost: {host}\r\nContent-Length: 1000\r\n\r\nhello".encode())
        await writer.drain()
        await choose(page, encode(PORTRAIT))
        await expect(await until_problem(page, "busy")).to_contain_text(re.compile(r"again in \d+ s|again…"))
        writer.close()
        await until_shown(page)


async def test_a_server_that_is_too_slow_or_gone_is_explained_and_can_be_asked_again(
    browser: Browser, hurried_server: Server
) -> None:
    async with opened(browser, f"{hurried_server.url}#snapshot", may_complain=True) as page:
        (worker,) = hurried_server.snapshot_workers()
        worker.suspend()
        await choose(page, encode(PORTRAIT))
        await expect(page.get_by_test_id("snapshot-progress")).to_contain_text("KB")
        await until_problem(page, "too-slow")
        await hurried_server.until_ready()
        await page.get_by_test_id("snapshot-retry").click()
        await until_shown(page)
        await page.context.set_offline(True)
        await choose(page, encode(PORTRAIT))
        await expect(await until_problem(page, "unreachable")).to_contain_text("holistic-rtc is running")


async def test_a_token_is_taken_from_the_address_and_asked_for_where_there_is_none(
    browser: Browser, guarded_server: Server
) -> None:
    async with opened(browser, f"{guarded_server.url}#token=s+cret/1&snapshot") as page:
        await choose(page, encode(PORTRAIT))
        await until_shown(page)
    async with opened(browser, f"{guarded_server.url}#snapshot", may_complain=True) as page:
        await choose(page, encode(PORTRAIT))
        await expect((await until_problem(page, "unauthorized")).get_by_label("Token")).to_be_visible()


async def test_nobody_in_the_picture_is_said(tab: Page) -> None:
    await choose(tab, encode(Image.new("RGB", (320, 240), "white")))
    await until_shown(tab)
    await expect(tab.get_by_test_id("snapshot-facts")).to_contain_text("Nobody was found")


async def test_the_tabs_go_by_keyboard_and_are_remembered_in_the_address(browser: Browser, server: Server) -> None:
    async with opened(browser, f"{server.url}#token=sesame") as page:
        live, snapshot = page.get_by_role("tab", name="Live"), page.get_by_role("tab", name="Snapshot")
        await live.focus()
        await page.keyboard.press("ArrowRight")
        await expect(snapshot).to_be_focused()
        await expect(snapshot).to_have_attribute("aria-selected", "true")
        await expect(page.get_by_role("tabpanel", name="Snapshot")).to_be_visible()
        await expect(page.get_by_role("tabpanel", name="Live")).to_be_hidden()
        assert page.url == f"{server.url}/#snapshot"
        await page.reload()
        await expect(snapshot).to_have_attribute("aria-selected", "true")
        await snapshot.focus()
        await page.keyboard.press("Home")
        await expect(live).to_be_focused()
        assert "snapshot" not in page.url


async def test_the_tab_fits_every_width(tab: Page) -> None:
    await assert_fits_every_width(tab)
    await choose(tab, encode(PORTRAIT), name="a-picture-with-a-name-that-is-long-" * 4 + ".jpg")
    await until_shown(tab)
    await assert_fits_every_width(tab)


async def until_state(page: Page, state: str) -> None:
    await page.wait_for_function("state => document.body.dataset.state === state", arg=state)


async def until_snapshots(page: Page, count: int) -> None:
    """That many in a row, each with a face."""
    await page.wait_for_function(
        "count => window.holistic.lastFrame?.seq >= count && window.holistic.lastFrame.faceLandmarks.length === 1",
        arg=count - 1,
    )


async def test_where_udp_is_blocked_the_page_goes_on_with_snapshots(
    playwright: Playwright, server: Server, tmp_path: Path
) -> None:
    still = tmp_path / "still.mjpeg"
    await asyncio.to_thread(still.write_bytes, encode(PORTRAIT))
    arguments = (
        "--use-fake-ui-for-media-stream",
        "--use-fake-device-for-media-stream",
        f"--use-file-for-fake-video-capture={still}",
        "--webrtc-ip-handling-policy=disable_non_proxied_udp",
    )
    async with launched(playwright, *arguments) as browser, opened(browser, "about:blank") as page:
        # The page gives a connection 15 s, which need not be waited for.
        await page.clock.install()
        await page.goto(server.url)
        async with page.expect_response("**/whip"):
            await page.get_by_test_id("start").click()
        while await page.evaluate("() => document.body.dataset.state") == "connecting":
            await page.clock.fast_forward(1000)
        await until_state(page, "snapshots")
        notice = page.get_by_test_id("snapshots-notice")
        await expect(notice).to_contain_text("UDP")
        await expect(notice).to_contain_text("TURN")
        await until_snapshots(page, 3)
        assert float(await page.get_by_test_id("snapshots-rate").text_content() or "") > 0
        await expect(page.get_by_test_id("points")).to_contain_text("478 / 478")
        assert await drawing_on(page) > 0.05

        await page.get_by_test_id("draw").click(force=True)
        await until_snapshots(page, await page.evaluate("() => window.holistic.lastFrame.seq") + 4)
        assert await drawing_on(page) < 0.002

        async with page.expect_request("**/whip"):
            await page.get_by_test_id("try-live").click()
        await until_state(page, "connecting")
        await page.get_by_test_id("stop").click()
        await until_state(page, "idle")


async def drawing_on(page: Page) -> float:
    """Share of the face's pixels in which the annotated picture differs much from the camera's, which is a still."""
    face = slice(110, 300), slice(240, 400)
    annotated, raw = [await pixels(page, test_id) for test_id in ("annotated-picture", "raw-video")]
    assert annotated.shape == raw.shape == (480, 640, 3)
    return float((np.abs(annotated.astype(int) - raw).max(axis=2) > 60)[face].mean())


async def test_while_the_server_is_full_snapshots_can_be_used(browser: Browser, small_server: Server) -> None:
    async with (
        opened(browser, small_server.url) as first,
        opened(browser, small_server.url, may_complain=True) as second,
    ):
        await first.get_by_test_id("start").click()
        await until_state(first, "connected")
        await second.get_by_test_id("start").click()
        await until_state(second, "waiting")
        await second.get_by_test_id("use-snapshots").click()
        await until_state(second, "snapshots")
        await until_snapshots(second, 2)
        await expect(second.get_by_test_id("error")).to_be_hidden()

        await second.get_by_test_id("sample").click()  # another source, with the snapshots going on
        await until_snapshots(second, 2)
        await until_state(second, "snapshots")

        await first.get_by_test_id("stop").click()
        await small_server.until_sessions(0)
        await second.get_by_test_id("try-live").click()
        await until_state(second, "connected")
        await second.get_by_test_id("stop").click()
        await until_state(second, "idle")


async def test_the_snapshots_wait_for_a_server_that_is_gone_and_go_on_when_it_is_back(
    browser: Browser, small_server: Server
) -> None:
    async with (
        opened(browser, small_server.url) as first,
        opened(browser, small_server.url, may_complain=True) as second,
    ):
        await first.get_by_test_id("start").click()
        await until_state(first, "connected")
        await second.get_by_test_id("sample").click()
        await until_state(second, "waiting")
        await second.get_by_test_id("use-snapshots").click()
        await until_snapshots(second, 1)
        await second.context.set_offline(True)
        await expect(second.get_by_test_id("snapshots-notice")).to_contain_text("server isn't responding")
        await second.context.set_offline(False)
        await second.evaluate("() => { window.holistic.lastFrame = null; }")
        await until_snapshots(second, 1)
        await expect(second.get_by_test_id("snapshots-notice")).to_contain_text("Snapshots instead of live video")
