"""The page records what it receives, and hands it over as files."""

import asyncio
import json
import re
import struct
from pathlib import Path

import av
import pytest
from playwright.async_api import Browser, Dialog, Page, expect

from holistic_rtc.model.skeleton import BONES
from holistic_rtc.recording.format import Options
from holistic_rtc.recording.formats import FORMATS
from holistic_rtc.wire import as_json
from tests.e2e.test_accessibility import assert_accessible, go_live, until_state
from tests.kit.browsers import assert_fits_every_width, opened
from tests.kit.serving import Server
from tests.kit.takes import bvh_frames

pytestmark = pytest.mark.alone

RECORDED = """() => {
    const size = (id) => Number.parseFloat(document.getElementById(id).textContent);
    return size("take-video-size") > 1 && size("take-data-size") > 100;
}"""
"""Both have grown, in KB."""

NUMBER = re.compile(rb"-?\d+(?:\.\d+)?(?:e-?\d+)?")


async def record(page: Page) -> None:
    await page.get_by_test_id("record").click()
    await expect(page.get_by_test_id("take")).to_contain_text("Recording")
    await expect(page.get_by_test_id("take-end")).to_be_focused()
    await page.wait_for_function(RECORDED)


async def download(page: Page, name: str, folder: Path) -> Path:
    async with page.expect_download() as download:
        await page.get_by_test_id(f"take-{name}").click()
    path = folder / (await download.value).suggested_filename
    await (await download.value).save_as(path)
    return path


def video_frames(path: Path) -> list[tuple[int, int]]:
    with av.open(path) as container:
        assert not container.streams.audio, "there is no sound if none is published"
        return [(frame.width, frame.height) for frame in container.decode(video=0)]


async def test_a_take_is_the_annotated_video_and_the_servers_json_lines_and_csv(page: Page, tmp_path: Path) -> None:
    await expect(page.get_by_test_id("record")).to_be_hidden()
    await go_live(page)
    await record(page)
    await assert_accessible(page, "recording")
    await page.keyboard.press("r")
    await expect(page.get_by_test_id("take")).to_contain_text("Recording finished")
    await expect(page.get_by_test_id("take-webm")).to_be_focused()
    await assert_accessible(page, "recorded")
    await assert_fits_every_width(page)

    lines = (await download(page, "jsonl", tmp_path)).read_bytes().splitlines(keepends=True)
    rows = (await download(page, "csv", tmp_path)).read_bytes().splitlines(keepends=True)
    messages = [as_json.decode(line) for line in lines]
    assert len({message.seq for message in messages}) == len(messages) > 3
    assert any(message.result.face_landmarks is not None for message in messages)
    json_lines, table = (FORMATS[suffix].lines(Options()) for suffix in (".jsonl", ".csv"))  # type: ignore[misc]
    for message, line in zip(messages, lines, strict=True):
        again = json_lines.encode(message)
        assert NUMBER.sub(b"#", again) == NUMBER.sub(b"#", line)
        # Decoded to 32 bits, which is less than five decimals of a large number.
        numbers, expected = (list(map(float, NUMBER.findall(text))) for text in (line, again))
        assert numbers == pytest.approx(expected, rel=1e-6, abs=2e-5)
    assert rows[0] == table.header
    assert all(table.is_whole(row, rows[0]) for row in rows[1:])
    assert [row.split(b",")[:4] for row in rows[1:]] == [
        b"%d,%d,%d,%d".__mod__((m.seq, m.timestamp_ms, m.width, m.height)).split(b",") for m in messages
    ]
    await expect(page.get_by_test_id("take-end")).to_have_text("Discard")

    sizes = await asyncio.to_thread(video_frames, await download(page, "webm", tmp_path))
    assert len(sizes) > 3
    assert all(width * 3 == height * 4 for width, height in sizes)
    await expect(page.get_by_test_id("take-end")).to_have_text("Close")
    await page.get_by_test_id("take-end").click()
    await expect(page.get_by_test_id("take")).to_be_hidden()
    await expect(page.get_by_test_id("record")).to_be_focused()


async def test_a_take_ends_with_its_session_and_stays(page: Page, tmp_path: Path) -> None:
    await go_live(page)
    await record(page)
    await page.get_by_test_id("stop").click()
    await expect(page.get_by_test_id("take")).to_contain_text("Recording ended with the connection")
    lines = (await download(page, "jsonl", tmp_path)).read_bytes().splitlines()
    assert len([as_json.decode(line) for line in lines]) > 3
    await go_live(page)
    await expect(page.get_by_test_id("take-jsonl")).to_be_visible()
    await expect(page.get_by_test_id("record")).to_be_hidden()
    await page.get_by_test_id("take-end").click()
    await expect(page.get_by_test_id("record")).to_be_visible()


async def test_a_page_with_a_take_that_was_not_saved_asks_before_it_is_left(browser: Browser, server: Server) -> None:
    async with opened(browser, server.url) as page:
        questions: list[str] = []

        async def stay(dialog: Dialog) -> None:
            questions.append(dialog.type)
            await dialog.dismiss()

        page.on("dialog", stay)
        await go_live(page)
        await record(page)
        await page.close(run_before_unload=True)
        await expect(page.get_by_test_id("take")).to_contain_text("Recording")
        assert questions == ["beforeunload"]
        await page.get_by_test_id("take-end").click()
        await expect(page.get_by_test_id("take")).to_contain_text("Recording finished")
        await page.get_by_test_id("take-end").click()
        await page.reload()
        assert questions == ["beforeunload"]


async def test_the_avatars_motion_is_a_bvh_and_a_vrma(browser: Browser, server: Server, tmp_path: Path) -> None:
    async with opened(browser, f"{server.url}/avatar") as page:
        await page.get_by_test_id("sample").click()
        await until_state(page, "connected")
        await page.keyboard.press("r")
        await page.wait_for_function(
            "() => Number.parseFloat(document.getElementById('take-data-size').textContent) > 5"
        )
        await expect(page.locator("#take-video")).to_be_hidden()
        await assert_accessible(page, "avatar, recording")
        await page.keyboard.press("r")
        await expect(page.get_by_test_id("take")).to_contain_text("Recording finished")
        await assert_accessible(page, "avatar, recorded")
        await assert_fits_every_width(page)
        rows = bvh_frames(await download(page, "bvh", tmp_path))
        assert len(rows) > 5
        assert {len(row) for row in rows} == {3 + 3 * len(BONES)}
        assert len({tuple(row) for row in rows}) > 2, "somebody moves"
        glb = (await download(page, "vrma", tmp_path)).read_bytes()
        magic, version, length, text_length = struct.unpack_from("<4sIII", glb)
        assert (magic, version, length) == (b"glTF", 2, len(glb))
        animation = json.loads(glb[20 : 20 + text_length])
        bones = animation["extensions"]["VRMC_vrm_animation"]["humanoid"]["humanBones"]
        assert set(bones) == set(BONES) - {"leftEye", "rightEye"}
        seconds = animation["accessors"][0]["max"][0]
        assert len(rows) == int(seconds * 30 + 1e-6) + 1, "both have the same motion"
