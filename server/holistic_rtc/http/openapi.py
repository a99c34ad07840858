"""The HTTP API as OpenAPI 3.1, without WHIP and WHEP, which docs/protocol.md describes."""

from collections.abc import Iterable
from typing import Any

from aiohttp import web

from holistic_rtc import __version__
from holistic_rtc.errors import Code
from holistic_rtc.http.auth import open_to_all
from holistic_rtc.http.ice import RtcConfiguration
from holistic_rtc.http.keys import CREDENTIALS, SETTINGS
from holistic_rtc.http.problem import PROBLEMS, Problem
from holistic_rtc.http.snapshot import ALL, PERSONS, PICTURES, SIZES
from holistic_rtc.model.parts import PARTS, Kind, Part, PartSpec
from holistic_rtc.model.rights import Right
from holistic_rtc.settings import Settings

Schema = dict[str, Any]

_COORDINATES: Schema = {"type": "array", "items": {"type": "number"}, "minItems": 3, "maxItems": 3}
_SCORE: Schema = {"type": "number", "minimum": 0, "maximum": 1}
_SCORES: Schema = {"type": "object", "additionalProperties": _SCORE}
_QUATERNION: Schema = {**_COORDINATES, "minItems": 4, "maxItems": 4, "description": "Quaternion x, y, z, w."}
_COUNT: Schema = {"type": "integer", "minimum": 0}
_BINARY: Schema = {"type": "string", "contentMediaType": "application/octet-stream"}


def _points(count: int, description: str) -> Schema:
    return {
        "type": "array",
        "items": _COORDINATES,
        "minItems": count,
        "maxItems": count,
        "description": description,
    }


def _object(properties: Schema, *optional: str, **more: Any) -> Schema:
    return {
        "type": "object",
        "properties": properties,
        "required": [name for name in properties if name not in optional],
        **more,
    }


def _part(spec: PartSpec) -> Schema:
    description = f"{spec.holds}; {spec.unit.partition('](')[0].lstrip('[')}"
    match spec.kind:
        case Kind.POINTS:
            return _points(spec.count, description)
        case Kind.SCORES:
            return {**_SCORES, "description": description}
        case Kind.TRANSFORM:
            return _object({"position": _COORDINATES, "rotation": _QUATERNION}, description=description)
        case Kind.RIG:
            return _object(
                {
                    "hips_position": _COORDINATES,
                    "bones": {"type": "object", "additionalProperties": _QUATERNION},
                    "expressions": _SCORES,
                    "arkit": _SCORES,
                },
                description=description,
            )


_LANDMARKS: Schema = {
    **{part.value: _part(spec) for part, spec in PARTS.items()},
    "pose_visibility": {"type": "array", "items": _SCORE, "minItems": 33, "maxItems": 33},
}

_MESSAGE: Schema = {
    "seq": _COUNT,
    "timestamp_ms": _COUNT,
    "track": _COUNT,
    "person": {**_COUNT, "description": "Id of the person."},
    "width": {**_COUNT, "description": "Width of the upright picture in pixels."},
    "height": _COUNT,
    **_LANDMARKS,
}

_ICE: Schema = RtcConfiguration.model_json_schema(ref_template="#/components/schemas/{model}")

