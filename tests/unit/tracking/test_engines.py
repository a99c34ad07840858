"""The table of tracking engines."""

import shutil
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from holistic_rtc.bundle.models import PoseModel, find
from holistic_rtc.errors import ConfigError, TrackerError
from holistic_rtc.model.quality import Quality
from holistic_rtc.settings import Settings
from holistic_rtc.tracking import DEFAULT_ENGINE, ENGINES, check_engine, open_model
from tests.kit.pictures import grace_hopper


def test_the_default_is_one_of_the_engines() -> None:
    assert DEFAULT_ENGINE in ENGINES
    assert Settings.model_fields["engine"].default == DEFAULT_ENGINE


@pytest.mark.parametrize("engine", ENGINES)
def test_every_engine_makes_trackers_for_streams_and_for_pictures(engine: str) -> None:
    with closing(open_model(find(PoseModel.LITE).path, engine)) as model:
        with closing(model.tracker()) as tracker:
            assert tracker.track(grace_hopper(), 0).keys() == {0}
        with closing(model.picture_tracker()) as pictures:
            assert pictures.detect(grace_hopper()).keys() == {0}


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("used", [False, True], ids=["new", "used"])
def test_a_closed_model_makes_no_trackers(engine: str, used: bool) -> None:
    model = open_model(find(PoseModel.LITE).path, engine)
    if used:
        model.tracker().close()
    model.close()
    model.close()
    for make in (model.tracker, model.picture_tracker):
        with pytest.raises(TrackerError, match="the model is closed"):
            make()


@pytest.mark.parametrize(
    ("engine", "used"), [("holistic", Quality.FAST), ("mediapipe", Quality.EXACT)], ids=["holistic", "mediapipe"]
)
def test_a_tracker_says_which_quality_it_uses(engine: str, used: Quality) -> None:
    with closing(open_model(find(PoseModel.LITE).path, engine)) as model, closing(model.tracker()) as tracker:
        tracker.quality = Quality.FAST
        assert tracker.quality is used


def test_without_the_package_mediapipe_our_own_engine_works_and_the_reference_says_what_it_needs() -> None:
    program = """
import sys
from importlib.machinery import PathFinder

class Without(PathFinder):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        return None if name.partition(".")[0] == "mediapipe" else super().find_spec(name, path, target)

sys.meta_path[sys.meta_path.index(PathFinder)] = Without
from holistic_rtc.bundle.models import PoseModel, find
from holistic_rtc.errors import ConfigError, TrackerError
from holistic_rtc.tracking import check_engine, open_model
path = find(PoseModel.LITE).path
check_engine("holistic")
open_model(path, "holistic").tracker()
for use in (check_engine, lambda engine: open_model(path, engine).tracker()):
    try:
        use("mediapipe")
    except (ConfigError, TrackerError) as error:
        print(error)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.count("run: pip install 'holistic-rtc[mediapipe]'") == 2


@pytest.mark.parametrize("engine", ENGINES)
def test_a_tracker_survives_that_its_model_is_truncated(engine: str, tmp_path: Path) -> None:
    program = """
import os, sys
from pathlib import Path
from holistic_rtc.tracking import open_model
from tests.kit.pictures import grace_hopper

engine, model = sys.argv[1], Path(sys.argv[2])
tracker = open_model(model, engine).tracker()
os.truncate(model, 100)
for time_ms, size in enumerate([(320, 240), (320, 240), (240, 320)]):
    assert tracker.track(grace_hopper(*size), 40 * time_ms)
"""
    model = shutil.copy(find(PoseModel.LITE).path, tmp_path)
    done = subprocess.run([sys.executable, "-c", program, engine, model], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_an_unknown_engine_is_refused_with_those_there_are() -> None:
    with pytest.raises(ConfigError, match="choose holistic or mediapipe"):
        check_engine("opencv")
