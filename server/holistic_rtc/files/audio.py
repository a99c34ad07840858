"""The audio of a video file, put into its annotated video."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from fractions import Fraction
from heapq import merge
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

import av
from av import AudioFrame
from av.audio.stream import AudioStream
from av.container import InputContainer, OutputContainer
from av.error import FFmpegError
from av.filter import Graph
from av.packet import Packet

from holistic_rtc.files.annotated import explained_errors, open_output
from holistic_rtc.files.timeline import MAX_JUMP, may_jump

COPIED = frozenset({"aac", "ac3", "alac", "eac3", "flac", "mp3", "opus"})
"""Codecs that players know in an MP4. Anything else is encoded as AAC."""
MAX_STEP_BACK = 0.1
"""Seconds. Where packets go back further, the times of the file start again."""
LEAD = 0.1
"""Seconds of audio before the first frame that are kept: decoders need them to begin cleanly. They aren't played."""
_BIT_RATE = 96_000
"""Of AAC, for each channel"""
_SAMPLES = 1024
"""In a frame of AAC"""
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
    def joining(self, path: Path) -> Iterator[Path]:
        """
        Write a video with this audio.

        :param path: gets both, at the end of the block.
        :return: a file for the video alone, an MP4. It is in the same folder, and nobody else sees it.
        :raises MediaError: the output can't be written.
        :raises OSError: the same.
        """
        with TemporaryFile(dir=path.parent) as file:
            silent = Path(f"/proc/self/fd/{file.fileno()}")
            yield silent
            for way in (_copied, _encoded):
                with suppress(FFmpegError, ValueError):
                    self._join(silent, path, way)
                    return
            self.damaged = True
            with explained_errors():
                self._join(silent, path, None)

    def _join(self, silent: Path, path: Path, way: "_Way | None") -> None:
        """
        :raises FFmpegError, ValueError: it can't be done in this way.
        """
        with av.open(f"file:{silent}", format="mp4") as video, open_output(path) as output:
            (found,) = video.streams.video
            stream = output.add_stream_from_template(found)
            if way is None:
                _mux(_placed(video.demux(found), stream), output)
                return
            with self._open() as source:
                audio = source.streams.best("audio")
                if not isinstance(audio, AudioStream) or not audio.codec_context:
                    raise ValueError("its audio can't be decoded")
                packets = merge(_placed(video.demux(found), stream), way(self, source, audio, output), key=_time)
                _mux(packets, output)

    def decoded(
        self, source: InputContainer, stream: AudioStream
    ) -> Iterator[tuple["Packet[AudioStream]", list[AudioFrame]]]:
        """The packets that can be decoded, with the times at which they are heard, and what is in them."""
        end, part = Fraction(0), 0
        jumps = may_jump(source)
        packets = source.demux(stream)
        while True:
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
                frames = packet.decode()
            except (FFmpegError, ValueError):
                self.damaged = True
                continue
            yield packet, frames


_Way = Callable[[Audio, InputContainer, AudioStream, OutputContainer], Iterator["Packet[Any]"]]


def _mux(packets: "Iterable[Packet[Any]]", output: OutputContainer) -> None:
    for packet in packets:
        output.mux(packet)


def _time(packet: "Packet[Any]") -> Fraction:
    assert packet.dts is not None
    assert packet.time_base is not None
    return packet.dts * packet.time_base


def _placed(packets: "Iterator[Packet[Any]]", stream: Any) -> "Iterator[Packet[Any]]":
    for packet in packets:
        if packet.dts is not None:  # which is the end
            packet.stream = stream
            yield packet


def _copied(
    audio: Audio, source: InputContainer, stream: AudioStream, output: OutputContainer
) -> "Iterator[Packet[Any]]":
    if stream.codec.canonical_name not in COPIED:
        raise ValueError(f"players don't know {stream.codec.canonical_name} in an MP4")
    target = output.add_stream_from_template(stream)
    return _in_order(audio.decoded(source, stream), target)


def _in_order(
    packets: "Iterator[tuple[Packet[AudioStream], list[AudioFrame]]]", target: AudioStream
) -> "Iterator[Packet[Any]]":
    last: Fraction | None = None
    for packet, _ in packets:
        if packet.dts is None or (time := _time(packet)) <= (-LEAD if last is None else last):
            continue
        last = time
        packet.stream = target
        yield packet


def _encoded(
    audio: Audio, source: InputContainer, stream: AudioStream, output: OutputContainer
) -> "Iterator[Packet[Any]]":
    rate = 44_100 if stream.rate % 11_025 == 0 else 48_000
    layout = _LAYOUTS.get(stream.channels, "stereo")
    target = output.add_stream("aac", rate=rate, layout=layout)
    assert isinstance(target, AudioStream)
    target.bit_rate = _BIT_RATE * target.channels
    return _encode(audio.decoded(source, stream), target)


def _encode(
    packets: "Iterator[tuple[Packet[AudioStream], list[AudioFrame]]]", target: AudioStream
) -> "Iterator[Packet[Any]]":
    graph: Graph | None = None
    for _, frames in packets:
        for frame in frames:
            if graph is None:
                graph = _even(frame, target)
            graph.push(frame)
            for even in _pulled(graph):
                yield from target.encode(even)
    if graph:
        graph.push(None)
        for even in _pulled(graph):
            yield from target.encode(even)
        yield from target.encode(None)


def _even(like: AudioFrame, target: AudioStream) -> Graph:
    """What makes frames for an encoder: from time 0 on, with silence where there is a gap."""
    graph = Graph()
    graph.link_nodes(
        graph.add_abuffer(
            sample_rate=like.sample_rate, format=like.format, layout=like.layout, time_base=like.time_base
        ),
        graph.add("aformat", f"sample_fmts=fltp:sample_rates={target.rate}:channel_layouts={target.layout.name}"),
        graph.add("aresample", "async=1:first_pts=0"),
        graph.add("asetnsamples", f"n={_SAMPLES}:p=0"),
        graph.add("abuffersink"),
    ).configure()
    return graph


def _pulled(graph: Graph) -> Iterator[AudioFrame]:
    while True:
        try:
            frame = graph.pull()
        except (BlockingIOError, EOFError):
            return
        assert isinstance(frame, AudioFrame)
        yield frame
