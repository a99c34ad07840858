"""``holistic-rtc doctor``: looks at everything that a server needs, and says what to do about what is wrong."""

import asyncio
import contextlib
import ipaddress
import socket
import ssl
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

from aioice import stun, turn
from aioice.ice import get_host_addresses

from holistic_rtc import tls
from holistic_rtc.bundle import models
from holistic_rtc.bundle.models import ModelBundle, PoseModel
from holistic_rtc.errors import ConfigError, ModelError, TrackerError
from holistic_rtc.files.pictures import picture_of_a_person
from holistic_rtc.http.pages import STATIC
from holistic_rtc.limits import Limits, read_limits
from holistic_rtc.media.tracker_thread import TrackerThread
from holistic_rtc.sessions.capacity import FLOOR_FPS, MAX_SUBSCRIBERS, OVERHEAD, Capacity, ports
from holistic_rtc.sessions.ice_servers import IceServers
from holistic_rtc.settings import IceServer, Settings, unknown_variables
from holistic_rtc.tracking import make_tracker

PORT_RANGE = Path("/proc/sys/net/ipv4/ip_local_port_range")
TURN_DEADLINE = 5.0
LEAST_MEMORY = 1_000_000_000


class Verdict(StrEnum):
    GOOD = "good"
    NOTE = "note"
    BAD = "bad"


@dataclass(frozen=True)
class Finding:
    """
    :param remedy: what to do about it; empty if nothing has to be done.
    """

    verdict: Verdict
    text: str
    remedy: str = ""


async def examine(settings: Settings) -> AsyncIterator[Finding]:
    for name in unknown_variables():
        yield Finding(Verdict.NOTE, f"{name} is no setting", "look for it in the README; is it misspelt?")
    limits = read_limits(cpus=settings.cpus, memory=settings.memory)
    yield _look_at_limits(limits)
    bundle = None
    for finding, found in _look_at_model(settings):
        bundle = found
        yield finding
    capacity = Capacity(limits, settings.max_sessions, settings.warm, settings.snapshot_workers)
    frame_cpu_ms = None
    if bundle:
        try:
            frame_cpu_ms = await _measure(bundle)
        except TrackerError as error:
            yield Finding(Verdict.BAD, str(error), "on Debian and Ubuntu, `apt-get install libegl1 libgles2`")
        else:
            yield _look_at_capacity(capacity, frame_cpu_ms)
    yield _look_at_page()
    yield _look_at_address(settings)
    yield _look_at_browsers(settings)
    addresses = sorted(get_host_addresses(use_ipv4=True, use_ipv6=True))
    yield _look_at_ports(capacity.sessions(frame_cpu_ms), len(addresses))
    yield _look_at_addresses(settings, addresses)
    # A relay has an IPv4 address unless it is asked for another.
    async for finding in _look_at_relays(settings, [address for address in addresses if ":" not in address]):
        yield finding


def _look_at_limits(limits: Limits) -> Finding:
    text = str(limits)
    if limits.memory < LEAST_MEMORY:
        return Finding(Verdict.BAD, text, f"give it at least {LEAST_MEMORY / 1e6:,.0f} MB")
    if limits.cpus < 1:
        return Finding(Verdict.NOTE, text, "give it at least one CPU for a session at a good rate")
    return Finding(Verdict.GOOD, text)


def _look_at_model(settings: Settings) -> Iterator[tuple[Finding, ModelBundle | None]]:
    pose_model = PoseModel(settings.pose_model)
    try:
        bundle = models.find(pose_model, settings.model)
        models.verify(bundle)
    except ModelError as error:
        place = settings.model or models.where(pose_model)
        remedy = f"run `holistic-rtc models fetch --pose-model {pose_model}`, which puts it at {place}"
        yield Finding(Verdict.BAD, str(error), "" if settings.model else remedy), None
    else:
        yield Finding(Verdict.GOOD, f"the {bundle.origin} model bundle is whole: {bundle.path}"), bundle


