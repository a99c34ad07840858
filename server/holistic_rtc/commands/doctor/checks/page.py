"""The built web page."""

from collections.abc import AsyncIterator

from holistic_rtc.commands.doctor.check import Finding, Machine, Verdict
from holistic_rtc.http.pages import STATIC


async def check(machine: Machine) -> AsyncIterator[Finding]:
    if (STATIC / "index.html").exists():
        yield Finding(Verdict.GOOD, "the page is built")
    else:
        yield Finding(Verdict.BAD, "the page is not built", "run `make setup`, or `npm run build` in web/")
