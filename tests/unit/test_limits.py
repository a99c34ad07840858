"""Caps read from trees such as control groups of both versions have."""

import os
from pathlib import Path

import pytest

from holistic_rtc.limits import read_limits

MEMORY = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
AFFINITY = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class Tree:
    """A fake of /sys/fs/cgroup, and of /proc/self/cgroup."""

    def __init__(self, folder: Path) -> None:
        self.cgroups = folder / "cgroup"
        self.membership = folder / "membership"
        self.cgroups.mkdir()
        self.membership.write_text("")

    def write(self, path: str, text: str) -> None:
        file = self.cgroups / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text + "\n")


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    return Tree(tmp_path)


def test_without_caps_the_affinity_and_the_memory_of_the_machine_count(tree: Tree) -> None:
    limits = read_limits(tree.cgroups, tree.membership)
    assert (limits.cpus, limits.memory) == (AFFINITY, MEMORY)
    assert limits.threads == AFFINITY


def test_without_control_groups_the_affinity_counts(tmp_path: Path) -> None:
    assert read_limits(tmp_path / "no", tmp_path / "none").cpus == AFFINITY


def test_caps_of_version_2_are_those_of_the_group_and_of_all_above_it(tree: Tree) -> None:
    tree.membership.write_text("0::/pod/container\n")
    tree.write("pod/container/cpu.max", "max 100000")
    tree.write("pod/cpu.max", "50000 100000")
    tree.write("pod/container/memory.max", "1000000000")
    tree.write("pod/memory.max", "2000000000")
    limits = read_limits(tree.cgroups, tree.membership)
    assert (limits.cpus, limits.memory, limits.threads) == (0.5, 1_000_000_000, 1)
    assert str(limits) == "0.5 CPUs (CPU limit of the control group), 1,000 MB of memory"


def test_in_a_container_the_mount_is_the_group_of_version_2(tree: Tree) -> None:
    tree.membership.write_text("0::/\n")
    tree.write("cpu.max", "75000 50000")
    tree.write("memory.max", "max")
    limits = read_limits(tree.cgroups, tree.membership)
    assert limits.cpus == min(1.5, AFFINITY)
    assert limits.memory == MEMORY


@pytest.mark.parametrize("mount", ["cpu", "cpu,cpuacct"])
def test_caps_of_version_1(tree: Tree, mount: str) -> None:
    tree.membership.write_text("5:memory:/docker/abc\n3:cpu,cpuacct:/docker/abc\n")
    tree.write(f"{mount}/docker/abc/cpu.cfs_quota_us", "50000")
    tree.write(f"{mount}/docker/abc/cpu.cfs_period_us", "100000")
    tree.write("memory/docker/abc/memory.limit_in_bytes", "700000000")
    limits = read_limits(tree.cgroups, tree.membership)
    assert (limits.cpus, limits.memory) == (0.5, 700_000_000)


def test_in_a_container_the_path_of_version_1_is_that_outside_of_it(tree: Tree) -> None:
    tree.membership.write_text("5:memory:/docker/abc\n3:cpu,cpuacct:/docker/abc\n")
    tree.write("cpu/cpu.cfs_quota_us", "25000")
    tree.write("cpu/cpu.cfs_period_us", "100000")
    tree.write("memory/memory.limit_in_bytes", "700000000")
    limits = read_limits(tree.cgroups, tree.membership)
    assert (limits.cpus, limits.memory) == (0.25, 700_000_000)


def test_no_limit_is_written_in_other_ways_in_version_1(tree: Tree) -> None:
    tree.membership.write_text("5:memory:/\n3:cpu,cpuacct:/\n")
    tree.write("cpu/cpu.cfs_quota_us", "-1")
    tree.write("cpu/cpu.cfs_period_us", "100000")
    tree.write("memory/memory.limit_in_bytes", "9223372036854771712")
    limits = read_limits(tree.cgroups, tree.membership)
    assert (limits.cpus, limits.memory) == (AFFINITY, MEMORY)


def test_a_setting_takes_the_place_of_what_is_found(tree: Tree) -> None:
    tree.write("cpu.max", "50000 100000")
    tree.write("memory.max", "700000000")
    limits = read_limits(tree.cgroups, tree.membership, cpus=6, memory=8_000_000_000)
    assert (limits.cpus, limits.memory, limits.threads, limits.source) == (6, 8_000_000_000, 6, "setting")
