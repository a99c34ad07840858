"""JSON Web Tokens (RFC 7519), from an identity provider or from a program that shares a secret with this server."""

import asyncio
import logging
import time
from pathlib import Path
from typing import Annotated, Any

import aiohttp
import jwt
import msgspec

from holistic_rtc.errors import Code, ConfigError, Refusal
from holistic_rtc.http.grants import Grant
from holistic_rtc.model.rights import Right
from holistic_rtc.settings import Settings

logger = logging.getLogger(__name__)

SHARED = "HS256"
LEEWAY = 10.0
"""Seconds by which the issuer's clock may differ"""
JWKS_BYTES = 256 * 1024
JWKS_SECONDS = 5.0
"""To fetch the keys"""
JWKS_AGE = 600.0
"""Seconds after which the keys are fetched again"""
JWKS_INTERVAL = 30.0
"""Seconds between two fetches at least, whatever tokens come"""


class _Claims(msgspec.Struct):
    exp: float
    scope: str = ""
    """Rights, separated by spaces (RFC 8693, section 4.2); others are ignored"""
    session: str = "*"
    max_seconds: Annotated[float, msgspec.Meta(gt=0)] | None = None
    sub: str = "the token's holder"


class JwtVerifier:
    """
    :raises ConfigError: the keys can't be read.
    """

    def __init__(self, settings: Settings) -> None:
        self._secret = settings.jwt_secret.get_secret_value() if settings.jwt_secret else None
        self._keys = KeySet(settings.jwt_jwks, settings.jwt_algorithm) if settings.jwt_jwks else None
        self._algorithms = [
            *([SHARED] if self._secret else []),
            *([settings.jwt_algorithm] if self._keys else []),
        ]
        self._issuer = settings.jwt_issuer
        self._audience = settings.jwt_audience

    async def verify(self, token: str) -> Grant:
        """
        :raises Refusal: the token is invalid or has expired, or the issuer's keys can't be had.
        """
        try:
            header = jwt.get_unverified_header(token)
            key = await self._find_key(header.get("alg"), header.get("kid"))
            claims = jwt.decode(
                token,
                key,
                algorithms=self._algorithms,
                leeway=LEEWAY,
                issuer=self._issuer,
                audience=self._audience,
                options={"require": ["exp"], "verify_aud": self._audience is not None},
            )
            return _grant(msgspec.convert(claims, _Claims))
        except (jwt.PyJWTError, msgspec.ValidationError) as error:
            raise Refusal(Code.UNAUTHORIZED, f"the token can't be used: {error}") from error
        except UnicodeError as error:
            raise Refusal(Code.UNAUTHORIZED, "the token can't be used: it isn't a JSON Web Token") from error

    async def close(self) -> None:
        if self._keys:
            await self._keys.close()

    async def _find_key(self, algorithm: object, id: object) -> Any:
        """The algorithm chooses the key, so that a public key is never taken for a secret."""
        if algorithm == SHARED and self._secret:
            return self._secret
        if self._keys and algorithm == self._keys.algorithm:
            return await self._keys.find(id if isinstance(id, str) else None)
        raise jwt.InvalidAlgorithmError(f"it must be signed with {' or '.join(self._algorithms)}")


class KeySet:
    """
    The public keys of an issuer (RFC 7517). Those at a URL are fetched when they are needed.

    :param source: a URL or a file.
    :param algorithm: the only one that these keys are used with.
    :raises ConfigError: the file can't be read.
    """

    def __init__(self, source: str, algorithm: str) -> None:
        self.algorithm = algorithm
        self._keys: dict[str | None, jwt.PyJWK] = {}
        self._url = source if source.startswith(("https://", "http://")) else None
        self._next_fetch = self._stale_at = 0.0
        self._fetching: asyncio.Task[None] | None = None
        if self._url is None:
            try:
                self._read(Path(source).read_bytes())
            except (OSError, ValueError) as error:
                raise ConfigError(f"HOLISTIC_JWT_JWKS: the keys in {source} can't be used: {error}") from error

    async def find(self, id: str | None) -> jwt.PyJWK:
        """
        :param id: the token's `kid`; may be None if there is only one key.
        :raises jwt.InvalidKeyError: there is no such key.
        :raises Refusal: the keys can't be fetched.
        """
        if self._url and (self._get(id) is None or time.monotonic() > self._stale_at):
            await self._refresh()
        if key := self._get(id):
            return key
        if not self._keys:
            raise Refusal(
                Code.KEYS_UNAVAILABLE, "the issuer's keys for JSON Web Tokens can't be fetched", retry_after=30
            )
        raise jwt.InvalidKeyError("its key isn't one of the issuer's")

    async def close(self) -> None:
        if self._fetching:
            self._fetching.cancel()
            await asyncio.wait({self._fetching})

    def _get(self, id: str | None) -> jwt.PyJWK | None:
        if id is None and len(self._keys) == 1:
            return next(iter(self._keys.values()))
        return self._keys.get(id)

    async def _refresh(self) -> None:
        """Waits for a fetch, which goes on if whoever waits for it is gone."""
        if self._fetching is None and time.monotonic() >= self._next_fetch:
            self._next_fetch = time.monotonic() + JWKS_INTERVAL
            self._fetching = asyncio.create_task(self._fetch(), name="jwks")
        if self._fetching:
            await asyncio.wait({self._fetching})

    async def _fetch(self) -> None:
        assert self._url
        try:
            timeout = aiohttp.ClientTimeout(total=JWKS_SECONDS)
            async with (
                aiohttp.ClientSession(timeout=timeout) as http,
                http.get(self._url, allow_redirects=False, raise_for_status=True) as response,
            ):
                body = bytearray()
                async for chunk in response.content.iter_any():
                    body += chunk
                    if len(body) > JWKS_BYTES:
                        raise ValueError(f"they have more than {JWKS_BYTES:,} bytes")
            self._read(body)
            self._stale_at = time.monotonic() + JWKS_AGE
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            logger.warning("the keys at %s can't be used: %s", self._url, error or type(error).__name__)
        finally:
            self._fetching = None

    def _read(self, document: bytes | bytearray) -> None:
        """
        :raises ValueError: there is no key in it for this algorithm.
        """
        keys: dict[str | None, jwt.PyJWK] = {}
        try:
            for key in msgspec.json.decode(document, type=dict[str, Any])["keys"]:
                if key.get("use", "sig") != "sig" or key.get("alg", self.algorithm) != self.algorithm:
                    continue
                try:
                    keys[key.get("kid")] = jwt.PyJWK(key, self.algorithm)
                except jwt.PyJWTError:
                    continue  # of another kind
        except (msgspec.DecodeError, KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"it isn't a JWKS: {error}") from error
        if not keys:
            raise ValueError(f"it has no key for {self.algorithm}")
        self._keys = keys


def _grant(claims: _Claims) -> Grant:
    words = claims.scope.split()
    rights = frozenset(right for right in Right if right in words)
    return Grant(claims.sub, rights, claims.session, claims.max_seconds, claims.exp)
