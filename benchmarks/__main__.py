"""Measure, and print one table: ``python -m benchmarks [NAME ...]``."""

import argparse
import platform
import sys
import time
import traceback
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path

import psutil

from benchmarks import (
    agreement,
    baseline,
    codec,
    connects,
    cpu,
    delay,
    directory,
    drawing,
    engines,
    leaks,
    nodes,
    overload,
    persons,
    rig,
    sessions,
    smoothing,
    snapshot,
    workers,
)
from benchmarks.figure import Figure, table

MEASUREMENTS: Mapping[str, Callable[[], list[Figure]]] = {
    "drawing": drawing.measure,
    "codec": codec.measure,
    "smoothing": smoothing.measure,
    "rig": rig.measure,
    "agreement": agreement.measure,
    "engines": engines.measure,
    "persons": persons.measure,
    "cpu": cpu.measure,
    "delay": delay.measure,
    "connects": connects.measure,
    "directory": directory.measure,
    "nodes": nodes.measure,
    "baseline": baseline.measure,
    "overload": overload.measure,
    "sessions": sessions.measure,
    "snapshot": snapshot.measure,
    "workers": workers.measure,
    "leaks": leaks.measure,
}


def main() -> int:
    """
    :return: the exit status, 1 when a measurement broke.
    """
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measure speed, delay and leaks.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(MEASUREMENTS)} (default: all)")
    names = parser.parse_args().names or list(MEASUREMENTS)
    unknown = set(names) - set(MEASUREMENTS)
    if unknown:
        parser.error(f"unknown measurement {unknown.pop()!r}; there are {', '.join(MEASUREMENTS)}")
    figures: list[Figure] = []
    broken = False
    for name in names:
        print(f"{name} ...", file=sys.stderr)
        started = time.monotonic()
        try:
            figures += MEASUREMENTS[name]()
        except Exception:
            # The figures of the others are still worth having.
            traceback.print_exc()
            broken = True
        print(f"{name} took {time.monotonic() - started:.0f} s", file=sys.stderr)
    print(
        f"{datetime.now(UTC):%Y-%m-%d}, {psutil.cpu_count()} cores ({_processor()}), Python {platform.python_version()}"
    )
    print(table(figures))
    return int(broken)


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(": ")[2]
    return platform.processor() or platform.machine()


if __name__ == "__main__":
    sys.exit(main())
