"""The npm package, made from a fresh clone."""

import subprocess
import tarfile
from pathlib import Path

from tests.kit.browsers import PROJECT


def test_npm_pack_needs_no_other_command_first(tmp_path: Path) -> None:
    subprocess.run(["git", "clone", "--quiet", PROJECT, tmp_path / "clone"], check=True)
    subprocess.run(["npm", "pack", "--silent"], cwd=tmp_path / "clone" / "web" / "sdk", check=True)
    [package] = (tmp_path / "clone" / "web" / "sdk").glob("*.tgz")
    with tarfile.open(package) as content:
        assert {"package/dist/index.js", "package/dist/react.js", "package/LICENSE"} <= set(content.getnames())
