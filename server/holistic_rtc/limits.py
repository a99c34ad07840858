"""The CPU and memory limits of this process, which in a container are lower than those of the machine."""

import contextlib
import math
import os
import resource
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

CGROUPS = Path("/sys/fs/cgroup")
MEMBERSHIP = Path("/proc/self/cgroup")


@dataclass(frozen=True)
class Limits:
    """
    :param cpus: number of CPUs, possibly fractional, such as 1.5.
    :param memory: in bytes.
    :param source: what limits the CPUs, for people.
    """

    cpus: float
    memory: int
    source: str

    def __str__(self) -> str:
        unit = "CPU" if self.cpus == 1 else "CPUs"
        return f"{self.cpus:g} {unit} ({self.source}), {self.memory / 1e6:,.0f} MB of memory"

    @property
    def threads(self) -> int:
        """How many threads can run at the same time."""
        return max(1, math.ceil(self.cpus))


def read_limits(
    cgroups: Path = CGROUPS, membership: Path = MEMBERSHIP, *, cpus: float | None = None, memory: int | None = None
) -> Limits:
    """
    The minimum of what the machine has, the CPU affinity allows, and the control groups (version 1 or 2) allow.

    :param cgroups: where the control groups are mounted.
    :param membership: the file that lists this process's control groups.
    :param cpus: overrides the detected number.
    :param memory: overrides the detected number of bytes.
    """
    affinity = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    found = [(float(affinity), "CPUs of the machine that this process may run on")]
    found_memory = [os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")]
    for folder in _folders(cgroups, membership):
        quota = _cpu_quota(folder)
        if quota is not None:
            found.append((quota, "CPU limit of the control group"))
        if (limit := _memory_limit(folder)) is not None:
            found_memory.append(limit)
    if cpus is not None:
        found = [(cpus, "setting")]
    least, source = min(found)
    return Limits(least, min(found_memory) if memory is None else memory, source)


def raise_descriptors() -> int:
    """
    Raise the limit of file descriptors for this process and its children to the maximum.

    :return: the new limit.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    # On macOS, the hard limit may be infinite, which isn't valid as a soft limit.
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        soft = hard
    return sys.maxsize if soft == resource.RLIM_INFINITY else soft


def _folders(cgroups: Path, membership: Path) -> Iterator[Path]:
    """The folders of this process's control groups and of their ancestors, whose limits apply, too."""
    try:
        lines = membership.read_text().splitlines()
    except OSError:
        lines = []
    for line in [*lines, "::/"]:
        _, controllers, path = line.split(":", 2)
        # In a container, the path may be the one outside of it. The root of the mount is then the container's group.
        for mount in [cgroups, *(cgroups / name for name in (controllers, *controllers.split(",")) if name)]:
            folder = mount / path.lstrip("/")
            yield from (group for group in (folder, *folder.parents) if group.is_relative_to(mount) and group.is_dir())
    yield from (cgroups / name for name in ("cpu", "memory"))


def _cpu_quota(folder: Path) -> float | None:
    if (words := _read(folder / "cpu.max").split()) and words[0] != "max":
        return int(words[0]) / int(words[1])
    quota, period = (_read(folder / f"cpu.cfs_{name}_us") for name in ("quota", "period"))
    if quota and period and int(quota) > 0:
        return int(quota) / int(period)
    return None


def _memory_limit(folder: Path) -> int | None:
    for name in ("memory.max", "memory.limit_in_bytes"):
        text = _read(folder / name)
        # In version 1, no limit is a number larger than any machine's memory.
        if text and text != "max":
            return int(text)
    return None


def _read(path: Path) -> str:
    try:
        return path.read_text().strip()
    except OSError:
        return ""
