"""Hooks of MkDocs: brings what is documented outside of docs/ into the site, and leads links there."""

import posixpath
import re
import subprocess
import tempfile
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

PROJECT = Path(__file__).parents[1]
ELSEWHERE = {
    "README.md": "index.md",
    "CHANGELOG.md": "changelog.md",
    "turn/README.md": "turn.md",
    "web/sdk/README.md": "sdk.md",
    "examples/python/README.md": "python.md",
}
"""Pages of the site by their files in the project"""
PYTHON_API = "# Python API\n\n::: holistic_rtc.client\n    options:\n      show_submodules: false\n"

_ROLE = re.compile(r":(?:class|data|func|meth|mod):<code>~?(?:[\w.]*\.)?(\w+(?:\(\))?)</code>")
_LINK = re.compile(r"(!?)\[([^\]]*)\]\(([^)\s#]*)(#[^)\s]*)?\)")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    for source, page in ELSEWHERE.items():
        files.append(File.generated(config, page, content=(PROJECT / source).read_text()))
    files.append(File.generated(config, "python-api.md", content=PYTHON_API))
    for module, content in typescript_api().items():
        files.append(File.generated(config, f"typescript-api/{module}", content=content))
    return files


def typescript_api() -> dict[str, str]:
    """TypeDoc's pages by their names, which `web/sdk/typedoc.json` is for."""
    with tempfile.TemporaryDirectory() as folder:
        typedoc = ["node_modules/.bin/typedoc", "--options", "sdk/typedoc.json", "--logLevel", "Warn"]
        subprocess.run([*typedoc, "--treatWarningsAsErrors", "--out", folder], cwd=PROJECT / "web", check=True)
        return {page.name: page.read_text() for page in Path(folder).glob("*.md") if page.name != "README.md"}


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    if page.file.src_uri.startswith("typescript-api/"):
        return markdown
    source = {page: source for source, page in ELSEWHERE.items()}.get(page.file.src_uri, f"docs/{page.file.src_uri}")

    def lead(match: re.Match[str]) -> str:
        image, text, path, anchor = (part or "" for part in match.groups())
        if not path or "://" in path or path.startswith("mailto:"):
            return match[0]
        target = posixpath.normpath(posixpath.join(posixpath.dirname(source), path))
        found = ELSEWHERE.get(target, target.removeprefix("docs/") if target.startswith("docs/") else "")
        # What the site doesn't have is named, as a file of the project.
        return f"{image}[{text}]({found}{anchor})" if found else text

    return _LINK.sub(lead, markdown)


def on_page_content(html: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Docstrings are in Sphinx's markup, of which mkdocstrings knows the fields only."""
    return _ROLE.sub(r"<code>\1</code>", html).replace("<p>::</p>", "")