async def _measure(bundle: ModelBundle) -> float:
    """
    :return: CPU time that tracking a frame takes, in milliseconds.
    :raises TrackerError: the engine can't be loaded.
    """
    thread = TrackerThread(lambda: make_tracker(bundle.path))
    try:
        return await thread.warm_up(picture_of_a_person())
    finally:
        await thread.close()


def _look_at_capacity(capacity: Capacity, frame_cpu_ms: float) -> Finding:
    room, admitted = replace(capacity, max_sessions=None).sessions(frame_cpu_ms), capacity.sessions(frame_cpu_ms)
    rate = min(FLOOR_FPS, capacity.limits.cpus * 1000 / (frame_cpu_ms * OVERHEAD))
    text = f"tracking a frame takes {frame_cpu_ms:.0f} ms of CPU: "
    if rate < FLOOR_FPS:
        text += f"one session has about {rate:.2g} frames a second"
    else:
        text += f"{_sessions(room)} at {rate:g} frames a second"
    if admitted > room:
        text += f"; {_sessions(admitted)} are admitted, as is set, and {room} has room"
    if admitted > room or rate < FLOOR_FPS:
        return Finding(Verdict.NOTE, text, "give it more CPU or memory, or admit fewer sessions")
    return Finding(Verdict.GOOD, text)


def _sessions(number: int) -> str:
    return "1 session" if number == 1 else f"{number} sessions"


def _look_at_page() -> Finding:
    if (STATIC / "index.html").exists():
        return Finding(Verdict.GOOD, "the page is built")
    return Finding(Verdict.BAD, "the page is not built", "run `make setup`, or `npm run build` in web/")


def _look_at_address(settings: Settings) -> Finding:
    address = f"{settings.host}:{settings.port}"
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        socket.create_server((settings.host, settings.port), family=family).close()
    except OSError as error:
        return Finding(Verdict.BAD, f"{address} can't be served: {error.strerror}", "choose another --host or --port")
    return Finding(Verdict.GOOD, f"{address} is free")


def _look_at_browsers(settings: Settings) -> Finding:
    try:
        tls.make_context(bool(settings.tls), settings.tls_cert, settings.tls_key, settings.advertise_ip)
    except ConfigError as error:
        return Finding(Verdict.BAD, str(error))
    if settings.tls_cert:
        return Finding(Verdict.GOOD, f"HTTPS with the certificate {settings.tls_cert}")
    if settings.tls:
        return Finding(Verdict.GOOD, "HTTPS with a certificate made here; each browser has to be told to trust it")
    try:
        local = ipaddress.ip_address(settings.host).is_loopback
    except ValueError:
        local = settings.host == "localhost"
    if local:
        return Finding(Verdict.GOOD, "browsers on this machine get the camera without HTTPS, others can't come in")
    return Finding(
        Verdict.NOTE,
        "browsers of other machines get no camera without HTTPS",
        "use --tls self-signed, --tls-cert and --tls-key, or a proxy with TLS in front",
    )


def _look_at_ports(sessions: int, addresses: int) -> Finding:
    """Each peer takes one port for each of the server's addresses."""
    try:
        first, last = map(int, PORT_RANGE.read_text().split())
    except (OSError, ValueError):
        return Finding(Verdict.NOTE, "the range of the UDP ports for media is not known on this system")
    text = f"media uses UDP ports {first} to {last}"
    there, needed = last - first + 1, ports(sessions) * addresses
    remedy = f"widen net.ipv4.ip_local_port_range to {needed} ports, and publish as many"
    if there < sessions * addresses:
        return Finding(Verdict.BAD, f"{text}: too few for {_sessions(sessions)}", remedy)
    if there < needed:
        text = f"{text}: too few for {_sessions(sessions)} with {MAX_SUBSCRIBERS} viewers each"
        return Finding(Verdict.NOTE, text, f"for that, {remedy}")
    return Finding(Verdict.GOOD, text + "; a firewall has to let them in")


