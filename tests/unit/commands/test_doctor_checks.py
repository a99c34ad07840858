"""The checks of ``holistic-rtc doctor``, each on a machine made up for it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from holistic_rtc.commands import doctor
from holistic_rtc.commands.doctor.check import Finding, Machine, Verdict
from holistic_rtc.commands.doctor.checks import addresses, ports, resources, tls
from holistic_rtc.settings import load_settings


async def the_only(findings: AsyncIterator[Finding]) -> Finding:
    (finding,) = [finding async for finding in findings]
    return finding


def test_every_check_runs() -> None:
    files = Path(doctor.__file__).with_name("checks").glob("*.py")
    modules = {check.__module__.rpartition(".")[2] for check in doctor.CHECKS}
    assert modules == {path.stem for path in files if path.stem != "__init__"}


@pytest.mark.parametrize(
    ("cpus", "memory", "verdict"),
    [(4, "4GB", Verdict.GOOD), (0.5, "4GB", Verdict.NOTE), (4, "500MB", Verdict.BAD)],
)
async def test_resources(cpus: float, memory: str, verdict: Verdict) -> None:
    finding = await the_only(resources.check(Machine(load_settings(cpus=cpus, memory=memory))))
    assert finding.verdict is verdict
    assert bool(finding.remedy) is (verdict is not Verdict.GOOD)


@pytest.mark.parametrize(
    ("last", "verdict"), [(20_000 + 9, Verdict.BAD), (20_000 + 99, Verdict.NOTE), (60_000, Verdict.GOOD)]
)
async def test_ports(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, last: int, verdict: Verdict) -> None:
    monkeypatch.setattr(ports, "PORT_RANGE", tmp_path / "range")
    machine = Machine(load_settings(max_sessions=20))
    machine.addresses = ["192.0.2.1"]
    (tmp_path / "range").write_text(f"20000\t{last}\n")
    finding = await the_only(ports.check(machine))
    assert finding.verdict is verdict, finding
    assert "UDP ports 20000 to" in finding.text


async def test_an_unknown_range_of_ports_is_noted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ports, "PORT_RANGE", tmp_path / "absent")
    assert (await the_only(ports.check(Machine(load_settings())))).verdict is Verdict.NOTE


async def test_addresses() -> None:
    for advertised, found, verdict in (
        (None, ["10.0.0.1"], Verdict.NOTE),
        (None, ["10.0.0.1", "8.8.8.8"], Verdict.GOOD),
        ("127.0.0.1", ["8.8.8.8"], Verdict.NOTE),
        ("8.8.8.8", ["10.0.0.1"], Verdict.GOOD),
    ):
        machine = Machine(load_settings(advertise_ip=advertised))
        machine.addresses = found
        assert (await the_only(addresses.check(machine))).verdict is verdict


async def test_https() -> None:
    for host, verdict in (("127.0.0.1", Verdict.GOOD), ("localhost", Verdict.GOOD), ("0.0.0.0", Verdict.NOTE)):
        assert (await the_only(tls.check(Machine(load_settings(host=host))))).verdict is verdict
