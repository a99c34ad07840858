"""What a measurement gives."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """
    :param at_most: the target; None for a figure that is only reported.
    """

    name: str
    value: float
    unit: str
    at_most: float | None = None

    @property
    def met(self) -> bool | None:
        return None if self.at_most is None else self.value <= self.at_most


def table(figures: Iterable[Figure]) -> str:
    """Markdown, with the columns aligned."""
    rows = [("figure", "measured", "target", "met"), *(_row(figure) for figure in figures)]
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    rows.insert(1, ("-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:3]), "-" * widths[3]))
    return "\n".join(
        f"| {name:{widths[0]}} | {value:>{widths[1]}} | {target:>{widths[2]}} | {met:{widths[3]}} |"
        for name, value, target, met in rows
    )


def _row(figure: Figure) -> tuple[str, str, str, str]:
    target = "" if figure.at_most is None else f"<= {_number(figure.at_most)} {figure.unit}".rstrip()
    met = {None: "", True: "yes", False: "NO"}[figure.met]
    return figure.name, f"{_number(figure.value)} {figure.unit}".rstrip(), target, met


def _number(value: float) -> str:
    """Three digits, or all of those before the point."""
    if value == int(value) or abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.2f}" if abs(value) < 10 else f"{value:.1f}"
