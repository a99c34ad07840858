"""
Checks the Host header against DNS rebinding: a page whose own name is made to lead to this server's address would be
of the same origin as the server.

An address can't be rebound. The names of a local network can be only by somebody who is in it, and so can reach the
server anyway, unless it serves this machine only.
"""

import socket
from collections.abc import Collection
from fnmatch import fnmatchcase
from ipaddress import IPv6Address, ip_address

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler, Middleware

from holistic_rtc.errors import Code, Refusal

LOCAL_DOMAINS = (".local", ".lan", ".home", ".home.arpa", ".internal", ".localdomain")
"""Domains that the public DNS doesn't have"""


def name_in(host: str | None) -> str:
    """
    :param host: a Host header, or the same part of an origin.
    :return: the name or the address in it, without port and brackets; empty if there is none.
    """
    host = (host or "").strip().lower()
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0].removesuffix(".")


def is_loopback(name: str) -> bool:
    """Whether a name or an address is this machine's for itself."""
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        address = ip_address(name)
    except ValueError:
        return False
    if isinstance(address, IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    return address.is_loopback


class Hosts:
    """
    :param bound: the address that is being served.
    :param names: further names of this server; ``*.example.org`` for all below one, ``*`` for any.
    """

    def __init__(self, bound: str, names: Collection[str]) -> None:
        own = socket.gethostname().lower()
        self._names = {own, own.partition(".")[0], f"{own.partition('.')[0]}.local"}
        self._patterns = [name.lower() for name in names]
        self._local_network = not is_loopback(bound)

    def include(self, host: str | None) -> bool:
        """
        :param host: a Host header.
        """
        name = name_in(host)
        # Only browsers can be deceived, and they send one.
        if not name or is_loopback(name) or name in self._names or _is_address(name):
            return True
        if self._local_network and ("." not in name or name.endswith(LOCAL_DOMAINS)):
            return True
        return any(fnmatchcase(name, pattern) for pattern in self._patterns)


def hosts_middleware(hosts: Hosts) -> Middleware:
    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        host = request.headers.get(hdrs.HOST)
        if not hosts.include(host):
            raise Refusal(
                Code.UNKNOWN_HOST,
                f"{name_in(host)[:255]} isn't a name of this server; if it should be, add it to HOLISTIC_HOSTS",
            )
        return await handler(request)

    return middleware


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True
