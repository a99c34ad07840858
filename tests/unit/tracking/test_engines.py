"""The table of tracking engines."""

import subprocess
import sys
from importlib import import_module

import pytest

from holistic_rtc.errors import ConfigError
from holistic_rtc.settings import Settings
from holistic_rtc.tracking import DEFAULT_ENGINE, ENGINES, check_engine
from holistic_rtc.tracking.engine import Engine


def test_every_engine_can_be_loaded_and_the_default_is_one_of_them() -> None:
    assert DEFAULT_ENGINE in ENGINES
    assert Settings.model_fields["engine"].default == DEFAULT_ENGINE
    for module in ENGINES.values():
        assert isinstance(import_module(module).ENGINE, Engine)


def test_without_the_package_mediapipe_our_own_engine_works_and_the_reference_says_what_it_needs() -> None:
    program = """
import sys
from importlib.abc import MetaPathFinder

class Missing(MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name.partition(".")[0] == "mediapipe":
            raise ModuleNotFoundError(name)

sys.meta_path.insert(0, Missing())
from holistic_rtc.bundle.models import PoseModel, find
from holistic_rtc.errors import TrackerError
from holistic_rtc.tracking import make_tracker
model = find(PoseModel.LITE).path
make_tracker(model, "holistic").close()
try:
    make_tracker(model, "mediapipe")
except TrackerError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert "mediapipe" in done.stdout
    assert "engine" in done.stdout


def test_an_unknown_engine_is_refused_with_those_there_are() -> None:
    with pytest.raises(ConfigError, match="choose holistic or mediapipe"):
        check_engine("opencv")
