"""The addresses that clients are told to send media to."""

import ipaddress
from collections.abc import AsyncIterator

from holistic_rtc.commands.doctor.check import Finding, Machine, Verdict


async def check(machine: Machine) -> AsyncIterator[Finding]:
    advertised = machine.settings.advertise_ip
    text = f"clients are told the addresses {', '.join(machine.addresses) or 'of this machine only'}"
    if advertised and advertised.is_loopback:
        yield Finding(
            Verdict.NOTE,
            f"{text}, and {advertised}, which only browsers on this machine can reach",
            "for others, set HOLISTIC_ADVERTISE_IP (PUBLIC_IP in .env) to an address that they can reach",
        )
    elif advertised:
        yield Finding(Verdict.GOOD, f"{text}, and {advertised}")
    elif not any(ipaddress.ip_address(address).is_global for address in machine.addresses):
        yield Finding(
            Verdict.NOTE, f"{text}: none of them is public", "for clients from outside, set HOLISTIC_ADVERTISE_IP"
        )
    else:
        yield Finding(Verdict.GOOD, text)
