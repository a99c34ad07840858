"""``holistic-rtc watch`` as its user runs it."""

import asyncio
import os
import pty
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from holistic_rtc.client import HolisticClient, Publication
from holistic_rtc.sessions.session import make_id
from holistic_rtc.wire import as_json
from tests.kit.commands import refused, running
from tests.kit.pictures import grace_hopper
from tests.kit.publisher import Pictures
from tests.kit.serving import Server
from tests.kit.streams import first

pytestmark = pytest.mark.asyncio(loop_scope="session")

COMMAND = [sys.executable, "-m", "holistic_rtc.cli", "watch"]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def lasting(server: Server) -> AsyncIterator[Publication]:
    """One session for all tests that leave it as they found it."""
    async with HolisticClient(server.url) as client, client.publish(Pictures(grace_hopper(), fps=15)) as published:
        yield published


async def told(errors: asyncio.StreamReader) -> str:
    """The next line that is not about progress."""
    while (line := await errors.readline()).startswith(b"track "):
        pass
    return line.decode().rstrip()


async def test_what_can_not_be_watched_is_one_line_and_status_1(
    server: Server, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    await server.until_sessions(0)
    for arguments, words in (
        (["--url", server.url], "there is no session at"),
        (["--url", server.url, "--session", make_id()], "no such session"),
        (["--url", "http://127.0.0.1:1"], "can't be reached"),
        (
            ["--url", server.url, "--session", make_id(), "--json", tmp_path / "absent" / "x.jsonl"],
            "there is no folder",
        ),
    ):
        (line,) = (await refused(capsys, "watch", *arguments)).splitlines()
        assert words in line


async def test_a_lost_connection_is_made_again_and_a_token_is_sent(
    guarded_server: Server, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "landmarks.jsonl"
    token = {"HOLISTIC_TOKEN": "open sesame"}
    server = guarded_server
    async with HolisticClient(server.url, token="open sesame") as client:
        assert "needs a token" in await refused(capsys, "watch", "--url", server.url)
        async with (
            client.publish(Pictures(grace_hopper())) as published,
            running("watch", "--url", server.url, "--session", published.session, "--json", path, **token) as process,
        ):
            assert process.stderr is not None
            await server.until(lambda: path.exists() and path.stat().st_size)
            process.send_signal(signal.SIGSTOP)
            # The server takes it for gone.
            async with asyncio.timeout(30):
                while (await client.sessions())[0].subscribers:  # noqa: ASYNC110 - see Server.until()
                    await asyncio.sleep(0.05)
            process.send_signal(signal.SIGCONT)
            assert (await told(process.stderr)).endswith("; reconnecting in 1 s")
            before = path.stat().st_size
            await server.until(lambda: path.stat().st_size > before)
            (await server.busy_worker()).kill()
            assert await told(process.stderr) == "nothing came from the server for 3 s; reconnecting in 1 s"
            assert await told(process.stderr) == "the session has ended in the meantime"
            assert await process.wait() == 0


async def test_json_lines_of_a_session_until_it_ends(server: Server) -> None:
    async with (
        HolisticClient(server.url) as client,
        client.publish(Pictures(grace_hopper())) as published,
        running("watch", "--url", server.url, "--session", published.session, "--json", "-") as process,
    ):
        assert process.stdout is not None
        lines = [await process.stdout.readline() for _ in range(5)]
        await published.close()
        output, errors = await process.communicate()
        assert process.returncode == 0
    messages = [as_json.decode(line) for line in [*lines, *output.splitlines()]]
    assert any(message.result.face_transform is not None for message in messages)
    assert [message.seq for message in messages] == sorted({message.seq for message in messages})
    assert errors.decode().splitlines()[-1] == "the session has ended"


async def test_json_lines_into_a_file_and_ctrl_c(
    server: Server, client: HolisticClient, lasting: Publication, tmp_path: Path
) -> None:
    path = tmp_path / "landmarks.jsonl"
    async with running("watch", "--url", server.url, "--session", lasting.session, "--json", path) as process:
        await server.until(lambda: path.exists() and path.read_bytes().count(b"\n") > 5)
        process.send_signal(signal.SIGINT)
        output, errors = await process.communicate()
    assert (process.returncode, output, errors.decode().splitlines()[-1]) == (130, b"", "interrupted")
    [session] = await client.sessions()
    assert (session.id, session.subscribers) == (lasting.session, 0)
    await first(lasting.landmarks())
    for line in path.read_bytes().splitlines():
        as_json.decode(line)


async def test_json_lines_go_on_where_standard_output_does(
    server: Server, lasting: Publication, tmp_path: Path
) -> None:
    log, link = tmp_path / "log", tmp_path / "stdout"
    log.write_text("before\n")
    link.symlink_to("/proc/self/fd/1")
    with log.open("ab") as file:
        process = await asyncio.create_subprocess_exec(
            *COMMAND,
            *("--url", server.url, "--session", lasting.session, "--json", link),
            stdout=file,
            stderr=asyncio.subprocess.DEVNULL,
        )
    await server.until(lambda: log.read_bytes().count(b"\n") > 2)
    process.send_signal(signal.SIGINT)
    assert await process.wait() == 130
    before, *lines = log.read_bytes().splitlines()
    assert before == b"before"
    for line in lines:
        as_json.decode(line)


async def test_a_terminal_shows_a_table(server: Server, lasting: Publication) -> None:
    terminal, end = pty.openpty()
    process = await asyncio.create_subprocess_exec(*COMMAND, "--url", server.url, stdout=end, stderr=end)
    os.close(end)
    shown = b""
    async with asyncio.timeout(30):
        while not (lasting.session.encode() in shown and b"640x480" in shown and b"pose face" in shown):
            shown += await asyncio.to_thread(os.read, terminal, 65_536)
        process.send_signal(signal.SIGINT)
        while await asyncio.to_thread(read_terminal, terminal):
            pass
        assert await process.wait() == 130
    os.close(terminal)


def read_terminal(terminal: int) -> bytes:
    """:return: nothing at its end, of which Linux tells as an error"""
    try:
        return os.read(terminal, 65_536)
    except OSError:
        return b""


async def test_whoever_reads_the_lines_may_leave(server: Server, lasting: Publication) -> None:
    command = " ".join([*COMMAND, "--url", server.url, "--session", lasting.session, "--json", "-"])
    process = await asyncio.create_subprocess_shell(
        f"{command} | head -n 1; exit ${{PIPESTATUS[0]}}",
        executable="/bin/bash",
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(30):
        output, errors = await process.communicate()
    assert (process.returncode, output.count(b"\n")) == (0, 1)
    assert b"Error" not in errors


async def test_a_choice_of_sessions_is_listed(
    server: Server, client: HolisticClient, lasting: Publication, capsys: pytest.CaptureFixture[str]
) -> None:
    async with client.publish(Pictures(grace_hopper(320, 240))) as other:
        lines = await refused(capsys, "watch", "--url", server.url)
    assert all(session.session in lines for session in (lasting, other))
    assert "name one of them" in lines
