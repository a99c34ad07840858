"""The address and port to listen on."""

import socket
from collections.abc import AsyncIterator

from holistic_rtc.commands.doctor.check import Finding, Machine, Verdict


async def check(machine: Machine) -> AsyncIterator[Finding]:
    host, port = machine.settings.host, machine.settings.port
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        socket.create_server((host, port), family=family).close()
    except OSError as error:
        yield Finding(
            Verdict.BAD, f"can't listen on {host}:{port}: {error.strerror}", "choose another --host or --port"
        )
    else:
        yield Finding(Verdict.GOOD, f"{host}:{port} is free")
