"""Post-processing of tracking results, independent of the tracking engine."""

from dataclasses import replace

from holistic_rtc.model.result import HolisticResult
from holistic_rtc.motion.face_geometry import face_transform
from holistic_rtc.motion.smoothing import Smoother


class Refiner:
    """Smooths the results of one stream of frames and adds the face transform."""

    def __init__(self) -> None:
        self._smoother: Smoother | None = None

    def refine(
        self, result: HolisticResult, width: int, height: int, timestamp_ms: int, *, smoothing: bool
    ) -> HolisticResult:
        """
        Refine the next result. Call this with each result of the stream, in order.

        :param width: the frame's width in pixels, like ``height``.
        :param timestamp_ms: the frame's time, greater than that of the previous frame.
        :param smoothing: whether to smooth face and hands. May change from frame to frame; smoothing then starts over.
        """
        aspect = width / height
        if smoothing:
            self._smoother = self._smoother or Smoother()
            result = self._smoother.smooth(result, aspect, timestamp_ms)
        else:
            self._smoother = None
        face = result.face_landmarks
        return replace(result, face_transform=None if face is None else face_transform(face, aspect))
