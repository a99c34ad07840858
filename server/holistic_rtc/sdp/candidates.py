"""ICE candidates, the addresses of a peer (RFC 8839, section 5.1), including trickled ones (RFC 8840)."""

import ipaddress
import logging
import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from holistic_rtc.errors import Code, Refusal
from holistic_rtc.sdp.lines import lines_of

logger = logging.getLogger(__name__)

MAX_CANDIDATES = 32
"""Maximum number of candidates per peer, including trickled ones. Each address is sent connectivity checks, whoever
owns it"""
MAX_LINES = 256
"""Maximum number of candidate lines in an offer or a fragment, usable or not: browsers repeat them in each section"""
CREDENTIALS = {"ice-ufrag": (4, 256), "ice-pwd": (22, 256)}
"""Minimum and maximum length of ICE credentials (RFC 8839, section 5.4). A fragment is repeated in each check"""

_VISIBLE = re.compile(r"[!-~]*")
"""More than RFC 8839 allows, since some peers use hyphens and underscores"""
_ADDRESS = re.compile(r"[0-9A-Fa-f:.]{2,45}")
_BROADCAST = ipaddress.ip_address("255.255.255.255")
_CANDIDATE = re.compile(
    r"(?P<foundation>\S{1,32}) (?P<component>\d{1,3}) (?P<transport>\S+) (?P<priority>\d{1,10}) "
    r"(?P<address>\S+) (?P<port>\d{1,5}) typ (?P<type>\S+)( .*)?",
    re.ASCII,
)


@dataclass(frozen=True)
class Candidate:
    """
    :param text: the attribute's value, up to the type. What may follow isn't needed, and nobody checks it.
    """

    text: str
    address: str
    port: int

    @property
    def is_public(self) -> bool:
        """Whether the address is one of the Internet: not private, local, or reserved."""
        address = ipaddress.ip_address(self.address)
        return address.is_global and not getattr(address, "is_site_local", False)


def check_count(lines: int) -> None:
    """
    :raises Refusal: there are too many candidates.
    """
    if lines > MAX_LINES:
        raise Refusal(Code.BAD_CANDIDATES, f"{lines} candidates at once; the maximum is {MAX_LINES}")


def read_candidates(values: Iterable[str]) -> list[Candidate]:
    """
    Parse candidates, and return the usable ones.

    TCP isn't supported. Names are skipped, too, such as the .local names that browsers use to hide addresses: resolving
    them takes seconds, and the server learns a peer's address from the peer's own checks. So are multicast, broadcast,
    unspecified and IPv4-mapped addresses, which no peer has, and what can't be read.
    """
    return [candidate for value in values if (candidate := _read(value))]


def read_fragment(fragment: str) -> tuple[set[str], list[Candidate]]:
    """
    Parse an ``application/trickle-ice-sdpfrag`` body. Its sections don't matter, since all share one transport.

    :return: its ICE username fragments, and the usable candidates.
    :raises Refusal: it is none, has an impossible credential, or too many candidates.
    """
    usernames: set[str] = set()
    values: list[str] = []
    lines = lines_of(fragment)
    for line in lines:
        name, _, value = line.partition(":")
        if name == "a=ice-ufrag":
            usernames.add(check_credential("ice-ufrag", value.strip()))
        elif name == "a=candidate":
            values.append(value)
    bare = not values and any(line.startswith("candidate:") for line in lines)
    if bare or not any(line.startswith(("a=", "m=")) for line in lines):
        raise Refusal(
            Code.BAD_CANDIDATES,
            "the body isn't a trickle-ice-sdpfrag (RFC 8840); write each candidate on a line, as a=candidate:...",
        )
    check_count(len(values))
    return usernames, read_candidates(values)


def leave_out(fragment: str, usernames: Collection[str]) -> str:
    """
    :param usernames: the ICE username fragments of sessions that don't exist, or not any more.
    :return: the fragment without the sections of these.
    """
    head, *sections = re.split(r"^(?=m=)", fragment, flags=re.MULTILINE)
    shared = _usernames(head)
    kept = (
        block for block in (head, *sections) if not ((names := _usernames(block) or shared) and names <= set(usernames))
    )
    return "".join(kept)


def _usernames(block: str) -> set[str]:
    prefix = "a=ice-ufrag:"
    return {line.removeprefix(prefix).strip() for line in block.splitlines() if line.startswith(prefix)}


def check_credential(name: str, value: str) -> str:
    """
    :param name: ``ice-ufrag`` or ``ice-pwd``.
    :raises Refusal: its length is out of range, or it has other characters than visible ASCII ones.
    """
    least, most = CREDENTIALS[name]
    if not least <= len(value) <= most:
        raise Refusal(Code.BAD_CANDIDATES, f"a={name} has {len(value)} characters; it must have {least} to {most}")
    if not _VISIBLE.fullmatch(value):
        raise Refusal(Code.BAD_CANDIDATES, f"a={name} has characters that RFC 8839 doesn't allow")
    return value


def _read(value: str) -> Candidate | None:
    value = " ".join(value.split())
    match = _CANDIDATE.fullmatch(value)
    if match is None:
        logger.debug("skipping the candidate %r, which can't be read; see RFC 8839", value[:80])
        return None
    port = int(match["port"])
    if match["transport"].lower() != "udp" or match["component"] != "1" or not _is_address(match["address"]):
        return None
    if not 1 <= port <= 65535:
        logger.debug("skipping the candidate %r, whose port isn't one of 1 to 65535", value[:80])
        return None
    return Candidate(value[: match.end("type")], match["address"], port)


def _is_address(text: str) -> bool:
    """Whether a peer may have this address."""
    if not _ADDRESS.fullmatch(text):
        return False
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return False
    hidden = getattr(address, "ipv4_mapped", None)
    return not (hidden or address.is_multicast or address.is_unspecified or address == _BROADCAST)
