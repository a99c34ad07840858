"""Building blocks of the OpenAPI document."""

from collections.abc import Iterable
from typing import Any

from holistic_rtc.errors import Code
from holistic_rtc.http.problem import PROBLEMS, Problem
from holistic_rtc.http.snapshot import ALL, PERSONS

Schema = dict[str, Any]

COUNT: Schema = {"type": "integer", "minimum": 0}
BINARY: Schema = {"type": "string", "contentMediaType": "application/octet-stream"}


def object_of(properties: Schema, *optional: str, **more: Any) -> Schema:
    return {
        "type": "object",
        "properties": properties,
        "required": [name for name in properties if name not in optional],
        **more,
    }


def json_of(schema: str, description: str) -> Schema:
    return {
        "description": description,
        "content": {"application/json": {"schema": {"$ref": f"#/components/schemas/{schema}"}}},
    }


def problems_of(problems: Iterable[Problem]) -> Schema:
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


def refusals_of(*codes: Code) -> Schema:
    """Of a request that requires a right."""
    common = (Code.UNAUTHORIZED, Code.FORBIDDEN, Code.FOREIGN_ORIGIN, Code.UNKNOWN_HOST, Code.KEYS_UNAVAILABLE)
    return problems_of(PROBLEMS[code] for code in (*common, *codes))


def parameter(name: str, description: str, schema: Schema, **more: Any) -> Schema:
    return {"name": name, "in": "query", "description": description, "schema": schema, **more}


def max_persons_parameter(limit: int) -> Schema:
    """
    :param limit: of the server.
    """
    number = {"type": "integer", "minimum": 1, "maximum": PERSONS[-1]}
    return parameter(
        "max_persons",
        f"Maximum number of people to find, up to the server's {limit}; `{ALL}` for that many.",
        {"oneOf": [number, {"type": "string", "enum": [ALL]}], "default": 1},
    )
