"""How long drawing takes: a 640x480 frame with face, pose and both hands."""

from holistic_rtc.drawing.annotate import annotate

from benchmarks.sample import median_ms, tracked_frame


def measure() -> dict[str, float]:
    """Median milliseconds a frame."""
    image, result = tracked_frame()
    return {"draw_ms": median_ms(lambda: annotate(image, result))}


if __name__ == "__main__":
    print(f"drawing at 640x480: {measure()['draw_ms']:.2f} ms")
