"""The audio of a video file, put into its annotated video."""

import errno
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from fractions import Fraction
from heapq import merge
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

import av
import numpy as np
from av import AudioFrame
from av.audio.stream import AudioStream
from av.container import InputContainer, OutputContainer
from av.error import FFmpegError
from av.filter import Graph
from av.packet import Packet
from av.video.stream import VideoStream

from holistic_rtc.files.annotated import Check, explained_errors, open_output, unwritable
from holistic_rtc.files.timeline import MAX_JUMP, may_jump

COPIED = frozenset({"aac", "ac3", "alac", "eac3", "flac", "mp3", "opus"})
"""Codecs that players know in an MP4. Anything else is encoded as AAC."""
MAX_STEP_BACK = 0.1
"""Seconds. Where packets go back further, the times of the file start again."""
LEAD = 0.1
"""Seconds of audio before the first frame that are kept: decoders need them to begin cleanly. They aren't played."""
_FORMAT = "fltp"
"""That AAC is encoded from"""
_BIT_RATE = 96_000
"""Of AAC, for each channel"""
_OF_DISK = frozenset({errno.EDQUOT, errno.EFBIG, errno.EIO, errno.ENOSPC})
"""Errors of the disk that the output is on. Others may be due to the source's audio."""
MAX_GAP = 1
"""Seconds. A longer gap is filled with pieces of silence, each this long at most, so that memory stays bounded."""
_LAYOUTS = {1: "mono", 6: "5.1"}
"""By the number of channels; stereo by default"""


class Audio:
    """
    The audio that a player would choose in a video file.

    :param open: opens the file.
    :param shifts: seconds by which the times of the video have been moved: all of them, or those up to where the times
        in the file start again, and then the others. Read when the audio is.
    """

    def __init__(self, open: Callable[[], InputContainer], shifts: Sequence[Fraction]) -> None:
        self.damaged = False
        """Whether some of it couldn't be kept"""
        self._open = open
        self._shifts = shifts

    @contextmanager
    def joining(self, path: Path, check: Check) -> Iterator[Path]:
        """
        Write a video with this audio.

        :param path: gets both, at the end of the block.
        :param check: called for each packet meanwhile.
        :return: a file for the video alone, an MP4. It is in the same folder, and nobody else sees it.
        :raises MediaError: the output can't be written.
        :raises OSError: the same.
        """
        with TemporaryFile(dir=path.parent) as file:
            silent = Path(f"/proc/self/fd/{file.fileno()}")
            yield silent
            for way in (_copied, _encoded):
                try:
                    self._join(silent, path, way, check)
                except FFmpegError as error:
                    if error.errno in _OF_DISK:
                        raise unwritable(error) from error
                except ValueError:
                    pass
                else:
                    return
            self.damaged = True
            with explained_errors():
                self._join(silent, path, None, check)

    def _join(self, silent: Path, path: Path, way: "_Way | None", check: Check) -> None:
        """
        :raises FFmpegError, ValueError: it can't be done in this way.
        """
        with av.open(f"file:{silent}", format="mp4") as video, open_output(path) as output:
            (found,) = video.streams.video
            stream = output.add_stream_from_template(found)
            pictures = _placed(video.demux(found), stream)
            if way is None:
                _mux(pictures, output, check)
                return
            end = _end(found)
            with self._open() as source:
                audio = source.streams.best("audio")
                if not isinstance(audio, AudioStream) or not audio.codec_context:
                    raise ValueError("its audio can't be decoded")
                sound = way(self._decoded(source, audio, end, check), audio, output)
                heard = (packet for packet in sound if _time(packet) < end)
                _mux(merge(pictures, heard, key=_time), output, check)

    def _decoded(self, source: InputContainer, stream: AudioStream, until: Fraction, check: Check) -> "_Decoded":
        """The packets that can be decoded, with the times at which they are heard, and what is in them."""
        end, part = Fraction(0), 0
        jumps = may_jump(source)
        packets = source.demux(stream)
        while True:
            check()
            try:
                if (packet := next(packets, None)) is None:
                    return
                time = packet.pts if packet.pts is not None else packet.dts
                base = packet.time_base
                if time is not None and base:
                    behind = end - time * base
                    if end and (behind > MAX_STEP_BACK or (jumps and behind < -MAX_JUMP)):
                        part += 1
                    end = (time + (packet.duration or 0)) * base
                    shift = self._shifts[min(part, len(self._shifts) - 1)] if self._shifts else 0
                    packet.pts = packet.dts = time + round(shift / base)
                    if _time(packet) >= until:
                        continue
                frames = packet.decode()
            except (FFmpegError, ValueError):
                self.damaged = True
                continue
            yield packet, frames


