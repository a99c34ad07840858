"""Firefox without permission to use a camera, driven by ``page.mjs``."""

import asyncio
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from tests.interop.peers import Driver, driver
from tests.kit.browsers import PROJECT

DRIVER = Path(__file__).parent / "page.mjs"


class FirefoxPage:
    """A page that ``page.mjs`` drives. Whatever it does wrong fails the test at once, unless it may complain."""

    def __init__(self, program: Driver, *, may_complain: bool) -> None:
        self._program = program
        self._may_complain = may_complain

    async def evaluate(self, function: str, argument: object = None) -> Any:
        return await self._command(evaluate=function, argument=argument)

    async def until(self, function: str, argument: object = None) -> None:
        """Wait until `function` returns something truthy in the page."""
        await self._command(until=function, argument=argument)

    async def click(self, test_id: str) -> None:
        await self._command(click=f'[data-testid="{test_id}"]')

    async def answer(self, timeout: float = 150) -> Any:
        async with asyncio.timeout(timeout):
            while "complaint" in (answer := await self._program.line()) and self._may_complain:
                pass
        assert "result" in answer, answer.get("complaint") or answer["error"]
        return answer["result"]

    async def _command(self, **command: object) -> Any:
        self._program.tell(command)
        return await self.answer()


def find_firefox() -> str:
    found = subprocess.run([PROJECT / "scripts" / "find-firefox"], check=True, capture_output=True, text=True)
    return found.stdout.strip()


@asynccontextmanager
async def firefox(url: str, *, may_complain: bool = False) -> AsyncIterator[FirefoxPage]:
    """
    A page at `url`, in a Firefox of its own.

    :param may_complain: whether errors in its console are expected.
    """
    async with driver("node", DRIVER, find_firefox(), url, timeout=60) as program:
        page = FirefoxPage(program, may_complain=may_complain)
        await page.answer()
        yield page
    assert may_complain or not program.rest, program.rest
