"""How long drawing takes: a 640x480 frame with face, pose and both hands."""

from benchmarks.figure import Figure
from benchmarks.sample import median_ms, tracked_frame
from holistic_rtc.drawing.annotate import annotate


def measure() -> list[Figure]:
    image, result = tracked_frame()
    return [Figure("drawing at 640x480, median", median_ms(lambda: annotate(image, {0: result})), "ms", at_most=1.5)]
