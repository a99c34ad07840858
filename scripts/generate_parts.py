"""
Write what is made of the tables of parts, refusals and metrics: web/sdk/src/parts.ts, and tables in docs/.

``make generate`` runs it; a test compares what it gives with what is checked in.
"""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from prometheus_client.metrics_core import Metric

from holistic_rtc.http.problem import PROBLEMS
from holistic_rtc.model.parts import BLENDSHAPE_NAMES, FIELDS, HAND_POINTS, PARTS, POSE_POINTS, Kind
from holistic_rtc.model.skeleton import BONES, EXPRESSIONS, SKELETON
from holistic_rtc.monitoring.metrics import Metrics

PROJECT = Path(__file__).parents[1]
SUFFIXES = {"counter": "_total", "info": "_info"}
"""Of the samples of a metric, by its type"""


def generate() -> Mapping[Path, str]:
    """:return: the text of each file"""
    protocol, problems, operations = (
        PROJECT / "docs" / f"{name}.md" for name in ("protocol", "problems", "operations")
    )
    return {
        PROJECT / "web" / "sdk" / "src" / "parts.ts": _typescript(),
        protocol: _between_markers(protocol.read_text(), "parts", _parts_table()),
        problems: _between_markers(problems.read_text(), "problems", _problems()),
        operations: _between_markers(operations.read_text(), "metrics", _metrics_table()),
    }


def _typescript() -> str:
    points = {part: spec for part, spec in PARTS.items() if spec.kind is Kind.POINTS}
    fields = "".join(
        f'  {part}: {{ field: "{spec.typescript}", count: {spec.count} }},\n' for part, spec in points.items()
    )
    parents = "".join(
        f"  {bone}: {'null' if parent is None else f'{parent!r}'.replace(chr(39), chr(34))},\n"
        for bone, (parent, _) in SKELETON.items()
    )
    offsets = "".join(
        f"  {bone}: [{', '.join(f'{metres + 0.0:g}' for metres in offset)}],\n"
        for bone, (_, offset) in SKELETON.items()
    )
    return f"""\
// Made from server/holistic_rtc/model/parts.py by `make generate`; edit that.

/** A part of the message that a client can ask for. `rig` comes only to who does; the others are sent at first. */
export type Part =
{_union(PARTS)};

/** All of them, in the schema's order. */
export const PARTS: readonly Part[] = [
{_list(PARTS)}];

/** All fields of a message, in the order of the schema, which grows at its end. */
export const FIELDS = [
{_list(FIELDS)}] as const;

/** Those parts that are points. */
export type PointPart =
{_union(points)};

/** The parts that are points, with the field that they are read into, and their number. */
export const POINT_PARTS = {{
{fields}}} as const satisfies Record<PointPart, {{ field: string; count: number }}>;

/** The names of the blendshapes, in MediaPipe's order. */
export const BLENDSHAPE_NAMES = [
{_list(BLENDSHAPE_NAMES)}] as const;

/** The names of the pose's points, in MediaPipe's order. */
export const POSE_POINTS = [
{_list(map(_camel, POSE_POINTS))}] as const;

/** The names of a hand's points, in MediaPipe's order. */
export const HAND_POINTS = [
{_list(map(_camel, HAND_POINTS))}] as const;

/** The bones, each after its parent. */
export const RIG_BONES = [
{_list(BONES)}] as const;

/** The bone that each hangs on. */
export const RIG_PARENTS: Readonly<Record<(typeof RIG_BONES)[number], (typeof RIG_BONES)[number] | null>> = {{
{parents}}};

/** Metres from where the parent of each begins to where it begins itself, at rest; of the hips, from the floor. */
export const RIG_OFFSETS: Readonly<Record<(typeof RIG_BONES)[number], readonly [x: number, y: number, z: number]>> = {{
{offsets}}};

/** 17 of VRM 1.0's presets. */
export const RIG_EXPRESSIONS = [
{_list(EXPRESSIONS)}] as const;
"""


def _union(names: Iterable[str]) -> str:
    """As prettier writes it."""
    quoted = [f'"{name}"' for name in names]
    line = f"  {' | '.join(quoted)};"
    return line[:-1] if len(line) <= 120 else "\n".join(f"  | {name}" for name in quoted)


def _list(names: Iterable[str]) -> str:
    return "".join(f'  "{name}",\n' for name in names)


def _camel(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(map(str.capitalize, others))


def _parts_table() -> str:
    rows = "".join(f"| `{part}` | {spec.holds} | {spec.unit} |\n" for part, spec in PARTS.items())
    return f"\n| part | holds | unit and range |\n| --- | --- | --- |\n{rows}\n"


def _problems() -> str:
    paragraphs = "".join(
        f"## {code}\n\nStatus {problem.status}. {problem.explanation}\n\n" for code, problem in PROBLEMS.items()
    )
    return f"\n{paragraphs}"


def _metrics_table() -> str:
    rows = "".join(
        f"| `{metric.name}{SUFFIXES.get(metric.type, '')}` | {metric.type} "
        f"| {_labels(metric)} | {metric.documentation} |\n"
        for metric in Metrics().collect()
    )
    return f"\n| metric | type | labels | meaning |\n| --- | --- | --- | --- |\n{rows}\n"


def _labels(metric: Metric) -> str:
    labels = dict.fromkeys(label for sample in metric.samples for label in sample.labels if label != "le")
    return ", ".join(f"`{label}`" for label in labels)


def _between_markers(text: str, name: str, content: str) -> str:
    start, end = f"<!-- {name}: made by `make generate` -->\n", f"<!-- end of {name} -->\n"
    return re.sub(f"(?<={re.escape(start)}).*?(?={re.escape(end)})", lambda _: content, text, flags=re.DOTALL)


def main() -> None:
    for path, text in generate().items():
        path.write_text(text)


if __name__ == "__main__":
    main()
