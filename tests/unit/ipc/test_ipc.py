"""Workers, the pool of warm ones, and the registry of sessions, with small programs in place of the real worker."""

import asyncio
import contextlib
import logging
import os
import socket
import sys
import textwrap
import time
from collections.abc import AsyncIterator, Awaitable, Callable

import psutil
import pytest
import pytest_asyncio

from holistic_rtc.errors import Code, Refusal
from holistic_rtc.ipc.channel import Channel
from holistic_rtc.ipc.messages import AddCandidates, Answer, Beat, Done, Drain, Ended, Event, Progress, Publish, ToFront
from holistic_rtc.ipc.pool import Pool
from holistic_rtc.ipc.process import Process
from holistic_rtc.limits import Limits
from holistic_rtc.model.end_reason import EndReason
from holistic_rtc.model.step import Step
from holistic_rtc.sessions import quotas
from holistic_rtc.sessions.capacity import Capacity
from holistic_rtc.sessions.quotas import Client
from holistic_rtc.sessions.registry import Registry
from holistic_rtc.sessions.session import make_id
from holistic_rtc.sessions.trace import Trace

PREAMBLE = """\
import signal, socket, sys, time
import msgspec
from holistic_rtc.ipc.messages import *

control = socket.socket(fileno=int(sys.argv[1]))
requests = control.makefile("rb")
decoder = msgspec.msgpack.Decoder(ToWorker)

def send(message):
    data = msgspec.msgpack.encode(message)
    control.sendall(len(data).to_bytes(4) + data)

def receive():
    length = requests.read(4)
    return decoder.decode(requests.read(int.from_bytes(length))) if length else sys.exit()

"""

GOOD = """
send(Ready())
while True:
    match receive():
        case Close(reason, message):
            send(Ended(reason, message))
            sys.exit()
        case Publish(number, offer=offer):
            send(Answer(number, offer.upper()))
"""

Start = Callable[[str], Awaitable[Process]]


@pytest_asyncio.fixture(loop_scope="session")
async def start() -> AsyncIterator[Start]:
    """Starts a program as a worker."""
    started: list[Process] = []

    async def start(program: str) -> Process:
        ours, theirs = socket.socketpair()
        with theirs, contextlib.ExitStack() as undo:
            undo.callback(ours.close)
            child = await asyncio.create_subprocess_exec(
                *(sys.executable, "-c", PREAMBLE + textwrap.dedent(program), str(theirs.fileno())),
                stderr=asyncio.subprocess.PIPE,
                pass_fds=(theirs.fileno(),),
            )
            undo.callback(child.kill)
            channel: Channel[ToFront] = Channel(*await asyncio.open_connection(sock=ours), ToFront)
            undo.pop_all()
        started.append(Process(child, channel))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        await process.wait_closed()
        assert not psutil.pid_exists(process.pid)


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """The deadlines of a process that is ready are short."""
    for name in ("SILENCE", "REQUEST_DEADLINE", "CLOSE_DEADLINE"):
        monkeypatch.setattr(Process, name, 0.5)


async def publish(process: Process, offer: str = "v=0") -> str:
    return (await process.request(Publish(session="id", offer=offer, address="192.0.2.1", ice_servers=[]), Answer)).sdp


async def refusal(process: Process) -> Refusal:
    with pytest.raises(Refusal) as caught:
        await publish(process)
    return caught.value


async def test_a_process_that_we_kill_is_no_error(start: Start, caplog: pytest.LogCaptureFixture) -> None:
    process = await start("send(Ready())\ntime.sleep(60)")
    assert await process.wait_ready()
    # It has something left to read, so its end resets the connection.
    process.tell(Drain(1.0))
    await asyncio.sleep(0)
    process.kill()
    await process.wait_closed()
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


async def test_a_process_gets_ready_answers_and_tells_its_end(start: Start) -> None:
    process = await start(GOOD)
    events: list[Event] = []
    process.on_event = events.append
    assert await process.wait_ready()
    assert await publish(process) == "V=0"
    await process.close(EndReason.DELETED, "the peer ended the session")
    assert not process.alive
    assert events == [Ended(EndReason.DELETED, "the peer ended the session")]


