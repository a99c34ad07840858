"""Entry of a snapshot process: takes one picture after the other.

The front process talks to it over a socket, in lines of JSON with bytes after them::

    front -> worker   {"bytes": n, "parts": [...], "picture_format": name or null, "annotate": bool, "mirror": bool,
                       "max_size": n or null, "max_pixels": n}   then the picture
    worker -> front   {"type": "ready"}
                      {"type": "taken", "landmarks": n, "picture": n or null}   then both
                      {"type": "refused", "error": "damaged", "too_large" or "unknown", "message": sentence}

The end of the socket ends the process.
"""

import argparse
import logging
import os
import socket
import sys
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from io import BufferedRWPair
from pathlib import Path
from typing import Any

import cv2
import orjson

from holistic_rtc.errors import MediaError, NotAPictureError, TooManyPixelsError, TrackerError
from holistic_rtc.files.pictures import decode_picture
from holistic_rtc.model.message import Part
from holistic_rtc.model.result import HolisticResult, Image
from holistic_rtc.sample import portrait
from holistic_rtc.tracking import ENGINES, make_picture_tracker
from holistic_rtc.tracking.engine import PictureTracker
from holistic_rtc.workers.take import SnapshotOptions, take_snapshot

logger = logging.getLogger(__name__)

NICENESS = 5
"""Live sessions go first: a picture can wait, and a frame can't."""


class Detector:
    """
    A tracker on a thread of its own, where it gets ready for the next picture while this one is drawn on and encoded.

    :param make_tracker: called on the thread.
    """

    def __init__(self, make_tracker: Callable[[], PictureTracker]) -> None:
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="tracker")
        self._tracker = self._thread.submit(make_tracker).result()
        self._ready: Future[None] = Future()
        self._ready.set_result(None)

    def detect(self, image: Image) -> HolisticResult:
        """
        :raises TrackerError: the engine failed.
        """
        self._ready.result()
        result = self._thread.submit(self._tracker.detect, image).result()
        self._ready = self._thread.submit(self._tracker.forget)
        return result


def serve(front: BufferedRWPair, detector: Detector, description: dict[str, Any]) -> None:
    """
    Until the front process closes the socket.

    :raises TrackerError: the engine failed.
    """
    detector.detect(decode_picture(portrait()))
    _reply(front, {"type": "ready"})
    while line := front.readline():
        request = orjson.loads(line)
        data = front.read(request.pop("bytes"))
        try:
            options = SnapshotOptions(**{**request, "parts": frozenset(map(Part, request["parts"]))})
            snapshot = take_snapshot(detector.detect, description, data, options)
        except MediaError as error:
            _reply(front, {"type": "refused", "error": _kind(error), "message": str(error)})
        else:
            picture = snapshot.picture
            sizes = {"landmarks": len(snapshot.landmarks), "picture": None if picture is None else len(picture)}
            _reply(front, {"type": "taken", **sizes}, snapshot.landmarks, picture or b"")


def _kind(error: MediaError) -> str:
    match error:
        case NotAPictureError():
            return "unknown"
        case TooManyPixelsError():
            return "too_large"
        case _:
            return "damaged"


def _reply(front: BufferedRWPair, header: dict[str, Any], *bodies: bytes) -> None:
    front.write(b"".join((orjson.dumps(header), b"\n", *bodies)))
    front.flush()


def main() -> None:
    parser = argparse.ArgumentParser(prog="holistic-rtc snapshot process")
    parser.add_argument("--control-fd", type=int, required=True)
    parser.add_argument("--engine", choices=ENGINES, required=True)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--description", type=orjson.loads, required=True)
    parser.add_argument("--log-level", required=True)
    options = parser.parse_args()
    logging.basicConfig(level=options.log_level, format=f"%(asctime)s %(levelname)s [{os.getpid()}] %(message)s")
    os.nice(NICENESS)
    cv2.setNumThreads(1)
    status = 0
    with socket.socket(fileno=options.control_fd) as control:
        front = control.makefile("rwb")
        try:
            serve(front, Detector(partial(make_picture_tracker, options.model, options.engine)), options.description)
        except ConnectionError:
            pass  # The front process has gone, which is also an end.
        except TrackerError as error:
            logger.error("%s", error)
            status = 1
    logging.shutdown()
    sys.stderr.flush()
    # A picture may be the engine's end, which must not be waited for.
    os._exit(status)


if __name__ == "__main__":
    main()
