"""Headless Chromium as the peer."""

import base64
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TypedDict, cast

import numpy as np
from holistic_rtc.landmarks import codec
from numpy.typing import NDArray
from playwright.sync_api import Browser, Page, Route, sync_playwright

from benchmarks import clip

PAGE = Path(__file__).with_name("page.html")


class _Report(TypedDict):
    state: str
    sent: int
    messages: int
    decoded: int
    samples: list[list[float]]
    unreadable: int
    landmarks: list[str]


@dataclass(frozen=True)
class Report:
    """
    What a client saw since its last report. Frames and messages are counted from its start.

    :param times: ``(n,)``, when each annotated frame was shown, in milliseconds.
    :param delays: ``(n,)``, its age by its bar code, in milliseconds.
    :param heights: ``(n,)``, in pixels: the browser may send a smaller picture when bandwidth or CPU is short.
    :param unreadable: frames without a readable bar code.
    """

    state: str
    sent: int
    messages: int
    decoded: int
    times: NDArray[np.float64]
    delays: NDArray[np.float64]
    heights: NDArray[np.float64]
    unreadable: int

    @property
    def fps(self) -> float:
        return float((len(self.times) - 1) / np.ptp(self.times) * 1000)


class Client:
    """A connected page; close it."""

    def __init__(self, page: Page) -> None:
        self._page = page

    def wait(self, seconds: float) -> None:
        self._page.wait_for_timeout(seconds * 1000)

    def pause(self) -> None:
        self._page.evaluate("pause()")

    def resume(self) -> None:
        self._page.evaluate("resume()")

    def report(self) -> Report:
        """
        :raises RuntimeError: nothing comes, or the person in the clip is not being tracked.
        """
        report = cast(_Report, self._page.evaluate("report()"))
        if report["state"] != "connected":
            raise RuntimeError(f"the connection is {report['state']}")
        for text in report["landmarks"]:
            result = codec.decode(base64.b64decode(text)).result
            if result.face_landmarks is None or result.pose_landmarks is None:
                raise RuntimeError("the person in the clip was lost; the figures would mean nothing")
        times, delays, _, heights = np.array(report["samples"]).reshape(-1, 4).T
        return Report(
            report["state"],
            report["sent"],
            report["messages"],
            report["decoded"],
            times,
            delays,
            heights,
            report["unreadable"],
        )

    def close(self) -> None:
        self._page.evaluate("disconnect()")
        self._page.context.close()


@contextmanager
def chromium() -> Iterator[Browser]:
    """
    :raises RuntimeError: there is none.
    """
    path = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if path is None:
        raise RuntimeError("no Chromium found: install it (apt-get install chromium)")
    arguments = [
        "--no-sandbox",
        "--disable-background-timer-throttling",
        "--disable-renderer-backgrounding",
        "--disable-backgrounding-occluded-windows",
        # Addresses hidden behind mDNS names can't be resolved in a container.
        "--disable-features=WebRtcHideLocalIpsWithMdns",
    ]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=arguments)
        try:
            yield browser
        finally:
            browser.close()


def connect(browser: Browser, url: str, *, video_back: bool = True) -> Client:
    """
    Send the clip to a server that takes WHIP.

    :param video_back: whether the annotated video is wanted, or landmarks only.
    """
    context = browser.new_context()
    # Under the server's own address, so that no cross-origin rules come between.
    context.route(f"{url}/bench/*", _serve)
    page = context.new_page()
    page.goto(f"{url}/bench/page")
    options = {"width": clip.WIDTH, "height": clip.HEIGHT, "videoBack": video_back}
    page.evaluate("options => connect(options)", options)
    return Client(page)


def _serve(route: Route) -> None:
    if route.request.url.endswith("/clip"):
        route.fulfill(body=_clip(), content_type="application/octet-stream")
    else:
        route.fulfill(path=PAGE, content_type="text/html")


@cache
def _clip() -> bytes:
    return clip.as_i420(clip.frames())
