"""The table of tracking engines."""

from importlib import import_module

from holistic_rtc.tracking import DEFAULT_ENGINE, ENGINES
from holistic_rtc.tracking.engine import Engine


def test_every_engine_can_be_loaded_and_the_default_is_one_of_them() -> None:
    assert DEFAULT_ENGINE in ENGINES
    for module in ENGINES.values():
        assert isinstance(import_module(module).ENGINE, Engine)
