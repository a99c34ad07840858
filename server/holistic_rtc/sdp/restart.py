"""ICE restarts (RFC 9725, section 4.3.3): new credentials come in a fragment, and are answered with one."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from holistic_rtc.errors import Code, Refusal
from holistic_rtc.sdp.candidates import check_credential
from holistic_rtc.sdp.lines import lines_of

_OF_TRANSPORT = ("a=mid:", "a=candidate:", "a=end-of-candidates")


@dataclass(frozen=True)
class Credentials:
    """Of one peer, for one ICE session."""

    username: str
    password: str


def read_credentials(fragment: str) -> Credentials:
    """
    :param fragment: an ``application/trickle-ice-sdpfrag``. Its sections share one transport.
    :raises Refusal: it has no username fragment or no password, or several.
    """
    found = []
    for name in ("ice-ufrag", "ice-pwd"):
        prefix = f"a={name}:"
        values = {line.removeprefix(prefix).strip() for line in lines_of(fragment) if line.startswith(prefix)}
        if len(values) != 1:
            raise Refusal(
                Code.BAD_CANDIDATES, f"the fragment has {len(values)} different lines a={name}; a restart needs one"
            )
        found.append(check_credential(name, values.pop()))
    return Credentials(*found)


def answer_restart(answer: str, credentials: Credentials) -> str:
    """
    :param answer: the SDP that the peer got first.
    :param credentials: the server's new ones.
    :return: a fragment with them and the server's candidates.
    """
    return "\r\n".join(_lines(answer, credentials)) + "\r\n"


def _lines(answer: str, credentials: Credentials) -> Iterator[str]:
    lines = lines_of(answer)
    starts = [number for number, line in enumerate(lines) if line.startswith("m=")]
    head, *sections = (lines[start:end] for start, end in pairwise([0, *starts, len(lines)]))
    yield from (line for line in head if line.startswith("a=group:"))
    transport = next(section for section in sections if any(line.startswith("a=candidate:") for line in section))
    yield transport[0]
    yield f"a=ice-ufrag:{credentials.username}"
    yield f"a=ice-pwd:{credentials.password}"
    yield from (line for line in transport if line.startswith(_OF_TRANSPORT))
