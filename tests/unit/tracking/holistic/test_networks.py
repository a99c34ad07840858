"""Bundles with missing, damaged and foreign networks."""

import zipfile
from pathlib import Path

import pytest

from holistic_rtc.bundle.models import PoseModel, find
from holistic_rtc.errors import ModelError
from holistic_rtc.tracking.holistic.engine import HolisticModel
from holistic_rtc.tracking.holistic.networks import Network, load

MODEL = find(PoseModel.LITE).path


def bundle(path: Path, **changes: bytes | None) -> Path:
    """The real bundle with other members; None leaves one out."""
    with zipfile.ZipFile(MODEL) as real, zipfile.ZipFile(path, "w") as made:
        for network in Network:
            data = changes.get(network.value, real.read(network.file))
            if data is not None:
                made.writestr(network.file, data)
    return path


def real(network: Network) -> bytes:
    with zipfile.ZipFile(MODEL) as archive:
        return archive.read(network.file)


def test_all_networks_are_read() -> None:
    assert set(load(MODEL)) == set(Network)


@pytest.mark.parametrize("network", Network)
def test_a_missing_network_is_named(network: Network, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=network.file):
        HolisticModel(bundle(tmp_path / "bundle.task", **{network.value: None})).tracker()


@pytest.mark.parametrize("network", Network)
def test_a_damaged_network_is_named(network: Network, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=network.file):
        HolisticModel(bundle(tmp_path / "bundle.task", **{network.value: b"damaged"})).tracker()


@pytest.mark.parametrize("network", Network)
def test_a_foreign_network_is_named(network: Network, tmp_path: Path) -> None:
    other = Network.FACE_DETECTOR if network is Network.HAND else Network.HAND
    with pytest.raises(ModelError, match=network.file):
        HolisticModel(bundle(tmp_path / "bundle.task", **{network.value: real(other)})).tracker()


def test_a_bundle_that_is_no_archive_or_not_there_is_named(tmp_path: Path) -> None:
    path = tmp_path / "bundle.task"
    with pytest.raises(ModelError, match=str(path)):
        load(path)
    path.write_bytes(b"no archive")
    with pytest.raises(ModelError, match=str(path)):
        load(path)
