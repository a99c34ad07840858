"""Traces, exported by OpenTelemetry. Only this module imports it, and it is imported only if there is an endpoint."""

import logging
import threading
from collections.abc import Sequence

from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import OTELResourceDetector, Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExportResult
from opentelemetry.trace import Span, SpanKind, StatusCode, set_span_in_context
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from holistic_rtc import __version__
from holistic_rtc.sessions.events import Event, StepTaken

logger = logging.getLogger(__name__)

FLUSH_SECONDS = 1.0
"""To export the rest at the end"""

_propagator = TraceContextTextMapPropagator()


class RequestSpan:
    """The span of a request, which those of its steps are children of."""

    def __init__(self, span: Span) -> None:
        carrier: dict[str, str] = {}
        _propagator.inject(carrier, set_span_in_context(span))
        self.parent = carrier.get("traceparent")
        self._span = span

    def end(self, status: int | None, session: str | None) -> None:
        """
        :param status: of the response; None if the client has gone.
        """
        if status is None or status >= 500:
            error = "cancelled" if status is None else str(status)
            self._span.set_attribute("error.type", error)
            self._span.set_status(StatusCode.ERROR)
        if status is not None:
            self._span.set_attribute("http.response.status_code", status)
        _name_session(self._span, session)
        self._span.end()


class Traces:
    """Goes by OpenTelemetry's environment variables. Spans are exported by a thread, and dropped if it is too slow."""

    def __init__(self) -> None:
        ours = Resource.create({"service.name": "holistic-rtc", "service.version": __version__})
        self._provider = TracerProvider(resource=ours.merge(OTELResourceDetector().detect()), shutdown_on_exit=False)
        self._provider.add_span_processor(BatchSpanProcessor(_Exporter()))
        self._tracer = self._provider.get_tracer("holistic_rtc", __version__)

    def begin(self, method: str, route: str, parent: str | None) -> RequestSpan:
        """
        :param parent: the request's ``traceparent``, which may be anything.
        """
        attributes = {"http.request.method": method, "http.route": route}
        return RequestSpan(
            self._tracer.start_span(f"{method} {route}", _context(parent), SpanKind.SERVER, attributes=attributes)
        )

    def take(self, event: Event) -> None:
        """Record an event, if it is a step."""
        match event:
            case StepTaken(parent, session, step, began, ended, error):
                span = self._tracer.start_span(step, _context(parent), start_time=began)
                _name_session(span, session)
                if error:
                    span.set_attribute("error.type", error)
                    span.set_status(StatusCode.ERROR)
                span.end(ended)

    def close(self) -> None:
        """Export what is left. Blocks, but not longer than :data:`FLUSH_SECONDS`."""
        exporting = threading.Thread(target=self._provider.shutdown, name="traces", daemon=True)
        exporting.start()
        exporting.join(FLUSH_SECONDS)


class _Exporter(OTLPSpanExporter):
    """Logs when exporting begins to fail, and when it works again, instead of each failure."""

    def __init__(self) -> None:
        super().__init__()
        self._failing = False
        logging.getLogger(OTLPSpanExporter.__module__).addFilter(self._is_news)

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        result = super().export(spans)
        if self._failing and result is SpanExportResult.SUCCESS:
            self._failing = False
            logger.info("traces are exported again")
        return result

    def _is_news(self, record: logging.LogRecord) -> bool:
        news, self._failing = not self._failing, True
        return news


def _context(parent: str | None) -> Context:
    return _propagator.extract({"traceparent": parent} if parent else {}, Context())


def _name_session(span: Span, session: str | None) -> None:
    if session:
        span.set_attribute("holistic.session", session)
