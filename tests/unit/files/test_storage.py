"""Folders that are removed while others write to them, here and elsewhere."""

import threading
from pathlib import Path

import fsspec
import pytest

from holistic_rtc.errors import MediaError
from holistic_rtc.files.storage import Remote, make_folder, place, put, remove_folder


@pytest.mark.parametrize("scheme", ["", "file://", "memory://"])
def test_a_folder_is_removed_with_what_is_in_it(scheme: str, tmp_path: Path) -> None:
    folder = place(f"{scheme}{tmp_path}/out/.chunks")
    if isinstance(folder, Path):
        folder.parent.mkdir()
    make_folder(folder)
    file = tmp_path / "0.jsonl"
    file.write_text("{}")
    if isinstance(folder, Remote):
        put(file, folder)
        system, name = fsspec.core.url_to_fs(folder.url)
        assert system.cat(f"{name}/0.jsonl") == b"{}"
    else:
        (folder / file.name).write_text("{}")
    for _ in range(2):
        remove_folder(folder)
        system, name = fsspec.core.url_to_fs(str(folder))
        assert not system.exists(name)


@pytest.mark.parametrize("scheme", ["file://", "memory://"])
def test_what_comes_to_a_folder_elsewhere_after_its_removal_does_not_stay(scheme: str, tmp_path: Path) -> None:
    folder = Remote(f"{scheme}{tmp_path}/out/.chunks")
    make_folder(folder)
    remove_folder(folder)
    file = tmp_path / "0.jsonl"
    file.write_text("{}")
    put(file, folder)
    system, name = fsspec.core.url_to_fs(folder.url)
    assert system.find(name) == []


def test_a_folder_is_removed_although_somebody_is_writing_there(tmp_path: Path) -> None:
    folder = tmp_path / ".chunks"
    make_folder(folder)
    begun = threading.Event()

    def write() -> None:
        number = 0
        try:
            while number < 100_000:
                (folder / str(number)).touch()
                number += 1
                begun.set()
        except OSError:
            pass

    writer = threading.Thread(target=write)
    writer.start()
    begun.wait()
    remove_folder(folder)
    writer.join()
    assert not folder.exists()


def test_a_folder_that_can_not_be_made_is_told(tmp_path: Path) -> None:
    with pytest.raises(MediaError, match="can't be made: No such file"):
        make_folder(tmp_path / "absent" / ".chunks")
