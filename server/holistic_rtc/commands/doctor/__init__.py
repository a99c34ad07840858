"""``holistic-rtc doctor``: checks everything that a server needs, or how a running one is doing, and suggests fixes."""

import argparse
import asyncio
from collections.abc import AsyncIterator, Callable

from rich.console import Console
from rich.markup import escape

from holistic_rtc.client import HolisticClient
from holistic_rtc.commands.common import (
    add_engine_option,
    add_model_options,
    add_token_option,
    add_url_option,
    settings_from,
    token_of,
)
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
from holistic_rtc.commands.doctor.observation import OBSERVED_SECONDS, Figures, Observation, ServerCheck
from holistic_rtc.commands.doctor.server_checks import (
    health,
    network,
    nodes,
    processes,
    refusals,
    sessions,
    tracking,
    webhooks,
)
from holistic_rtc.errors import ConfigError, RefusedError
from holistic_rtc.native_log import without_noise
from holistic_rtc.settings import Settings
from holistic_rtc.tracking import check_engine

DESCRIPTION = (
    "Check limits, model, ports, addresses and TURN servers, with the settings that `serve` reads from the "
    "environment, and suggest fixes. With --url, ask a running server instead, and explain its metrics."
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

SERVER_CHECKS: tuple[ServerCheck, ...] = (
    sessions.check,
    refusals.check,
    tracking.check,
    network.check,
    processes.check,
    nodes.check,
    webhooks.check,
)
"""Of a running server that shows its metrics"""

_SIGNS = {Verdict.GOOD: "[green]✓[/]", Verdict.NOTE: "[yellow]•[/]", Verdict.BAD: "[red]✗[/]"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_model_options(parser)
    add_engine_option(parser)
    parser.add_argument("--host", default=argparse.SUPPRESS, help="address to listen on, as for `serve`")
    parser.add_argument("--port", default=argparse.SUPPRESS, help="port to listen on, as for `serve`")
    add_url_option(parser, "to ask, if it is running", default=None)
    add_token_option(parser)


def run(options: argparse.Namespace) -> None:
    settings = settings_from(options)
    if not options.url:
        check_engine(settings.engine, settings.max_persons)
    stdout = Console(highlight=False)

    def show(finding: Finding) -> None:
        stdout.print(f"{_SIGNS[finding.verdict]} {escape(finding.text)}", soft_wrap=True)
        if finding.remedy:
            stdout.print(f"    {finding.remedy}", soft_wrap=True, markup=False)

    findings = _examine_server(options.url, token_of(settings)) if options.url else _examine(settings)
    with without_noise():
        bad = asyncio.run(_show(findings, show))
    if bad:
        problems = "1 problem" if bad == 1 else f"{bad} problems"
        consequence = "keeps the server from working" if bad == 1 else "keep the server from working"
        raise ConfigError(f"{problems} {consequence if options.url else 'would keep the server from working'}")


async def _show(findings: AsyncIterator[Finding], show: Callable[[Finding], None]) -> int:
    """
    :param show: called with each finding as soon as there is one.
    :return: how many are bad.
    """
    bad = 0
    async for finding in findings:
        show(finding)
        bad += finding.verdict is Verdict.BAD
    return bad


async def _examine(settings: Settings) -> AsyncIterator[Finding]:
    machine = Machine(settings)
    for check in CHECKS:
        async for finding in check(machine):
            yield finding


async def _examine_server(url: str, token: str | None) -> AsyncIterator[Finding]:
    """
    :raises ClientError: the server can't be reached.
    """
    async with HolisticClient(url, token=token) as client:
        async for finding in health.check(client):
            yield finding
        try:
            before = Figures(await client.metrics())
            await asyncio.sleep(OBSERVED_SECONDS)
            observation = Observation(before, Figures(await client.metrics()))
        except RefusedError as error:
            yield Finding(
                Verdict.NOTE, f"its metrics can't be read: {error}", "pass a token with the right to operate as --token"
            )
            return
    for check in SERVER_CHECKS:
        for finding in check(observation):
            yield finding
