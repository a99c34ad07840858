"""Refuses to build a wheel without the pages; everything else is in pyproject.toml."""

from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py
from setuptools.errors import SetupError

PAGES = Path("server/holistic_rtc/http/static/index.html")


class BuildWithPages(build_py):
    def run(self) -> None:
        if not self.editable_mode and not PAGES.exists():
            raise SetupError("the pages aren't built; run `make wheel`, or `npm ci && npm run build` in web/ first")
        super().run()


setup(cmdclass={"build_py": BuildWithPages})
