"""What is made of one table says the same everywhere."""

import runpy
from pathlib import Path

import pytest

from holistic_rtc.errors import Code
from holistic_rtc.http.problem import PROBLEMS

SCRIPTS = Path(__file__).parents[2] / "scripts"


@pytest.mark.parametrize("script", ["generate_parts.py", "generate_messages.py"])
def test_what_is_generated_is_that_of_the_source(script: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(SCRIPTS)
    generate = runpy.run_path(str(SCRIPTS / script))["generate"]
    for path, text in generate().items():
        assert path.read_text() == text, f"{path.name} is outdated: run make generate"


def test_the_composition_passes_every_setting_on() -> None:
    script = runpy.run_path(str(SCRIPTS / "generate_compose.py"))
    assert script["COMPOSE"].read_text() == script["generate"](), "docker-compose.yml is outdated: run make generate"


def test_a_composition_without_the_marked_list_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script = runpy.run_path(str(SCRIPTS / "generate_compose.py"))
    reworded = tmp_path / "docker-compose.yml"
    reworded.write_text(script["COMPOSE"].read_text().replace("by `make generate`", "by hand"))
    monkeypatch.setitem(script["generate"].__globals__, "COMPOSE", reworded)
    with pytest.raises(ValueError, match="0 lists"):
        script["generate"]()


@pytest.mark.parametrize("code", Code)
def test_each_refusal_has_a_status_and_an_explanation(code: Code) -> None:
    assert 400 <= PROBLEMS[code].status < 600
    assert PROBLEMS[code].explanation.endswith(".")
