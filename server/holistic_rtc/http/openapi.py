"""The HTTP API as OpenAPI 3.1, without WHIP and WHEP, which docs/protocol.md describes."""

from aiohttp import web

from holistic_rtc import __version__
from holistic_rtc.errors import Code
from holistic_rtc.http.auth import open_to_all
from holistic_rtc.http.ice import RtcConfiguration
from holistic_rtc.http.keys import CREDENTIALS, SETTINGS
from holistic_rtc.http.openapi_jobs import JOB, describe_jobs
from holistic_rtc.http.problem import PROBLEMS
from holistic_rtc.http.schema import (
    BINARY,
    COUNT,
    Schema,
    json_of,
    max_persons_parameter,
    object_of,
    parameter,
    problems_of,
    refusals_of,
)
from holistic_rtc.http.snapshot import PICTURES, SIZES
from holistic_rtc.http.whep import WAITS
from holistic_rtc.model.parts import PARTS, Kind, Part, PartSpec
from holistic_rtc.model.rights import Right
from holistic_rtc.settings import Settings

_COORDINATES: Schema = {"type": "array", "items": {"type": "number"}, "minItems": 3, "maxItems": 3}
_SCORE: Schema = {"type": "number", "minimum": 0, "maximum": 1}
_SCORES: Schema = {"type": "object", "additionalProperties": _SCORE}
_QUATERNION: Schema = {**_COORDINATES, "minItems": 4, "maxItems": 4, "description": "Quaternion x, y, z, w."}
_UPLOADS = ("jpeg", "png", "webp", "heic", "avif", "tiff", "gif", "jp2", "bmp")
"""The most common types of pictures"""


def _points(count: int, description: str) -> Schema:
    return {
        "type": "array",
        "items": _COORDINATES,
        "minItems": count,
        "maxItems": count,
        "description": description,
    }


def _part(spec: PartSpec) -> Schema:
    description = f"{spec.holds}; {spec.unit.partition('](')[0].lstrip('[')}"
    match spec.kind:
        case Kind.POINTS:
            return _points(spec.count, description)
        case Kind.SCORES:
            return {**_SCORES, "description": description}
        case Kind.TRANSFORM:
            return object_of({"position": _COORDINATES, "rotation": _QUATERNION}, description=description)
        case Kind.RIG:
            return object_of(
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
    "seq": COUNT,
    "timestamp_ms": COUNT,
    "track": COUNT,
    "person": {**COUNT, "description": "Id of the person."},
    "width": {**COUNT, "description": "Width of the upright picture in pixels."},
    "height": COUNT,
    **_LANDMARKS,
}

_ICE: Schema = RtcConfiguration.model_json_schema(ref_template="#/components/schemas/{model}")

