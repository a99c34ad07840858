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
COMMON = {"", "atomic", "errors", "limits", "native_log", "sample"}
ALLOWED = {
    "": set(),
    "errors": set(),
    "atomic": set(),
    "limits": set(),
    "native_log": set(),
    "sample": set(),
    "settings": {"errors"},
    "model": COMMON,
    "wire": {"model", *COMMON},
    "bundle": COMMON,
    "tracking": {"model", *COMMON},
    "motion": {"model", *COMMON},
    "drawing": {"model", *COMMON},
    "pipeline": {"tracking", "motion", "drawing", "model", *COMMON},
    "files": {"pipeline", "model", *COMMON},
    "recording": {"motion", "wire", "model", *COMMON},
    "media": {"pipeline", "tracking", "motion", "drawing", "model", *COMMON},
    "sdp": COMMON,
    "ipc": {"model", *COMMON},
    "workers": {"media", "files", "pipeline", "wire", "ipc", "tracking", "motion", "drawing", "model", "sdp", *COMMON},
    "sessions": {"ipc", "model", "settings", *COMMON},
    "http": {"sessions", "ipc", "settings", "sdp", "model", *COMMON},
    "tls": COMMON,
    "app": {"http", "ipc", "sessions", "settings", "bundle", "tls", "tracking", *COMMON},
    "client": {"files", "wire", "model", *COMMON},
    "commands": {
        *("client", "outputs", "recording", "files", "media", "workers", "app", "http", "sessions", "settings", "tls"),
        *("bundle", "pipeline", "tracking", "motion", "drawing", "wire", "model"),
        *COMMON,
    },
    "outputs": {"client", "model", *COMMON},
    "cli": {"commands", *COMMON},
}
LIBRARIES = {
    "aiohttp": {"app", "http", "client"},
    "aioice": {"commands", "media"},
    "aiortc": {"workers", "media", "client"},
    "av": {"workers", "media", "pipeline", "files", "client"},
    "mediapipe": {"tracking"},
    "pydantic_settings": {"settings"},
    "pythonosc": {"outputs"},
    "rich": {"commands"},
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
    # It reads nothing, but sets what MediaPipe's library goes by. pydantic reads the variables for settings.py.
    assert readers <= {"settings.py", "tracking/mediapipe/library.py"}


def test_the_front_process_starts_without_what_only_its_children_need() -> None:
    front = loaded_by("holistic_rtc.cli", "holistic_rtc.commands.serve", "holistic_rtc.app")
    assert not {"aiortc", "av", "cryptography", "cv2", "mediapipe", "numpy", "PIL"} & front


def test_the_command_starts_without_what_only_one_of_its_commands_needs() -> None:
    assert not {"aiohttp", "aiortc", "av", "numpy", "pydantic", "rich"} & loaded_by("holistic_rtc.cli")


def test_the_client_does_without_what_only_the_server_needs() -> None:
    assert not {"cv2", "mediapipe", "PIL", "pydantic", "rich", "uvloop"} & loaded_by("holistic_rtc.client")


def loaded_by(*modules: str) -> set[str]:
    """All modules that these import, in a process of their own."""
    source = f"import sys, {', '.join(modules)}; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, check=True)
    return set(done.stdout.split())
