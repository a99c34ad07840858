"""Entry of a session process: waits, warm, for one offer, serves that session, and ends.

The front process talks to it over a socket, one JSON object per line::

    front -> worker   {"type": "publish", "request": number, "session": id, "sdp": offer, "ice_servers": [...]}
                      {"type": "subscribe", "request": number, "subscriber": id, "sdp": offer}
                      {"type": "candidates", "request": number, "subscriber": id or null, "fragment": sdpfrag}
                      {"type": "cancel", "request": number}
                      {"type": "unsubscribe", "subscriber": id}
                      {"type": "drain", "seconds": number}
                      {"type": "close", "reason": word, "message": sentence}
    worker -> front   {"type": "ready", "frame_cpu_ms": number}
                      {"type": "done", "request": number, "answer": sdp or null}  or
                      {"type": "refused", "request": number, "status": number, "detail": sentence, "reusable": bool}
                      {"type": "beat", "stats": {...} or null}        once a second
                      {"type": "unsubscribed", "subscriber": id}
                      {"type": "ended", "reason": word, "message": sentence}

Requests run side by side and may be answered in any order. The end of the socket ends the process.
"""

import argparse
import asyncio
import contextlib
import functools
import logging
import os
import socket
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import cv2
import orjson
import uvloop

from holistic_rtc.errors import SignallingError, TrackerError
from holistic_rtc.files.pictures import picture_of_a_person
from holistic_rtc.media import codecs, dtls, ice
from holistic_rtc.media.tracker_thread import TrackerThread
from holistic_rtc.sdp.answer import advertise
from holistic_rtc.sdp.offer import Offer
from holistic_rtc.tracking import ENGINES, make_tracker
from holistic_rtc.workers.live.session import Session

logger = logging.getLogger(__name__)

CLOSE_DEADLINE = 2.0
"""Seconds for an orderly end; past it the process just goes."""