_SCHEMAS: Schema = {
    "Model": _object(
        {"origin": {"type": ["string", "null"]}, "pose_model": {"type": ["string", "null"]}},
        description="The model bundle in use.",
    ),
    "Landmarks": _object(
        _MESSAGE, *_LANDMARKS, description="A landmark message. Parts that weren't seen or requested are absent."
    ),
    "Snapshot": _object(
        {
            **_MESSAGE,
            "others": {
                "type": "array",
                "items": {"$ref": "#/components/schemas/Landmarks"},
                "description": "The other people, if several were asked for and seen.",
            },
            "model": {"$ref": "#/components/schemas/Model"},
            "milliseconds": {"type": "number", "minimum": 0, "description": "Time spent on the picture."},
        },
        *_LANDMARKS,
        description="The landmark message of the first person, and more.",
    ),
    "Sessions": _object(
        {
            "sessions": {
                "type": "array",
                "items": _object(
                    {
                        "id": {"type": "string", "description": "For `POST /whep/{id}`."},
                        "public": {"type": "boolean", "description": "Whether it can be watched without a key."},
                        "started": {"type": "string", "format": "date-time"},
                        "subscribers": _COUNT,
                        "tracks": {
                            "type": "array",
                            "items": _object(
                                {"track": _COUNT, "width": _COUNT, "height": _COUNT, "fps": {"type": "number"}}
                            ),
                        },
                    }
                ),
            }
        }
    ),
    "Ticket": _object(
        {
            "ticket": {"type": "string", "description": "For `?ticket=` in a URL, or as a bearer token."},
            "expires": {"type": "string", "format": "date-time"},
        }
    ),
    **_ICE.pop("$defs"),
    "RtcConfiguration": _ICE,
    "Health": _object(
        {
            "status": {"type": "string"},
            "version": {"type": "string"},
            "model": {"type": "object"},
            "sessions": _COUNT,
            "max_sessions": _COUNT,
        }
    ),
    "Problem": _object(
        {
            "type": {"type": "string"},
            "title": {"type": "string"},
            "status": {"type": "integer"},
            "detail": {"type": "string", "description": "What went wrong and what to do, for people."},
            "code": {"type": "string", "enum": list(Code)},
        },
        description="RFC 9457.",
    ),
}


def _json(schema: str, description: str) -> Schema:
    return {
        "description": description,
        "content": {"application/json": {"schema": {"$ref": f"#/components/schemas/{schema}"}}},
    }


