"""How long a whole landmark message takes to encode and decode, and how large it is."""

from holistic_rtc.landmarks import codec, json
from holistic_rtc.landmarks.message import ALL_PARTS, LandmarkMessage, Part

from benchmarks.sample import median_ms, tracked_frame


def measure() -> dict[str, float]:
    """Median milliseconds a message, and sizes in bytes."""
    image, result = tracked_frame()
    message = LandmarkMessage(1, 33, image.shape[1], image.shape[0], 0, result)
    binary, text = codec.encode(message), json.encode(message)
    return {
        "encode_ms": median_ms(lambda: codec.encode(message)),
        "decode_ms": median_ms(lambda: codec.decode(binary)),
        "json_encode_ms": median_ms(lambda: json.encode(message)),
        "json_decode_ms": median_ms(lambda: json.decode(text)),
        "bytes": len(binary),
        "bytes_without_face": len(codec.encode(message, ALL_PARTS - {Part.FACE})),
        "json_bytes": len(text),
    }


if __name__ == "__main__":
    figures = measure()
    print(
        f"whole landmark message: encode {figures['encode_ms']:.3f} ms, decode {figures['decode_ms']:.3f} ms, "
        f"{figures['bytes']:.0f} bytes ({figures['bytes_without_face']:.0f} without face); "
        f"JSON: encode {figures['json_encode_ms']:.3f} ms, decode {figures['json_decode_ms']:.3f} ms, "
        f"{figures['json_bytes']:.0f} bytes"
    )
