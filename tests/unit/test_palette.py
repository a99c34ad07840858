"""The pages have the colours of the drawing."""

import re
import runpy
from pathlib import Path

PROJECT = Path(__file__).parents[2]
SCRIPT = runpy.run_path(str(PROJECT / "scripts" / "generate_palette.py"))
PALETTE: dict[str, str] = SCRIPT["palette"]()
# Of the parts of a body, in the pages' old palette.
SIDES = re.compile(r"--(?:left|right|middle|mesh|outline|pose|face):")


def contrast(one: str, other: str) -> float:
    """By WCAG 2: 1 for the same colour, 21 for black on white."""

    def luminance(colour: str) -> float:
        channels = [value / 255 for value in bytes.fromhex(colour[1:])]
        linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in channels]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def test_the_files_are_what_the_script_makes() -> None:
    for path, text in SCRIPT["files"]().items():
        assert path.read_text() == text, "run make generate"


def test_no_other_style_sheet_defines_a_colour_of_a_part() -> None:
    for path in (PROJECT / "web" / "app" / "styles").glob("*.css"):
        assert path.name == "palette.css" or not SIDES.search(path.read_text()), path.name


def test_the_illustration_has_no_other_colours() -> None:
    colours = set(re.findall(r"#[0-9a-f]{6}", (PROJECT / "web/app/public/figure.svg").read_text()))
    assert colours == {PALETTE[name] for name in ("left", "right", "middle", "mesh")}


def test_the_colours_show_on_their_outline_and_that_on_a_light_page() -> None:
    tokens = (PROJECT / "web/app/styles/tokens.css").read_text()
    ground = re.search(r"--ground: light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\)", tokens)
    assert ground
    light, dark = ground.groups()
    assert contrast(PALETTE["outline"], light) > 3
    for name in PALETTE.keys() - {"outline"}:
        assert contrast(PALETTE[name], PALETTE["outline"]) > 3
        assert contrast(PALETTE[name], dark) > 3
