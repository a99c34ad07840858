"""
The ICE servers for peers, with separate TURN credentials for each peer.

The server itself uses no relay: its peers' relays reach it, and allocating one would delay each answer.
"""

import base64
import hmac
import time

from holistic_rtc.errors import ConfigError
from holistic_rtc.sessions.events import CredentialGiven, Listener, ignore
from holistic_rtc.settings import IceServer, Settings


class IceServers:
    """
    The configured ICE servers: those with fixed credentials or none, and TURN servers that share a secret with us.

    :raises ConfigError: the TURN servers' secret is missing or can't be read.
    """

    def __init__(self, settings: Settings) -> None:
        self.on_event: Listener = ignore
        self._fixed = settings.ice_servers
        self._turn_urls = settings.turn_urls
        self._lifetime = settings.turn_lifetime
        self._secret = _turn_secret(settings) if settings.turn_urls else ""

    def for_peer(self, name: str) -> list[IceServer]:
        """
        :param name: identifies the peer in the TURN server's log and for its quota.
        """
        if not self._turn_urls:
            return self._fixed
        username, credential = mint(self._secret, name, int(time.time()) + self._lifetime)
        self.on_event(CredentialGiven())
        return [*self._fixed, IceServer(urls=self._turn_urls, username=username, credential=credential)]


def mint(secret: str, name: str, expiry: int) -> tuple[str, str]:
    """
    Create TURN credentials for coturn's ``use-auth-secret`` (draft-uberti-behave-turn-rest-00, section 2.2).

    :param expiry: seconds since 1970 until which the TURN server accepts the credential.
    :return: username and credential.
    """
    username = f"{expiry}:{name}"
    digest = hmac.digest(secret.encode(), username.encode(), "sha1")
    return username, base64.b64encode(digest).decode()


def _turn_secret(settings: Settings) -> str:
    if settings.turn_secret is not None:
        return settings.turn_secret.get_secret_value()
    if settings.turn_secret_file is None:
        raise ConfigError(
            "HOLISTIC_TURN_URLS needs the TURN server's secret: set HOLISTIC_TURN_SECRET or HOLISTIC_TURN_SECRET_FILE"
        )
    try:
        secret = settings.turn_secret_file.read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"can't read the TURN server's secret: {error}; the TURN server creates it at its first start"
        ) from error
    if not secret:
        raise ConfigError(f"the TURN server's secret in {settings.turn_secret_file} is empty")
    return secret
