"""With the real networks, against LiteRT. This needs the package openvino, and AMX for what is in bfloat16."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from holistic_rtc.bundle.models import PoseModel, find
from holistic_rtc.errors import ModelError, TrackerError
from holistic_rtc.model.result import FloatArray
from holistic_rtc.tracking.holistic.networks import SPECS, Network, load
from holistic_rtc.tracking.holistic.regions import Region
from holistic_rtc.tracking.holistic.runtimes.choice import cpu_flags, prefers_openvino
from holistic_rtc.tracking.holistic.runtimes.litert import LiteRTRuntime
from holistic_rtc.tracking.holistic.runtimes.runtime import Runtime
from holistic_rtc.tracking.holistic.warp import REPLICATE, crop, minus_one_to_one, zero_to_one
from tests.kit.pictures import grace_hopper

module = pytest.importorskip("holistic_rtc.tracking.holistic.runtimes.openvino")

CPU_FLAGS = cpu_flags(Path("/proc/cpuinfo").read_text()) if Path("/proc/cpuinfo").exists() else frozenset[str]()
NETWORKS = load(find(PoseModel.LITE).path)
SMALL = Network.HAND_RECROP
"""The network that compiles fastest"""
DETECTORS = {Network.POSE_DETECTOR, Network.FACE_DETECTOR}
# Coordinates in pixels of the input, and probabilities; heatmaps and scores are logits
RELATIVE, ABSOLUTE = 1e-3, 5e-3


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def litert() -> Iterator[LiteRTRuntime]:
    with closing(LiteRTRuntime(NETWORKS)) as runtime:
        yield runtime


@pytest.fixture(scope="module")
def openvino(cache: Path) -> Iterator[Runtime]:
    with closing(module.OpenVINORuntime(NETWORKS, amx=False, cache=cache)) as runtime:
        yield runtime


def values(network: Network, roll: float = 0.1) -> FloatArray:
    """What the network may see of the portrait."""
    _, side, *_ = shape = SPECS[network].input
    if network is Network.BLENDSHAPES:
        return np.random.default_rng(1).uniform(200, 400, shape).astype(np.float32)
    pixels = crop(grace_hopper(), Region(320, 200, 300, 300, roll), side, REPLICATE)
    return (minus_one_to_one if network in DETECTORS else zero_to_one)(pixels)[None]


@pytest.mark.parametrize("network", Network)
def test_the_outputs_are_those_of_litert(network: Network, litert: LiteRTRuntime, openvino: Runtime) -> None:
    for roll in (0.1, -0.4):
        expected = litert.run(network, values(network, roll))
        found = openvino.run(network, values(network, roll))
        for a, b in zip(expected, found, strict=True):
            np.testing.assert_allclose(b, a, rtol=RELATIVE, atol=ABSOLUTE)


@pytest.mark.skipif(not prefers_openvino(CPU_FLAGS, installed=True), reason="this CPU has no AMX")
def test_in_bfloat16_landmarks_differ_by_less_than_a_pixel_and_those_of_other_networks_not_at_all(
    litert: LiteRTRuntime, tmp_path: Path
) -> None:
    with closing(module.OpenVINORuntime(NETWORKS, amx=True, cache=tmp_path)) as runtime:
        for network in Network:
            expected, found = (each.run(network, values(network))[0].ravel() for each in (litert, runtime))
            if network in module.BF16_NETWORKS:
                assert 0 < np.median(np.abs(found - expected)) < 1
            else:
                np.testing.assert_allclose(found, expected, rtol=RELATIVE, atol=ABSOLUTE)


def test_outputs_belong_to_the_caller(openvino: Runtime) -> None:
    (first,) = openvino.run(SMALL, values(SMALL))
    before = first.copy()
    (second,) = openvino.run(SMALL, values(SMALL, roll=2))
    assert not np.array_equal(first, second)
    np.testing.assert_array_equal(first, before)


def test_compiled_networks_are_kept(cache: Path, openvino: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    assert {path.name.partition("-")[0] for path in cache.iterdir()} == set(Network)
    expected = {network: openvino.run(network, values(network)) for network in Network}
    monkeypatch.setattr(module, "_read_model", None)
    with closing(module.OpenVINORuntime(NETWORKS, amx=False, cache=cache)) as again:
        for network in Network:
            for a, b in zip(expected[network], again.run(network, values(network)), strict=True):
                np.testing.assert_array_equal(a, b)


def only(network: Network, cache: Path, *, amx: bool = False) -> Runtime:
    runtime: Runtime = module.OpenVINORuntime({network: NETWORKS[network]}, amx=amx, cache=cache)
    return runtime


@pytest.mark.parametrize("damage", [b"", b"damaged"])
def test_a_damaged_file_in_the_cache_is_replaced(tmp_path: Path, damage: bytes) -> None:
    only(SMALL, tmp_path).close()
    (path,) = tmp_path.iterdir()
    intact = path.stat().st_size
    path.write_bytes(damage)
    only(SMALL, tmp_path).close()
    assert path.stat().st_size == pytest.approx(intact, rel=0.01)


def test_a_file_that_openvino_can_not_import_is_replaced(tmp_path: Path) -> None:
    only(SMALL, tmp_path).close()
    (path,) = tmp_path.iterdir()
    module._write_blob(path, b"of another version")
    only(SMALL, tmp_path).close()
    assert path.stat().st_size > 1000


def test_compiled_networks_that_nobody_has_loaded_for_a_day_are_deleted(tmp_path: Path) -> None:
    only(SMALL, tmp_path).close()
    (own,) = tmp_path.iterdir()
    old, other = tmp_path / f"{SMALL}-old.blob", tmp_path / f"{SMALL}-other.blob"
    for path in (old, other):
        path.touch()
    for path in (own, old):
        os.utime(path, (time.time() - 2 * 24 * 3600,) * 2)
    for _ in range(2):  # It counts when a network was loaded, not when it was compiled.
        only(SMALL, tmp_path).close()
        assert set(tmp_path.iterdir()) == {own, other}


def test_without_a_folder_that_can_be_written_nothing_is_kept(tmp_path: Path) -> None:
    # Root may write to read-only folders, but not into files.
    file = tmp_path / "file"
    file.touch()
    with closing(only(SMALL, file / "cache")) as runtime:
        assert len(runtime.run(SMALL, values(SMALL))) == 1


class Core:
    """Records what is compiled."""

    def __init__(self) -> None:
        self._core = module.openvino.Core()
        self.precisions: list[str] = []

    def __getattr__(self, name: str) -> object:
        return getattr(self._core, name)

    def compile_model(self, model: object, device: str, config: dict[str, object]) -> object:
        self.precisions.append(str(config["INFERENCE_PRECISION_HINT"]))
        return self._core.compile_model(model, device, {**config, "INFERENCE_PRECISION_HINT": "f32"})


@pytest.mark.parametrize(("network", "amx"), [(Network.HAND, True), (Network.HAND, False), (SMALL, True)])
def test_the_precision_is_always_set(
    network: Network, amx: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    core = Core()
    monkeypatch.setattr(module.openvino, "Core", lambda: core)
    only(network, tmp_path, amx=amx).close()
    assert core.precisions == ["bf16" if amx and network in module.BF16_NETWORKS else "f32"]


def test_the_two_precisions_are_kept_apart(tmp_path: Path) -> None:
    core = module.openvino.Core()
    keys = {module._key(core, b"", {"INFERENCE_PRECISION_HINT": precision}) for precision in ("f32", "bf16")}
    assert len(keys) == 2


@pytest.mark.parametrize("network", Network)
def test_a_damaged_network_is_named(network: Network, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=network.file):
        module.OpenVINORuntime({network: b"damaged"}, amx=False, cache=tmp_path)


@pytest.mark.parametrize("network", Network)
def test_a_foreign_network_is_named(network: Network, tmp_path: Path) -> None:
    other = Network.FACE_DETECTOR if network is Network.HAND else Network.HAND
    with pytest.raises(ModelError, match=network.file):
        module.OpenVINORuntime({network: NETWORKS[other]}, amx=False, cache=tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_truncated_network_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=SMALL.file):
        module.OpenVINORuntime({SMALL: NETWORKS[SMALL][:50_000]}, amx=False, cache=tmp_path)


def test_a_closed_runtime_does_not_run(tmp_path: Path) -> None:
    runtime = only(SMALL, tmp_path)
    runtime.close()
    runtime.close()
    with pytest.raises(TrackerError, match="closed"):
        runtime.run(SMALL, values(SMALL))


def test_importing_it_reports_nothing_to_its_maker() -> None:
    code = f"import sys, {module.__name__}; print(*sys.modules)"
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
    loaded = set(done.stdout.split())
    assert "openvino" in loaded
    assert not {"openvino.tools.ovc", "openvino_telemetry"} & loaded