_Decoded = Iterator[tuple["Packet[AudioStream]", list[AudioFrame]]]
_Way = Callable[[_Decoded, AudioStream, OutputContainer], Iterator["Packet[Any]"]]


def _mux(packets: "Iterable[Packet[Any]]", output: OutputContainer, check: Check) -> None:
    for packet in packets:
        check()
        output.mux(packet)


def _time(packet: "Packet[Any]") -> Fraction:
    assert packet.dts is not None
    assert packet.time_base is not None
    return packet.dts * packet.time_base


def _end(stream: VideoStream) -> Fraction:
    """When the last frame has been shown, in seconds."""
    if stream.duration is None or stream.time_base is None:
        raise ValueError("the video has no frame")
    return ((stream.start_time or 0) + stream.duration) * stream.time_base


def _placed(packets: "Iterator[Packet[Any]]", stream: Any) -> "Iterator[Packet[Any]]":
    for packet in packets:
        if packet.dts is not None:  # which is the end
            packet.stream = stream
            yield packet


def _copied(packets: _Decoded, stream: AudioStream, output: OutputContainer) -> "Iterator[Packet[Any]]":
    if stream.codec.canonical_name not in COPIED:
        raise ValueError(f"players don't know {stream.codec.canonical_name} in an MP4")
    return _in_order(packets, output.add_stream_from_template(stream))


def _in_order(packets: _Decoded, target: AudioStream) -> "Iterator[Packet[Any]]":
    last: Fraction | None = None
    for packet, _ in packets:
        if packet.dts is None or (time := _time(packet)) <= (-LEAD if last is None else last):
            continue
        last = time
        packet.stream = target
        yield packet


def _encoded(packets: _Decoded, stream: AudioStream, output: OutputContainer) -> "Iterator[Packet[Any]]":
    rate = 44_100 if stream.rate % 11_025 == 0 else 48_000
    layout = _LAYOUTS.get(stream.channels, "stereo")
    target = output.add_stream("aac", rate=rate, layout=layout)
    assert isinstance(target, AudioStream)
    target.bit_rate = _BIT_RATE * target.channels
    return _encode(packets, target)


def _encode(packets: _Decoded, target: AudioStream) -> "Iterator[Packet[Any]]":
    done = 0
    for frame in _even((frame for _, frames in packets for frame in frames), target):
        frame.pts, frame.time_base = done, Fraction(1, target.rate)
        done += frame.samples
        yield from target.encode(frame)
    if done:
        yield from target.encode(None)


def _even(frames: Iterator[AudioFrame], target: AudioStream) -> Iterator[AudioFrame]:
    """Frames for an encoder, in its format: from time 0 on, with silence where there is a gap."""
    graph: Graph | None = None
    kind: tuple[int, str, str] | None = None
    done = 0
    """Samples"""
    for frame in frames:
        begin = done if frame.time is None else round(frame.time * target.rate)
        if graph is None or _kind(frame) != kind or begin > done + MAX_GAP * target.rate:
            kind = _kind(frame)
            for even in _ended(graph):
                done += even.samples
                yield even
            while begin > done + MAX_GAP * target.rate:
                done += MAX_GAP * target.rate
                yield _silence(MAX_GAP * target.rate, target)
            graph = _graph(frame, target, done)
        graph.push(frame)
        for even in _pulled(graph):
            done += even.samples
            yield even
    yield from _ended(graph)


def _kind(frame: AudioFrame) -> tuple[int, str, str]:
    return frame.sample_rate, frame.format.name, frame.layout.name


def _silence(samples: int, target: AudioStream) -> AudioFrame:
    frame = AudioFrame.from_ndarray(
        np.zeros((target.channels, samples), np.float32), format=_FORMAT, layout=target.layout.name
    )
    frame.sample_rate = target.rate
    return frame


def _graph(like: AudioFrame, target: AudioStream, first: int) -> Graph:
    """
    What makes even frames of some that are alike.

    :param first: the sample with which they begin.
    """
    graph = Graph()
    graph.link_nodes(
        graph.add_abuffer(
            sample_rate=like.sample_rate, format=like.format, layout=like.layout, time_base=like.time_base
        ),
        graph.add("aformat", f"sample_fmts={_FORMAT}:sample_rates={target.rate}:channel_layouts={target.layout.name}"),
        graph.add("aresample", f"async=1:first_pts={first}"),
        graph.add("abuffersink"),
    ).configure()
    return graph


def _ended(graph: Graph | None) -> Iterator[AudioFrame]:
    """What is left in it."""
    if graph:
        graph.push(None)
        yield from _pulled(graph)


def _pulled(graph: Graph) -> Iterator[AudioFrame]:
    while True:
        try:
            frame = graph.pull()
        except (BlockingIOError, EOFError):
            return
        assert isinstance(frame, AudioFrame)
        yield frame
