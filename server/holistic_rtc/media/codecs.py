"""aiortc's video codecs, tuned for sharp live video with low latency."""

import errno
from abc import abstractmethod
from collections.abc import Iterable
from fractions import Fraction

import av
from aiortc.codecs import h264, vpx
from aiortc.codecs.base import Decoder
from aiortc.jitterbuffer import JitterFrame
from aiortc.mediastreams import VIDEO_CLOCK_RATE
from av.codec.context import CodecContext
from av.frame import Frame
from av.video.codeccontext import VideoCodecContext

from holistic_rtc.errors import MediaError, TooManyPixelsError
from holistic_rtc.media.frame_size import Size, h264_sizes, vp8_size
from holistic_rtc.pipeline.frames import upright


class _OnOneThread:
    """Limits a codec to one thread. By default, FFmpeg starts one per CPU of the machine, ignoring container limits."""

    @property
    def codec(self) -> CodecContext | None:
        return self._codec

    @codec.setter
    def codec(self, codec: CodecContext | None) -> None:
        # aiortc creates the codec here, and opens it with the first frame.
        if codec is not None:
            codec.thread_count = 1
        self._codec = codec


class Failure(Frame):
    """
    Takes the place of frames in the output of a decoder that has given up: aiortc passes it to the track's reader.

    Otherwise, aiortc's decoder thread would end, and the track would wait for its next frame forever.
    """

    def __init__(self, error: Exception) -> None:
        self.error = error


class _SizedDecoder(Decoder):
    """
    A decoder that reads the sizes in a frame before it decodes it. Too large a frame isn't decoded, but replaced by a
    :class:`Failure`.

    :param max_pixels: the limit on width times height.
    """

    def __init__(self, max_pixels: int) -> None:
        super().__init__()
        self._max_pixels = max_pixels

    @abstractmethod
    def sizes(self, data: bytes) -> Iterable[Size]:
        """
        :param data: an encoded frame.
        :return: width and height of each picture that it announces.
        :raises MediaError: it is damaged.
        """

    def decode(self, encoded_frame: JitterFrame) -> list[Frame]:
        try:
            for width, height in self.sizes(encoded_frame.data):
                if width * height > self._max_pixels:
                    return [Failure(_too_large(width, height, self._max_pixels))]
            frames = super().decode(encoded_frame)  # type: ignore[safe-super]
            orientation = getattr(encoded_frame, "orientation", 0)
            return [upright(frame, orientation) if isinstance(frame, av.VideoFrame) else frame for frame in frames]
        except MediaError as error:
            # As if FFmpeg had found it: aiortc asks for a key frame.
            raise av.InvalidDataError(errno.EINVAL, str(error)) from error
        except av.FFmpegError:
            raise
        except Exception as error:
            return [Failure(error)]


class Vp8Decoder(_OnOneThread, _SizedDecoder, vpx.Vp8Decoder):  # type: ignore[misc]
    def sizes(self, data: bytes) -> Iterable[Size]:
        size = vp8_size(data)
        return [size] if size else []


class H264Decoder(_OnOneThread, _SizedDecoder, h264.H264Decoder):  # type: ignore[misc]
    def sizes(self, data: bytes) -> Iterable[Size]:
        return h264_sizes(data)


class H264Encoder(_OnOneThread, h264.H264Encoder):  # type: ignore[misc]
    pass


class FastVp8Encoder(vpx.Vp8Encoder):
    """
    Takes half the time of aiortc's encoder at a loss of 0.2 dB, with a faster preset of libvpx and without denoising.

    FFmpeg can't change libvpx's bit rate, so a change needs a new encoder, which begins with a key frame. The
    receiver's estimate fluctuates: lower bit rates are applied immediately, higher ones in larger steps.
    """

    RISE = 1.25
    """Ratio by which the estimate must exceed the target bit rate before this is raised"""
    LONGEST = 1 / 6
    """Seconds between two frames that libvpx may know of"""
    TOLERANCE = 0.1
    """As in :class:`vpx.Vp8Encoder`, which would replace an encoder whose bit rate is further off with its own"""

    def __init__(self) -> None:
        super().__init__()
        self._last: float | None = None
        self._left_out = 0.0
        """Seconds of pauses that libvpx doesn't know of"""

    @property
    def target_bitrate(self) -> int:
        """In bits per second"""
        return super().target_bitrate

    @target_bitrate.setter
    def target_bitrate(self, bitrate: int) -> None:
        if bitrate < self.target_bitrate or bitrate > self.RISE * self.target_bitrate:
            vpx.Vp8Encoder.target_bitrate.fset(self, bitrate)  # type: ignore[attr-defined]

    def encode(self, frame: Frame, force_keyframe: bool = False) -> tuple[list[bytes], int]:
        assert isinstance(frame, av.VideoFrame)
        # In one step: the encoders of other peers may be changing the frame's time base.
        time = frame.time
        assert time is not None
        if not self._fits(frame):
            self.codec = _open_vp8(frame.width, frame.height, self.target_bitrate)
            self._last = None
            self._left_out = 0.0
        payloads, _ = super().encode(self._without_pause(frame, time), force_keyframe)
        return payloads, round(time * VIDEO_CLOCK_RATE)

    def _without_pause(self, frame: av.VideoFrame, time: float) -> av.VideoFrame:
        """
        The frame with a time that isn't longer after the last one's than `LONGEST`.

        libvpx spends on a frame what it has saved since the last one. After a pause, this would be so much that sending
        it makes for the next pause.
        """
        if self._last is not None:
            self._left_out += max(0.0, time - self._last - self.LONGEST)
        self._last = time
        if not self._left_out:
            return frame
        # The frame itself belongs to other encoders, too.
        copy = av.VideoFrame.from_ndarray(frame.to_ndarray(), format=frame.format.name)
        copy.pts, copy.time_base = round((time - self._left_out) * VIDEO_CLOCK_RATE), Fraction(1, VIDEO_CLOCK_RATE)
        return copy

    def _fits(self, frame: av.VideoFrame) -> bool:
        codec = self.codec
        return (
            codec is not None
            and codec.bit_rate is not None
            and (codec.width, codec.height) == (frame.width, frame.height)
            and abs(self.target_bitrate - codec.bit_rate) / codec.bit_rate <= self.TOLERANCE
        )


_LOW = 500_000
"""Bits per second below which a sharp key frame takes too long to send"""


def _open_vp8(width: int, height: int, bitrate: int) -> VideoCodecContext:
    codec = av.CodecContext.create("libvpx", "w")
    codec.width, codec.height = width, height
    codec.bit_rate = bitrate
    codec.pix_fmt = "yuv420p"
    codec.gop_size = 3000
    codec.qmin, codec.qmax = 2, 56
    codec.thread_count = 1 if width * height <= 640 * 480 else 2
    codec.options = {
        "deadline": "realtime",
        "cpu-used": "-10",
        "lag-in-frames": "0",
        # A constant bit rate, over one second.
        "minrate": str(bitrate),
        "maxrate": str(bitrate),
        "bufsize": str(bitrate),
        "undershoot-pct": "100",
        "overshoot-pct": "15",
        "static-thresh": "1",
    }
    if bitrate < _LOW:
        # libvpx spends on the first frame what it could save in two seconds.
        codec.options |= {"max-intra-rate": "900"}
    return codec


def _too_large(width: int, height: int, max_pixels: int) -> TooManyPixelsError:
    return TooManyPixelsError(
        f"the video is {width}x{height}, {width * height:,} pixels; this server takes up to {max_pixels:,}, "
        "so send a smaller one"
    )
