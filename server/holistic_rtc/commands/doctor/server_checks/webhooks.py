"""Webhooks that didn't arrive."""

from collections.abc import Iterator

from holistic_rtc.commands.doctor.check import Finding, Verdict
from holistic_rtc.commands.doctor.observation import Observation


def check(observation: Observation) -> Iterator[Finding]:
    failed, dropped = (observation.now.get("webhooks_total", outcome=outcome) for outcome in ("failed", "dropped"))
    if failed or dropped:
        yield Finding(
            Verdict.NOTE,
            f"{failed:.0f} webhooks were given up and {dropped:.0f} dropped, since the server's start",
            "check that HOLISTIC_WEBHOOK_URL answers with 2xx within 5 s",
        )
