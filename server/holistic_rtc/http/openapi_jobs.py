"""Jobs in the OpenAPI document."""

from holistic_rtc.errors import Code
from holistic_rtc.http.jobs import EVENTS, TYPES
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
from holistic_rtc.model.job import JobResult, JobState
from holistic_rtc.model.quality import Quality
from holistic_rtc.settings import Settings

_STATES = [state for state in JobState if state is not JobState.UPLOADING]

JOB = object_of(
    {
        "id": {"type": "string", "description": "Secret: whoever knows it may use the job."},
        "state": {"type": "string", "enum": _STATES},
        "ahead": {**COUNT, "description": "How many jobs wait in front of this one, while it waits."},
        "frames": {**COUNT, "description": "How many frames have been tracked."},
        "total": {
            "type": ["integer", "null"],
            "minimum": 0,
            "description": "How many frames there are, for some formats an estimate; null if unknown.",
        },
        "damaged": {"type": "boolean", "description": "Whether some of the video or its audio couldn't be decoded."},
        "results": {
            "type": "array",
            "items": object_of({"name": {"type": "string"}, "type": {"type": "string"}, "url": {"type": "string"}}),
            "description": "The files that can be downloaded, once the state is `done`.",
        },
        "error": {
            "oneOf": [
                {"type": "null"},
                object_of({"code": {"type": "string", "enum": list(Code)}, "detail": {"type": "string"}}),
            ],
            "description": "Why it failed.",
        },
        "expires_in": {"type": ["integer", "null"], "description": "Seconds until it is removed, once it has ended."},
    },
    description="A file that is tracked.",
)


def describe_jobs(settings: Settings) -> Schema:
    """
    :param settings: whose limits the document names.
    :return: the paths.
    """
    id = {"name": "job", "in": "path", "required": True, "schema": {"type": "string", "pattern": "^[0-9A-Za-z_-]+$"}}
    unknown = problems_of([PROBLEMS[Code.UNKNOWN_JOB]])
    return {
        "/api/jobs": {"post": _submit(settings)},
        "/api/jobs/{job}": {
            "parameters": [id],
            "get": {
                "summary": "How far is a job?",
                "operationId": "getJob",
                "security": [],
                "responses": {
                    "200": {
                        "description": "The job; or its changes as events named `job`, until it has ended.",
                        "content": {
                            "application/json": {"schema": {"$ref": "#/components/schemas/Job"}},
                            EVENTS: {"schema": {"type": "string"}},
                        },
                    },
                    **unknown,
                },
            },
            "delete": {
                "summary": "Stop a job, and remove its files",
                "operationId": "deleteJob",
                "security": [],
                "responses": {"204": {"description": "It is gone."}, **unknown},
            },
        },
        "/api/jobs/{job}/{result}": {
            "parameters": [
                id,
                {
                    "name": "result",
                    "in": "path",
                    "required": True,
                    "schema": {"type": "string", "pattern": "^[a-z.0-9]+$"},
                },
            ],
            "get": {
                "summary": "Download a result of a job",
                "operationId": "getJobResult",
                "security": [],
                "responses": {
                    "200": {
                        "description": "The file.",
                        "content": {kind: {"schema": BINARY} for kind in TYPES.values()},
                    },
                    **problems_of(
                        PROBLEMS[code]
                        for code in (
                            *(Code.UNKNOWN_JOB, Code.NOT_FOUND, Code.JOB_UNFINISHED, Code.BAD_FILE),
                            *(Code.JOB_FAILED, Code.JOBS_FULL, Code.JOB_TIMEOUT),
                        )
                    ),
                },
            },
        },
    }


def _submit(settings: Settings) -> Schema:
    return {
        "summary": "Have a video or a picture tracked",
        "operationId": "submitJob",
        "parameters": [
            parameter(
                "results",
                "What to make: `annotated.mp4`, or `annotated` in the format of the picture, and `landmarks.jsonl`. "
                "Default: both.",
                {"type": "array", "items": {"type": "string", "enum": list(JobResult)}, "minItems": 1},
                style="form",
                explode=False,
            ),
            parameter(
                "quality",
                "Trade-off between speed and precision.",
                {"type": "string", "enum": list(Quality), "default": settings.quality},
            ),
            max_persons_parameter(settings.max_persons),
        ],
        "requestBody": {
            "required": True,
            "description": f"The file, up to {settings.job_max_bytes:,} bytes, in a format that FFmpeg or Pillow can "
            f"read, detected from the content. It may take {settings.job_seconds:g} s to be tracked. The results are "
            f"kept for {settings.job_keep_seconds:g} s.",
            "content": {kind: {"schema": BINARY} for kind in ("video/mp4", "video/webm", "image/jpeg", "image/png")},
        },
        "responses": {
            "201": {
                **json_of("Job", "The job, which waits for its turn."),
                "headers": {"Location": {"schema": {"type": "string"}}},
            },
            **refusals_of(
                *(Code.BAD_REQUEST, Code.TOO_SLOW, Code.TOO_LARGE, Code.UNSUPPORTED_TYPE, Code.JOBS_OFF),
                *(Code.JOBS_FULL, Code.ADDRESS_FULL, Code.TOO_MANY_REQUESTS, Code.INTERNAL),
            ),
        },
    }