async def test_requests_at_the_same_time_get_each_its_own_answer(start: Start) -> None:
    process = await start(GOOD)
    answers = await asyncio.gather(*(publish(process, f"v={number}") for number in range(5)))
    assert answers == [f"V={number}" for number in range(5)]


async def test_the_answer_to_a_cancelled_request_is_taken_for_no_other_ones(start: Start) -> None:
    process = await start(GOOD)
    assert await process.wait_ready()
    given_up = asyncio.create_task(publish(process, "first"))
    await asyncio.sleep(0)
    given_up.cancel()
    assert await publish(process, "second") == "SECOND"


async def test_a_process_that_dies_at_its_start_never_gets_ready(start: Start) -> None:
    process = await start("sys.exit(3)")
    assert not await process.wait_ready()
    await process.wait_closed()
    assert (await refusal(process)).code is Code.PROCESS_ENDED


async def test_a_process_that_never_gets_ready_is_killed(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Process, "START_DEADLINE", 0.5)
    process = await start("signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(60)")
    assert not await process.wait_ready()
    assert not process.alive


async def test_a_process_that_falls_silent_is_killed(start: Start, hurried: None) -> None:
    process = await start("send(Ready()); time.sleep(60)")
    assert await process.wait_ready()
    async with asyncio.timeout(3):
        await process.wait_closed()


DEAF_TO_ONE = """
send(Ready())
ignored = receive()
send(Beat())
said = []
while True:
    message = receive()
    if isinstance(message, Publish):
        send(Answer(message.number, " ".join(said)))
    else:
        said.append(f"{type(message).__name__} {message.number - ignored.number}")
"""
"""Tells, when it is asked to publish, what it has been told since the request that it never answers."""


