"""Which runtime is chosen, on CPUs of all kinds."""

import sys
from pathlib import Path

import pytest

from holistic_rtc.tracking.holistic.runtimes import choice
from holistic_rtc.tracking.holistic.runtimes.choice import cpu_flags, make_runtime, prefers_openvino
from holistic_rtc.tracking.holistic.runtimes.litert import LiteRTRuntime

CPUINFO = """\
processor\t: 0
vendor_id\t: {vendor}
flags\t\t: {flags}
bugs\t\t: spectre_v1

processor\t: 1
vendor_id\t: {vendor}
flags\t\t: {flags}
"""
SAPPHIRE_RAPIDS = "fpu avx2 avx512f avx512_bf16 amx_bf16 avx512_fp16 amx_tile amx_int8"
COOPER_LAKE = "fpu avx2 avx512f avx512_bf16"
ARM = "processor\t: 0\nFeatures\t: fp asimd bf16\nCPU implementer\t: 0x41\n"


@pytest.mark.parametrize(
    ("cpuinfo", "preferred"),
    [
        (CPUINFO.format(vendor="GenuineIntel", flags=SAPPHIRE_RAPIDS), True),
        (CPUINFO.format(vendor="GenuineIntel", flags=COOPER_LAKE), False),
        (CPUINFO.format(vendor="GenuineIntel", flags="fpu amx_tile amx_int8"), False),
        (CPUINFO.format(vendor="AuthenticAMD", flags="fpu avx2"), False),
        (ARM, False),
        ("", False),
    ],
    ids=["AMX", "bfloat16 without AMX", "AMX without bfloat16", "neither", "ARM", "not Linux"],
)
def test_openvino_is_preferred_on_cpus_with_amx(cpuinfo: str, preferred: bool) -> None:
    assert prefers_openvino(cpu_flags(cpuinfo), installed=True) == preferred
    assert not prefers_openvino(cpu_flags(cpuinfo), installed=False)


def forget_openvino(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if it had not been imported yet."""
    for name in [name for name in sys.modules if name.partition(".")[0] == "openvino" or name.endswith(".openvino")]:
        monkeypatch.delitem(sys.modules, name)


def test_litert_runs_the_networks_where_openvino_is_not_preferred(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(choice, "_CPUINFO", tmp_path / "absent")
    assert isinstance(make_runtime({}), LiteRTRuntime)


def test_litert_runs_the_networks_when_openvino_can_not_be_imported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    cpuinfo = tmp_path / "cpuinfo"
    cpuinfo.write_text(CPUINFO.format(vendor="GenuineIntel", flags=SAPPHIRE_RAPIDS))
    monkeypatch.setattr(choice, "_CPUINFO", cpuinfo)
    (tmp_path / "openvino").mkdir()
    (tmp_path / "openvino" / "__init__.py").write_text("raise ImportError('libtbb.so.12 is missing')")
    monkeypatch.syspath_prepend(str(tmp_path))
    forget_openvino(monkeypatch)
    assert isinstance(make_runtime({}), LiteRTRuntime)
    assert "libtbb.so.12 is missing" in caplog.text


def test_a_folder_called_openvino_is_not_the_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "openvino").mkdir()
    forget_openvino(monkeypatch)
    monkeypatch.setattr(sys, "path", [str(tmp_path)])
    assert not choice._openvino_is_installed()
