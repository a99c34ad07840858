"""The server's settings. Only this module reads environment variables."""

import os
import re
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_origin

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ByteSize,
    Field,
    SecretStr,
    ValidationError,
    WithJsonSchema,
)
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict, SettingsError

from holistic_rtc.errors import ConfigError
from holistic_rtc.model.parts import ALL_PARTS, Part, parse_parts
from holistic_rtc.model.quality import Quality
from holistic_rtc.model.rights import Right

_PREFIX = "HOLISTIC_"
_WORKER_VARIABLES = frozenset({"PATH", "HOME", "LANG", "TZ", "TMPDIR"})
_WORKER_PREFIXES = ("PYTHON", "LC_", "LD_", "DYLD_", "XDG_", "OPENBLAS_", "OMP_", "MKL_", "MALLOC_", "COVERAGE_")
_WITH_SECRETS = (
    *("ice_servers", "job_redis_url", "jwt_secret", "redis_url", "ticket_secret", "token", "tokens", "turn_secret"),
    *("webhook_url", "webhook_secret"),
)
_OF_NUMBERS = frozenset(
    {"int_parsing", "int_from_float", "float_parsing", "greater_than", "greater_than_equal", "less_than_equal"}
)
"""pydantic's errors about numbers"""


def _turn_url(url: str) -> str:
    """Check a TURN URL. IPv6 addresses aren't supported, since aiortc can't parse them; use a host name."""
    if re.fullmatch(r"turns?:[^?/ :]+(:[0-9]+)?([?]transport=(udp|tcp))?", url) is None:
        raise ValueError("write turn:HOST:PORT?transport=udp, or =tcp, or turns:HOST:PORT?transport=tcp")
    return url


TurnUrl = Annotated[str, AfterValidator(_turn_url)]
"""RFC 7065"""


def _http_url(url: str) -> str:
    if re.fullmatch(r"https?://[^/?# ]+([/?][^# ]*)?", url) is None:
        raise ValueError("write https://HOST/PATH")
    return url


HttpUrl = Annotated[str, AfterValidator(_http_url)]


def _node_url(url: str) -> str:
    if re.fullmatch(r"https?://[^/?#@ ]+(/[A-Za-z0-9._~-]+)*/?", url) is None:
        raise ValueError("write https://HOST:PORT, with a path if there is one")
    return url.rstrip("/")


NodeUrl = Annotated[str, AfterValidator(_node_url)]


def _redis_url(url: SecretStr) -> SecretStr:
    if re.match(r"(rediss?|unix)://", url.get_secret_value()) is None:
        raise ValueError("write redis://HOST:PORT, or rediss:// for TLS")
    return url


RedisUrl = Annotated[SecretStr, AfterValidator(_redis_url)]
"""May have a password"""


def _queue_url(url: SecretStr) -> SecretStr:
    if re.match(r"rediss?://", url.get_secret_value()) is None:
        raise ValueError("write redis://HOST:PORT, or rediss:// for TLS")
    return url


QueueUrl = Annotated[SecretStr, AfterValidator(_queue_url)]
"""May have a password"""


def _root_path(path: str) -> str:
    if re.fullmatch(r"(/(?!\.\.?(/|$))[A-Za-z0-9._~-]+)*/?", path) is None:
        raise ValueError(
            "write /PATH, with letters, digits, dots, hyphens, underscores, tildes and slashes, and no /../"
        )
    return path.rstrip("/")


RootPath = Annotated[str, AfterValidator(_root_path)]


def _parts(given: object) -> object:
    return parse_parts(given) if isinstance(given, str) else given


Parts = Annotated[frozenset[Part], NoDecode, BeforeValidator(_parts)]
"""Written as names separated by commas"""


_Omissible = Annotated[str | None, WithJsonSchema({"type": "string"})]
"""Left out of JSON when it is None"""


