"""How a running command is doing, on a terminal and without one."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, nullcontext, suppress

from rich.console import Console, RenderableType
from rich.live import Live

LIVE_PERIOD = 0.25
LINE_PERIOD = 5.0
"""Seconds between two updates on a terminal, and between two lines where there is none"""


@asynccontextmanager
async def showing(
    console: Console, state: Callable[[], RenderableType], line: Callable[[], str], *, live: bool
) -> AsyncIterator[None]:
    """
    Keep showing it while the block runs.

    :param state: shown on a terminal, and updated in place.
    :param line: printed every few seconds where there is no terminal.
    :param live: whether there is a terminal that can be drawn on.
    """

    async def show(shown: Live | None) -> None:
        while True:
            await asyncio.sleep(LIVE_PERIOD if shown else LINE_PERIOD)
            if shown:
                shown.update(state(), refresh=True)
            else:
                console.print(line(), soft_wrap=True, markup=False)

    with Live(state(), console=console, auto_refresh=False) if live else nullcontext() as shown:
        reporting = asyncio.create_task(show(shown), name="reporting")
        try:
            yield
        finally:
            reporting.cancel()
            with suppress(asyncio.CancelledError):
                await reporting
