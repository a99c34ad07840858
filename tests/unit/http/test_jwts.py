"""JSON Web Tokens, made by the library that checks them, and keys from a real HTTP server."""

import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import jwt
import pytest
from aiohttp import web
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from holistic_rtc.errors import Code, ConfigError, Refusal
from holistic_rtc.http import jwts
from holistic_rtc.http.jwts import JwtVerifier, KeySet
from holistic_rtc.model.rights import Right
from holistic_rtc.settings import load_settings

SECRET = "0123456789abcdef0123456789abcdef"
RSA = rsa.generate_private_key(65537, 2048)
OTHER = rsa.generate_private_key(65537, 2048)


def claims(**more: Any) -> dict[str, Any]:
    return {"exp": time.time() + 3600, "scope": "publish openid watch", "sub": "alice", **more}


def shared(payload: dict[str, Any], secret: str = SECRET, algorithm: str = "HS256") -> str:
    return jwt.encode(payload, secret, algorithm)


def signed(payload: dict[str, Any], key: Any = RSA, kid: str | None = "k1", algorithm: str = "RS256") -> str:
    return jwt.encode(payload, key, algorithm, headers={"kid": kid} if kid else None)


def jwk(key: Any = RSA, kid: str = "k1", **more: str) -> dict[str, Any]:
    return {**json.loads(RSAAlgorithm.to_jwk(key.public_key())), "kid": kid, **more}


def jwks_file(path: Path, *keys: dict[str, Any]) -> str:
    file = path / "jwks.json"
    file.write_text(json.dumps({"keys": keys}))
    return str(file)


class Issuer:
    """Its `document` is at its `url`."""

    def __init__(self, url: str, document: bytes) -> None:
        self.url = url
        self.document = document
        self.requests = 0


@asynccontextmanager
async def issuing(*keys: dict[str, Any]) -> AsyncIterator[Issuer]:
    async def get(request: web.Request) -> web.Response:
        issuer.requests += 1
        return web.Response(body=issuer.document)

    app = web.Application()
    app.add_routes([web.get("/jwks", get)])
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        issuer = Issuer(f"http://127.0.0.1:{runner.addresses[0][1]}/jwks", json.dumps({"keys": keys}).encode())
        yield issuer
    finally:
        await runner.cleanup()


async def refused(verifier: JwtVerifier, token: str) -> str:
    with pytest.raises(Refusal) as caught:
        await verifier.verify(token)
    assert caught.value.code is Code.UNAUTHORIZED
    return caught.value.detail


async def test_a_token_signed_with_the_secret_has_the_rights_of_its_scope() -> None:
    verifier = JwtVerifier(load_settings(jwt_secret=SECRET))
    grant = await verifier.verify(shared(claims(session="abc*", max_seconds=90)))
    assert (grant.name, set(grant.rights)) == ("alice", {Right.PUBLISH, Right.WATCH})
    assert (grant.sessions, grant.max_seconds) == ("abc*", 90.0)
    assert grant.expires == pytest.approx(time.time() + 3600, abs=2)


async def test_a_token_without_a_scope_has_no_rights() -> None:
    verifier = JwtVerifier(load_settings(jwt_secret=SECRET))
    assert (await verifier.verify(shared({"exp": time.time() + 60}))).rights == frozenset()


@pytest.mark.parametrize(
    ("token", "words"),
    [
        ("a.b.c", "can't be used"),
        ("..", "can't be used"),
        ("\udcff.\udcff.\udcff", "can't be used"),
        (f"{jwt.utils.base64url_encode(b'[' * 5000).decode()}.e30.AAAA", "can't be used"),
        (shared(claims(), SECRET.upper()), "[Ss]ignature"),
        (shared(claims(exp=time.time() - 60)), "expired"),
        (shared({"scope": "publish"}), "exp"),
        (shared(claims(nbf=time.time() + 1800)), "not yet valid"),
        (shared(claims(scope=["publish"])), "scope"),
        (shared(claims(max_seconds=0)), "max_seconds"),
        (shared(claims(max_seconds="9")), "max_seconds"),
        (shared(claims(session=1)), "session"),
        (shared(claims(), SECRET * 2, "HS512"), "must be signed with HS256"),
        (jwt.encode(claims(), "", "none"), "must be signed with HS256"),
        (signed(claims()), "must be signed with HS256"),
    ],
)
async def test_what_is_wrong_with_a_token_is_said(token: str, words: str) -> None:
    verifier = JwtVerifier(load_settings(jwt_secret=SECRET))
    with pytest.raises(Refusal, match=words) as caught:
        await verifier.verify(token)
    assert caught.value.code is Code.UNAUTHORIZED
    assert SECRET not in caught.value.detail


async def test_a_token_that_has_just_expired_is_good_for_clocks_that_differ() -> None:
    verifier = JwtVerifier(load_settings(jwt_secret=SECRET))
    assert await verifier.verify(shared(claims(exp=time.time() - 5)))


async def test_issuer_and_audience_are_checked_where_they_are_set() -> None:
    free = JwtVerifier(load_settings(jwt_secret=SECRET))
    assert await free.verify(shared(claims(iss="https://id.example", aud="another")))
    strict = JwtVerifier(load_settings(jwt_secret=SECRET, jwt_issuer="https://id.example", jwt_audience="rtc"))
    assert await strict.verify(shared(claims(iss="https://id.example", aud=["rtc", "another"])))
    assert "aud" in (await refused(strict, shared(claims(iss="https://id.example")))).lower()
    assert "audience" in (await refused(strict, shared(claims(iss="https://id.example", aud="another")))).lower()
    assert "issuer" in (await refused(strict, shared(claims(iss="https://evil.example", aud="rtc")))).lower()


