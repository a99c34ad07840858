"""A proxy that serves a server below a path, which it strips."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
from aiohttp import web


@asynccontextmanager
async def below(path: str, server: str) -> AsyncIterator[str]:
    """:return: the address of the server through the proxy."""

    async def pass_on(request: web.Request) -> web.Response:
        headers = {name: value for name, value in request.headers.items() if name != "Content-Length"}
        url = f"{server}{request.raw_path.removeprefix(path)}"
        async with http.request(request.method, url, data=await request.read(), headers=headers) as response:
            kept = {name: value for name, value in response.headers.items() if name != "Content-Length"}
            return web.Response(status=response.status, body=await response.read(), headers=kept)

    app = web.Application(client_max_size=2**26)
    app.router.add_route("*", f"{path}/{{path:.*}}", pass_on)
    runner = web.AppRunner(app, access_log=None)
    async with aiohttp.ClientSession(auto_decompress=False) as http:
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        try:
            yield f"http://127.0.0.1:{runner.addresses[0][1]}{path}"
        finally:
            await runner.cleanup()