class IceServer(BaseModel, frozen=True):
    """A STUN or TURN server, as in W3C's RTCIceServer."""

    urls: list[str] = Field(min_length=1)
    username: _Omissible = None
    credential: _Omissible = None


class StaticToken(BaseModel, frozen=True, extra="forbid"):
    """What somebody with this token may do."""

    name: str = Field(min_length=1)
    """For the log and for error messages"""
    token: SecretStr | None = Field(default=None, min_length=1)
    """None for requests without a token"""
    rights: frozenset[Right]


class Settings(BaseSettings):
    """Each field is read from ``HOLISTIC_<NAME>``. Lists are in JSON, except for the parts."""

    model_config = SettingsConfigDict(env_prefix=_PREFIX, env_ignore_empty=True, frozen=True, extra="forbid")

    host: str = "127.0.0.1"
    port: int = Field(default=8080, ge=0, le=65535)
    """0 picks a free port."""
    root_path: RootPath = ""
    """The path below which a proxy serves this server, such as /tracking. The proxy strips it from requests."""
    tls: Literal["self-signed"] | None = None
    """Serves HTTPS with a generated certificate."""
    tls_cert: Path | None = None
    """PEM file, like the key, for HTTPS with your own certificate."""
    tls_key: Path | None = None
    drain_seconds: float = Field(default=0.0, ge=0)
    """How long running sessions may continue after SIGTERM."""
    model: Path | None = None
    """A model bundle to use instead of the one in the cache folder."""
    pose_model: Literal["lite", "full"] = "lite"
    """MediaPipe's model complexity 0 or 1."""
    engine: str = "holistic"
    """The tracking engine."""
    quality: Quality = Quality.BALANCED
    """What the engine may leave out to save CPU time."""
    parts: Parts = ALL_PARTS
    """The parts to track, separated by commas. Clients get no others."""
    cpus: float | None = Field(default=None, gt=0)
    """CPUs that the server may use. Default: the container's limit."""
    memory: ByteSize | None = Field(default=None, gt=0)
    """Memory that the server may use, in bytes or such as 2GB. Default: the container's limit."""
    max_persons: int = Field(default=1, ge=1, le=255)
    """Maximum number of people to track in a frame. Clients get one unless they ask for more."""
    max_tracks: int = Field(default=2, ge=1, le=4)
    """Maximum number of videos that a session may send."""
    max_frame_pixels: int = Field(default=1920 * 1080, ge=1)
    """Maximum width times height of a session's video. A session that sends more is ended."""
    audio: bool = True
    """Whether subscribers get the publisher's audio."""
    max_sessions: int | None = Field(default=None, ge=1)
    """Maximum number of sessions; each further video of a session counts as another one. Default: as many as can have
    12 frames per second each."""
    warm: int | None = Field(default=None, ge=1)
    """Number of session processes kept ready. Default: one per 4 CPUs and 4 GB, at least one."""
    snapshot_workers: int | None = Field(default=None, ge=1)
    """Number of processes for pictures, about 250 MB each. Default: one per 4 CPUs and 4 GB, at least one."""
    snapshot_places: int = Field(default=8, ge=1)
    """Maximum number of pictures being uploaded, waiting or being tracked at the same time."""
    snapshot_max_bytes: int = Field(default=10_000_000, ge=1)
    snapshot_max_pixels: int = Field(default=24_000_000, ge=1)
    snapshot_seconds: float = Field(default=10.0, gt=0)
    """Time limit in seconds for uploading a picture, and again for tracking it."""
    job_workers: int = Field(default=1, ge=0)
    """Maximum number of files that are tracked at the same time, at low priority. 0 for no files at all."""
    job_places: int = Field(default=16, ge=1)
    """Maximum number of files being uploaded, waiting or being tracked at the same time."""
    job_max_bytes: ByteSize = Field(default=ByteSize(500_000_000), ge=1)
    """Maximum size of a file."""
    job_seconds: float = Field(default=3600.0, gt=0)
    """Time limit in seconds for tracking a file."""
    job_keep_seconds: float = Field(default=3600.0, gt=0)
    """How long the results are kept."""
    job_disk_bytes: ByteSize = Field(default=ByteSize(5_000_000_000), ge=1)
    """Room on the disk for files and results. One client address gets half of it."""
    job_folder: Path | None = None
    """Where these files are, in a folder that is removed at the end. Default: the folder for temporary files."""
    job_redis_url: QueueUrl | None = None
    """A Redis from which workers anywhere take the files, instead of `job_workers` of this server. They must reach
    `job_folder` by the same path, as the same user."""
    public_candidates_only: bool = False
    """Ignores peers' candidates that have no public address. Where a peer's own checks come from doesn't matter."""
    advertise_ip: IPv4Address | IPv6Address | None = None
    """Where peers can reach the media ports, if it isn't one of the server's own addresses."""
    ice_servers: list[IceServer] = []
    """STUN and TURN servers, used by the server and its clients."""
    turn_urls: list[TurnUrl] = []
    """TURN servers for clients only, with credentials generated for each client."""
    turn_secret: SecretStr | None = Field(default=None, min_length=1)
    """The secret shared with these TURN servers."""
    turn_secret_file: Path | None = None
    """A file that contains the secret, as an alternative to `turn_secret`."""
    turn_lifetime: int = Field(default=3600, ge=60)
    """Seconds for which a credential is valid. Existing relays continue after that."""
    sessions_per_address: int | None = Field(default=None, ge=1)
    """Maximum number of videos in the sessions of one client address. Default: three quarters of all, at most 32."""
    subscribers_per_address: int = Field(default=32, ge=1)
    """Maximum number of subscribers of one client address, of all sessions together."""
    requests_per_second: float = Field(default=50.0, gt=0)
    """Requests of one client address, on average over 20 seconds. An offer or a TURN credential counts as 10."""
    trusted_proxies: list[IPv4Network | IPv6Network] = [IPv4Network("127.0.0.0/8"), IPv6Network("::1/128")]
    """Networks of proxies whose ``X-Forwarded-For`` or ``Forwarded`` header has the client's address."""
    token: SecretStr | None = Field(default=None, min_length=1)
    """A token with all rights. If there is any token, requests need one."""
    tokens: list[StaticToken] = []
    """Further tokens, each with its rights."""
    jwt_secret: SecretStr | None = Field(default=None, min_length=32)
    """The secret of JSON Web Tokens that are signed with HS256."""
    jwt_jwks: str | None = Field(default=None, min_length=1)
    """The URL or the file of the public keys (JWKS) of JSON Web Tokens that are signed with `jwt_algorithm`."""
    jwt_algorithm: Literal["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA"] = "RS256"
    """The only algorithm that is accepted with these keys."""
    jwt_issuer: str | None = None
    """The `iss` that JSON Web Tokens must have."""
    jwt_audience: str | None = None
    """The `aud` that JSON Web Tokens must have."""
    ticket_secret: SecretStr | None = Field(default=None, min_length=32)
    """Signs tickets. Default: a random one, so that tickets end with the server."""
    ticket_seconds: int = Field(default=12 * 3600, ge=1)
    """Maximum number of seconds for which a ticket is valid."""
    hosts: list[str] = []
    """Names by which clients reach this server; ``*.example.org`` for all below one, ``*`` for any."""
    cors_origins: list[str] = []
    """Origins of other sites whose pages may connect; ``*`` for any."""
    redis_url: RedisUrl | None = None
    """Redis or Valkey, through which servers behind one address know of each other. `node_url` must be set as well."""
    node_url: NodeUrl | None = None
    """Where clients reach this server, and none of the others."""
    webhook_url: HttpUrl | None = None
    """Where to send a request when a session has started or ended, or was refused."""
    webhook_secret: SecretStr | None = Field(default=None, min_length=1)
    """The key that signs these requests: ``whsec_`` and at least 24 bytes as base64."""
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    log_format: Literal["text", "json"] = "text"
    log_peers: Literal["address", "hash"] = "address"
    """How the log names peers. A hash is the same for an address until the server stops."""


