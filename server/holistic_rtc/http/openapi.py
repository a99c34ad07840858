"""The HTTP API as OpenAPI 3.1, without WHIP and WHEP, which docs/protocol.md describes."""

from typing import Any

from aiohttp import web

from holistic_rtc import __version__
from holistic_rtc.errors import Code
from holistic_rtc.http.keys import SETTINGS
from holistic_rtc.http.snapshot import PICTURES, SIZES
from holistic_rtc.model.parts import PARTS, Kind, Part, PartSpec
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

_SCHEMAS: Schema = {
    "Model": _object(
        {"origin": {"type": ["string", "null"]}, "pose_model": {"type": ["string", "null"]}},
        description="The model bundle in use.",
    ),
    "Snapshot": _object(
        {
            "seq": _COUNT,
            "timestamp_ms": _COUNT,
            "track": _COUNT,
            "width": {**_COUNT, "description": "Width of the upright picture in pixels."},
            "height": _COUNT,
            **_LANDMARKS,
            "model": {"$ref": "#/components/schemas/Model"},
            "milliseconds": {"type": "number", "minimum": 0, "description": "Time spent on the picture."},
        },
        *_LANDMARKS,
        description="A landmark message. Parts that weren't seen or requested are absent.",
    ),
    "Sessions": _object(
        {
            "sessions": {
                "type": "array",
                "items": _object(
                    {
                        "id": {"type": "string", "description": "For `POST /whep/{id}`."},
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
    "IceServers": _object(
        {
            "iceServers": {
                "type": "array",
                "items": _object(
                    {
                        "urls": {"type": "array", "items": {"type": "string"}, "minItems": 1},
                        "username": {"type": "string"},
                        "credential": {"type": "string"},
                    },
                    "username",
                    "credential",
                ),
            }
        },
        description="As in W3C's RTCConfiguration.",
    ),
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


def _problem(description: str, *headers: str) -> Schema:
    return {
        "description": description,
        "headers": {name: {"schema": {"type": "string"}} for name in headers},
        "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }


_UNAUTHORISED = _problem("The token is missing or wrong.", "WWW-Authenticate")


def _parameter(name: str, description: str, schema: Schema, **more: Any) -> Schema:
    return {"name": name, "in": "query", "description": description, "schema": schema, **more}


def _snapshot(settings: Settings) -> Schema:
    return {
        "summary": "Find the person in a picture",
        "operationId": "takeSnapshot",
        "parameters": [
            _parameter(
                "parts",
                "The parts to return. Default: all except `rig`.",
                {"type": "array", "items": {"type": "string", "enum": list(Part)}, "minItems": 1},
                style="form",
                explode=False,
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
            "description": "JPEG, PNG, WebP or BMP, detected from the content.",
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
            "400": _problem("The picture is damaged, or a parameter is wrong."),
            "401": _UNAUTHORISED,
            "406": _problem("The `Accept` header allows none of the response's formats."),
            "408": _problem(f"The picture didn't arrive within {settings.snapshot_seconds:g} s."),
            "413": _problem(
                f"More than {settings.snapshot_max_bytes:,} bytes or {settings.snapshot_max_pixels:,} pixels."
            ),
            "415": _problem("The picture has an unknown format."),
            "500": _problem("The process that tracked the picture crashed."),
            "503": _problem("The server is busy with its maximum number of pictures.", "Retry-After"),
            "504": _problem(f"The picture wasn't tracked within {settings.snapshot_seconds:g} s."),
        },
    }


def describe(settings: Settings) -> Schema:
    """The OpenAPI document, with the limits in `settings`."""
    document: Schema = {
        "openapi": "3.1.0",
        "info": {
            "title": "holistic-rtc",
            "version": __version__,
            "description": "Pose, face and hands of a person, live over WebRTC or in a picture. Live sessions use WHIP "
            "to publish (`POST /whip`) and WHEP to subscribe (`POST /whep/{session}`), see docs/protocol.md.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "paths": {
            "/api/snapshot": {"post": _snapshot(settings)},
            "/api/sessions": {
                "get": {
                    "summary": "List the running sessions, oldest first",
                    "operationId": "listSessions",
                    "responses": {"200": _json("Sessions", "The running sessions."), "401": _UNAUTHORISED},
                }
            },
            "/api/ice-servers": {
                "get": {
                    "summary": "STUN and TURN servers to use",
                    "operationId": "getIceServers",
                    "responses": {"200": _json("IceServers", "The servers."), "401": _UNAUTHORISED},
                }
            },
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
    if settings.token is not None:
        document["components"]["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
        document["security"] = [{"token": []}]
    return document


async def get_openapi(request: web.Request) -> web.Response:
    return web.json_response(describe(request.app[SETTINGS]))


routes = [web.get("/api/openapi.json", get_openapi)]
