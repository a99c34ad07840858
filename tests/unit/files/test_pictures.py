"""Pictures: their formats, sizes, modes, metadata and scans."""

import io
import struct
import time
import tracemalloc
import zlib
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageCms

from holistic_rtc.errors import MediaError, TooManyPixelsError
from holistic_rtc.files.pictures import MAX_SCANS, decode_picture, decode_reduced
from holistic_rtc.native_log import without_noise
from tests.kit.abuse import jpeg_with_scans
from tests.kit.pictures import grace_hopper

WIDE = Image.linear_gradient("L").resize((1600, 800)).convert("RGB")


def encoded(picture: Image.Image, kind: str, exif: Image.Exif | bytes | None = None, **options: Any) -> io.BytesIO:
    file = io.BytesIO()
    picture.save(file, kind, **({"exif": exif} if exif else {}), **options)
    file.seek(0)
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


PORTRAIT = Image.fromarray(grace_hopper(120, 90))

STORED = {
    1: PORTRAIT,
    2: PORTRAIT.transpose(Image.Transpose.FLIP_LEFT_RIGHT),
    3: PORTRAIT.transpose(Image.Transpose.ROTATE_180),
    4: PORTRAIT.transpose(Image.Transpose.FLIP_TOP_BOTTOM),
    5: PORTRAIT.transpose(Image.Transpose.TRANSPOSE),
    6: PORTRAIT.transpose(Image.Transpose.ROTATE_90),
    7: PORTRAIT.transpose(Image.Transpose.TRANSVERSE),
    8: PORTRAIT.transpose(Image.Transpose.ROTATE_270),
}
"""By the EXIF orientation that turns it upright"""


def assert_shows_portrait(data: bytes, difference: float = 6) -> None:
    shown = decode_picture(io.BytesIO(data))
    assert shown.shape == (90, 120, 3)
    assert np.abs(shown.astype(int) - np.asarray(PORTRAIT)).mean() < difference


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        *(("AVIF", {}), ("BLP", {}), ("BMP", {}), ("DDS", {}), ("DIB", {}), ("GIF", {}), ("HEIF", {}), ("IM", {})),
        *(("JPEG", {}), ("JPEG2000", {}), ("MPO", {}), ("PCX", {}), ("PNG", {}), ("PPM", {}), ("QOI", {}), ("SGI", {})),
        *(("TGA", {}), ("WEBP", {}), ("JPEG2000", {"no_jp2": True}), ("HEIF", {"tile_size": 64})),
        *(("TIFF", {"compression": name}) for name in ("raw", "jpeg", "tiff_lzw", "tiff_deflate", "packbits")),
        *((kind, {"save_all": True}) for kind in ("AVIF", "GIF", "HEIF", "MPO", "PNG", "TIFF", "WEBP")),
    ],
)
@pytest.mark.filterwarnings("ignore:IM image format:DeprecationWarning")
def test_every_format_is_read_and_of_several_frames_the_first(kind: str, options: dict[str, Any]) -> None:
    if "save_all" in options:
        options = options | {"append_images": [Image.new("RGB", PORTRAIT.size)]}
    picture = PORTRAIT.quantize(256) if kind == "BLP" else PORTRAIT
    file = io.BytesIO()
    picture.save(file, kind, **options)
    assert_shows_portrait(file.getvalue(), 12 if kind in ("BLP", "GIF") else 6)


