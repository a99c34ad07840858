"""What is made of the results of a tracking engine, whatever the engine."""

from .base import HolisticResult
from .smoothing import Smoother


class Refiner:
    """Refines the results of one stream of frames, in their order."""

    def __init__(self) -> None:
        self._smoother: Smoother | None = None

    def refine(
        self, result: HolisticResult, width: int, height: int, timestamp_ms: int, *, smoothing: bool
    ) -> HolisticResult:
        """
        :param width: of the frame in pixels, like ``height``.
        :param smoothing: may change from frame to frame; what was before a change has no influence on what is after.
        """
        if not smoothing:
            self._smoother = None
            return result
        if self._smoother is None:
            self._smoother = Smoother()
        return self._smoother.smooth(result, width / height, timestamp_ms)
