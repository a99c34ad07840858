"""Variables that look like settings, and aren't."""

from collections.abc import AsyncIterator

from holistic_rtc.commands.doctor.check import Finding, Machine, Verdict
from holistic_rtc.settings import unknown_variables


async def check(machine: Machine) -> AsyncIterator[Finding]:
    for name in unknown_variables():
        yield Finding(Verdict.NOTE, f"{name} is not a setting", "check its spelling against the list in README.md")
