"""HTTPS, without which browsers on other machines have no camera."""

import ipaddress
from collections.abc import AsyncIterator

from holistic_rtc import tls
from holistic_rtc.commands.doctor.check import Finding, Machine, Verdict
from holistic_rtc.errors import ConfigError
from holistic_rtc.settings import Settings


async def check(machine: Machine) -> AsyncIterator[Finding]:
    settings = machine.settings
    try:
        tls.make_context(bool(settings.tls), settings.tls_cert, settings.tls_key, settings.advertise_ip)
    except ConfigError as error:
        yield Finding(Verdict.BAD, str(error))
    else:
        yield _judge(settings)


def _judge(settings: Settings) -> Finding:
    if settings.tls_cert:
        return Finding(Verdict.GOOD, f"HTTPS with the certificate {settings.tls_cert}")
    if settings.tls:
        return Finding(Verdict.GOOD, "HTTPS with a self-signed certificate, which each browser must be told to trust")
    try:
        local = ipaddress.ip_address(settings.host).is_loopback
    except ValueError:
        local = settings.host == "localhost"
    if local:
        return Finding(
            Verdict.GOOD, "browsers on this machine can use the camera without HTTPS; other machines can't connect"
        )
    return Finding(
        Verdict.NOTE,
        "browsers on other machines can't use the camera without HTTPS",
        "use --tls self-signed, --tls-cert and --tls-key, or a proxy with TLS in front",
    )
