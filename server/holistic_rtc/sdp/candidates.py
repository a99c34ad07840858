"""ICE candidates, the addresses of a peer (RFC 8839, section 5.1), including trickled ones (RFC 8840)."""

import ipaddress
import re
from collections.abc import Iterable
from dataclasses import dataclass

from holistic_rtc.errors import Code, Refusal

MAX_CANDIDATES = 32
"""Maximum number of candidates per peer, including trickled ones. Each address is sent connectivity checks, whoever
owns it"""
MAX_LINES = 256
"""Maximum number of candidate lines in an offer or a fragment, usable or not: browsers repeat them in each section"""
MAX_CREDENTIAL = 256
"""Maximum length of a username fragment or a password (RFC 8839, section 5.4)"""

_ADDRESS = re.compile(r"[0-9A-Fa-f:.]{2,45}")
_CANDIDATE = re.compile(
    r"(?P<foundation>\S{1,32}) (?P<component>\d{1,3}) (?P<transport>\S+) (?P<priority>\d{1,10}) "
    r"(?P<address>\S+) (?P<port>\d{1,5}) typ (?P<type>\S+)( .*)?",
    re.ASCII,
)


@dataclass(frozen=True)
class Candidate:
    """
    :param text: the attribute's value.
    :param mid: the mid of the candidate's section, if it is given.
    :param section: the index of that section.
    """

    text: str
    address: str
    port: int
    mid: str | None
    section: int


def check_count(lines: int) -> None:
    """
    :raises Refusal: there are too many candidates.
    """
    if lines > MAX_LINES:
        raise Refusal(Code.BAD_CANDIDATES, f"{lines} candidates at once; the maximum is {MAX_LINES}")


def read_candidates(values: Iterable[str], mid: str | None, section: int) -> list[Candidate]:
    """
    Parse candidates, and return the usable ones.

    TCP isn't supported. Names are skipped, too, such as the .local names that browsers use to hide addresses: resolving
    them takes seconds, and the server learns a peer's address from the peer's own checks.

    :raises Refusal: a candidate can't be read.
    """
    return [candidate for value in values if (candidate := _read(value, mid, section))]


def read_fragment(fragment: str) -> tuple[set[str], list[Candidate]]:
    """
    Parse an ``application/trickle-ice-sdpfrag`` body.

    :return: its ICE username fragments, and the usable candidates.
    :raises Refusal: it can't be read.
    """
    usernames: set[str] = set()
    mid: str | None = None
    section = 0
    sections = 0
    candidates: list[Candidate] = []
    lines = fragment.splitlines()
    check_count(sum(line.startswith("a=candidate:") for line in lines))
    for line in lines:
        name, _, value = line.partition(":")
        if line.startswith("m="):
            section, mid = sections, None
            sections += 1
        elif name == "a=mid":
            mid = value.strip()
        elif name == "a=ice-ufrag":
            usernames.add(check_credential(value.strip()))
        elif name == "a=candidate":
            candidates += read_candidates([value], mid, section)
    return usernames, candidates


def check_credential(value: str) -> str:
    """
    :raises Refusal: a username fragment or a password is too long.
    """
    if len(value) > MAX_CREDENTIAL:
        raise Refusal(
            Code.BAD_CANDIDATES, f"an ICE credential has {len(value)} characters; the maximum is {MAX_CREDENTIAL}"
        )
    return value


def _read(value: str, mid: str | None, section: int) -> Candidate | None:
    value = " ".join(value.split())
    match = _CANDIDATE.fullmatch(value)
    if match is None:
        raise Refusal(Code.BAD_CANDIDATES, f"the candidate {value[:80]!r} can't be read; see RFC 8839")
    port = int(match["port"])
    if match["transport"].lower() != "udp" or match["component"] != "1" or not _is_address(match["address"]):
        return None
    if not 1 <= port <= 65535:
        raise Refusal(Code.BAD_CANDIDATES, f"the candidate {value[:80]!r} has a port outside 1 to 65535")
    return Candidate(value, match["address"], port, mid, section)


def _is_address(text: str) -> bool:
    if not _ADDRESS.fullmatch(text):
        return False
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
