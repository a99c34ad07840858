"""TURN servers: a real allocation on each, and something sent through it."""

import asyncio
import contextlib
import socket
import ssl
from collections.abc import AsyncIterator, Sequence

from aioice import stun, turn

from holistic_rtc.commands.doctor.check import Finding, Machine, Verdict
from holistic_rtc.errors import ConfigError
from holistic_rtc.sessions.ice_servers import IceServers
from holistic_rtc.settings import IceServer

DEADLINE = 5.0
"""Seconds for all that is done with one server"""


async def check(machine: Machine) -> AsyncIterator[Finding]:
    # A relay has an IPv4 address unless it is asked for another.
    addresses = [address for address in machine.addresses if ":" not in address]
    try:
        servers = IceServers(machine.settings).for_peer("doctor")
    except ConfigError as error:
        yield Finding(Verdict.BAD, str(error))
        return
    relays = [(url, server) for server in servers for url in server.urls if url.startswith(("turn:", "turns:"))]
    if not relays:
        yield Finding(
            Verdict.NOTE, "there is no TURN server", "clients behind strict firewalls need one: see turn/README.md"
        )
    for url, server in relays:
        yield await _try_relay(url, server, addresses)


async def _try_relay(url: str, server: IceServer, addresses: Sequence[str]) -> Finding:
    try:
        async with asyncio.timeout(DEADLINE), _relay(url, server) as relay:
            relayed = "{}:{}".format(*relay.get_extra_info("sockname"))
            reached = await _reaches(relay, addresses)
    except Exception as error:  # aioice and the network fail in many ways, and each is what is looked for
        reason = str(error) or f"no answer within {DEADLINE:g} s"
        return Finding(Verdict.BAD, f"{url} allocates no relay: {reason}", _remedy(error))
    if reached or not addresses:
        return Finding(Verdict.GOOD, f"{url} relays at {relayed}")
    return Finding(
        Verdict.NOTE,
        f"{url} relays, but nothing arrived at {' or '.join(addresses)}",
        "let it send to these addresses (TURN_APP_NETWORK if they are private), and open the UDP ports to it",
    )


def _remedy(error: Exception) -> str:
    match error:
        case stun.TransactionFailed() if error.response.error_code == 401:
            return "its secret and clock must match the server's; after a new secret, restart it and then the server"
        case stun.TransactionFailed() if error.response.error_code == 486:
            return "raise TURN_TOTAL_QUOTA, with TURN_MAX_PORT and TURN_BPS_CAPACITY"
        case ssl.SSLCertVerificationError():
            return "give it a certificate for this name that browsers trust, and restart it after each renewal"
        case socket.gaierror():
            return "correct the name in HOLISTIC_TURN_URLS, or in the DNS"
    return "check that it is running on this port, and that its firewall allows the port"


class _End(asyncio.DatagramProtocol):
    """One end of a relay: where it is allocated, or where it sends to."""

    def __init__(self) -> None:
        self.received = asyncio.Event()
        self.closed = asyncio.Event()

    def datagram_received(self, data: bytes, addr: object) -> None:
        self.received.set()

    def connection_lost(self, error: Exception | None) -> None:
        self.closed.set()


@contextlib.asynccontextmanager
async def _relay(url: str, server: IceServer) -> AsyncIterator[turn.TurnTransport]:
    """An allocation on a TURN server, released at the end."""
    scheme, _, rest = url.partition(":")
    authority, _, query = rest.partition("?")
    host, _, port = authority.rpartition(":") if authority.rpartition(":")[2].isdigit() else (authority, "", "")
    transport, end = await turn.create_turn_endpoint(
        _End,
        server_addr=(host.strip("[]"), int(port or (5349 if scheme == "turns" else 3478))),
        username=server.username,
        password=server.credential,
        ssl=scheme == "turns",
        transport="tcp" if scheme == "turns" or "transport=tcp" in query else "udp",
    )
    try:
        yield transport
    finally:
        transport.close()
        await end.closed.wait()


async def _reaches(relay: turn.TurnTransport, addresses: Sequence[str]) -> bool:
    """Whether something that is sent through the relay to one of our addresses, all IPv4, arrives here."""
    loop = asyncio.get_running_loop()
    end = _End()
    transports = []
    try:
        for address in addresses:
            transport, _ = await loop.create_datagram_endpoint(lambda: end, local_addr=(address, 0))
            transports.append(transport)
            relay.sendto(b"holistic-rtc doctor", transport.get_extra_info("sockname"))
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(DEADLINE / 2):
                await end.received.wait()
        return end.received.is_set()
    finally:
        for transport in transports:
            transport.close()
