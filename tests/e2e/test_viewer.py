"""Others watch a session: in the viewer, and in pages of their own that use the client library."""

import re

import numpy as np
from playwright.async_api import Browser, Page, expect

from holistic_rtc.sessions.session import make_id
from tests.kit.browsers import assert_fits_every_width, opened, pixels
from tests.kit.proxy import below
from tests.kit.serving import Server, serving

HEARS = """async () => {
    const stats = [...(await window.holistic.client.peerConnection.getStats()).values()];
    return stats.some(({ type, totalAudioEnergy }) => type === "inbound-rtp" && totalAudioEnergy > 0.001);
}"""
FACE_SEEN = "() => window.holistic.lastFrame?.faceLandmarks.length === 1"


async def until_state(page: Page, state: str) -> None:
    await page.wait_for_function("state => document.body.dataset.state === state", arg=state)


async def publish(page: Page) -> str:
    """:return: the link that the page offers to those who are to watch."""
    await page.get_by_test_id("start").click()
    await until_state(page, "connected")
    await page.wait_for_function(FACE_SEEN)
    await page.get_by_test_id("share").click()
    link = await page.get_by_test_id("share-link").input_value()
    await page.keyboard.press("Escape")
    return link


def session_in(link: str) -> str:
    return link.partition("#")[0].rsplit("/", 1)[-1]


async def test_the_viewer_shows_moving_annotated_video_and_landmarks_of_a_session(
    browser: Browser, page: Page, server: Server
) -> None:
    link = await publish(page)
    assert re.fullmatch(re.escape(server.url) + r"/view/[0-9A-Za-z]{22}#key=[\w-]{22}", link)
    async with opened(browser, link) as viewer:
        await until_state(viewer, "connected")
        await viewer.wait_for_function(FACE_SEEN)
        await expect(viewer.get_by_test_id("points")).to_contain_text("478 / 478")
        await expect(viewer.get_by_test_id("sound")).to_be_hidden()  # The page sends none.
        await viewer.wait_for_function(
            "() => document.getElementById('annotated-video').getVideoPlaybackQuality().totalVideoFrames > 2"
        )
        before = await pixels(viewer, "annotated-video")
        await viewer.wait_for_function("seq => window.holistic.lastFrame.seq > seq + 15", arg=await seq(viewer))
        after = await pixels(viewer, "annotated-video")
        assert before.shape == after.shape == (480, 640, 3)
        assert np.abs(before.astype(int) - after).mean() > 1


async def test_the_publishers_sound_is_heard_once_the_viewer_asks_for_it(browser: Browser, server: Server) -> None:
    async with opened(browser, f"{server.url}/?audio=1") as page, opened(browser, await publish(page)) as viewer:
        await until_state(viewer, "connected")
        sound = viewer.get_by_test_id("sound")
        await expect(sound).to_have_text("Unmute")
        await sound.click()
        await expect(sound).to_have_text("Mute")
        video = viewer.get_by_test_id("annotated-video")
        await expect(video).to_have_js_property("muted", False)
        # Chromium's microphone beeps once a second.
        await viewer.wait_for_function(HEARS)
        assert await page.evaluate("() => !window.holistic.client.stream.getAudioTracks().length")


async def seq(page: Page) -> int:
    return int(await page.evaluate("() => window.holistic.lastFrame.seq"))


async def test_when_the_publisher_stops_the_viewer_says_so_and_does_not_come_back(
    browser: Browser, page: Page, server: Server
) -> None:
    link = await publish(page)
    async with opened(browser, link) as viewer:
        await until_state(viewer, "connected")
        await page.get_by_test_id("stop").click()
        await until_state(viewer, "failed")
        await expect(viewer.get_by_test_id("error")).to_contain_text("The session has ended")
        await expect(viewer.get_by_test_id("retry")).to_be_hidden()
        await viewer.get_by_test_id("other-sessions").click()
        await until_state(viewer, "idle")
        assert viewer.url == f"{server.url}/view"


async def test_a_session_that_is_not_there_is_explained(browser: Browser, server: Server) -> None:
    async with opened(browser, f"{server.url}/view/{make_id()}", may_complain=True) as viewer:
        await until_state(viewer, "failed")
        await expect(viewer.get_by_test_id("error")).to_contain_text("There is no such session")
        await expect(viewer.get_by_test_id("other-sessions")).to_be_visible()


