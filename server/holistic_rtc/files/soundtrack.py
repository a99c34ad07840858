"""The audio of a take, in a file beside it."""

import threading
from collections import deque
from contextlib import suppress
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.error import FFmpegError
from av.packet import Packet

from holistic_rtc.errors import MediaError

SUFFIX = ".ogg"
"""Ends its name, after that of the take"""
RATE = 48_000
KEPT = 1.0
"""Seconds of audio that are kept before the take begins: landmarks arrive later than the sound that belongs to them"""
MAX_WAITING = 3000
"""Packets that wait for the disk: a minute"""
MAX_GAP = 3600
"""Seconds of silence in one piece that are written, at most"""
SILENCE, SILENCE_TICKS = b"\xf8\xff\xfe", 960
"""20 ms, as Opus encodes it, and its length"""

_SILK = (480, 960, 1920, 2880)
_HYBRID = (480, 960)
_CELT = (120, 240, 480, 960)
"""Ticks of a frame, by the last bits of the configuration (RFC 6716, section 3.1)"""


def ticks_of(data: bytes) -> int:
    """
    :param data: a packet of Opus.
    :return: its length, in ticks of 1/48000 s; 0 if it has none.
    """
    if not data:
        return 0
    configuration, code = data[0] >> 3, data[0] & 3
    if configuration < 12:
        frame = _SILK[configuration & 3]
    else:
        frame = _HYBRID[configuration & 1] if configuration < 16 else _CELT[configuration & 3]
    if code == 3:
        return frame * (data[1] & 63) if len(data) > 1 else 0
    return frame * (1 if code == 0 else 2)


class Soundtrack:
    """
    Writes packets of Opus to an Ogg file (RFC 7845) as they are, with silence where some are missing. The file appears
    with the first packet, and is whole up to its last page whatever ends the program.

    :param take: the file of the take. Its first frame and the audio begin at the same time.
    """

    def __init__(self, take: Path) -> None:
        self.path = take.with_name(take.name + SUFFIX)
        self._waiting: deque[tuple[float, Packet[Any]]] = deque(maxlen=MAX_WAITING)
        self._begun: float | None = None
        self._zero: int | None = None
        """The time of the take's first frame, in ticks of the packets' time"""
        self._written = 0
        """Ticks"""
        self._writing = threading.Lock()
        """Whoever closes it doesn't wait for the thread that writes"""
        self._file: tuple[OutputContainer, AudioStream] | None = None

    def add(self, packet: "Packet[Any]", now: float) -> None:
        """
        Keep a packet until it is written. May be called on another thread than the other methods.

        :param packet: its time is in units of 1/48000 s.
        :param now: when it came, on the monotonic clock.
        """
        self._waiting.append((now, packet))

    def begin(self, at: float) -> None:
        """
        :param at: when what belongs to the take's first frame came, on the monotonic clock.
        """
        self._begun = at

    def write(self, now: float) -> None:
        """
        Write what has come.

        :raises MediaError: it can't be written.
        """
        with self._writing:
            try:
                while self._waiting and (self._begun is not None or self._waiting[0][0] < now - KEPT):
                    came, packet = self._waiting.popleft()
                    if self._begun is not None and came >= self._begun:
                        self._write(packet, came - self._begun)
            except (FFmpegError, OSError) as error:
                raise MediaError(f"the audio can't be written to {self.path}: {error.strerror}") from error

    def close(self, *, keep: bool) -> None:
        """
        :param keep: whether there is a take.
        """
        with self._writing:
            self._waiting.clear()
            if self._file:
                container, _ = self._file
                self._file = None
                with suppress(FFmpegError, OSError):  # What can't be written has been reported.
                    container.close()
                if not keep:
                    self.path.unlink(missing_ok=True)

    @property
    def empty(self) -> bool:
        return not self._written

    def _write(self, packet: "Packet[Any]", after: float) -> None:
        data = bytes(packet)
        ticks = ticks_of(data)
        assert packet.pts is not None
        if self._zero is None:
            self._zero = packet.pts - round(after * RATE)
        missing = packet.pts - self._zero - self._written
        if not 0 < ticks <= 5760 or missing < -ticks // 2:
            return  # no Opus, or too late
        for _ in range(min(missing, MAX_GAP * RATE) // SILENCE_TICKS):
            self._mux(SILENCE, SILENCE_TICKS)
        self._mux(data, ticks)

    def _mux(self, data: bytes, ticks: int) -> None:
        if self._file is None:
            container = av.open(f"file:{self.path}", "w", format="ogg", options={"flush_packets": "1"})
            stream = container.add_stream("libopus", rate=RATE)
            assert isinstance(stream, AudioStream)
            stream.layout = "stereo"
            self._file = container, stream
        container, stream = self._file
        packet = Packet(data)
        packet.pts = packet.dts = self._written
        packet.duration, packet.time_base, packet.stream = ticks, Fraction(1, RATE), stream
        container.mux(packet)
        self._written += ticks