def _problems(problems: Iterable[Problem]) -> Schema:
    """The responses for refusals, by status."""
    explanations: dict[int, list[str]] = {}
    for problem in problems:
        explanations.setdefault(problem.status, []).append(problem.explanation)
    headers = {401: "WWW-Authenticate", 429: "Retry-After", 503: "Retry-After"}
    return {
        str(status): {
            "description": " Or: ".join(words),
            "headers": {headers[status]: {"schema": {"type": "string"}}} if status in headers else {},
            "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
        for status, words in explanations.items()
    }


def _refusals(*codes: Code) -> Schema:
    """Of a request that requires a right."""
    common = (Code.UNAUTHORIZED, Code.FORBIDDEN, Code.FOREIGN_ORIGIN, Code.UNKNOWN_HOST, Code.KEYS_UNAVAILABLE)
    return _problems(PROBLEMS[code] for code in (*common, *codes))


def _parameter(name: str, description: str, schema: Schema, **more: Any) -> Schema:
    return {"name": name, "in": "query", "description": description, "schema": schema, **more}


def _snapshot(settings: Settings) -> Schema:
    return {
        "summary": "Find the people in a picture",
        "operationId": "takeSnapshot",
        "parameters": [
            _parameter(
                "parts",
                f"The parts to return, of those that this server tracks ({', '.join(sorted(settings.parts))}). "
                "Default: all of these except `rig`.",
                {"type": "array", "items": {"type": "string", "enum": list(Part)}, "minItems": 1},
                style="form",
                explode=False,
            ),
            _parameter(
                "max_persons",
                f"Maximum number of people to find, up to the server's {settings.max_persons}; `{ALL}` for that many.",
                {
                    "oneOf": [
                        {"type": "integer", "minimum": 1, "maximum": PERSONS[-1]},
                        {"type": "string", "enum": [ALL]},
                    ],
                    "default": 1,
                },
            ),
            _parameter("annotate", "Draw the landmarks onto the picture.", {"type": "boolean", "default": True}),
            _parameter("mirror", "Flip the picture left to right.", {"type": "boolean", "default": False}),
            _parameter(
                "max_size",
                "Maximum length of the returned picture's longer side, in pixels.",
                {"type": "integer", "minimum": SIZES[0], "maximum": SIZES[-1]},
            ),
        ],
        "requestBody": {
            "required": True,
            "description": "JPEG, PNG, WebP or BMP, detected from the content. Up to "
            f"{settings.snapshot_max_bytes:,} bytes and {settings.snapshot_max_pixels:,} pixels; has "
            f"{settings.snapshot_seconds:g} s to arrive, and as long to be tracked.",
            "content": {
                **{kind: {"schema": _BINARY} for kind in (*PICTURES, "image/bmp")},
                "multipart/form-data": {"schema": _object({"file": _BINARY})},
            },
        },
        "responses": {
            "200": {
                "description": "As requested by `Accept`: the landmarks, the picture, or both in a form.",
                "content": {
                    "application/json": {"schema": {"$ref": "#/components/schemas/Snapshot"}},
                    **{kind: {"schema": _BINARY} for kind in PICTURES},
                    "multipart/form-data": {
                        "schema": _object({"landmarks": {"$ref": "#/components/schemas/Snapshot"}, "picture": _BINARY})
                    },
                },
            },
            **_problems(problem for problem in PROBLEMS.values() if problem.of_snapshots),
        },
    }


def _ticket(settings: Settings) -> Schema:
    return {
        "summary": "Get a ticket: a signed, short-lived credential for a URL",
        "operationId": "getTicket",
        "parameters": [
            _parameter(
                "rights",
                "What it allows. The request needs these rights itself. Default: all that it has.",
                {"type": "array", "items": {"type": "string", "enum": list(Right)}, "minItems": 1},
                style="form",
                explode=False,
            ),
            _parameter("session", "Watch and list only this one.", {"type": "string", "pattern": "^[0-9A-Za-z]+$"}),
            _parameter(
                "seconds",
                "How long it is valid.",
                {
                    "type": "integer",
                    "minimum": 1,
                    "maximum": settings.ticket_seconds,
                    "default": settings.ticket_seconds,
                },
            ),
        ],
        "responses": {"201": _json("Ticket", "The ticket."), **_refusals(Code.BAD_REQUEST)},
    }


def describe(settings: Settings, guarded: bool) -> Schema:
    """
    The OpenAPI document.

    :param settings: whose limits it names.
    :param guarded: whether the server asks for tokens.
    """
    document: Schema = {
        "openapi": "3.1.0",
        "info": {
            "title": "holistic-rtc",
            "version": __version__,
            "description": "Pose, face and hands of people, live over WebRTC or in a picture. Live sessions use WHIP "
            "to publish (`POST /whip`) and WHEP to subscribe (`POST /whep/{session}`), see docs/protocol.md.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "paths": {
            "/api/snapshot": {"post": _snapshot(settings)},
            "/api/sessions": {
                "get": {
                    "summary": "List the running sessions, oldest first",
                    "description": "Without the right to list, only public ones.",
                    "operationId": "listSessions",
                    "responses": {"200": _json("Sessions", "The running sessions."), **_refusals()},
                }
            },
            "/api/ice-servers": {
                "get": {
                    "summary": "STUN and TURN servers to use",
                    "operationId": "getIceServers",
                    "parameters": [
                        _parameter("session", "The session that `key` is for.", {"type": "string"}),
                        _parameter("key", "Its viewing key, in place of a right.", {"type": "string"}),
                    ],
                    "responses": {
                        "200": _json("RtcConfiguration", "The servers."),
                        **_refusals(Code.PRIVATE_SESSION, Code.UNKNOWN_SESSION),
                    },
                }
            },
            "/api/tickets": {"post": _ticket(settings)},
            "/healthz": {
                "get": {
                    "summary": "Is the server up?",
                    "operationId": "getHealth",
                    "security": [],
                    "responses": {"200": _json("Health", "It is.")},
                }
            },
            "/readyz": {
                "get": {
                    "summary": "Can the next peer start at once?",
                    "operationId": "getReadiness",
                    "security": [],
                    "responses": {"200": _json("Health", "It can."), "503": _json("Health", "It can't.")},
                }
            },
        },
        "components": {"schemas": _SCHEMAS},
    }
    if guarded:
        document["components"]["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
        document["security"] = [{"token": []}]
    return document


@open_to_all
async def get_openapi(request: web.Request) -> web.Response:
    return web.json_response(describe(request.app[SETTINGS], request.app[CREDENTIALS].guarded))


routes = [web.get("/api/openapi.json", get_openapi)]