def _look_at_addresses(settings: Settings, found: Sequence[str]) -> Finding:
    text = f"peers are told the addresses {', '.join(found) or 'of this machine only'}"
    if settings.advertise_ip and settings.advertise_ip.is_loopback:
        return Finding(
            Verdict.NOTE,
            f"{text}, and {settings.advertise_ip}, where only browsers on this machine find it",
            "for others set HOLISTIC_ADVERTISE_IP, which is PUBLIC_IP in .env, to where they find it",
        )
    if settings.advertise_ip:
        return Finding(Verdict.GOOD, f"{text}, and {settings.advertise_ip}")
    if not any(ipaddress.ip_address(address).is_global for address in found):
        return Finding(
            Verdict.NOTE, f"{text}: none of them is public", "for peers from outside set HOLISTIC_ADVERTISE_IP"
        )
    return Finding(Verdict.GOOD, text)


async def _look_at_relays(settings: Settings, addresses: Sequence[str]) -> AsyncIterator[Finding]:
    try:
        servers = IceServers(settings).for_peer("doctor")
    except ConfigError as error:
        yield Finding(Verdict.BAD, str(error))
        return
    relays = [(url, server) for server in servers for url in server.urls if url.startswith(("turn:", "turns:"))]
    if not relays:
        yield Finding(
            Verdict.NOTE, "there is no TURN server", "peers behind strict firewalls need one: see turn/README.md"
        )
    for url, server in relays:
        try:
            async with asyncio.timeout(TURN_DEADLINE), _relay(url, server) as relay:
                relayed = "{}:{}".format(*relay.get_extra_info("sockname"))
                reached = await _reaches(relay, addresses)
        except Exception as error:  # aioice and the network fail in many ways, and each is what is looked for
            reason = str(error) or f"no answer within {TURN_DEADLINE:g} s"
            yield Finding(Verdict.BAD, f"{url} gives no relay: {reason}", _remedy(error))
        else:
            if reached or not addresses:
                yield Finding(Verdict.GOOD, f"{url} relays at {relayed}")
                continue
            yield Finding(
                Verdict.NOTE,
                f"{url} relays, but nothing of it came to {' or '.join(addresses)}",
                "allow it these addresses, by TURN_APP_NETWORK if they are private, and open the UDP ports to it",
            )


def _remedy(error: Exception) -> str:
    match error:
        case stun.TransactionFailed() if error.response.error_code == 401:
            return "it has to have the same secret and clock; restart it, then the server, when the secret was changed"
        case stun.TransactionFailed() if error.response.error_code == 486:
            return "raise TURN_TOTAL_QUOTA, with TURN_MAX_PORT and TURN_BPS_CAPACITY"
        case ssl.SSLCertVerificationError():
            return "give it a certificate that browsers trust, good for this name; restart it when that was renewed"
        case socket.gaierror():
            return "correct the name in HOLISTIC_TURN_URLS, or the DNS"
    return "is it running, at this port, and does its firewall let the port in?"


class _End(asyncio.DatagramProtocol):
    """Of a relay, or of what comes through one."""

    def __init__(self) -> None:
        self.received = asyncio.Event()
        self.closed = asyncio.Event()

    def datagram_received(self, data: bytes, addr: object) -> None:
        self.received.set()

    def connection_lost(self, error: Exception | None) -> None:
        self.closed.set()


@contextlib.asynccontextmanager
async def _relay(url: str, server: IceServer) -> AsyncIterator[turn.TurnTransport]:
    """An allocation at a TURN server, given back at the end."""
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
    """Whether something that is sent through the relay to one of our addresses, which are IPv4, comes here."""
    loop = asyncio.get_running_loop()
    end = _End()
    transports = []
    try:
        for address in addresses:
            transport, _ = await loop.create_datagram_endpoint(lambda: end, local_addr=(address, 0))
            transports.append(transport)
            relay.sendto(b"holistic-rtc doctor", transport.get_extra_info("sockname"))
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(TURN_DEADLINE / 2):
                await end.received.wait()
        return end.received.is_set()
    finally:
        for transport in transports:
            transport.close()


def report(settings: Settings, say: Callable[[Finding], None]) -> int:
    """
    :param say: is given each finding as soon as there is one.
    :return: how many are bad.
    """

    async def examine_all() -> int:
        bad = 0
        async for finding in examine(settings):
            say(finding)
            bad += finding.verdict is Verdict.BAD
        return bad

    return asyncio.run(examine_all())