async def test_a_link_to_a_name_waits_for_its_publisher_and_outlives_reloads_of_its_page(
    browser: Browser, server: Server
) -> None:
    # Chromium's console complains about each answer that is no success, such as that nobody is live.
    async with opened(browser, f"{server.url}/?name=stage", may_complain=True) as page:
        link = await publish(page)
        assert re.fullmatch(re.escape(server.url) + r"/view/stage#key=[\w-]{22}", link)
        await page.get_by_test_id("stop").click()
        async with opened(browser, link.replace("#", "/#"), may_complain=True) as viewer:
            await until_state(viewer, "waiting")
            await expect(viewer.get_by_test_id("error")).to_contain_text("Nobody is live under this name yet")
            for _ in range(2):
                assert await publish(page) == link
                await page.wait_for_function(FACE_SEEN)
                await viewer.wait_for_function(FACE_SEEN)
                await viewer.evaluate("() => { window.holistic.lastFrame = null; }")
                await page.goto(f"{server.url}/?name=stage")
                await until_state(viewer, "waiting")


async def test_the_list_has_the_running_sessions_and_leads_to_them(browser: Browser, small_server: Server) -> None:
    async with (
        opened(browser, f"{small_server.url}/view") as viewer,
        opened(browser, small_server.url) as page,
    ):
        await expect(viewer.get_by_test_id("empty")).to_contain_text("Nobody is live")
        link = await publish(page)
        entry = viewer.get_by_test_id("sessions").get_by_role("link")
        await expect(entry).to_contain_text("640 × 480")
        await expect(entry).to_contain_text("nobody watching")
        await entry.click()
        await until_state(viewer, "connected")
        assert viewer.url == link.partition("#")[0], "the list knows no keys"
        async with opened(browser, f"{small_server.url}/view") as other:
            await expect(other.get_by_test_id("sessions")).to_contain_text("1 watching")
            await page.get_by_test_id("stop").click()
            await expect(other.get_by_test_id("empty")).to_be_visible()


async def test_a_viewer_that_loses_its_connection_gets_it_back_by_itself(browser: Browser, page: Page) -> None:
    # The server may have forgotten the lost subscription by the time it is told to.
    async with opened(browser, await publish(page), may_complain=True) as viewer:
        await until_state(viewer, "connected")
        await viewer.evaluate("() => window.holistic.client.peerConnection.close()")
        await until_state(viewer, "reconnecting")
        await expect(viewer.get_by_test_id("error")).to_contain_text("connection was lost")
        await expect(viewer.get_by_test_id("error")).to_contain_text("automatically")
        await until_state(viewer, "connected")
        await viewer.evaluate("() => { window.holistic.lastFrame = null; }")
        await viewer.wait_for_function(FACE_SEEN)


async def test_a_viewer_whose_session_has_crashed_says_that_there_is_none(browser: Browser, server: Server) -> None:
    await server.until(lambda: not server.busy_workers())
    async with opened(browser, server.url, may_complain=True) as page:
        link = await publish(page)
        (worker,) = server.busy_workers()
        async with opened(browser, link, may_complain=True) as viewer:
            await until_state(viewer, "connected")
            worker.kill()
            await until_state(viewer, "failed")
            await expect(viewer.get_by_test_id("error")).to_contain_text("There is no such session")


async def test_the_list_says_when_the_server_is_gone_and_comes_back_with_it(browser: Browser) -> None:
    async with serving() as server, opened(browser, f"{server.url}/view", may_complain=True) as viewer:
        await until_state(viewer, "idle")
        await server.stop()
        await until_state(viewer, "reconnecting")
        await expect(viewer.get_by_test_id("error")).to_contain_text("The server isn't responding")
        await expect(viewer.get_by_test_id("error")).to_contain_text("again")
        async with serving("--port", server.url.rsplit(":", 1)[-1]):
            await until_state(viewer, "idle")


