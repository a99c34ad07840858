"""The annotated video that is sent to peers."""

from aiortc.mediastreams import MediaStreamError, MediaStreamTrack
from av import VideoFrame

from holistic_rtc.media.latest import LatestSlot, SlotClosed


class AnnotatedTrack(MediaStreamTrack):
    """
    A video track that always sends the newest frame. Frames that the encoder has no time for are dropped.

    Each peer has its own track, since each has its own encoder.
    """

    kind = "video"

    def __init__(self) -> None:
        super().__init__()
        self.draw = True
        """Whether this track's frames should have the landmarks drawn on them."""
        self.captured: float | None = None
        """Of the last frame that was taken."""
        self._slot: LatestSlot[tuple[VideoFrame, float]] = LatestSlot()

    def put(self, frame: VideoFrame, captured: float) -> bool:
        """
        :param captured: when it came from the publisher, less its own delay, on the monotonic clock.
        :return: whether this dropped a frame that hadn't been sent yet.
        """
        return self._slot.put((frame, captured))

    async def recv(self) -> VideoFrame:
        try:
            frame, self.captured = await self._slot.get()
        except SlotClosed:
            raise MediaStreamError from None
        return frame

    def stop(self) -> None:
        super().stop()
        self._slot.close()
