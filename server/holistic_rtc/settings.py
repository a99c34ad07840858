"""The settings of the server; the only reader of the environment."""

import os
import re
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ByteSize, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict, SettingsError

from holistic_rtc.errors import ConfigError

_PREFIX = "HOLISTIC_"
_WITH_SECRETS = ("ice_servers", "token", "turn_secret")


def _turn_url(url: str) -> str:
    """An IPv6 address needs a name: aiortc doesn't read it here."""
    if re.fullmatch(r"turns?:[^?/ :]+(:[0-9]+)?([?]transport=(udp|tcp))?", url) is None:
        raise ValueError("write turn:HOST:PORT?transport=udp, or =tcp, or turns:HOST:PORT?transport=tcp")
    return url


TurnUrl = Annotated[str, AfterValidator(_turn_url)]
"""RFC 7065."""


class IceServer(BaseModel, frozen=True):
    """A STUN or TURN server, as in W3C's RTCIceServer."""

    urls: list[str] = Field(min_length=1)
    username: str | None = None
    credential: str | None = None


class Settings(BaseSettings):
    """Each field is read from ``HOLISTIC_<NAME>``; lists are given as JSON."""

    model_config = SettingsConfigDict(env_prefix=_PREFIX, env_ignore_empty=True, frozen=True, extra="forbid")

    host: str = "127.0.0.1"
    port: int = Field(default=8080, ge=0, le=65535)
    """0 takes a free one."""
    tls: Literal["self-signed"] | None = None
    """A certificate that the server makes for itself."""
    tls_cert: Path | None = None
    """PEM, as is the key; for HTTPS with a certificate of one's own."""
    tls_key: Path | None = None
    drain_seconds: float = Field(default=0.0, ge=0)
    """How long running sessions may go on when the server is told to stop."""
    model: Path | None = None
    """A model bundle to use instead of the one in the cache folder."""
    pose_model: Literal["lite", "full"] = "lite"
    """MediaPipe's model complexity 0 or 1."""
    cpus: float | None = Field(default=None, gt=0)
    """How many CPUs the server may use; what the container's limits say if left out."""
    memory: ByteSize | None = Field(default=None, gt=0)
    """That the server may use, in bytes or as 2GB; what the container's limits say if left out."""
    max_sessions: int | None = Field(default=None, ge=1)
    """As many as can have 12 frames a second if left out."""
    warm: int | None = Field(default=None, ge=1)
    """Session processes kept ready for the next peer; one for each 4 CPUs and 4 GB if left out."""
    snapshot_workers: int | None = Field(default=None, ge=1)
    """Processes that take pictures, each with about 250 MB; as many as `warm` if left out."""
    snapshot_places: int = Field(default=8, ge=1)
    """Pictures that may be on their way in, waiting or being taken at the same time."""
    snapshot_max_bytes: int = Field(default=10_000_000, ge=1)
    snapshot_max_pixels: int = Field(default=24_000_000, ge=1)
    snapshot_seconds: float = Field(default=10.0, gt=0)
    """That a picture may take to come in, and after that to be tracked."""
    advertise_ip: IPv4Address | IPv6Address | None = None
    """Where peers can reach the media ports, if not at the addresses that the server sees itself."""
    ice_servers: list[IceServer] = []
    """Used by the server and handed to its clients."""
    turn_urls: list[TurnUrl] = []
    """For the clients alone, with credentials that are made for each: a relay of theirs leads to the server."""
    turn_secret: SecretStr | None = Field(default=None, min_length=1)
    """What the TURN server checks these credentials by."""
    turn_secret_file: Path | None = None
    """Where the secret is, if not in `turn_secret`."""
    turn_lifetime: int = Field(default=3600, ge=60)
    """Seconds in which a credential is taken; relays that it made go on after that."""
    token: SecretStr | None = Field(default=None, min_length=1)
    """What peers have to know to publish, to watch, and to list the sessions."""
    cors_origins: list[str] = []
    """Origins of other sites whose pages may connect; ``*`` for all."""
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"


def load_settings(**given: Any) -> Settings:
    """
    What is given goes before the environment, and that before the defaults.

    :raises ConfigError: a value can't be used; names the first.
    """
    try:
        return Settings(**given)
    except ValidationError as error:
        problem = error.errors()[0]
        name, *place = map(str, problem["loc"])
        source = ".".join([f"--{name.replace('_', '-')}" if name in given else _variable(name), *place])
        if name in _WITH_SECRETS:
            raise ConfigError(f"{source}: {problem['msg']}") from None
        raise ConfigError(f"{source} can't be {problem['input']!r}: {problem['msg']}") from None
    except SettingsError as error:
        found = re.search('field "([^"]+)"', str(error))
        raise ConfigError(f"{_variable(found[1]) if found else error} has to be a list in JSON") from None


def unknown_variables() -> list[str]:
    """Those in the environment that look like settings and are none, such as misspelt ones."""
    known = set(map(_variable, Settings.model_fields))
    return sorted(name for name in os.environ if name.upper().startswith(_PREFIX) and name.upper() not in known)


def _variable(field: str) -> str:
    return _PREFIX + field.upper()