@pytest.mark.parametrize("orientation", STORED)
@pytest.mark.parametrize("kind", ["AVIF", "HEIF", "JPEG", "MPO", "PNG", "TIFF", "WEBP"])
def test_pictures_are_turned_and_mirrored_as_their_metadata_say(kind: str, orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    file, picture = io.BytesIO(), STORED[orientation].copy()
    # A HEIF is given its orientation only if the picture has it.
    picture.info["exif"] = exif.tobytes()
    picture.save(file, kind, **({} if kind == "HEIF" else {"exif": exif}))
    assert_shows_portrait(file.getvalue())


def test_a_picture_in_other_colours_is_read() -> None:
    profiles = ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB")
    lab = ImageCms.applyTransform(PORTRAIT, ImageCms.buildTransform(*profiles, "RGB", "LAB"))
    assert lab is not None
    assert_shows_portrait(encoded(lab, "TIFF").getvalue())
    assert_shows_portrait(encoded(PORTRAIT.convert("CMYK"), "TIFF").getvalue())


@pytest.mark.parametrize("white", [1.0, 1023, 4095, 65_535, 10**9])
def test_the_greys_of_deep_pictures_are_scaled(white: float) -> None:
    shades = np.linspace(0, 1, 256)[None].repeat(2, axis=0)
    kind = np.float32 if white == 1 else np.uint16 if white < 2**16 else np.int32
    shown = decode_picture(encoded(Image.fromarray((shades * white).astype(kind)), "TIFF"))
    assert np.abs(shown[0, :, 0].astype(int) - np.arange(256)).max() <= 1


def test_a_deep_pgm_is_scaled() -> None:
    file = io.BytesIO(b"P5 3 1 65535 " + struct.pack(">3H", 0, 32_768, 65_535))
    assert decode_picture(file)[0, :, 0].tolist() == [0, 128, 255]


def png_with(*chunks: bytes) -> bytes:
    data = encoded(PORTRAIT, "PNG").getvalue()
    return data[:33] + b"".join(chunks) + data[33:]


def palette_png_with(transparency: bytes) -> bytes:
    data = encoded(PORTRAIT.quantize(64), "PNG").getvalue()
    place = data.index(b"IDAT") - 4
    return data[:place] + chunk(b"tRNS", transparency) + data[place:]


def jpeg_with(kind: int, content: bytes) -> bytes:
    data = encoded(PORTRAIT, "JPEG").getvalue()
    return data[:2] + struct.pack(">BBH", 0xFF, kind, len(content) + 2) + content + data[2:]


def chunk(kind: bytes, content: bytes, checksum: int | None = None) -> bytes:
    checksum = zlib.crc32(kind + content) if checksum is None else checksum
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", checksum)


@pytest.mark.parametrize(
    "data",
    [
        png_with(chunk(b"eXIf", b"garbage")),
        png_with(chunk(b"eXIf", b"MM\0*\0\0\0\x08\0\x01", checksum=1)),
        png_with(chunk(b"tRNS", b"\0", checksum=1)),
        png_with(chunk(b"zTXt", b"parameters\0\0" + zlib.compress(bytes(2_000_000)))),
        png_with(chunk(b"iCCP", b"profile\0\0" + zlib.compress(bytes(2_000_000)))),
        png_with(*[chunk(b"zTXt", b"page\0\0" + zlib.compress(bytes(1_000_000)))] * 70),
        encoded(PORTRAIT, "WEBP", b"garbage").getvalue(),
        encoded(PORTRAIT, "JPEG", b"Exif\0\0garbage").getvalue(),
        encoded(PORTRAIT, "HEIF", b"garbage").getvalue(),
        png_with(chunk(b"tRNS", b"")),
        png_with(chunk(b"tRNS", b"\0\0")),
        jpeg_with(0xE0, b"JFIF"),
        jpeg_with(0xE0, b"JFIF\0\1"),
        jpeg_with(0xE2, b"ICC_PROFILE\0"),
        jpeg_with(0xED, b"Photoshop 3.0\x008BIM\3\xed"),
        jpeg_with(0xEE, b"Adobe\0"),
    ],
    ids=[
        *("exif", "checksum", "transparency", "text", "profile", "texts", "webp", "jpeg", "heif"),
        *("no colour", "short colour", "jfif", "jfif version", "jpeg profile", "photoshop", "adobe"),
    ],
)
def test_broken_metadata_do_not_count(data: bytes) -> None:
    assert_shows_portrait(data)


@pytest.mark.parametrize("entries", [65, 256, 300])
def test_transparencies_of_more_colours_than_there_are_do_not_count(entries: int) -> None:
    assert_shows_portrait(palette_png_with(bytes(entries)), difference=12)
    assert decode_picture(io.BytesIO(palette_png_with(bytes(64)))).min() == 255


@pytest.mark.parametrize("colours", ["RGB", "L", "CMYK"])
def test_the_colours_of_a_jpeg_are_those_that_its_metadata_say(colours: str) -> None:
    data = encoded(PORTRAIT.convert(colours), "JPEG", keep_rgb=True).getvalue()
    expected = np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))
    assert (decode_picture(io.BytesIO(data)) == expected).all()


@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"restart_marker_rows": 1}], ids=str)
def test_a_jpeg_may_lack_its_end_but_no_pixels(options: dict[str, Any]) -> None:
    data = encoded(WIDE, "JPEG", **options).getvalue()
    for max_size in (None, 100):
        whole, _ = decode_reduced(io.BytesIO(data), 10_000_000, max_size)
        assert (decode_reduced(io.BytesIO(data[:-2]), 10_000_000, max_size)[0] == whole).all()
    for missing in (6, 50, 500):
        with pytest.raises(MediaError, match="truncated"):
            decode_picture(io.BytesIO(data[:-missing]))


def test_broken_exif_data_of_an_avif_do_not_count() -> None:
    exif = Image.Exif()
    exif[0x010F] = "maker"
    data = encoded(PORTRAIT, "AVIF", exif).getvalue()
    assert exif.tobytes()[6:] in data
    assert_shows_portrait(data.replace(exif.tobytes()[6:], bytes(len(exif.tobytes()) - 6)))


@pytest.mark.parametrize("entry", [struct.pack("<HHII", 271, 2, 1000, 2**31), struct.pack("<HHII", 700, 3, 1, 0)])
def test_broken_metadata_of_a_tiff_do_not_count(entry: bytes) -> None:
    data = encoded(PORTRAIT, "TIFF").getvalue()
    (start,) = struct.unpack_from("<I", data, 4)
    (count,) = struct.unpack_from("<H", data, start)
    entries = [data[place : place + 12] for place in range(start + 2, start + 2 + 12 * count, 12)]
    entries = sorted([*entries, entry], key=lambda one: one[1::-1])
    directory = struct.pack("<H", len(entries)) + b"".join(entries) + bytes(4)
    assert_shows_portrait(data[:4] + struct.pack("<I", len(data)) + data[8:] + directory)


def test_a_damaged_tiff_leaves_no_lines_of_its_library(capfd: pytest.CaptureFixture[str]) -> None:
    data = bytearray(encoded(PORTRAIT.convert("1"), "TIFF", compression="tiff_lzw").getvalue())
    data[8:400] = bytes(range(196)) * 2
    with without_noise(), suppress(MediaError):
        decode_picture(io.BytesIO(data))
    assert capfd.readouterr().err == ""


def test_the_picture_in_an_icon_counts_not_the_size_that_is_claimed() -> None:
    png = encoded(Image.new("1", (5000, 5000)), "PNG").getvalue()
    icon = struct.pack("<HHHBBBBHHII", 0, 1, 1, 16, 16, 0, 0, 1, 32, len(png), 22) + png
    with pytest.raises(TooManyPixelsError, match="24,000,000"):
        decode_picture(io.BytesIO(icon), 24_000_000)


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