async def test_with_a_token_those_publish_and_list_who_know_it_and_those_watch_who_have_the_link(
    browser: Browser, guarded_server: Server
) -> None:
    url = guarded_server.url
    async with opened(browser, url, may_complain=True) as page:
        await page.get_by_test_id("start").click()
        await until_state(page, "failed")
        await expect(page.get_by_test_id("error")).to_contain_text("requires a token")
        await page.goto(f"{url}/view/some-session#token=wrong")
        await until_state(page, "failed")
        await expect(page.get_by_test_id("error")).to_contain_text("rejected this token")
    async with opened(browser, f"{url}/#token=s+cret/1") as page:
        assert page.url == f"{url}/", "the token is in no history"
        link = await publish(page)
        assert "cret" not in link
        async with opened(browser, link) as viewer:
            await until_state(viewer, "connected")
            await viewer.wait_for_function(FACE_SEEN)
        async with opened(browser, link.partition("#")[0], may_complain=True) as viewer:
            await until_state(viewer, "failed")
            await expect(viewer.get_by_test_id("error")).to_contain_text("requires a token")
        async with opened(browser, f"{link}x", may_complain=True) as viewer:
            await until_state(viewer, "failed")
            await expect(viewer.get_by_test_id("error")).to_contain_text("This session is private")
        async with opened(browser, f"{url}/view#token=s+cret/1") as viewer:
            await viewer.get_by_test_id("sessions").get_by_role("link").click()
            await until_state(viewer, "connected")
            await viewer.reload()
            await until_state(viewer, "connected")


async def test_links_to_other_pages_carry_a_ticket_in_place_of_the_token(
    browser: Browser, guarded_server: Server
) -> None:
    url = guarded_server.url
    async with opened(browser, f"{url}/#token=s+cret/1") as page:
        menu = page.locator("#menu-view")
        await expect(menu).to_have_attribute("href", re.compile("/view#ticket=ticket[.]"))
        link = await menu.get_attribute("href")
        assert link is not None
        await menu.click()
        await until_state(page, "idle")
        async with opened(browser, link) as other:
            await until_state(other, "idle")
            await other.locator("#menu-index").click()
            assert "#key=" in await publish(other)
        await page.goto("about:blank")
        await page.goto(f"{url}/view")
        await until_state(page, "idle")
    async with opened(browser, f"{url}/view#ticket=ticket.e30.e30", may_complain=True) as page:
        await until_state(page, "failed")
        await expect(page.get_by_test_id("error")).to_contain_text("This link has expired")


async def test_a_page_iterates_over_the_newest_frames_of_a_session_until_that_ends(
    browser: Browser, page: Page, server: Server
) -> None:
    session = session_in(await publish(page))
    async with opened(browser, f"{server.url}/view") as rig:
        seen = await rig.evaluate(
            """async (session) => {
                const { HolisticClient, listSessions } = await import("/sdk/holistic-rtc.js");
                const listed = (await listSessions()).map(({ id }) => id);
                const client = new HolisticClient({ parts: ["pose"] });
                await client.subscribe(session, { video: false });
                const frames = [];
                let newest = -1;
                client.on("landmarks", ({ seq }) => (newest = seq));
                for await (const { seq, poseLandmarks, faceLandmarks } of client.landmarks()) {
                    frames.push({ seq, newest, pose: poseLandmarks[0]?.length, faces: faceLandmarks.length });
                    if (frames.length === 3) {
                        await client.close();
                    }
                    // As a slow consumer does, which then gets no frame that is older than the newest.
                    while (client.state === "connected" && newest < seq + 3) {
                        await new Promise((resolve) => setTimeout(resolve, 10));
                    }
                }
                return { listed, frames, state: client.state, stream: client.stream };
            }""",
            session,
        )
        await rig.evaluate(
            """async (session) => {
                const { HolisticClient } = await import("/sdk/holistic-rtc.js");
                const client = new HolisticClient();
                await client.subscribe(session);
                window.ended = (async () => {
                    for await (const frame of client.landmarks());
                })().catch(({ reason, code }) => [reason, code, client.state]);
            }""",
            session,
        )
        await page.get_by_test_id("stop").click()
        assert await rig.evaluate("() => window.ended") == ["session-ended", "session_ended", "failed"]
    assert session in seen["listed"]
    assert len(seen["frames"]) == 3, "the loop ends when the client is closed"
    assert [frame["seq"] for frame in seen["frames"]] == [frame["newest"] for frame in seen["frames"]]
    assert seen["frames"][2]["seq"] >= seen["frames"][0]["seq"] + 6
    assert (seen["frames"][2]["pose"], seen["frames"][2]["faces"]) == (33, 0)
    assert (seen["state"], seen["stream"]) == ("closed", None)