class Worker:
    """
    :param engine: which tracking engine, by its name.
    :param model: the engine's model file.
    :param description: what clients are told of the model.
    :param advertised: an address at which peers can reach this process, besides its own.
    """

    def __init__(
        self,
        writer: asyncio.StreamWriter,
        engine: str,
        model: Path,
        description: dict[str, Any],
        advertised: str | None,
    ) -> None:
        self._writer = writer
        self._make_tracker = functools.partial(make_tracker, model, engine)
        self._description = description
        self._advertised = advertised
        self._spare = TrackerThread(self._make_tracker)
        self._session: Session | None = None
        self._over = asyncio.Event()
        """Set when there is no session any more, and none can come."""
        self._requests: dict[int, asyncio.Task[None]] = {}

    async def run(self, reader: asyncio.StreamReader) -> None:
        """
        :raises TrackerError: the engine can't be loaded.
        """
        frame_cpu_ms = await self._spare.warm_up(picture_of_a_person())
        self._send("ready", frame_cpu_ms=round(frame_cpu_ms, 1))
        tasks = {
            asyncio.create_task(self._beat(), name="beat"),
            asyncio.create_task(self._serve(reader), name="requests"),
            asyncio.create_task(self._over.wait(), name="over"),
        }
        try:
            # The heart stops beating only by an error of ours, and then the process must not go on.
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            for task in (tasks := tasks | set(self._requests.values())):
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self._close()

    async def _serve(self, reader: asyncio.StreamReader) -> None:
        """Until the front process closes the socket, or says so."""
        while line := await reader.readline():
            message = orjson.loads(line)
            match message["type"]:
                case "close":
                    if self._session:
                        self._session.end(message["reason"], message["message"])
                    return
                case "drain":
                    if self._session:
                        self._session.tell_draining(message["seconds"])
                case "unsubscribe":
                    if self._session:
                        self._session.unsubscribe(message["subscriber"])
                case "cancel":
                    if request := self._requests.get(message["request"]):
                        request.cancel()
                case kind:
                    number = message["request"]
                    task = asyncio.create_task(self._reply(message), name=f"{kind}-{number}")
                    self._requests[number] = task
                    task.add_done_callback(functools.partial(self._forget, number))

    def _forget(self, number: int, _: asyncio.Task[None]) -> None:
        del self._requests[number]

    async def _reply(self, request: dict[str, Any]) -> None:
        number = request["request"]
        try:
            answer = await self._answer(request)
            if answer and self._advertised:
                answer = advertise(answer, self._advertised)
            self._send("done", request=number, answer=answer)
            return
        except SignallingError as error:
            status, detail = error.status, error.detail
        except Exception:
            # One peer's request mustn't end the session of the others.
            logger.exception("a request failed: %s", request["type"])
            status, detail = 500, "the server failed; its log says why"
        # An offer that failed half-way leaves a peer connection behind that can't take another.
        reusable = request["type"] != "publish" or self._session is None
        self._send("refused", request=number, status=status, detail=detail, reusable=reusable)
        if not reusable:
            self._over.set()

    async def _answer(self, request: dict[str, Any]) -> str | None:
        """
        :return: SDP, if there is an offer to answer.
        :raises SignallingError: the request can't be served.
        """
        match request["type"]:
            case "publish":
                offer = Offer.parse(request["sdp"]).require_sending()
                self._session = Session(
                    request["session"],
                    self._description,
                    request["ice_servers"],
                    self._spare,
                    functools.partial(TrackerThread, self._make_tracker),
                    lambda id: self._send("unsubscribed", subscriber=id),
                )
                self._session.ended.add_done_callback(lambda _: self._over.set())
                return await self._session.publish(offer)
            case "subscribe" if self._session:
                offer = Offer.parse(request["sdp"]).require_receiving()
                return await self._session.subscribe(request["subscriber"], offer)
            case "candidates" if self._session:
                await self._session.add_candidates(request["subscriber"], request["fragment"])
                return None
        raise ValueError(f"a request that can't be served now: {request['type']}")

    async def _beat(self) -> None:
        while True:
            self._send("beat", stats=self._session.tick() if self._session else None)
            await asyncio.sleep(1)

    async def _close(self) -> None:
        if self._session is None:
            await self._spare.close()
            return
        if self._session.ended.done():
            end = self._session.ended.result()
            self._send("ended", reason=end.reason, message=end.message)
        await self._session.close()

    def _send(self, type: str, **fields: object) -> None:
        self._writer.write(orjson.dumps({"type": type, **fields}) + b"\n")


async def _main(options: argparse.Namespace) -> None:
    loop = asyncio.get_running_loop()
    # aiortc encodes in the loop's default executor.
    loop.set_default_executor(ThreadPoolExecutor(max_workers=options.threads, thread_name_prefix="encoder"))
    reader, writer = await asyncio.open_connection(sock=socket.socket(fileno=options.control_fd), limit=1 << 20)
    worker = Worker(writer, options.engine, options.model, orjson.loads(options.description), options.advertise)
    with contextlib.suppress(ConnectionError):
        await worker.run(reader)
        await writer.drain()


def main() -> None:
    parser = argparse.ArgumentParser(prog="holistic-rtc session process")
    parser.add_argument("--control-fd", type=int, required=True)
    parser.add_argument("--engine", choices=ENGINES, required=True)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--description", required=True)
    parser.add_argument("--threads", type=int, required=True)
    parser.add_argument("--advertise")
    parser.add_argument("--log-level", required=True)
    options = parser.parse_args()
    logging.basicConfig(level=options.log_level, format=f"%(asctime)s %(levelname)s [{os.getpid()}] %(message)s")
    logging.getLogger("aioice").setLevel(logging.WARNING)
    cv2.setNumThreads(1)
    for library in (codecs, dtls, ice):
        library.tune()
    status = 0
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(_main(options))
    except TrackerError as error:
        logger.error("%s", error)
        status = 1
    except Exception:
        # The end below would leave no trace of it.
        logger.exception("the session process failed")
        status = 1
    finally:
        logging.shutdown()
        sys.stderr.flush()
        # Threads of aiortc's decoders and of a stuck engine would keep the interpreter alive for ever.
        os._exit(status)


if __name__ == "__main__":
    main()
