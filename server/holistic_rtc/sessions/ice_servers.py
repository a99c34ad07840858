"""
The ICE servers that peers are told to use, with TURN credentials of each peer's own.

The server itself needs no relay, since those of its peers reach it, and each answer would have to wait for one.
"""

import base64
import hmac
import time

from holistic_rtc.errors import ConfigError
from holistic_rtc.settings import IceServer, Settings


class IceServers:
    """
    Those of the settings: some with fixed credentials or none, and TURN servers whose secret this server shares.

    :raises ConfigError: there is no secret for the TURN servers, or it can't be read.
    """

    def __init__(self, settings: Settings) -> None:
        self._fixed = settings.ice_servers
        self._turn_urls = settings.turn_urls
        self._lifetime = settings.turn_lifetime
        self._secret = _turn_secret(settings) if settings.turn_urls else ""

    def for_peer(self, name: str) -> list[IceServer]:
        """
        :param name: what the TURN server knows the peer by; in its log, and for its quota.
        """
        if not self._turn_urls:
            return self._fixed
        username, credential = mint(self._secret, name, int(time.time()) + self._lifetime)
        return [*self._fixed, IceServer(urls=self._turn_urls, username=username, credential=credential)]


def mint(secret: str, name: str, expiry: int) -> tuple[str, str]:
    """
    As coturn's ``use-auth-secret`` has it (draft-uberti-behave-turn-rest-00, section 2.2).

    :param expiry: seconds since 1970; the TURN server takes the credential until then.
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
            "HOLISTIC_TURN_URLS needs the secret that the TURN server has: "
            "set HOLISTIC_TURN_SECRET or HOLISTIC_TURN_SECRET_FILE"
        )
    try:
        secret = settings.turn_secret_file.read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"can't read the TURN server's secret: {error}; the TURN server makes it at its first start"
        ) from error
    if not secret:
        raise ConfigError(f"the TURN server's secret in {settings.turn_secret_file} is empty")
    return secret
