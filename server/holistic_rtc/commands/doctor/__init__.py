"""``holistic-rtc doctor``: checks everything that a server needs, and suggests fixes."""

import argparse
import asyncio
from collections.abc import Callable

from rich.console import Console
from rich.markup import escape

from holistic_rtc.commands.common import add_engine_option, add_model_options, settings_from
from holistic_rtc.commands.doctor.check import Check, Finding, Machine, Verdict
from holistic_rtc.commands.doctor.checks import (
    addresses,
    engine,
    environment,
    listening,
    model,
    page,
    ports,
    resources,
    tls,
    turn,
)
from holistic_rtc.errors import ConfigError
from holistic_rtc.native_log import without_noise
from holistic_rtc.settings import Settings

DESCRIPTION = (
    "Check limits, model, ports, addresses and TURN servers, with the settings that `serve` reads from the "
    "environment, and suggest fixes."
)

CHECKS: tuple[Check, ...] = (
    environment.check,
    resources.check,
    model.check,
    engine.check,
    page.check,
    listening.check,
    tls.check,
    ports.check,
    addresses.check,
    turn.check,
)
"""In the order in which they run"""

_SIGNS = {Verdict.GOOD: "[green]✓[/]", Verdict.NOTE: "[yellow]•[/]", Verdict.BAD: "[red]✗[/]"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_model_options(parser)
    add_engine_option(parser)
    parser.add_argument("--host", default=argparse.SUPPRESS, help="address to listen on, as for `serve`")
    parser.add_argument("--port", type=int, default=argparse.SUPPRESS, help="port to listen on, as for `serve`")


def run(options: argparse.Namespace) -> None:
    settings = settings_from(options)
    stdout = Console(highlight=False)

    def show(finding: Finding) -> None:
        stdout.print(f"{_SIGNS[finding.verdict]} {escape(finding.text)}", soft_wrap=True)
        if finding.remedy:
            stdout.print(f"    {finding.remedy}", soft_wrap=True, markup=False)

    with without_noise():
        bad = asyncio.run(_examine(settings, show))
    if bad:
        problems = "1 problem" if bad == 1 else f"{bad} problems"
        raise ConfigError(f"{problems} would keep the server from working")


async def _examine(settings: Settings, show: Callable[[Finding], None]) -> int:
    """
    :param show: called with each finding as soon as there is one.
    :return: how many are bad.
    """
    machine = Machine(settings)
    bad = 0
    for check in CHECKS:
        async for finding in check(machine):
            show(finding)
            bad += finding.verdict is Verdict.BAD
    return bad