async def test_a_request_that_takes_too_long_is_refused_and_cancelled_and_its_process_lives(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    process = await start(DEAF_TO_ONE)
    assert await process.wait_ready()
    with monkeypatch.context() as hurry:
        hurry.setattr(Process, "REQUEST_DEADLINE", 0.3)
        refused = await refusal(process)
    assert (refused.code, refused.retry_after) == (Code.BUSY, 1)
    assert await publish(process) == "Cancel 0"
    assert process.alive


async def test_no_request_waits_for_that_of_another_peer(start: Start) -> None:
    process = await start(DEAF_TO_ONE)
    events: list[Event] = []
    process.on_event = events.append
    assert await process.wait_ready()
    waiting = asyncio.create_task(process.request(AddCandidates(subscriber="one", fragment=""), Done))
    await until(lambda: Beat() in events)
    async with asyncio.timeout(3):
        assert await publish(process) == ""
    waiting.cancel()


async def test_that_the_front_process_stood_still_is_not_held_against_its_children(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Process, "SILENCE", 1.0)
    process = await start("send(Ready())\nwhile True: send(Beat()); time.sleep(0.1)")
    assert await process.wait_ready()
    for _ in range(3):
        # As a SIGSTOP does, or a request that takes the loop too long: twice the time in which a child has to be heard.
        time.sleep(2)  # noqa: ASYNC251
        await asyncio.sleep(0)
    await asyncio.sleep(1.2)
    assert process.alive


async def test_a_process_that_dies_over_a_request_is_told_apart(start: Start) -> None:
    process = await start("send(Ready()); receive(); sys.exit(1)")
    assert (await refusal(process)).code is Code.PROCESS_ENDED


async def test_a_refused_offer_carries_its_code_and_whether_the_process_can_go_on(start: Start) -> None:
    process = await start("""
        for reusable in (True, False):
            send(Refused(receive().number, Code.UNUSABLE_OFFER, "no video", reusable))
    """)
    refused = await refusal(process)
    assert (refused.code, refused.detail, process.reusable) == (Code.UNUSABLE_OFFER, "no video", True)
    await refusal(process)
    assert not process.reusable


async def test_a_process_that_will_not_end_is_made_to(start: Start, hurried: None) -> None:
    process = await start("""
        send(Ready())
        while True:
            send(Beat())
            time.sleep(0.1)
    """)
    await process.wait_ready()
    async with asyncio.timeout(3):
        await process.close(EndReason.DELETED, "the peer ended the session")
    assert not process.alive


async def test_a_process_that_closes_its_socket_and_goes_on_is_killed(start: Start, hurried: None) -> None:
    process = await start("""
        send(Ready())
        control.shutdown(socket.SHUT_RDWR)
        time.sleep(60)
    """)
    async with asyncio.timeout(3):
        await process.wait_closed()


@pytest.mark.parametrize("data", [b"\0\0\0\3abc", b"\xff\xff\xff\xff"], ids=["no message", "too long"])
async def test_a_process_that_says_what_nobody_understands_is_killed(data: bytes, start: Start) -> None:
    process = await start(f"control.sendall({data!r}); time.sleep(60)")
    async with asyncio.timeout(3):
        await process.wait_closed()


@pytest_asyncio.fixture(loop_scope="session")
async def make_pool(start: Start) -> AsyncIterator[Callable[..., Pool]]:
    """An open pool of programs; the first ones may be others than the last, which all further ones are."""
    pools: list[Pool] = []

    def make_pool(size: int, *programs: str) -> Pool:
        left = list(programs)
        pools.append(Pool(lambda: start(left.pop(0) if len(left) > 1 else left[0]), size))
        pools[-1].open()
        return pools[-1]

    yield make_pool
    for pool in pools:
        await pool.close()


MakePool = Callable[..., Pool]


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while True:
            if condition():
                return
            await asyncio.sleep(0.01)


async def test_the_pool_keeps_as_many_spares_as_told_and_replaces_what_is_taken(make_pool: MakePool) -> None:
    pool = make_pool(2, GOOD)
    await until(lambda: pool.warm == 2)
    taken = [await pool.acquire() for _ in range(3)]
    assert len({process.pid for process in taken}) == 3
    await until(lambda: pool.warm == 2)


async def test_peers_that_wait_are_served_in_the_order_they_came(make_pool: MakePool) -> None:
    pool = make_pool(1, "time.sleep(0.1)" + GOOD)
    order: list[int] = []

    async def acquire(number: int) -> None:
        await pool.acquire()
        order.append(number)

    async with asyncio.TaskGroup() as tasks:
        for number in range(6):
            tasks.create_task(acquire(number))
            # Newcomers while others wait.
            await asyncio.sleep(0.05)
    assert order == sorted(order)


async def test_a_spare_that_dies_is_replaced(make_pool: MakePool) -> None:
    pool = make_pool(1, GOOD)
    await until(lambda: pool.warm == 1)
    process = await pool.acquire()
    await pool.release(process)
    os.kill(process.pid, 9)
    await process.wait_closed()
    await until(lambda: pool.warm >= 1)
    assert (await pool.acquire()).pid != process.pid


async def test_a_process_that_was_put_back_serves_the_next_peer(make_pool: MakePool) -> None:
    pool = make_pool(1, GOOD, "time.sleep(60)")
    process = await pool.acquire()
    await pool.release(process)
    assert await pool.acquire() is process


async def test_a_process_that_fails_at_its_start_is_tried_again_after_a_while(make_pool: MakePool) -> None:
    pool = make_pool(1, "sys.exit(1)", GOOD)
    started = time.monotonic()
    await pool.acquire()
    assert time.monotonic() - started >= 0.5


async def test_a_peer_that_gets_no_process_in_time_is_told_to_come_again(
    make_pool: MakePool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Pool, "ACQUIRE_DEADLINE", 0.2)
    pool = make_pool(1, "time.sleep(60)")
    with pytest.raises(Refusal) as caught:
        await pool.acquire()
    assert (caught.value.code, caught.value.retry_after) == (Code.NOT_READY, 5)


async def test_a_lent_worker_comes_back_and_is_none_too_many(make_pool: MakePool) -> None:
    pool = make_pool(1, GOOD)
    async with pool.borrow() as process:
        assert (pool.warm, pool.ready) == (0, True)
        waiting = asyncio.create_task(pool.borrow().__aenter__())
        await asyncio.sleep(0.3)
        assert not waiting.done()
    assert await waiting is process


async def test_lending_a_worker_again_and_again_leaves_no_tasks(make_pool: MakePool) -> None:
    pool = make_pool(1, ANSWERING)
    async with pool.borrow():
        pass
    tasks = len(asyncio.all_tasks())
    for _ in range(5):
        async with pool.borrow():
            pass
    assert len(asyncio.all_tasks()) == tasks


async def test_a_lent_worker_that_dies_is_replaced(make_pool: MakePool) -> None:
    pool = make_pool(1, GOOD)
    async with pool.borrow() as process:
        os.kill(process.pid, 9)
        await process.wait_closed()
    async with pool.borrow() as other:
        assert other.pid != process.pid


async def test_closing_ends_the_spares_and_the_one_that_starts(make_pool: MakePool) -> None:
    others = set(psutil.Process().children())
    pool = make_pool(2, GOOD, "time.sleep(60)")
    await until(lambda: pool.warm == 1)
    started = set(psutil.Process().children()) - others
    assert started
    async with asyncio.timeout(3):
        await pool.close()
    _, left = psutil.wait_procs(started, timeout=1)
    assert left == []


ANSWERING = """
send(Ready(40))
while True:
    match receive():
        case Close():
            sys.exit()
        case Publish(number, offer=offer) | Subscribe(number, offer=offer):
            time.sleep(0.2)
            send(Answer(number, offer))
        case AddCandidates(number, address, trace_id):
            send(Refused(number, "bad_request", f"from {address} in {trace_id}"))
"""
CANDIDATE = "a=candidate:1 1 udp 1 192.0.2.1 50000 typ host"


@pytest_asyncio.fixture(loop_scope="session")
async def registry(start: Start, caplog: pytest.LogCaptureFixture) -> AsyncIterator[Registry]:
    caplog.set_level("INFO")
    registry = Registry(Pool(lambda: start(ANSWERING), 1), Capacity(Limits(1.0, 1 << 32, ""), max_sessions=2), [])
    registry.open()
    yield registry
    await registry.close()


async def test_how_many_sessions_there_is_room_for_is_logged_once_it_is_known(
    caplog: pytest.LogCaptureFixture, registry: Registry
) -> None:
    for _ in range(2):
        await registry.create(CANDIDATE)
    assert [text for text in caplog.messages if "room" in text] == [
        "tracking a frame takes 40 ms of CPU; there is room for 2 sessions at a time"
    ]


async def test_a_peer_for_whom_no_port_is_left_is_told_so_and_keeps_no_place(registry: Registry) -> None:
    with pytest.raises(Refusal) as caught:
        await registry.create("an answer without candidates")
    assert (caught.value.code, caught.value.retry_after) == (Code.NO_FREE_PORT, 5)
    assert not registry.sessions


async def test_a_viewer_for_whom_no_port_is_left_ends_nothing_but_its_own_attempt(registry: Registry) -> None:
    session, _ = await registry.create(CANDIDATE)
    with pytest.raises(Refusal, match="no free UDP port"):
        await registry.subscribe(session, "an answer without candidates")
    assert session.process.alive
    assert not session.subscribers
    await registry.subscribe(session, CANDIDATE)


async def test_each_track_takes_a_place_but_an_empty_server_takes_any_session(registry: Registry) -> None:
    large, _ = await registry.create(CANDIDATE, tracks=3)
    with pytest.raises(Refusal, match="3 of 2 places"):
        await registry.create(CANDIDATE)
    registry.end(large, EndReason.DELETED, "")
    await registry.create(CANDIDATE)
    with pytest.raises(Refusal, match="2 videos need 2"):
        await registry.create(CANDIDATE, tracks=2)
    await registry.create(CANDIDATE)


async def test_a_publisher_that_is_never_seen_leaves_for_the_next_one(
    registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quotas, "PENDING_SECONDS", 0.5)
    idle, _ = await registry.create(CANDIDATE)
    idle.process.on_event(Progress(None, Step.CONNECT, time.time_ns()))
    seen, _ = await registry.create(CANDIDATE)
    seen.process.on_event(Progress(None, Step.TRACK, time.time_ns()))
    with contextlib.suppress(Refusal):
        await registry.create(CANDIDATE)
    await asyncio.sleep(0.5)
    newcomer, _ = await registry.create(CANDIDATE)
    assert list(registry.sessions.values()) == [seen, newcomer]
    await idle.process.wait_closed()
    newcomer.process.on_event(Progress(None, Step.TRACK, time.time_ns()))
    with pytest.raises(Refusal) as caught:
        await registry.create(CANDIDATE)
    assert caught.value.code is Code.SERVER_FULL


async def test_an_address_has_a_share_of_the_sessions_and_of_the_subscribers(start: Start) -> None:
    one, other = Client("192.0.2.1", "192.0.2.1"), Client("192.0.2.2", "192.0.2.2")
    registry = Registry(
        *(Pool(lambda: start(ANSWERING), 1), Capacity(Limits(1.0, 1 << 32, ""), max_sessions=4), []),
        subscribers_per_address=2,
    )
    registry.open()
    try:
        sessions = [(await registry.create(CANDIDATE, one))[0] for _ in range(2)]
        with pytest.raises(Refusal, match="aren't connected"):
            await registry.create(CANDIDATE, one)
        for session in sessions:
            session.process.on_event(Progress(None, Step.TRACK, time.time_ns()))
        sessions.append((await registry.create(CANDIDATE, one))[0])
        with pytest.raises(Refusal, match="already has 3 videos"):
            await registry.create(CANDIDATE, one)
        await registry.create(CANDIDATE, other)
        for session in sessions[:2]:
            await registry.subscribe(session, CANDIDATE, one)
        with pytest.raises(Refusal, match="already has 2 subscribers"):
            await registry.subscribe(sessions[2], CANDIDATE, one)
        await registry.subscribe(sessions[2], CANDIDATE, other)
    finally:
        await registry.close()


async def test_a_worker_is_told_which_peer_candidates_are_of(registry: Registry) -> None:
    session, _ = await registry.create(CANDIDATE, Client("192.0.2.1", None), trace=Trace("00-4bf9-00f0-01"))
    viewer, _ = await registry.subscribe(session, CANDIDATE, Client("192.0.2.2", None), Trace("00-0af7-00f0-01"))
    with pytest.raises(Refusal, match=r"from 192.0.2.1 in 4bf9"):
        await registry.add_candidates(session, None, "")
    with pytest.raises(Refusal, match=r"from 192.0.2.2 in 0af7"):
        await registry.add_candidates(session, viewer, "")


async def test_a_session_that_starts_while_the_server_is_told_to_stop_is_none(registry: Registry) -> None:
    running, _ = await registry.create(CANDIDATE)
    starting = asyncio.create_task(registry.create(CANDIDATE))
    await asyncio.sleep(0)
    draining = asyncio.create_task(registry.drain(30))
    with pytest.raises(Refusal) as caught:
        await starting
    assert caught.value.code is Code.SHUTTING_DOWN
    assert list(registry.sessions.values()) == [running]
    registry.end(running, EndReason.DELETED, "the peer ended the session")
    async with asyncio.timeout(5):
        await draining


def test_an_id_may_stand_on_a_command_line_where_a_hyphen_begins_an_option() -> None:
    ids = {make_id() for _ in range(500)}
    assert len(ids) == 500
    assert all(len(id) == 22 and id.isascii() and id.isalnum() for id in ids)