def load_settings(**given: Any) -> Settings:
    """
    Load the settings. Arguments take precedence over the environment, and that over the defaults.

    :raises ConfigError: a value is invalid. The message is about the first one.
    """
    try:
        return Settings(**given)
    except ValidationError as error:
        problem = error.errors()[0]
        name, *place = map(str, problem["loc"])
        source = ".".join([f"--{name.replace('_', '-')}" if name in given else _variable(name), *place])
        words, expected = problem["msg"].removeprefix("Value error, "), _expected(name, problem["type"])
        if name in _WITH_SECRETS:
            raise ConfigError(f"{source}: {words}") from None
        if expected and not place:
            raise ConfigError(f"{source} must be {expected}, not {problem['input']!r}") from None
        raise ConfigError(f"{source} can't be {problem['input']!r}: {words}") from None
    except SettingsError as error:
        found = re.search('field "([^"]+)"', str(error))
        raise ConfigError(f"{_variable(found[1]) if found else error} must be a JSON list") from None


def _expected(name: str, error: str) -> str | None:
    """What a number, a choice or a switch must be; None for other settings and other errors."""
    field = Settings.model_fields[name]
    if get_origin(field.annotation) is Literal:
        return " or ".join(get_args(field.annotation))
    if error == "bool_parsing":
        return "true or false"
    if error not in _OF_NUMBERS:
        return None
    found = {
        bound: getattr(part, bound) for part in field.metadata for bound in ("ge", "gt", "le") if hasattr(part, bound)
    }
    kind = "a number" if field.annotation in (float, float | None) else "a whole number"
    if "gt" in found:
        return f"{kind} above {found['gt']}"
    return f"{kind} from {found['ge']} to {found['le']}" if "le" in found else f"{kind} from {found['ge']} on"


