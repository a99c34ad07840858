"""Headless Chromium as the peer."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict, cast

import numpy as np
from numpy.typing import NDArray
from playwright.sync_api import Browser, Page, sync_playwright

from tests.kit.browsers import find_chromium
from tests.kit.clips import SIZE, as_i420, person_clip

PAGE = Path(__file__).with_name("page.html")

_ARGUMENTS = (
    "--no-sandbox",
    "--disable-background-timer-throttling",
    "--disable-renderer-backgrounding",
    "--disable-backgrounding-occluded-windows",
    # Addresses hidden behind mDNS names can't be resolved in a container.
    "--disable-features=WebRtcHideLocalIpsWithMdns",
)


class _Report(TypedDict):
    state: str
    sent: int
    messages: int
    persons: int
    dropped: int
    decoded: int
    bytesSent: int
    bytesReceived: int
    samples: list[list[float]]
    unreadable: int


@dataclass(frozen=True)
class Report:
    """
    What a client saw since its last report. All counts but that of unreadable frames are from its start.

    :param state: of the peer connection.
    :param messages: landmark messages that came.
    :param dropped: frames that the server dropped, as its stats say.
    :param decoded: annotated frames that came.
    :param bytes_sent: of media and messages, encrypted, without the headers of UDP and IP; as are those received.
    :param times: ``(n,)``, when each annotated frame was shown, in milliseconds.
    :param delays: ``(n,)``, its age by its bar code, in milliseconds.
    :param heights: ``(n,)``, in pixels.
    :param unreadable: frames without a readable bar code.
    """

    state: str
    sent: int
    messages: int
    dropped: int
    decoded: int
    bytes_sent: int
    bytes_received: int
    times: NDArray[np.float64]
    delays: NDArray[np.float64]
    heights: NDArray[np.float64]
    unreadable: int

    @property
    def fps(self) -> float:
        """Frames shown a second."""
        return float((len(self.times) - 1) / np.ptp(self.times) * 1000)


class Client:
    """A connected page; close it."""

    def __init__(self, page: Page) -> None:
        self._page = page

    def wait(self, seconds: float) -> None:
        self._page.wait_for_timeout(seconds * 1000)

    def pause(self) -> None:
        """Send no frames until `resume`."""
        self._page.evaluate("pause()")

    def resume(self) -> None:
        self._page.evaluate("resume()")

    def report(self) -> Report:
        """
        :raises RuntimeError: the person in the clip is not being tracked.
        """
        report = cast(_Report, self._page.evaluate("report()"))
        if report["persons"] < report["messages"] / 2:
            seen = f"{report['persons']} of {report['messages']} frames"
            raise RuntimeError(f"the person was seen in {seen}; the figures mean nothing")
        times, delays, heights = np.array(report["samples"]).reshape(-1, 3).T
        return Report(
            state=report["state"],
            sent=report["sent"],
            messages=report["messages"],
            dropped=report["dropped"],
            decoded=report["decoded"],
            bytes_sent=report["bytesSent"],
            bytes_received=report["bytesReceived"],
            times=times,
            delays=delays,
            heights=heights,
            unreadable=report["unreadable"],
        )

    def close(self) -> None:
        self._page.evaluate("disconnect()")
        self._page.context.close()


class Chromium:
    """
    :param clip: I420 frames.
    """

    def __init__(self, browser: Browser, clip: Path) -> None:
        self._browser = browser
        self._clip = clip

    def connect(self, url: str, *, video_back: bool = True, plain: bool = False) -> Client:
        """
        Send the clip to a server that takes WHIP.

        :param video_back: whether the annotated video is wanted, or landmarks only.
        :param plain: without this project's client library, as the server has none.
        """
        page = self._browser.new_context().new_page()
        # Under the server's own address, so that no cross-origin rules come between.
        page.route(f"{url}/bench", lambda route: route.fulfill(path=PAGE, content_type="text/html"))
        page.goto(f"{url}/bench")
        page.set_input_files("input", self._clip)
        options = {"width": SIZE[0], "height": SIZE[1], "videoBack": video_back, "plain": plain}
        page.evaluate("options => connect(options)", options)
        return Client(page)


@contextmanager
def chromium() -> Iterator[Chromium]:
    """
    :raises subprocess.CalledProcessError: there is none.
    """
    with tempfile.NamedTemporaryFile(suffix=".i420") as file, sync_playwright() as playwright:
        file.write(as_i420(person_clip(strips=True)))
        file.flush()
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=_ARGUMENTS)
        try:
            yield Chromium(browser, Path(file.name))
        finally:
            browser.close()
