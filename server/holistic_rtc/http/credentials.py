"""Who sends a request: static tokens, JSON Web Tokens and tickets, and what requests without any of them may do."""

import hashlib
import hmac
from typing import TYPE_CHECKING

from holistic_rtc.http.grants import ALL_RIGHTS, Grant
from holistic_rtc.http.tickets import PREFIX, Tickets
from holistic_rtc.model.rights import Right
from holistic_rtc.settings import Settings

if TYPE_CHECKING:
    from holistic_rtc.http.jwts import JwtVerifier

ANYONE = "a request without a token"


class Credentials:
    """
    :raises ConfigError: the keys of JSON Web Tokens can't be read.
    """

    def __init__(self, settings: Settings) -> None:
        self.tickets = Tickets(settings.ticket_secret.get_secret_value() if settings.ticket_secret else None)
        self._grants: dict[bytes, Grant] = {}
        if settings.token:
            self._grants[_digest(settings.token.get_secret_value())] = Grant("the server's token", ALL_RIGHTS)
        everyone: frozenset[Right] | None = None
        for entry in settings.tokens:
            if entry.token:
                self._grants[_digest(entry.token.get_secret_value())] = Grant(entry.name, entry.rights)
            else:
                everyone = (everyone or frozenset()) | entry.rights
        self._verifier = _jwt_verifier(settings)
        self.guarded = bool(self._grants or self._verifier)
        """Whether there is any token."""
        if everyone is None:
            everyone = frozenset() if self.guarded else frozenset({Right.PUBLISH})
        self.anyone = Grant(ANYONE, everyone)
        """Of a request without a token."""
        self.local = self.anyone if self.guarded else Grant(ANYONE, ALL_RIGHTS)
        """Of such a request from this machine."""

    async def identify(self, token: str) -> Grant | None:
        """
        :return: None if the token is wrong.
        :raises Refusal: it is a JSON Web Token that can't be used.
        """
        digest = _digest(token)
        found = None
        # Takes as long wherever it is found.
        for known, grant in self._grants.items():
            if hmac.compare_digest(known, digest):
                found = grant
        if found:
            return found
        if token.startswith(PREFIX):
            return self.tickets.read(token)
        if self._verifier and token.count(".") == 2:
            return await self._verifier.verify(token)
        return None

    async def close(self) -> None:
        if self._verifier:
            await self._verifier.close()


def _digest(token: str) -> bytes:
    # A header may have bytes that aren't UTF-8.
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).digest()


def _jwt_verifier(settings: Settings) -> "JwtVerifier | None":
    if not (settings.jwt_secret or settings.jwt_jwks):
        return None
    # Imported when used, as it takes 9 MB.
    from holistic_rtc.http.jwts import JwtVerifier

    return JwtVerifier(settings)
