"""What a process may load and who may read the environment, which the contracts in pyproject.toml can't say."""

import ast
import subprocess
import sys
from pathlib import Path

import holistic_rtc

ROOT = Path(holistic_rtc.__file__).parent
SOURCES = sorted(path for path in ROOT.rglob("*.py") if path.name != "landmarks_generated.py")


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def test_only_settings_read_the_environment() -> None:
    readers = {
        name_of(path)
        for path in SOURCES
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute) and node.attr in ("environ", "getenv")
    }
    # The other one reads nothing, but sets what a native library goes by. pydantic reads the variables for settings.py.
    assert readers <= {"settings.py", "tracking/mediapipe/library.py"}


def test_the_front_process_starts_without_what_only_its_children_need() -> None:
    loaded = "import sys, holistic_rtc.cli, holistic_rtc.app; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", loaded], capture_output=True, text=True, check=True)
    assert not {"aiortc", "av", "cryptography", "cv2", "jwt", "mediapipe", "numpy", "PIL"} & set(done.stdout.split())
