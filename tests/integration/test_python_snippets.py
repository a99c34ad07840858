"""The Python programs in the documents run as they stand, but with this test's server and a clip as the camera."""

import ast
import asyncio
import inspect
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from holistic_rtc.client import HolisticClient, VideoFile
from tests.kit.clips import make_person_clip
from tests.kit.serving import Server, serving
from tests.kit.snippets import Snippet, snippets
from tests.vectors.make_recorded import messages, record

pytestmark = pytest.mark.asyncio(loop_scope="session")

PYTHON = snippets("python")
CAMERAS = {"(client, 0,": '(client, "clip.mp4",', "VideoCapture(0)": 'VideoCapture("clip.mp4")'}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def server() -> AsyncIterator[Server]:
    async with serving("--max-sessions", "3", "--max-persons", "3") as server:
        yield server


class Steps(ast.NodeTransformer):
    """Has each loop over what arrives, and each condition in it, say when its body begins."""

    def __init__(self) -> None:
        self.lines: set[int] = set()
        self._in_loop = False

    def visit_AsyncFor(self, node: ast.AsyncFor) -> ast.AST:
        outside, self._in_loop = self._in_loop, True
        self._announce(node)
        self._in_loop = outside
        return node

    def visit_If(self, node: ast.If) -> ast.AST:
        return self._announce(node) if self._in_loop else node

    def _announce(self, node: ast.AsyncFor | ast.If) -> ast.AST:
        self.generic_visit(node)
        self.lines.add(node.lineno)
        node.body.insert(0, ast.parse(f"reached.append({node.lineno})").body[0])
        return node


async def run(snippet: Snippet, server: Server, names: dict[str, Any]) -> None:
    """Until it ends, or has gone through all of its loops."""
    code = snippet.code.replace("http://localhost:8080", server.url)
    for camera, clip in CAMERAS.items():
        code = code.replace(camera, clip)
    steps = Steps()
    tree = ast.fix_missing_locations(steps.visit(ast.parse(code)))
    reached: list[int] = []
    compiled = compile(tree, snippet.place, "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    program = eval(compiled, {**names, "reached": reached})
    if not inspect.iscoroutine(program):
        return
    task = asyncio.ensure_future(program)
    try:
        await server.until(lambda: task.done() or (steps.lines and steps.lines <= {*reached}), timeout=60)
        if task.done():
            await task
            assert steps.lines <= {*reached}, "it ended before it had gone through its loops"
    finally:
        task.cancel()
        await asyncio.wait([task])


@pytest.mark.parametrize("snippet", PYTHON, ids=[snippet.place for snippet in PYTHON])
async def test_a_program_receives_what_it_loops_over(
    snippet: Snippet, server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    clip = make_person_clip(tmp_path / "clip.mp4")
    record(".npz", messages()["landmarks"], tmp_path).rename(tmp_path / "sign.npz")
    async with (
        HolisticClient(server.url) as client,
        client.publish(VideoFile(clip, loop=True), name="studio", parts=["pose", "face_transform", "rig"]) as published,
    ):
        names = {"session": published.session, "session_id": published.session, "viewing_key": published.viewing_key}
        await run(snippet, server, {**names, "client": client, "published": published})
