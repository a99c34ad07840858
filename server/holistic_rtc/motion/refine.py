"""What is made of the results of a tracking engine, whatever the engine."""

from dataclasses import replace

from holistic_rtc.model.result import HolisticResult
from holistic_rtc.motion.face_geometry import face_transform
from holistic_rtc.motion.smoothing import Smoother


class Refiner:
    """Smooths the results of one stream of frames, and adds how the head is turned."""

    def __init__(self) -> None:
        self._smoother: Smoother | None = None

    def refine(
        self, result: HolisticResult, width: int, height: int, timestamp_ms: int, *, smoothing: bool
    ) -> HolisticResult:
        """
        To be called with each result of the stream, in their order.

        :param width: of the frame in pixels, like ``height``.
        :param timestamp_ms: time of the frame, greater than that of the frame before.
        :param smoothing: may change from frame to frame; what came before a change has no part in what comes after.
        """
        aspect = width / height
        if smoothing:
            self._smoother = self._smoother or Smoother()
            result = self._smoother.smooth(result, aspect, timestamp_ms)
        else:
            self._smoother = None
        face = result.face_landmarks
        return replace(result, face_transform=None if face is None else face_transform(face, aspect))
