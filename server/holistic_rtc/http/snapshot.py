"""One picture in, its landmarks and the annotated picture out."""

import asyncio

from aiohttp import MultipartWriter, hdrs, web

from holistic_rtc.errors import SignallingError
from holistic_rtc.http.auth import authorise
from holistic_rtc.http.form import find_field
from holistic_rtc.http.keys import SETTINGS, SNAPSHOTS

JSON = "application/json"
BOTH = "multipart/form-data"
PICTURES = {"image/jpeg": "JPEG", "image/png": "PNG", "image/webp": "WEBP"}
ANSWERS = (JSON, *PICTURES, BOTH)

DEFAULT_PARTS = (
    *("pose", "pose_world", "face", "blendshapes"),
    *("left_hand", "left_hand_world", "right_hand", "right_hand_world"),
    "face_transform",
)
PARTS = (*DEFAULT_PARTS, "rig")
SWITCHES = {"true": True, "false": False, "1": True, "0": False}
SIZES = range(16, 8193)
"""That the longer side of the returned picture may be limited to, in pixels."""

FORM_OVERHEAD = 64 * 1024
"""Bytes that a form may have besides its picture."""

_CHUNK = 64 * 1024


async def post_snapshot(request: web.Request) -> web.Response:
    authorise(request)
    settings, pool = request.app[SETTINGS], request.app[SNAPSHOTS]
    answer = _negotiate(request.headers.get(hdrs.ACCEPT) or "*/*")
    options = _read_options(request)
    with pool.place():
        try:
            async with asyncio.timeout(settings.snapshot_seconds):
                picture = await _read_picture(request, settings.snapshot_max_bytes)
        except TimeoutError:
            raise SignallingError(408, f"the picture did not come within {settings.snapshot_seconds:g} s") from None
        taken = await pool.take(
            picture,
            **options,
            picture_format=None if answer == JSON else PICTURES.get(answer, "JPEG"),
            max_pixels=settings.snapshot_max_pixels,
        )
    headers = {hdrs.CACHE_CONTROL: "no-store", hdrs.VARY: hdrs.ACCEPT}
    if answer == JSON:
        return web.Response(body=taken.landmarks, content_type=JSON, headers=headers)
    if answer in PICTURES:
        return web.Response(body=taken.picture, content_type=answer, headers=headers)
    both = MultipartWriter("form-data")
    both.append(taken.landmarks, {hdrs.CONTENT_TYPE: JSON}).set_content_disposition("form-data", name="landmarks")
    both.append(taken.picture, {hdrs.CONTENT_TYPE: "image/jpeg"}).set_content_disposition(
        "form-data", name="picture", filename="annotated.jpg"
    )
    return web.Response(body=both, headers=headers)


def _negotiate(accept: str) -> str:
    """
    The answer that the client likes best (RFC 9110, section 12.5.1), or the first of several.

    :raises SignallingError: 406.
    """
    best, best_quality = None, 0.0
    for answer in ANSWERS:
        quality = _quality(accept, answer)
        if quality > best_quality:
            best, best_quality = answer, quality
    if best is None:
        raise SignallingError(406, f"the answer can be {', '.join(ANSWERS)}; the Accept header takes none of them")
    return best


def _quality(accept: str, answer: str) -> float:
    """That of the most specific range that `answer` lies in; 0 if none."""
    found = {}
    for item in accept.split(","):
        media_range, *parameters = (part.strip().lower() for part in item.split(";"))
        quality = next((part[2:] for part in parameters if part.startswith("q=")), "1")
        try:
            found[media_range] = float(quality)
        except ValueError:
            found[media_range] = 0.0
    for media_range in (answer, f"{answer.partition('/')[0]}/*", "*/*"):
        if media_range in found:
            return found[media_range]
    return 0.0


def _read_options(request: web.Request) -> dict[str, object]:
    """
    :raises SignallingError: 400, a parameter is unknown or has a value it can't have.
    """
    options: dict[str, object] = {"parts": list(DEFAULT_PARTS), "annotate": True, "mirror": False, "max_size": None}
    for name, value in request.query.items():
        match name:
            case "parts":
                options["parts"] = parts = [part for part in value.split(",") if part]
                for part in parts:
                    if part not in PARTS:
                        raise SignallingError(400, f"unknown part {part!r}; known are {', '.join(PARTS)}")
            case "annotate" | "mirror":
                if value not in SWITCHES:
                    raise SignallingError(400, f"{name} is true or false, not {value!r}")
                options[name] = SWITCHES[value]
            case "max_size":
                if not (value.isascii() and value.isdigit() and int(value[:6]) in SIZES):
                    raise SignallingError(400, f"max_size is a number from {SIZES[0]} to {SIZES[-1]}, not {value!r}")
                options[name] = int(value)
            case _:
                raise SignallingError(400, f"unknown parameter {name!r}; known are {', '.join(options)}")
    return options


async def _read_picture(request: web.Request, max_bytes: int) -> bytes:
    """
    :raises SignallingError: 400, 413 or 415.
    """
    if request.headers.get(hdrs.CONTENT_ENCODING, "identity").lower() != "identity":
        raise SignallingError(415, "send the picture as it is, without Content-Encoding")
    if request.content_type != BOTH:
        picture = bytes(await _read_up_to(request, max_bytes, 0))
    else:
        form = await _read_up_to(request, max_bytes, FORM_OVERHEAD)
        picture = await find_field(form, request.headers[hdrs.CONTENT_TYPE], "file")
    if len(picture) > max_bytes:
        raise _too_large(max_bytes)
    if not picture:
        raise SignallingError(400, "there is no picture in the request")
    return picture


async def _read_up_to(request: web.Request, max_bytes: int, overhead: int) -> bytearray:
    if request.content_length is not None and request.content_length > max_bytes + overhead:
        raise _too_large(max_bytes)
    body = bytearray()
    while chunk := await request.content.read(_CHUNK):
        body += chunk
        if len(body) > max_bytes + overhead:
            raise _too_large(max_bytes)
    return body


def _too_large(max_bytes: int) -> SignallingError:
    return SignallingError(
        413,
        f"the picture is too large: at most {max_bytes:,} bytes are taken, and {FORM_OVERHEAD:,} more in a form",
    )


routes = [web.post("/api/snapshot", post_snapshot)]
