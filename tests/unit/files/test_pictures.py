"""Pictures: their sizes, modes and scans."""

import io
import time
import tracemalloc
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image

from holistic_rtc.errors import MediaError
from holistic_rtc.files.pictures import MAX_SCANS, decode_picture, decode_reduced
from tests.kit.abuse import jpeg_with_scans

WIDE = Image.linear_gradient("L").resize((1600, 800)).convert("RGB")


def encoded(picture: Image.Image, kind: str, exif: Image.Exif | None = None) -> io.BytesIO:
    file = io.BytesIO()
    picture.save(file, kind, **({"exif": exif} if exif else {}))
    return file


@pytest.mark.parametrize(
    ("kind", "max_size", "width"),
    [
        *(("JPEG", None, 1600), ("JPEG", 1600, 1600), ("JPEG", 401, 1600), ("JPEG", 400, 800), ("JPEG", 16, 200)),
        *(("PNG", 16, 1600), ("WEBP", 16, 1600)),
    ],
)
def test_a_jpeg_is_decoded_with_at_least_twice_the_size_that_is_wanted(
    kind: str, max_size: int | None, width: int
) -> None:
    image, size = decode_reduced(encoded(WIDE, kind), 10_000_000, max_size)
    assert image.shape == (width // 2, width, 3)
    assert size == (1600, 800)


def test_the_size_of_a_turned_picture_is_that_of_the_upright_one() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    image, size = decode_reduced(encoded(WIDE, "JPEG", exif), 10_000_000, 400)
    assert image.shape == (800, 400, 3)
    assert size == (800, 1600)


@pytest.mark.parametrize("mode", ["RGB", "L", "LA", "RGBA", "P", "1", "I;16"])
def test_strips_fit_together(mode: str) -> None:
    gradient = Image.linear_gradient("L").resize((2001, 300))
    deep = Image.fromarray(np.asarray(gradient).astype(np.uint16) << 8)
    picture = deep if mode == "I;16" else gradient.convert(mode)
    expected = gradient if mode in ("I;16", "LA", "RGBA") else picture
    assert np.array_equal(decode_picture(encoded(picture, "PNG")), np.asarray(expected.convert("RGB")))


def test_a_narrow_picture_does_not_take_much_longer_than_pillow_takes() -> None:
    def seconds(decode: Callable[[io.BytesIO], object]) -> float:
        file = encoded(Image.new("L", (1, 2_000_000)), "PNG")
        before = time.process_time()
        decode(file)
        return time.process_time() - before

    # By strips of a few rows, it was 10 times.
    assert seconds(decode_picture) < 4 * seconds(lambda file: Image.open(file).convert("RGB"))


def test_a_transparent_picture_is_copied_once_and_not_several_times() -> None:
    file = encoded(Image.new("RGBA", (4000, 3000)), "PNG")
    tracemalloc.start()
    image = decode_picture(file)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (image == 255).all()
    assert most < 1.1 * image.nbytes


def test_a_jpeg_may_have_so_many_scans_and_no_more() -> None:
    # Pillow writes 10.
    assert decode_picture(io.BytesIO(jpeg_with_scans(64, 48, MAX_SCANS - 10))).shape == (48, 64, 3)
    with pytest.raises(MediaError, match="more than 32 scans"):
        decode_picture(io.BytesIO(jpeg_with_scans(64, 48, MAX_SCANS - 9)))
    with pytest.raises(MediaError, match="more than 32 scans"):
        decode_picture(io.BytesIO(jpeg_with_scans(64, 48, MAX_SCANS, progressive=False)))
