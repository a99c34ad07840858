"""Which trace a request continues. tests/integration/test_traces.py has what is exported."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from holistic_rtc.app import make_app
from holistic_rtc.bundle.models import ModelBundle
from holistic_rtc.errors import ConfigError
from holistic_rtc.monitoring.traces import Traces
from holistic_rtc.settings import load_settings

TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


@pytest.fixture
def traces(monkeypatch: pytest.MonkeyPatch) -> Iterator[Traces]:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9")
    traces = Traces()
    yield traces
    traces.close()


def test_a_variable_that_cannot_be_used_is_a_setting_that_cannot_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "0")
    with pytest.raises(ConfigError, match="OpenTelemetry can't be used: schedule_delay_millis"):
        make_app(load_settings(port=0), ModelBundle(tmp_path / "none.task", "custom", None, ""))


@pytest.mark.parametrize("flags", ["00", "01"])
def test_a_request_continues_its_client_s_trace_and_is_sampled_as_that_is(traces: Traces, flags: str) -> None:
    begun = traces.begin("POST", "/whip", f"00-{TRACE}-{PARENT}-{flags}").parent
    assert re.fullmatch(f"00-{TRACE}-(?!{PARENT})[0-9a-f]{{16}}-{flags}", begun or "")


@pytest.mark.parametrize(
    "parent", [None, "", "no trace", f"00-{'0' * 32}-{PARENT}-01", f"00-{TRACE}-{PARENT}-01-more", "f" * 8000]
)
def test_without_a_valid_one_a_trace_begins(traces: Traces, parent: str | None) -> None:
    begun = traces.begin("POST", "/whip", parent).parent or ""
    assert re.fullmatch("00-[0-9a-f]{32}-[0-9a-f]{16}-0[13]", begun)
    assert TRACE not in begun
