"""Takes of running sessions, which nobody can repeat: whatever ends one, its frames are kept.

JSON lines and CSV grow in place. A format that needs the whole take gets its frames in a journal beside it, and is made
of that at the end: by :func:`recording`, or by :func:`recover` if that didn't live to do it.
"""

import os
import shlex
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec

from holistic_rtc.atomic import fitting, passes_through, remove_parts
from holistic_rtc.errors import DecodeError, MediaError
from holistic_rtc.model.message import LandmarkMessage
from holistic_rtc.recording import jsonl
from holistic_rtc.recording.format import Lines, Options
from holistic_rtc.recording.formats import FORMATS
from holistic_rtc.recording.line_file import LineFile, lock, sync_folder
from holistic_rtc.recording.take import Take, Wanted, can_not_write, check_not_empty, make_take, writing
from holistic_rtc.wire import as_json

JOURNAL = ".journal"
"""Ends the name of a journal, after the name of what is made of it"""


class _Header(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The first line of a journal. The others are messages, as in JSON lines."""

    journal_of: str
    options: Options


@contextmanager
def recording(wanted: Wanted) -> Iterator[Take]:
    """
    Record a take. Standard output, a device or a pipe is written to as by :func:`~.take.writing`.

    :raises BrokenPipeError: the reader of a pipe has closed it.
    :raises MediaError: there was nothing to write, the output can't be written, or the journal of another take is in
        the way. The message says what is kept, and how to go on.
    """
    path, lines = wanted.path, wanted.format.lines
    if passes_through(path):
        with writing(wanted) as take:
            yield take
    elif lines:
        with _growing(path, lines(wanted.options), wanted) as take:
            yield take
            check_not_empty(take, wanted)
    else:
        journal = _journal_of(path)
        header = msgspec.json.encode(_Header(path.name, wanted.options)) + b"\n"
        with _growing(journal, replace(jsonl.lines(wanted.options), header=header), wanted) as take:
            yield take
            check_not_empty(take, wanted)
            try:
                _finish(journal, wanted)
            except (MediaError, KeyboardInterrupt) as error:
                reason = str(error) or f"interrupted before {path} was written"
                raise MediaError(f"{reason}. The take is in {journal}: {how_to_finish(journal)}") from error


@contextmanager
def recordings(wanted: Sequence[Wanted]) -> Iterator[list[Take]]:
    """
    Record several takes at once. One that can't be finished doesn't keep the others from it. If the block fails, none
    is finished.

    :raises: see :func:`recording`; of several errors, one.
    """
    if not wanted:
        yield []
        return
    first, *others = wanted
    failed, recorded = None, False
    with recording(first) as take:
        try:
            with recordings(others) as takes:
                yield [take, *takes]
                recorded = True
        except MediaError as error:
            if not recorded:
                raise
            failed = error
    if failed:
        raise failed


@dataclass(frozen=True, slots=True)
class Recovered:
    path: Path
    frames: int
    damaged: int
    """Bytes that are no whole frames, and are left out"""


def recover(path: Path, output: Path | None = None) -> Recovered:
    """
    Finish a take that was cut off by a full disk, a crash or a power loss.

    :param path: the journal, or what is to be made of it. The journal is removed afterwards. JSON lines and CSV have
        none; what follows their last whole frame is removed.
    :param output: what to make of the journal instead. Its suffix sets the format.
    :raises MediaError: there is nothing to recover, or the output can't be written.
    """
    form = FORMATS.get(path.suffix.lower())
    try:
        if form and form.lines:
            if output:
                raise MediaError(f"{path} has no journal and is repaired in place; leave out the output")
            return _repair(path, form.lines(Options()))
        journal = path if path.suffix == JOURNAL else _journal_of(path)
        with journal.open("rb") as file:
            lock(file.fileno(), journal)
            header = _read_header(journal)
            return _finish(journal, Wanted(output or _output_of(journal, header), options=header.options))
    except FileNotFoundError as error:
        raise MediaError(f"there is no {error.filename} to recover") from None
    except OSError as error:
        raise MediaError(f"{path} can't be recovered: {error.strerror}") from error


def unfinished(folder: Path) -> list[Path]:
    """The journals in a folder that nobody is writing to."""
    found = []
    for journal in sorted(folder.glob(f"*{JOURNAL}")):
        try:
            _read_header(journal)
            with journal.open("rb") as file:
                lock(file.fileno(), journal)
        except (MediaError, OSError):
            continue
        found.append(journal)
    return found


def how_to_finish(journal: Path) -> str:
    return f"finish it with `holistic-rtc record --recover {shlex.quote(str(journal))}`"


def _journal_of(path: Path) -> Path:
    return fitting(path.parent, path.name, JOURNAL)


def _output_of(journal: Path, header: _Header) -> Path:
    output = journal.with_name(header.journal_of)
    # Somebody may have renamed the journal.
    return output if _journal_of(output) == journal else journal.with_suffix("")


@contextmanager
def _growing(path: Path, lines: Lines, wanted: Wanted) -> Iterator[Take]:
    """A take whose frames are written at once, as lines of a file that stays whatever happens."""
    of_journal = path != wanted.path
    try:
        file = LineFile(path, lines.header, overwrite=not of_journal)
    except FileExistsError:
        raise MediaError(f"{path} has a recording that was cut off: {how_to_finish(path)}, or delete it") from None
    except OSError as error:
        raise can_not_write(path, error) from error

    def add(message: LandmarkMessage) -> None:
        try:
            file.write(lines.encode(message))
        except OSError as error:
            raise failed(error) from error

    def failed(error: OSError) -> MediaError:
        kept = f"{can_not_write(path, error)}. It keeps the {take.frames} frames until then"
        return MediaError(f"{kept}: make room, and {how_to_finish(path)}" if of_journal else kept)

    take = make_take(wanted, add)
    try:
        with file:
            yield take
    except OSError as error:
        raise failed(error) from error


def _finish(journal: Path, wanted: Wanted) -> Recovered:
    """Make the output, and remove the journal once that is on the disk."""
    damaged = 0
    remove_parts(wanted.path)
    with writing(wanted) as take, journal.open("rb") as file:
        file.readline()
        for line in file:
            try:
                take.add(as_json.decode(line))
            except DecodeError:
                damaged += len(line)
    if not passes_through(wanted.path):
        with wanted.path.open("rb") as written:
            os.fsync(written.fileno())
        sync_folder(wanted.path.parent)
    journal.unlink()
    return Recovered(wanted.path, take.frames, damaged)


def _repair(path: Path, lines: Lines) -> Recovered:
    with path.open("r+b") as file:
        lock(file.fileno(), path)
        frames, end, first = 0, 0, file.readline()
        file.seek(0)
        for line in file:
            if not lines.is_whole(line, first):
                break
            frames += 1
            end += len(line)
        frames -= bool(lines.header)
        if frames <= 0:
            raise MediaError(f"{path} has no complete frame")
        damaged = file.seek(0, os.SEEK_END) - end
        file.truncate(end)
        os.fsync(file.fileno())
    return Recovered(path, frames, damaged)


def _read_header(journal: Path) -> _Header:
    """
    :raises MediaError: the file isn't the journal of a take.
    """
    with journal.open("rb") as file:
        try:
            return msgspec.json.decode(file.readline(), type=_Header)
        except msgspec.MsgspecError:
            raise MediaError(f"{journal} is not the journal of a recording") from None
