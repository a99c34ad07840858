import fcntl
import logging
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from holistic_rtc.log import repeats
from holistic_rtc.log.lines import Text
from holistic_rtc.log.writer import FLUSH_SECONDS, MOST, Writer, peer, trace_id


@contextmanager
def writing(descriptor: int, **options: str) -> Iterator[tuple[logging.Logger, Writer]]:
    writer = Writer(descriptor, Text(), **options)  # type: ignore[arg-type]
    logger = logging.Logger("test")
    logger.addHandler(writer)
    try:
        yield logger, writer
    finally:
        writer.close()


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    source, sink = os.pipe()
    fcntl.fcntl(sink, fcntl.F_SETPIPE_SZ, 4096)
    yield source, sink
    os.close(source)
    os.close(sink)


def until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_all_is_written_by_the_end(pipe: tuple[int, int]) -> None:
    source, sink = pipe
    with writing(sink) as (logger, _):
        for number in range(5):
            logger.info("line %d", number)
    assert [line.split()[-1] for line in os.read(source, 4096).decode().splitlines()] == list("01234")


def test_a_pipe_that_nobody_reads_stops_nobody(pipe: tuple[int, int]) -> None:
    source, sink = pipe
    with writing(sink) as (logger, writer):
        before = time.monotonic()
        for number in range(3 * MOST):
            logger.debug("line %d %s", number, "x" * 200)
        assert time.monotonic() - before < 5
        assert writer.dropped >= MOST
        read = bytearray()

        def said() -> bool:
            read.extend(os.read(source, 65_536))
            return b"log lines were dropped, because" in read

        logging.getLogger().addHandler(writer)
        try:
            until(said)
        finally:
            logging.getLogger().removeHandler(writer)
    assert b"line 0 " in read


def test_the_end_does_not_wait_for_a_pipe_that_nobody_reads(pipe: tuple[int, int]) -> None:
    with writing(pipe[1]) as (logger, writer):
        for _ in range(3 * MOST):
            logger.debug("x" * 200)
        before = time.monotonic()
        writer.close()
        assert time.monotonic() - before < 2 * FLUSH_SECONDS + 1
    os.set_blocking(pipe[0], False)
    while writer._thread.is_alive():
        try:
            os.read(pipe[0], 65_536)
        except BlockingIOError:
            time.sleep(0.01)


def test_a_reader_that_leaves_is_no_error() -> None:
    source, sink = os.pipe()
    with writing(sink) as (logger, writer):
        os.close(source)
        logger.info("hello")
        until(lambda: writer.dropped)
        assert writer._thread.is_alive()
    os.close(sink)


def test_what_repeats_is_summed_up_while_nothing_else_happens(
    pipe: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(repeats, "SECONDS", 0.2)
    source, sink = pipe
    with writing(sink) as (logger, _):
        for _ in range(repeats.BURST + 7):
            logger.info("again")
        read = bytearray()
        while b"repeated 7 times" not in read:
            read += os.read(source, 65_536)
    assert read.count(b"again") == repeats.BURST + 1


def test_the_rest_is_summed_up_at_the_end(pipe: tuple[int, int]) -> None:
    with writing(pipe[1]) as (logger, _):
        for _ in range(repeats.BURST + 7):
            logger.info("again")
    assert b"repeated 7 times" in os.read(pipe[0], 65_536)


def test_a_record_names_the_peer_of_its_task(pipe: tuple[int, int]) -> None:
    with writing(pipe[1]) as (logger, _):
        token = peer.set("192.0.2.1")
        logger.info("of the task")
        peer.reset(token)
        logger.info("of nobody")
        logger.info("of another", extra={"peer": "192.0.2.2"})
    ends = [line.partition("INFO ")[2] for line in os.read(pipe[0], 4096).decode().splitlines()]
    assert ends == ["of the task peer=192.0.2.1", "of nobody", "of another peer=192.0.2.2"]


def test_a_record_names_the_trace_of_its_task_unless_it_is_about_another_peer(pipe: tuple[int, int]) -> None:
    with writing(pipe[1]) as (logger, _):
        token = trace_id.set("4bf9")
        logger.info("of the task")
        logger.info("of another", extra={"trace_id": "0af7"})
        logger.info("of one without", extra={"trace_id": None})
        trace_id.reset(token)
        logger.info("of nobody")
    ends = [line.partition("INFO ")[2] for line in os.read(pipe[0], 4096).decode().splitlines()]
    assert ends == ["of the task trace_id=4bf9", "of another trace_id=0af7", "of one without", "of nobody"]


def test_peers_can_be_named_by_a_hash(pipe: tuple[int, int]) -> None:
    with writing(pipe[1], peers="hash") as (logger, _):
        for address in ("192.0.2.1", "192.0.2.1", "192.0.2.2"):
            logger.info("hello %s", address, extra={"peer": address})
    text = os.read(pipe[0], 4096).decode()
    one, same, other = (line.partition("hello ")[2] for line in text.splitlines())
    assert one == same != other
    assert "192.0.2" not in text


def test_many_threads_can_log(pipe: tuple[int, int]) -> None:
    source, sink = pipe
    with writing(sink) as (logger, _):
        threads = [threading.Thread(target=logger.debug, args=("line %d", number)) for number in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    lines = os.read(source, 65_536).decode().splitlines()
    assert sorted(int(line.split()[-1]) for line in lines) == list(range(20))


def test_a_message_that_does_not_fit_its_arguments_ends_nothing(pipe: tuple[int, int]) -> None:
    with writing(pipe[1]) as (logger, _):
        logger.info("%d", "no number")
        logger.info("and on")
    first, second = os.read(pipe[0], 4096).decode().splitlines()
    assert "can't format the log record '%d'" in first
    assert second.endswith("and on")
