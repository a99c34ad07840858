"""CPUs and memory."""

from collections.abc import AsyncIterator

from holistic_rtc.commands.doctor.check import Finding, Machine, Verdict

LEAST_MEMORY = 1_000_000_000


async def check(machine: Machine) -> AsyncIterator[Finding]:
    limits = machine.limits
    text = str(limits)
    if limits.memory < LEAST_MEMORY:
        yield Finding(Verdict.BAD, text, f"give it at least {LEAST_MEMORY / 1e6:,.0f} MB")
    elif limits.cpus < 1:
        yield Finding(Verdict.NOTE, text, "give it at least one CPU, for one session at a good frame rate")
    else:
        yield Finding(Verdict.GOOD, text)