async def test_of_a_session_with_two_videos_a_subscriber_gets_both(browser: Browser, server: Server) -> None:
    async with opened(browser, f"{server.url}/view") as rig:
        seen = await rig.evaluate(
            """async () => {
                const { HolisticClient } = await import("/sdk/holistic-rtc.js");
                const camera = await navigator.mediaDevices.getUserMedia({ video: true });
                const [track] = camera.getVideoTracks();
                const publisher = new HolisticClient({ parts: [] });
                await publisher.connect(new MediaStream([track, track.clone()]), { video: false });
                const subscriber = new HolisticClient({ parts: ["pose"] });
                await subscriber.subscribe(publisher.sessionId, { tracks: 2 });
                const tracks = new Set();
                for await (const { track } of subscriber.landmarks()) {
                    tracks.add(track);
                    if (tracks.size === 2) {
                        break;
                    }
                }
                const videos = subscriber.stream.getVideoTracks().length;
                await Promise.all([subscriber.close(), publisher.close()]);
                return [[...tracks].sort(), videos];
            }"""
        )
    assert seen == [[0, 1], 2]


async def test_smoothing_is_switched_on_the_page_and_a_subscriber_can_configure_its_parts_only(
    browser: Browser, page: Page, server: Server
) -> None:
    await page.evaluate("() => window.holistic.client.on('configured', (now) => (window.configured = now))")
    session = session_in(await publish(page))
    await page.wait_for_function("() => window.configured?.smoothing === true")
    await page.keyboard.press("s")
    await page.wait_for_function("() => window.configured.smoothing === false")
    await expect(page.get_by_test_id("smoothing")).not_to_be_checked()
    async with opened(browser, f"{server.url}/view") as rig:
        seen = await rig.evaluate(
            """async (session) => {
                const { HolisticClient } = await import("/sdk/holistic-rtc.js");
                const client = new HolisticClient({ parts: ["face"], smoothing: true });
                const configured = [];
                client.on("configured", (now) => configured.push(now));
                const refused = new Promise((resolve) => client.on("error", ({ code }) => resolve(code)));
                await client.subscribe(session, { video: false });
                client.configure({ draw: false });
                const code = await refused;
                await client.close();
                return [configured.at(-1), code];
            }""",
            session,
        )
    assert seen == [{"parts": ["face"], "maxPersons": 1}, "bad_value"]


async def test_the_viewer_fits_every_width(browser: Browser, page: Page) -> None:
    async with opened(browser, await publish(page)) as viewer:
        await until_state(viewer, "connected")
        await assert_fits_every_width(viewer)


async def test_the_viewer_speaks_chinese_too(browser: Browser, server: Server) -> None:
    async with opened(browser, f"{server.url}/view/{make_id()}", locale="zh-CN", may_complain=True) as viewer:
        await until_state(viewer, "failed")
        await expect(viewer.get_by_test_id("error")).to_contain_text("没有这个会话")
        await viewer.get_by_test_id("language").click()
        await expect(viewer.get_by_test_id("error")).to_contain_text("There is no such session")


async def test_the_pages_allow_no_scripts_but_their_own(page: Page, server: Server) -> None:
    for path in ("/", "/view", "/view/some-session"):
        response = await page.request.get(server.url + path)
        assert "default-src 'self'" in response.headers["content-security-policy"]
        assert response.headers["x-content-type-options"] == "nosniff"


async def test_pages_work_below_a_path_of_a_proxy(browser: Browser) -> None:
    # The proxy doesn't send the Host of the server to which it is connected.
    async with serving("--root-path", "/some/tracking") as server, below("/some/tracking", server.url) as url:
        async with opened(browser, f"{url}/") as page:
            link = await publish(page)
            assert link.startswith(f"{url}/view/")
            await page.locator("#menu-view").click()
            beside = page.get_by_test_id("companion")
            await expect(beside).to_have_attribute("src", link)
            await page.locator("#menu-index").click()
            await page.get_by_test_id("stop").click()
            await until_state(page, "idle")
            await page.locator("#menu-view").click()
            await expect(page).to_have_url(f"{url}/view")
        async with opened(browser, f"{url}/avatar") as page:
            await page.get_by_test_id("sample").click()
            await until_state(page, "connected")
            async with opened(browser, f"{url}/view") as viewer:
                await viewer.get_by_test_id("sessions").get_by_role("link").click()
                await until_state(viewer, "connected")
                assert viewer.url.startswith(f"{url}/view/")
