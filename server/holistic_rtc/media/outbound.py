"""The annotated video on its way back."""

from aiortc.mediastreams import MediaStreamError, MediaStreamTrack
from av import VideoFrame

from holistic_rtc.media.latest import LatestSlot, SlotClosed


class AnnotatedTrack(MediaStreamTrack):
    """
    A video track that always sends the newest frame; what the encoder had no time for is dropped.

    Each peer has one of its own, since each has an encoder of its own.
    """

    kind = "video"

    def __init__(self) -> None:
        super().__init__()
        self.draw = True
        """Whether the landmarks are drawn onto the frames that it is to be given."""
        self._slot: LatestSlot[VideoFrame] = LatestSlot()

    def put(self, frame: VideoFrame) -> bool:
        """
        :return: whether a frame that was not sent yet was dropped for this one.
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
