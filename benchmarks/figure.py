"""What a measurement gives."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """
    :param at_most: the target, as is `at_least`; None for both for a figure that is only reported.
    """

    name: str
    value: float
    unit: str
    at_most: float | None = None
    at_least: float | None = None

    @property
    def met(self) -> bool | None:
        if self.at_least is not None:
            return self.value >= self.at_least
        return None if self.at_most is None else self.value <= self.at_most


def table(figures: Iterable[Figure]) -> str:
    """Markdown, with the columns aligned."""
    head = ("figure", "measured", "target", "met")
    rows = [_row(figure) for figure in figures]
    w = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    rule = ("-" * w[0], "-" * (w[1] - 1) + ":", "-" * (w[2] - 1) + ":", "-" * w[3])
    return "\n".join(
        f"| {name:{w[0]}} | {value:>{w[1]}} | {target:>{w[2]}} | {met:{w[3]}} |"
        for name, value, target, met in (head, rule, *rows)
    )


def _row(figure: Figure) -> tuple[str, str, str, str]:
    target = ""
    for sign, limit in (("<=", figure.at_most), (">=", figure.at_least)):
        if limit is not None:
            target = f"{sign} {_number(limit)} {figure.unit}".rstrip()
    met = {None: "", True: "yes", False: "NO"}[figure.met]
    return figure.name, f"{_number(figure.value)} {figure.unit}".rstrip(), target, met


def _number(value: float) -> str:
    """Three digits, or all of those before the point."""
    if value == int(value) or abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.2f}" if abs(value) < 10 else f"{value:.1f}"
