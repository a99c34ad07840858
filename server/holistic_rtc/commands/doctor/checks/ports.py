"""UDP ports for media: each peer takes one for each of the server's addresses."""

from collections.abc import AsyncIterator
from pathlib import Path

from holistic_rtc.commands.doctor.check import Finding, Machine, Verdict, count_sessions
from holistic_rtc.sessions.capacity import MAX_SUBSCRIBERS, ports

PORT_RANGE = Path("/proc/sys/net/ipv4/ip_local_port_range")


async def check(machine: Machine) -> AsyncIterator[Finding]:
    try:
        first, last = _read_range()
    except (OSError, ValueError):
        yield Finding(Verdict.NOTE, "the range of UDP ports for media is unknown on this system")
    else:
        yield _judge(first, last, machine.capacity.sessions(machine.frame_cpu_ms), len(machine.addresses))


def _read_range() -> tuple[int, int]:
    first, last = map(int, PORT_RANGE.read_text().split())
    return first, last


def _judge(first: int, last: int, sessions: int, addresses: int) -> Finding:
    text = f"media uses UDP ports {first} to {last}"
    there, needed = last - first + 1, ports(sessions) * addresses
    remedy = f"widen net.ipv4.ip_local_port_range to {needed} ports, and publish as many"
    if there < sessions * addresses:
        return Finding(Verdict.BAD, f"{text}: too few for {count_sessions(sessions)}", remedy)
    if there < needed:
        text = f"{text}: too few for {count_sessions(sessions)} with {MAX_SUBSCRIBERS} viewers each"
        return Finding(Verdict.NOTE, text, f"for that, {remedy}")
    return Finding(Verdict.GOOD, f"{text}; the firewall must let them in")
