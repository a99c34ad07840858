"""Write the colours of the drawing for pages and client library, as CSS and as TypeScript: ``make generate``."""

from pathlib import Path

from holistic_rtc.drawing.style import STYLE, Colour

WEB = Path(__file__).parents[1] / "web"
NAMES = ("left", "right", "middle", "mesh", "outline")
"""Of single colours; those of the people follow, which only TypeScript has."""
NOTICE = "Made by scripts/generate_palette.py from server/holistic_rtc/drawing/style.py."
PURPOSE = "The colours of the server's drawing, for programs that draw landmarks, too. Left and right are the person's."


def palette() -> dict[str, str]:
    """The colours by name, as ``#rrggbb``."""
    colours: dict[str, Colour] = {name: getattr(STYLE, name) for name in NAMES}
    colours |= {f"person-{person}": colour for person, colour in enumerate(STYLE.persons)}
    return {name: "#" + bytes(colour).hex() for name, colour in colours.items()}


def files() -> dict[Path, str]:
    """What belongs into each file."""
    properties = "".join(f"  --{name}: {palette()[name]};\n" for name in NAMES)
    entries = "".join(f'  {name}: "{palette()[name]}",\n' for name in NAMES)
    persons = ", ".join(f'"{colour}"' for name, colour in palette().items() if name not in NAMES)
    entries += f"  /** By a person's id; after the last, they start over. */\n  persons: [{persons}],\n"
    palette_object = f"export const PALETTE = {{\n{entries}}} as const;\n"
    return {
        WEB / "app" / "styles" / "palette.css": f"/* {NOTICE} */\n:root {{\n{properties}}}\n",
        WEB / "sdk" / "src" / "palette.ts": f"// {NOTICE}\n\n/** {PURPOSE} */\n{palette_object}",
    }


if __name__ == "__main__":
    for path, text in files().items():
        path.write_text(text)
