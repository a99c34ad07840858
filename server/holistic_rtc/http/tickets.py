"""Tickets: signed, short-lived credentials for URLs, where a token would stay in histories and logs."""

import binascii
import hmac
import secrets
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode

import msgspec

from holistic_rtc.http.grants import Grant
from holistic_rtc.model.rights import Right

PREFIX = "ticket."


class _Content(msgspec.Struct, array_like=True):
    expires: int
    name: str
    rights: list[Right]
    sessions: str
    max_seconds: float | None


class Tickets:
    """
    :param secret: signs the tickets. Servers with the same one accept each other's.
    """

    def __init__(self, secret: str | None) -> None:
        key = secret.encode() if secret else secrets.token_bytes(32)
        # The secret's other uses, should it have any, don't make tickets.
        self._key = hmac.digest(key, b"holistic-rtc tickets", "sha256")

    def issue(self, grant: Grant, seconds: float) -> tuple[str, int]:
        """
        :param grant: what the ticket allows. It doesn't outlive the grant.
        :return: the ticket, and when it expires in seconds since 1970.
        """
        expires = int(min(time.time() + seconds, grant.expires or float("inf")))
        content = msgspec.json.encode(
            _Content(expires, grant.name, sorted(grant.rights), grant.sessions, grant.max_seconds)
        )
        return f"{PREFIX}{_encode(content)}.{_encode(self._sign(content))}", expires

    def read(self, ticket: str) -> Grant | None:
        """
        :return: None if it is none of ours, or has expired.
        """
        content, _, signature = ticket.removeprefix(PREFIX).partition(".")
        try:
            signed = urlsafe_b64decode(_padded(content))
            if not hmac.compare_digest(urlsafe_b64decode(_padded(signature)), self._sign(signed)):
                return None
        except (binascii.Error, ValueError):
            return None
        found = msgspec.json.decode(signed, type=_Content)
        if found.expires <= time.time():
            return None
        return Grant(found.name, frozenset(found.rights), found.sessions, found.max_seconds, found.expires)

    def _sign(self, content: bytes) -> bytes:
        return hmac.digest(self._key, content, "sha256")


def _encode(content: bytes) -> str:
    return urlsafe_b64encode(content).decode().rstrip("=")


def _padded(text: str) -> str:
    return text + "=" * (-len(text) % 4)