_SCHEMAS: Schema = {
    "Model": object_of(
        {"origin": {"type": ["string", "null"]}, "pose_model": {"type": ["string", "null"]}},
        description="The model bundle in use.",
    ),
    "Landmarks": object_of(
        _MESSAGE, *_LANDMARKS, description="A landmark message. Parts that weren't seen or requested are absent."
    ),
    "Snapshot": object_of(
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
    "Session": object_of(
        {
            "id": {"type": "string", "description": "For `POST /whep/{id}`."},
            "name": {"type": ["string", "null"], "description": "Chosen by its publisher; for `POST /whep/{name}`."},
            "public": {"type": "boolean", "description": "Whether it can be watched without a key."},
            "started": {"type": "string", "format": "date-time"},
            "subscribers": COUNT,
            "tracks": {
                "type": "array",
                "items": object_of({"track": COUNT, "width": COUNT, "height": COUNT, "fps": {"type": "number"}}),
            },
        }
    ),
    "Job": JOB,
    "Sessions": object_of({"sessions": {"type": "array", "items": {"$ref": "#/components/schemas/Session"}}}),
    "Ticket": object_of(
        {
            "ticket": {"type": "string", "description": "For `?ticket=` in a URL, or as a bearer token."},
            "expires": {"type": "string", "format": "date-time"},
        }
    ),
    **_ICE.pop("$defs"),
    "RtcConfiguration": _ICE,
    "Health": object_of(
        {
            "status": {"type": "string"},
            "version": {"type": "string"},
            "model": {"type": "object"},
            "sessions": COUNT,
            "max_sessions": COUNT,
            "redis": {
                "enum": ["connected", "unreachable"],
                "description": "Whether a node knows of the others; absent if the server isn't one of several.",
            },
            "job_queue": {
                "enum": ["connected", "unreachable"],
                "description": "Whether the queue from which workers take jobs answers; absent if there is none.",
            },
        },
        "redis",
        "job_queue",
    ),
    "Problem": object_of(
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


_ELSEWHERE: Schema = {"307": {"description": "The session is on another node, at the URL in `Location`."}}


def _snapshot(settings: Settings) -> Schema:
    return {
        "summary": "Find the people in a picture",
        "operationId": "takeSnapshot",
        "parameters": [
            parameter(
                "parts",
                f"The parts to return, of those that this server tracks ({', '.join(sorted(settings.parts))}). "
                "Default: all of these except `rig`.",
                {"type": "array", "items": {"type": "string", "enum": list(Part)}, "minItems": 1},
                style="form",
                explode=False,
            ),
            max_persons_parameter(settings.max_persons),
            parameter("annotate", "Draw the landmarks onto the picture.", {"type": "boolean", "default": True}),
            parameter("mirror", "Flip the picture left to right.", {"type": "boolean", "default": False}),
            parameter(
                "max_size",
                "Maximum length of the returned picture's longer side, in pixels.",
                {"type": "integer", "minimum": SIZES[0], "maximum": SIZES[-1]},
            ),
        ],
        "requestBody": {
            "required": True,
            "description": "A picture in any format that Pillow can read, detected from the content. Up to "
            f"{settings.snapshot_max_bytes:,} bytes and {settings.snapshot_max_pixels:,} pixels; has "
            f"{settings.snapshot_seconds:g} s to arrive, and as long to be tracked.",
            "content": {
                **{f"image/{kind}": {"schema": BINARY} for kind in _UPLOADS},
                "multipart/form-data": {"schema": object_of({"file": BINARY})},
            },
        },
        "responses": {
            "200": {
                "description": "As requested by `Accept`: the landmarks, the picture, or both in a form.",
                "content": {
                    "application/json": {"schema": {"$ref": "#/components/schemas/Snapshot"}},
                    **{kind: {"schema": BINARY} for kind in PICTURES},
                    "multipart/form-data": {
                        "schema": object_of({"landmarks": {"$ref": "#/components/schemas/Snapshot"}, "picture": BINARY})
                    },
                },
            },
            **problems_of(problem for problem in PROBLEMS.values() if problem.of_snapshots),
        },
    }


def _ticket(settings: Settings) -> Schema:
    return {
        "summary": "Get a ticket: a signed, short-lived credential for a URL",
        "operationId": "getTicket",
        "parameters": [
            parameter(
                "rights",
                "What it allows. The request needs these rights itself. Default: all that it has.",
                {"type": "array", "items": {"type": "string", "enum": list(Right)}, "minItems": 1},
                style="form",
                explode=False,
            ),
            parameter(
                "session",
                "Watch and list only this one.",
                {"type": "string", "pattern": "^[0-9A-Za-z_][0-9A-Za-z_-]{0,63}$"},
            ),
            parameter(
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
        "responses": {"201": json_of("Ticket", "The ticket."), **refusals_of(Code.BAD_REQUEST)},
    }


def describe(settings: Settings, guarded: bool) -> Schema:
    """
    The OpenAPI document.

    :param settings: whose limits it names.
    :param guarded: whether the server asks for tokens.
    """
    document: Schema = {
        "openapi": "3.1.0",
        "servers": [{"url": settings.root_path or "/"}],
        "info": {
            "title": "holistic-rtc",
            "version": __version__,
            "description": "Pose, face and hands of people, live over WebRTC or in a picture. Live sessions use WHIP "
            "to publish (`POST /whip`) and WHEP to subscribe (`POST /whep/{session}`), see docs/protocol.md.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "paths": {
            "/api/snapshot": {"post": _snapshot(settings)},
            **describe_jobs(settings),
            "/api/sessions": {
                "get": {
                    "summary": "List the running sessions, oldest first",
                    "description": "Without the right to list, only public ones.",
                    "operationId": "listSessions",
                    "responses": {"200": json_of("Sessions", "The running sessions."), **refusals_of()},
                }
            },
            "/api/sessions/{session}": {
                "get": {
                    "summary": "Look up a session, and wait for its publisher",
                    "operationId": "getSession",
                    "parameters": [
                        {
                            "name": "session",
                            "in": "path",
                            "required": True,
                            "description": "Its id or name.",
                            "schema": {"type": "string"},
                        },
                        parameter("key", "Its viewing key, in place of the right to watch.", {"type": "string"}),
                        parameter(
                            "wait",
                            "Seconds to wait for a publisher if nobody is publishing under the name.",
                            {"type": "integer", "minimum": WAITS[0], "maximum": WAITS[-1], "default": WAITS[0]},
                        ),
                    ],
                    "responses": {
                        "200": json_of("Session", "The session."),
                        **_ELSEWHERE,
                        **refusals_of(Code.BAD_REQUEST, Code.PRIVATE_SESSION, Code.UNKNOWN_SESSION, Code.NOT_LIVE),
                    },
                }
            },
            "/api/ice-servers": {
                "get": {
                    "summary": "STUN and TURN servers to use",
                    "operationId": "getIceServers",
                    "parameters": [
                        parameter("session", "The session that `key` is for.", {"type": "string"}),
                        parameter("key", "Its viewing key, in place of a right.", {"type": "string"}),
                    ],
                    "responses": {
                        "200": json_of("RtcConfiguration", "The servers."),
                        **_ELSEWHERE,
                        **refusals_of(Code.PRIVATE_SESSION, Code.UNKNOWN_SESSION),
                    },
                }
            },
            "/api/tickets": {"post": _ticket(settings)},
            "/healthz": {
                "get": {
                    "summary": "Is the server up?",
                    "operationId": "getHealth",
                    "security": [],
                    "responses": {"200": json_of("Health", "It is.")},
                }
            },
            "/readyz": {
                "get": {
                    "summary": "Can the next peer start at once?",
                    "operationId": "getReadiness",
                    "security": [],
                    "responses": {"200": json_of("Health", "It can."), "503": json_of("Health", "It can't.")},
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
