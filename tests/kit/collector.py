"""A collector of traces: OTLP over HTTP, in protobuf."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from aiohttp import web
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Status

PATH = "/v1/traces"


@dataclass(frozen=True)
class Span:
    """
    :param parent: id of the parent; empty without one.
    :param start: in nanoseconds, like `end`.
    """

    name: str
    trace: str
    id: str
    parent: str
    start: int
    end: int
    failed: bool
    attributes: dict[str, Any]
    resource: dict[str, Any]


class Collector:
    """Answers with `status`, unless it `hangs`, and keeps the spans if the status is 200."""

    def __init__(self) -> None:
        self.url = ""
        self.status = 200
        self.hangs = False
        self.requests = 0
        self.spans: list[Span] = []
        self._changed = asyncio.Event()
        self.ended = asyncio.Event()

    @property
    def environment(self) -> dict[str, str]:
        return {"OTEL_EXPORTER_OTLP_ENDPOINT": self.url, "OTEL_BSP_SCHEDULE_DELAY": "100"}

    def named(self, name: str) -> list[Span]:
        return [span for span in self.spans if span.name == name]

    def steps_of(self, root: Span) -> list[Span]:
        return sorted((span for span in self.spans if span.parent == root.id), key=lambda span: span.start)

    async def until(self, condition: Callable[[], object]) -> None:
        async with asyncio.timeout(30):
            while not condition():
                self._changed.clear()
                await self._changed.wait()

    async def collect(self, request: web.Request) -> web.Response:
        sent = ExportTraceServiceRequest.FromString(await request.read())
        self.requests += 1
        if self.status == 200:
            self.spans += [
                Span(
                    *(span.name, span.trace_id.hex(), span.span_id.hex(), span.parent_span_id.hex()),
                    *(span.start_time_unix_nano, span.end_time_unix_nano),
                    span.status.code == Status.STATUS_CODE_ERROR,
                    _plain(span.attributes),
                    _plain(resource.resource.attributes),
                )
                for resource in sent.resource_spans
                for scope in resource.scope_spans
                for span in scope.spans
            ]
        self._changed.set()
        if self.hangs:
            await self.ended.wait()
        return web.Response(status=self.status)


def _plain(attributes: Any) -> dict[str, Any]:
    def value(attribute: KeyValue) -> Any:
        return getattr(attribute.value, attribute.value.WhichOneof("value") or "string_value")

    return {attribute.key: value(attribute) for attribute in attributes}


@asynccontextmanager
async def collecting() -> AsyncIterator[Collector]:
    collector = Collector()
    app = web.Application()
    app.router.add_post(PATH, collector.collect)
    runner = web.AppRunner(app, shutdown_timeout=0)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    collector.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield collector
    finally:
        collector.ended.set()
        await runner.cleanup()
