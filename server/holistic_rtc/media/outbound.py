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
        self._slot: LatestSlot[VideoFrame] = LatestSlot()

    def put(self, frame: VideoFrame) -> bool:
        """
        :return: whether this dropped a frame that hadn't been sent yet.
        """
        return self._slot.put(frame)

    async def recv(self) -> VideoFrame:
        try:
            return await self._slot.get()
        except SlotClosed:
            raise MediaStreamError from None

    def stop(self) -> None:
        super().stop()
        self._slot.close()
