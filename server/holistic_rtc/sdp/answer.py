"""Completes aiortc's answers as the offer requires (RFC 9429, section 5.3.1)."""

from holistic_rtc.sdp.lines import lines_of
from holistic_rtc.sdp.offer import Offer, Section


def complete(offer: Offer, answer: str) -> str:
    """
    Add the rejected sections, which aiortc doesn't know about, and restore what the offer spells differently.

    :param answer: aiortc's answer, with a section for each accepted section of the offer.
    :return: SDP.
    """
    head, *blocks = _blocks(answer)
    lines = [line for line in head if not line.startswith("a=group:")]
    if offer.bundle:
        lines.append(f"a=group:BUNDLE {' '.join(offer.bundle)}")
    answered = iter(blocks)
    for section in offer.sections:
        lines += _taken(offer, section, next(answered)) if section.taken else _refused(offer, section)
    return "\r\n".join(lines) + "\r\n"


def advertise(answer: str, address: str) -> str:
    """
    Add a host candidate at `address` for each host candidate in the answer. In a container, or behind a NAT that
    forwards ports, peers can't reach the process at its own addresses.

    :param answer: SDP.
    :return: SDP.
    """
    lines = []
    for line in lines_of(answer):
        lines.append(line)
        if line.startswith("a=candidate:"):
            foundation, component, protocol, priority, _, *rest = line.removeprefix("a=candidate:").split()
            added = f"a=candidate:{foundation}a {component} {protocol} {int(priority) - 1} {address} {' '.join(rest)}"
            same_family = (":" in line.split()[4]) == (":" in address)
            if "host" in rest and protocol.lower() == "udp" and same_family:
                lines.append(added)
    return "\r\n".join(lines) + "\r\n"


def _blocks(sdp: str) -> list[list[str]]:
    blocks: list[list[str]] = [[]]
    for line in lines_of(sdp):
        if line.startswith("m="):
            blocks.append([])
        blocks[-1].append(line)
    return blocks


def _taken(offer: Offer, section: Section, block: list[str]) -> list[str]:
    kind, port, _, formats = block[0].split(" ", 3)
    lines = [f"{kind} {port} {section.protocol} {formats}"]
    for line in block[1:]:
        name, _, value = line.partition(":")
        payload_type = value.partition(" ")[0]
        if name == "a=fmtp" and payload_type in section.parameters:
            continue
        if name != "a=mid" or offer.names_mids:
            lines.append(line)
        if name == "a=rtpmap" and (parameters := section.parameters.get(payload_type)):
            lines.append(f"a=fmtp:{payload_type} {parameters}")
    if section.layer:
        lines += [f"a=rid:{section.layer} recv", f"a=simulcast:recv {section.layer}"]
    return lines


def _refused(offer: Offer, section: Section) -> list[str]:
    lines = [f"m={section.kind} 0 {section.protocol} {section.formats}", "c=IN IP4 0.0.0.0", "a=inactive"]
    if offer.names_mids:
        lines.append(f"a=mid:{section.mid}")
    return lines
