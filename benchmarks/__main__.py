"""Measure, and print one table: ``python -m benchmarks [NAME ...]``."""

import argparse
import platform
import sys
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path

import psutil

from benchmarks import baseline, codec, cpu, delay, drawing, leaks, overload
from benchmarks.figure import Figure, table

MEASUREMENTS: Mapping[str, Callable[[], list[Figure]]] = {
    "drawing": drawing.measure,
    "codec": codec.measure,
    "cpu": cpu.measure,
    "delay": delay.measure,
    "baseline": baseline.measure,
    "overload": overload.measure,
    "leaks": leaks.measure,
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measure speed, delay and leaks.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(MEASUREMENTS)} (default: all)")
    names = parser.parse_args().names or list(MEASUREMENTS)
    unknown = set(names) - set(MEASUREMENTS)
    if unknown:
        parser.error(f"unknown measurement {unknown.pop()!r}; there are {', '.join(MEASUREMENTS)}")
    figures: list[Figure] = []
    for name in names:
        print(f"{name} ...", end=" ", file=sys.stderr, flush=True)
        started = time.monotonic()
        figures += MEASUREMENTS[name]()
        print(f"{time.monotonic() - started:.0f} s", file=sys.stderr)
    print(
        f"{datetime.now(UTC):%Y-%m-%d}, {psutil.cpu_count()} cores ({_processor()}), Python {platform.python_version()}"
    )
    print(table(figures))


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(": ")[2]
    return platform.processor() or platform.machine()


if __name__ == "__main__":
    main()
