"""Who may import whom: the rules of docs/architecture.md, read from the sources themselves."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import holistic_rtc

ROOT = Path(holistic_rtc.__file__).parent
SOURCES = sorted(path for path in ROOT.rglob("*.py") if path.name != "landmarks_generated.py")

# A part may import itself, what stands in its line here, and nothing else of the package.
COMMON = {"", "errors", "files", "limits", "native_log", "sample"}
ALLOWED = {
    "": set(),
    "errors": set(),
    "files": set(),
    "limits": set(),
    "native_log": set(),
    "sample": set(),
    "config": {"errors"},
    "tracking": COMMON,
    "rig": {"tracking", *COMMON},
    "landmarks": {"rig", "tracking", *COMMON},
    "drawing": {"tracking", *COMMON},
    "media": {"tracking", "rig", "landmarks", "drawing", *COMMON},
    "sdp": COMMON,
    "worker": {"media", "tracking", "rig", "landmarks", "drawing", "sdp", *COMMON},
    "sessions": {"config", *COMMON},
    "http": {"sessions", "config", "sdp", *COMMON},
    "tls": COMMON,
    "app": {"http", "sessions", "config", "tracking", "tls", *COMMON},
    "client": {"landmarks", "rig", "tracking", *COMMON},
    "follow": {"client", *COMMON},
    "export": {"landmarks", "rig", "tracking", *COMMON},
    "watch": {"client", "follow", "landmarks", "tracking", *COMMON},
    "vmc": {"client", "follow", "rig", *COMMON},
    "record": {"client", "export", "follow", "media", "rig", "tracking", *COMMON},
    "batch": {"client", "media", "tracking", *COMMON},
    "doctor": {"config", "http", "media", "sessions", "tls", "tracking", *COMMON},
    "cli": {"app", "batch", "config", "doctor", "export", "tracking", "media", "record", "vmc", "watch", *COMMON},
}
LIBRARIES = {
    "aiohttp": {"app", "http", "client"},
    "aioice": {"doctor", "media"},
    "aiortc": {"worker", "media", "client"},
    "av": {"worker", "media", "client"},
    "mediapipe": {"tracking"},
    "pydantic_settings": {"config"},
    "rich": {"cli", "follow", "record", "vmc", "watch"},
}


def part_of(path: Path) -> str:
    """``http`` for what is in that folder, ``app`` for app.py, nothing for the package's own ``__init__``."""
    first = path.relative_to(ROOT).parts[0]
    return "" if first == "__init__.py" else first.removesuffix(".py")


def imports_of(path: Path) -> Iterator[str]:
    """The modules a source imports, whether at its top or where they are used, by their full names."""
    package = (ROOT.name, *path.relative_to(ROOT).parts[:-1])
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            module = ".".join((*base, *([node.module] if node.module else [])))
            if module == ROOT.name:
                yield from (f"{module}.{name.name}" for name in node.names)
            else:
                yield module


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_a_module_imports_only_what_its_part_may(path: Path) -> None:
    part = part_of(path)
    for module in imports_of(path):
        top, *rest = module.split(".")
        if top == ROOT.name:
            imported = rest[0] if rest and ((ROOT / rest[0]).is_dir() or (ROOT / f"{rest[0]}.py").exists()) else ""
            assert imported == part or imported in ALLOWED[part], f"{part} may not import {module}"
        elif top not in sys.stdlib_module_names:
            assert part in LIBRARIES.get(top, {part}), f"{part} may not import {module}"


def test_every_part_has_its_rule() -> None:
    assert {part_of(path) for path in SOURCES} == set(ALLOWED)


def test_only_config_reads_the_environment() -> None:
    readers = {
        name_of(path)
        for path in SOURCES
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute) and node.attr in ("environ", "getenv")
    }
    # It reads nothing, but sets what MediaPipe's library goes by. pydantic reads the variables for config.py.
    assert readers <= {"config.py", "tracking/mediapipe_c.py"}


def test_the_front_process_starts_without_what_only_its_children_need() -> None:
    loaded = "import sys, holistic_rtc.cli, holistic_rtc.app; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", loaded], capture_output=True, text=True, check=True)
    assert not {"aiortc", "av", "cryptography", "cv2", "mediapipe", "numpy", "PIL"} & set(done.stdout.split())
