"""Tells clients apart by their addresses, also behind proxies."""

import logging
import re
from collections.abc import Collection
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

from aiohttp import web

from holistic_rtc.sessions.quotas import Client

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

CLIENT_PREFIX = 64
"""Length of the IPv6 prefix that stands for a client, which can use any address in it"""

_FORWARDED_FOR = re.compile(r"""(?:^|[;,\s])for=("?)([^\s",;]*)\1""", re.IGNORECASE)

logger = logging.getLogger(__name__)


class ClientAddresses:
    """
    :param proxies: the networks of the proxies that are trusted to forward their clients' addresses.
    """

    def __init__(self, proxies: Collection[Network]) -> None:
        self._proxies = proxies
        self._warned = False

    def of(self, request: web.BaseRequest) -> Client:
        """
        :return: the client, with :func:`to_key` of its address as its key; on this machine, it has none.
        """
        peer = parse_address(request.remote or "")
        chains = [chain for chain in map(_read_chain, _read_headers(request)) if chain]
        if peer is None or (peer.is_loopback and not chains):
            return Client(request.remote or "unknown")
        if chains and not self._trusts(peer):
            self._warn(peer)
        # A proxy may pass on a header that it doesn't know from the client. If they disagree, neither is believed.
        found = {self._find(peer, chain) for chain in chains}
        address = found.pop() if len(found) == 1 else peer
        return Client(str(address), to_key(address))

    def of_connection(self, host: str) -> str | None:
        """
        :param host: the address that a connection came from.
        :return: the key of that address; None for this machine and for trusted proxies.
        """
        peer = parse_address(host)
        return None if peer is None or peer.is_loopback or self._trusts(peer) else to_key(peer)

    def _find(self, peer: Address, chain: list[str]) -> Address:
        """The last address that isn't a trusted proxy's. What comes before it is the client's own claim."""
        for hop in reversed(chain):
            if not self._trusts(peer) or (address := parse_address(hop)) is None:
                break
            peer = address
        return peer

    def _trusts(self, address: Address) -> bool:
        return any(address in network for network in self._proxies)

    def _warn(self, peer: Address) -> None:
        if peer.is_private and not self._warned:
            self._warned = True
            logger.warning(
                "ignoring the forwarded client address from %s; if that is your proxy, add it to "
                "HOLISTIC_TRUSTED_PROXIES, so that its clients don't share one client's limits",
                peer,
            )


def parse_address(text: str) -> Address | None:
    """
    :param text: an address, possibly with a port; IPv6 possibly in brackets.
    """
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text)
    except ValueError:
        return None
    return (address.version == 6 and address.ipv4_mapped) or address


def to_key(address: Address) -> str:
    """The address as text; of an IPv6 address, its network of :data:`CLIENT_PREFIX` bits."""
    if address.version == 4:
        return str(address)
    return str(IPv6Network((int(address), CLIENT_PREFIX), strict=False))


def _read_headers(request: web.BaseRequest) -> tuple[str, str]:
    """``X-Forwarded-For``, and the same list from ``Forwarded`` (RFC 7239)."""
    forwarded = ",".join(request.headers.getall("Forwarded", ()))
    return (
        ",".join(request.headers.getall("X-Forwarded-For", ())),
        ",".join(match[2] for match in _FORWARDED_FOR.finditer(forwarded)),
    )


def _read_chain(header: str) -> list[str]:
    return header.split(",") if header.strip() else []