async def test_keys_come_from_a_file(tmp_path: Path) -> None:
    verifier = JwtVerifier(load_settings(jwt_jwks=jwks_file(tmp_path, jwk())))
    assert (await verifier.verify(signed(claims()))).name == "alice"
    assert (await verifier.verify(signed(claims(), kid=None))).name == "alice", "it is the only one"
    assert "signature" in (await refused(verifier, signed(claims(), OTHER))).lower()
    assert "issuer's" in await refused(verifier, signed(claims(), kid="k2"))


async def test_a_public_key_is_not_taken_for_a_secret(tmp_path: Path) -> None:
    pem = RSA.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    # By hand, since the library doesn't sign with such a secret.
    head, body = (
        jwt.utils.base64url_encode(json.dumps(part).encode())
        for part in ({"alg": "HS256", "typ": "JWT", "kid": "k1"}, claims())
    )
    signature = jwt.algorithms.HMACAlgorithm(jwt.algorithms.HMACAlgorithm.SHA256).sign(head + b"." + body, pem)
    forged = b".".join((head, body, jwt.utils.base64url_encode(signature))).decode()
    keys = jwks_file(tmp_path, jwk())
    assert "RS256" in await refused(JwtVerifier(load_settings(jwt_jwks=keys)), forged)
    both = JwtVerifier(load_settings(jwt_jwks=keys, jwt_secret=SECRET))
    assert "ignature" in await refused(both, forged)
    assert await both.verify(signed(claims()))
    assert await both.verify(shared(claims()))


async def test_only_keys_of_the_algorithm_are_used(tmp_path: Path) -> None:
    curve = ec.generate_private_key(ec.SECP256R1())
    other = {**json.loads(ECAlgorithm.to_jwk(curve.public_key())), "kid": "ec"}
    secret = {"kty": "oct", "k": "c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0", "kid": "oct"}
    encryption = jwk(OTHER, "enc", use="enc")
    keys = jwks_file(tmp_path, other, secret, encryption, jwk(OTHER, "ps", alg="PS256"), jwk())
    verifier = JwtVerifier(load_settings(jwt_jwks=keys))
    assert await verifier.verify(signed(claims(), kid=None)), "it is the only one that is left"
    for kid in ("ec", "oct", "enc", "ps"):
        assert "issuer's" in await refused(verifier, signed(claims(), OTHER, kid))
    assert "RS256" in await refused(verifier, signed(claims(), curve, "ec", "ES256"))
    curves = JwtVerifier(load_settings(jwt_jwks=keys, jwt_algorithm="ES256"))
    assert await curves.verify(signed(claims(), curve, "ec", "ES256"))


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"keys": 1}', '{"keys": [1]}', '{"keys": []}', '{"keys": [{"kty": "RSA"}]}']
)
def test_a_file_without_keys_is_an_error_at_the_start(text: str, tmp_path: Path) -> None:
    (tmp_path / "jwks.json").write_text(text)
    with pytest.raises(ConfigError, match="HOLISTIC_JWT_JWKS"):
        KeySet(str(tmp_path / "jwks.json"), "RS256")


def test_a_file_that_is_not_there_is_an_error_at_the_start(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="HOLISTIC_JWT_JWKS"):
        KeySet(str(tmp_path / "absent.json"), "RS256")


async def test_keys_are_fetched_once_and_unknown_ones_do_not_make_the_server_fetch_more(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with issuing(jwk()) as issuer:
        verifier = JwtVerifier(load_settings(jwt_jwks=issuer.url))
        for _ in range(5):
            assert await verifier.verify(signed(claims()))
            assert "issuer's" in await refused(verifier, signed(claims(), OTHER, "k2"))
        assert issuer.requests == 1
        issuer.document = json.dumps({"keys": [jwk(OTHER, "k2")]}).encode()
        monkeypatch.setattr(jwts, "JWKS_INTERVAL", 0.0)
        verifier = JwtVerifier(load_settings(jwt_jwks=issuer.url))
        assert await verifier.verify(signed(claims(), OTHER, "k2"))
        issuer.document = json.dumps({"keys": [jwk()]}).encode()
        assert await verifier.verify(signed(claims())), "a new key is found"
        assert "issuer's" in await refused(verifier, signed(claims(), OTHER, "k2")), "and an old one is dropped"
        await verifier.close()


@pytest.mark.parametrize("document", [b"no json", b'{"keys": []}', b" " * (jwts.JWKS_BYTES + 1)])
async def test_an_issuer_without_usable_keys_is_not_the_tokens_fault(document: bytes) -> None:
    async with issuing(jwk()) as issuer:
        issuer.document = document
        verifier = JwtVerifier(load_settings(jwt_jwks=issuer.url))
        with pytest.raises(Refusal) as caught:
            await verifier.verify(signed(claims()))
    assert caught.value.code is Code.KEYS_UNAVAILABLE
    assert caught.value.retry_after


async def test_keys_that_are_there_are_used_while_the_issuer_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jwts, "JWKS_AGE", 0.0)
    monkeypatch.setattr(jwts, "JWKS_INTERVAL", 0.0)
    async with issuing(jwk()) as issuer:
        verifier = JwtVerifier(load_settings(jwt_jwks=issuer.url))
        assert await verifier.verify(signed(claims()))
    assert await verifier.verify(signed(claims()))
