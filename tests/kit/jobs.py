"""Jobs over HTTP."""

from pathlib import Path
from typing import Any

import aiohttp
import orjson

Json = dict[str, Any]


def files_in(folder: Path) -> list[str]:
    return [path.name for path in folder.rglob("*") if path.is_file()]


def parts_in(folder: Path) -> set[str]:
    """Files that are being written."""
    return {name for name in files_in(folder) if ".part" in name}


async def submit(api: aiohttp.ClientSession, data: bytes, **options: str) -> Json:
    async with api.post("/api/jobs", data=data, params=options) as response:
        job: Json = await response.json()
        assert response.status == 201, job
        assert response.headers["Location"] == f"/api/jobs/{job['id']}"
    return job


async def follow(api: aiohttp.ClientSession, job: Json, states: list[Json] | None = None) -> list[Json]:
    """:return: each state that the server tells of, until the end"""
    states = [] if states is None else states
    async with api.get(f"/api/jobs/{job['id']}", headers={"Accept": "text/event-stream"}) as response:
        assert response.content_type == "text/event-stream"
        async for line in response.content:
            if line.startswith(b"data: "):
                states.append(orjson.loads(line.removeprefix(b"data: ")))
    return states


async def get(api: aiohttp.ClientSession, path: str) -> tuple[int, Any]:
    async with api.get(path) as response:
        return response.status, await response.json()


async def delete(api: aiohttp.ClientSession, job: Json) -> int:
    async with api.delete(f"/api/jobs/{job['id']}") as response:
        return response.status
