"""What a process may load and who may read the environment, which the contracts in pyproject.toml can't say."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

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
    absent = {"aiortc", "av", "celery", "cryptography", "cv2", "jwt", "mediapipe", "numpy", "opentelemetry", "PIL"}
    assert not {*absent, "redis"} & set(done.stdout.split())


MAKE_APP = """
import sys
from pathlib import Path
if {missing}:
    sys.modules["opentelemetry"] = None
from holistic_rtc.app import make_app
from holistic_rtc.bundle.models import ModelBundle
from holistic_rtc.settings import load_settings
make_app(load_settings(port=0), ModelBundle(Path("none.task"), "custom", None, ""))
print(*sys.modules)
"""


@pytest.mark.parametrize(
    ("endpoint", "missing", "imported", "warned"),
    [("", False, False, False), ("http://127.0.0.1:9", False, True, False), ("http://127.0.0.1:9", True, False, True)],
)
def test_opentelemetry_is_imported_only_for_an_endpoint_and_may_be_missing(
    endpoint: str, missing: bool, imported: bool, warned: bool
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", MAKE_APP.format(missing=missing)],
        env={**os.environ, "OTEL_EXPORTER_OTLP_ENDPOINT": endpoint},
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = set(done.stdout.split())
    assert ({"opentelemetry.sdk.trace", "google.protobuf", "requests"} <= loaded) is imported
    assert ("pip install 'holistic-rtc[otel]'" in done.stderr) is warned
    assert "numpy" not in loaded


@pytest.mark.parametrize("module", ["client", "commands.watch", "commands.vmc", "commands.doctor"])
def test_the_client_and_its_commands_can_be_imported_without_the_networks_runtimes(module: str) -> None:
    program = "import sys; sys.modules.update(dict.fromkeys(('ai_edge_litert', 'mediapipe', 'openvino')))"
    subprocess.run([sys.executable, "-c", f"{program}; import holistic_rtc.{module}"], check=True)