def unknown_variables() -> list[str]:
    """Environment variables that look like settings but aren't, such as misspelt ones."""
    known = set(map(_variable, Settings.model_fields))
    return sorted(name for name in os.environ if name.upper().startswith(_PREFIX) and name.upper() not in known)


def worker_arguments(settings: Settings, model: Path, description: str, threads: int) -> tuple[str, ...]:
    """
    The command line of the fork server, which its workers share.

    :param model: the model bundle.
    :param description: of the model, as JSON, for clients.
    :param threads: how many can run at the same time.
    """
    return (
        *("--engine", settings.engine, "--quality", settings.quality, "--model", str(model)),
        *("--log-level", settings.log_level, "--description", description, "--threads", str(threads)),
        *("--parts", ",".join(sorted(settings.parts)), "--max-persons", str(settings.max_persons)),
        *("--max-frame-pixels", str(settings.max_frame_pixels)),
        *(() if settings.audio else ("--no-audio",)),
        *(("--public-candidates-only",) if settings.public_candidates_only else ()),
        *(("--advertise", str(settings.advertise_ip)) if settings.advertise_ip else ()),
    )


def worker_environment() -> dict[str, str]:
    """The environment variables that Python and native libraries need. None is a setting, or anyone's secret."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if name in _WORKER_VARIABLES or name.startswith(_WORKER_PREFIXES)
    }
    # Otherwise NumPy and OpenCV each start a thread for every CPU, which spins for 0.1 s and has no work later.
    return kept | {"OPENBLAS_NUM_THREADS": "1"}


def exports_traces() -> bool:
    """Whether OpenTelemetry's environment variables name an endpoint for traces."""
    given = os.environ.get
    return (
        bool(given("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT") or given("OTEL_EXPORTER_OTLP_ENDPOINT"))
        and given("OTEL_SDK_DISABLED", "").strip().lower() != "true"
        and given("OTEL_TRACES_EXPORTER", "").strip().lower() != "none"
    )


def _variable(field: str) -> str:
    return _PREFIX + field.upper()
