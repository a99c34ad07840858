"""Pictures over plain HTTP: every format, every refusal, and what a bad one does to the others."""

import asyncio
import io
import json
import os
import signal
import struct
import time
import zlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import aiohttp
import numpy as np
import pytest
import pytest_asyncio
from PIL import Image

from holistic_rtc.model.message import LandmarkMessage
from holistic_rtc.model.parts import Part
from holistic_rtc.wire import as_json
from tests.kit.pictures import grace_hopper
from tests.kit.serving import Server, serving

pytestmark = pytest.mark.asyncio(loop_scope="session")

ORIENTATION = 0x0112


def encode(picture: Image.Image, picture_format: str, **options: Any) -> bytes:
    data = io.BytesIO()
    picture.save(data, picture_format, **options)
    return data.getvalue()


PORTRAIT = Image.fromarray(grace_hopper())
JPEG = encode(PORTRAIT, "JPEG", quality=90)


@dataclass(frozen=True)
class Answer:
    status: int
    content_type: str
    headers: Any
    body: bytes

    @property
    def message(self) -> LandmarkMessage:
        assert self.status == 200, self.body
        return as_json.decode(self.body)

    @property
    def picture(self) -> Image.Image:
        assert self.status == 200, self.body
        return Image.open(io.BytesIO(self.body))

    @property
    def detail(self) -> str:
        assert self.content_type == "application/problem+json"
        problem = json.loads(self.body)
        assert problem["status"] == self.status
        return str(problem["detail"])


async def post(server: Server, data: Any = JPEG, query: str = "", **headers: str) -> Answer:
    url = f"{server.url}/api/snapshot{query}"
    async with aiohttp.ClientSession() as http, http.post(url, data=data, headers=headers) as response:
        return Answer(response.status, response.content_type, response.headers, await response.read())


def nose(message: LandmarkMessage) -> np.ndarray:
    """:return: (2,) as fractions of the picture"""
    face = message.result.face_landmarks
    assert face is not None
    return face[1, :2]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def own_server() -> AsyncIterator[Server]:
    """One whose limits are small, and whose processes may be killed."""
    environment = {
        "HOLISTIC_SNAPSHOT_MAX_BYTES": "2000000",
        "HOLISTIC_SNAPSHOT_MAX_PIXELS": "4000000",
        "HOLISTIC_SNAPSHOT_SECONDS": "3",
    }
    async with serving(environment=environment) as server:
        yield server


async def test_the_landmarks_come_with_the_size_the_model_and_the_time_it_took(server: Server) -> None:
    answer = await post(server)
    assert answer.content_type == "application/json"
    document = json.loads(answer.body)
    assert (document["width"], document["height"]) == (640, 480)
    assert document["model"]["pose_model"] == "lite"
    assert document["milliseconds"] > 0
    assert (document["person"], document["others"]) == (0, [])
    result = answer.message.result
    assert result.pose_landmarks is not None
    assert result.face_blendshapes is not None
    # Where the nose of this picture is, seen by a person.
    assert np.abs(nose(answer.message) * (640, 480) - (329, 195)).max() < 12


@pytest.mark.parametrize(
    ("accept", "content_type"),
    [
        ("", "application/json"),
        ("*/*", "application/json"),
        ("image/*", "image/jpeg"),
        ("image/png", "image/png"),
        ("image/webp, image/png;q=0.9", "image/webp"),
        ("application/json;q=0.1, image/png;q=0.2", "image/png"),
        ("multipart/form-data", "multipart/form-data"),
        ("text/html, */*;q=0.1", "application/json"),
        ("*/*, application/json;q=0", "image/jpeg"),
    ],
)
async def test_the_answer_is_what_the_client_likes_best(server: Server, accept: str, content_type: str) -> None:
    answer = await post(server, Accept=accept)
    assert (answer.status, answer.content_type) == (200, content_type)
    if content_type.startswith("image/"):
        assert answer.picture.size == (640, 480)
        assert Image.MIME[answer.picture.format or ""] == content_type


@pytest.mark.parametrize("accept", ["text/html", "image/gif", "image/png;q=0", "image/png;q=high"])
async def test_a_client_that_likes_none_of_the_answers_is_told_which_there_are(server: Server, accept: str) -> None:
    answer = await post(server, Accept=accept)
    assert answer.status == 406
    assert "multipart/form-data" in answer.detail


async def test_landmarks_and_picture_come_in_one_form(server: Server) -> None:
    url = f"{server.url}/api/snapshot"
    headers = {"Accept": "multipart/form-data"}
    async with aiohttp.ClientSession() as http, http.post(url, data=JPEG, headers=headers) as response:
        parts = {}
        async for part in aiohttp.MultipartReader.from_response(response):
            assert isinstance(part, aiohttp.BodyPartReader)
            parts[part.name] = part.headers["Content-Type"], bytes(await part.read())
    assert parts["landmarks"][0] == "application/json"
    assert as_json.decode(parts["landmarks"][1]).result.face_landmarks is not None
    assert parts["picture"][0] == "image/jpeg"
    assert Image.open(io.BytesIO(parts["picture"][1])).size == (640, 480)


async def test_a_picture_may_come_as_the_field_of_a_form(server: Server) -> None:
    form = aiohttp.FormData()
    form.add_field("comment", "hello")
    form.add_field("file", JPEG, filename="mislabelled.gif", content_type="image/gif")
    assert (await post(server, form)).message.result.face_landmarks is not None


@pytest.mark.parametrize(
    ("mode", "picture_format"),
    [
        *(("RGB", name) for name in ("JPEG", "PNG", "WEBP", "BMP")),
        *(("L", name) for name in ("JPEG", "PNG", "BMP")),
        ("CMYK", "JPEG"),
        *(("P", name) for name in ("PNG", "BMP")),
        ("LA", "PNG"),
        ("RGBA", "PNG"),
        ("RGBA", "WEBP"),
        ("I;16", "PNG"),
    ],
)
async def test_pictures_of_every_kind_are_read(server: Server, mode: str, picture_format: str) -> None:
    if mode == "I;16":
        picture = Image.fromarray(np.asarray(PORTRAIT.convert("L")).astype(np.uint16) * 257)
    else:
        picture = PORTRAIT.convert(mode)
    answer = await post(server, encode(picture, picture_format), **{"Content-Type": "image/gif"})
    assert np.abs(nose(answer.message) * (640, 480) - (329, 195)).max() < 12


@pytest.mark.parametrize("picture_format", ["PNG", "WEBP"])
async def test_of_an_animation_the_first_frame_is_taken(server: Server, picture_format: str) -> None:
    nobody = [Image.new("RGB", PORTRAIT.size) for _ in range(2)]
    animation = encode(PORTRAIT, picture_format, save_all=True, append_images=nobody, duration=100)
    assert (await post(server, animation)).message.result.face_landmarks is not None


@pytest.mark.parametrize("orientation", range(1, 9))
async def test_a_picture_is_turned_as_its_exif_data_says(server: Server, orientation: int) -> None:
    stored = {
        2: [Image.Transpose.FLIP_LEFT_RIGHT],
        3: [Image.Transpose.ROTATE_180],
        4: [Image.Transpose.FLIP_TOP_BOTTOM],
        5: [Image.Transpose.TRANSPOSE],
        6: [Image.Transpose.ROTATE_90],
        7: [Image.Transpose.TRANSVERSE],
        8: [Image.Transpose.ROTATE_270],
    }
    picture = PORTRAIT
    for method in stored.get(orientation, []):
        picture = picture.transpose(method)
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    answer = await post(server, encode(picture, "JPEG", quality=90, exif=exif))
    assert (answer.message.width, answer.message.height) == (640, 480)
    assert np.abs(nose(answer.message) * (640, 480) - (329, 195)).max() < 12


async def test_landmarks_are_drawn_unless_told_otherwise(server: Server) -> None:
    plain = np.asarray((await post(server, query="?annotate=false", Accept="image/png")).picture).astype(int)
    drawn = np.asarray((await post(server, Accept="image/png")).picture).astype(int)
    assert np.abs(plain - np.asarray(Image.open(io.BytesIO(JPEG)))).max() <= 2
    assert np.abs(drawn - plain)[60:260, 240:400].mean() > 5


async def test_a_mirrored_picture_leaves_the_landmarks_as_they_are(server: Server) -> None:
    query = "?mirror=true&annotate=false"
    mirrored = np.asarray((await post(server, query=query, Accept="image/png")).picture)
    assert np.abs(mirrored[:, ::-1].astype(int) - np.asarray(Image.open(io.BytesIO(JPEG)))).max() <= 2
    straight, turned = [(await post(server, query=query)).message for query in ("", "?mirror=true")]
    assert np.array_equal(nose(straight), nose(turned))


async def test_the_picture_is_no_larger_than_asked_for(server: Server) -> None:
    for limit, size in ((320, (320, 240)), (5000, (640, 480))):
        answer = await post(server, query=f"?max_size={limit}", Accept="image/jpeg")
        assert answer.picture.size == size
    assert (await post(server, query="?max_size=320")).message.width == 640


async def test_only_the_parts_asked_for_are_sent(server: Server) -> None:
    document = json.loads((await post(server, query="?parts=pose,blendshapes")).body)
    assert set(document) & set(Part) == {"pose", "blendshapes"}


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("?parts=tail", "left_hand_world"),
        ("?parts=", "at least one"),
        ("?parts=,", "at least one"),
        ("?annotate=maybe", "true or false"),
        ("?mirror=", "true or false"),
        ("?max_size=0", "16 to 8192"),
        ("?max_size=9999999999999", "16 to 8192"),
        ("?max_size=-5", "16 to 8192"),
        ("?max_size=%C2%B2", "16 to 8192"),
        ("?max_persons=0", "1 to 255, or all"),
        ("?max_persons=256", "1 to 255, or all"),
        ("?max_persons=two", "1 to 255, or all"),
        ("?colour=red", "max_size"),
    ],
)
async def test_a_wrong_parameter_is_400_and_says_what_is_right(server: Server, query: str, words: str) -> None:
    answer = await post(server, query=query)
    assert answer.status == 400
    assert words in answer.detail


async def test_all_stands_for_as_many_persons_as_the_server_tracks(server: Server) -> None:
    assert np.abs(nose((await post(server, query="?max_persons=4")).message) * (640, 480) - (329, 195)).max() < 12


async def test_nobody_in_the_picture_is_no_error(server: Server) -> None:
    document = json.loads((await post(server, encode(Image.new("RGB", (64, 48)), "PNG"))).body)
    assert not set(document) & set(Part)
    assert (document["width"], document["height"]) == (64, 48)


@pytest.mark.parametrize("size", [(1, 1), (1, 2000), (2000, 1), (33, 17), (1999, 1501)])
async def test_odd_sizes_are_taken(server: Server, size: tuple[int, int]) -> None:
    answer = await post(server, encode(PORTRAIT.resize(size), "JPEG"))
    assert (answer.message.width, answer.message.height) == size


@pytest.mark.parametrize(
    "data",
    [b"hello", b"GIF89a" + bytes(100), b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"\0" * 1000, b"%PDF-1.4", b"BM"],
)
async def test_what_is_no_picture_is_415_and_says_which_are(server: Server, data: bytes) -> None:
    answer = await post(server, data, **{"Content-Type": "image/jpeg"})
    assert answer.status == 415
    assert "JPEG" in answer.detail


async def test_an_empty_request_is_400(server: Server) -> None:
    assert (await post(server, b"")).status == 400
    form = aiohttp.FormData()
    form.add_field("picture", JPEG, filename="wrong-field.jpg")
    answer = await post(server, form)
    assert answer.status == 400
    assert "file" in answer.detail
    assert (await post(server, b"hello", **{"Content-Type": "multipart/form-data"})).status == 400
    for form_data in (b"hello", b'--x\r\nContent-Disposition: form-data; name="\x07"\r\n\r\nhello\r\n--x--\r\n'):
        answer = await post(server, form_data, **{"Content-Type": "multipart/form-data; boundary=x"})
        assert answer.status == 400
        assert "form" in answer.detail


def part(head: bytes, content: bytes = b"") -> bytes:
    return b"--x\r\n" + head + b"\r\n" + content + b"\r\n"


def comment(name: bytes) -> bytes:
    return b'Content-Disposition: form-data; name="%s"\r\n' % name


SIZE = 9_000_000
COSTLY_FORMS = {
    "tiny parts": part(b"") * (SIZE // 9) + b"--x--\r\n",
    "tiny named parts": part(comment(b"a")) * (SIZE // 54) + b"--x--\r\n",
    "parts in parts": part(b"Content-Type: multipart/mixed; boundary=x\r\n") * (SIZE // 52),
    "a preamble of newlines": b"\n" * SIZE + part(comment(b"a")) + b"--x--\r\n",
    "many headers": part(b"a: b\r\n" * 100) * (SIZE // 600) + b"--x--\r\n",
    "headers without end": b"--x\r\n" + b"a: b\r\n" * (SIZE // 6),
    "a header without end": b"--x\r\na: " + b"b" * SIZE,
    "a field without end": b"--x\r\n" + comment(b"a") + b"\r\n" + b"\r\n--" * (SIZE // 4),
    "base64 without end": b"--x\r\nContent-Transfer-Encoding: base64\r\n" + comment(b"file") + b"\r\n" + b"=" * SIZE,
    "a character set without end": part(comment(b"_charset_"), b"u" * 100) + b"--x--\r\n",
}


@pytest.mark.parametrize("chunked", [False, True])
@pytest.mark.parametrize("form", COSTLY_FORMS.values(), ids=COSTLY_FORMS)
async def test_a_costly_form_is_400_and_keeps_nobody_waiting(
    server: Server, http: aiohttp.ClientSession, form: bytes, chunked: bool
) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for start in range(0, len(form), 1 << 16):
            yield form[start : start + (1 << 16)]

    async def upload() -> Answer:
        body = chunks() if chunked else io.BytesIO(form)
        return await post(server, body, **{"Content-Type": "multipart/form-data; boundary=x"})

    uploads = asyncio.gather(*(upload() for _ in range(3)))
    while not uploads.done():
        began = time.monotonic()
        async with http.get(f"{server.url}/healthz") as response:
            assert response.status == 200
        # This process, which sends the forms, takes part of it.
        assert time.monotonic() - began < 1
    for answer in await uploads:
        assert answer.status == 400
        assert "form" in answer.detail


async def test_a_form_without_end_is_413(own_server: Server) -> None:
    async def endless() -> AsyncIterator[bytes]:
        yield b"--x\r\n" + comment(b"a") + b"\r\n"
        while True:
            yield bytes(1 << 16)

    async with asyncio.timeout(10):
        answer = await post(own_server, endless(), **{"Content-Type": "multipart/form-data; boundary=x"})
    assert answer.status == 413
    assert "2,000,000 bytes" in answer.detail


async def test_the_picture_may_be_the_last_of_many_fields(server: Server) -> None:
    form = part(comment(b"a")) * 31 + part(comment(b"file"), JPEG) + b"--x--\r\n"
    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    assert (await post(server, form, **headers)).message.result.face_landmarks is not None
    answer = await post(server, part(comment(b"a")) + form, **headers)
    assert answer.status == 400
    assert "send the one named file first" in answer.detail


async def test_a_picture_cut_anywhere_is_400_or_415(server: Server) -> None:
    small = encode(PORTRAIT.resize((160, 120)), "JPEG")
    for end in range(1, len(small) - 2, 500):
        answer = await post(server, small[:end])
        assert answer.status in (400, 415), end
        assert answer.detail
    for picture_format in ("PNG", "WEBP", "BMP"):
        whole = encode(PORTRAIT.resize((160, 120)), picture_format)
        for end in range(40, len(whole) - 20, len(whole) // 4):
            assert (await post(server, whole[:end])).status in (400, 415), (picture_format, end)
    assert (await post(server)).status == 200


def make_bomb(width: int, height: int) -> bytes:
    """A PNG of a few KB whose pixels would fill gigabytes."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(bytes(100_000)))
        + chunk(b"IEND", b"")
    )


async def test_a_bomb_is_refused_by_its_header(server: Server) -> None:
    (worker,) = server.snapshot_workers()
    before = worker.memory_info().rss
    for width, height in ((30_000, 30_000), (10_000, 9_000), (6_000, 5_000)):
        answer = await post(server, make_bomb(width, height))
        assert answer.status == 413
        assert "24,000,000 pixels" in answer.detail
    assert worker.memory_info().rss - before < 50e6


async def test_what_has_too_many_bytes_is_413_and_says_the_limit(own_server: Server) -> None:
    too_large = bytes(2_000_001)
    assert "2,000,000 bytes" in (await post(own_server, io.BytesIO(too_large))).detail

    async def unannounced() -> AsyncIterator[bytes]:
        for _ in range(40):
            yield bytes(64 * 1024)

    form = aiohttp.FormData()
    form.add_field("file", io.BytesIO(too_large), filename="large.jpg")
    for body in (unannounced(), form, io.BytesIO(bytes(5_000_000))):
        assert (await post(own_server, body)).status == 413


async def test_what_comes_while_all_places_are_taken_is_503(own_server: Server) -> None:
    answers = await asyncio.gather(*(post(own_server) for _ in range(60)))
    statuses = [answer.status for answer in answers]
    assert set(statuses) == {200, 503}
    assert statuses.count(200) >= 8
    refused = next(answer for answer in answers if answer.status == 503)
    assert refused.headers["Retry-After"]
    assert "8" in refused.detail
    assert (await post(own_server)).status == 200


async def test_a_picture_whose_process_is_killed_is_500_and_the_next_one_is_taken(own_server: Server) -> None:
    (worker,) = own_server.snapshot_workers()
    os.kill(worker.pid, signal.SIGSTOP)
    lost = asyncio.create_task(post(own_server))
    await own_server.until(lambda: worker.status() == "stopped")
    # It is killed while the picture is in its hands, or is about to be.
    await asyncio.sleep(0.2)
    worker.kill()
    answer = await lost
    assert answer.status in (200, 500)
    await own_server.until_ready()
    assert (await post(own_server)).status == 200
    assert worker.pid not in [process.pid for process in own_server.snapshot_workers()]


async def test_an_upload_that_does_not_come_is_408_and_a_stuck_process_504_and_replaced(own_server: Server) -> None:
    reader, writer = await begin_upload(own_server)
    (worker,) = own_server.snapshot_workers()
    os.kill(worker.pid, signal.SIGSTOP)
    answer = await post(own_server)
    assert answer.status == 504
    assert "3 s" in answer.detail
    assert (await reader.readline()).split()[1] == b"408"
    writer.close()
    await own_server.until_ready()
    assert (await post(own_server)).status == 200


async def test_a_client_that_goes_away_leaves_its_place(server: Server) -> None:
    uploads = [await begin_upload(server) for _ in range(8)]
    await until_status(server, 503)
    for _, writer in uploads:
        writer.close()
    # Before the 10 s are over in which an upload has to come.
    await until_status(server, 200)


async def begin_upload(server: Server) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    host, port = server.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(b"POST /api/snapshot HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\nhello")
    return reader, writer


async def until_status(server: Server, status: int) -> None:
    async with asyncio.timeout(5):
        while (await post(server)).status != status:  # noqa: ASYNC110 - see Server.until()
            await asyncio.sleep(0.05)


async def test_garbage_is_refused_and_the_server_goes_on(server: Server) -> None:
    random = np.random.default_rng(0)
    for _ in range(60):
        body = bytearray(JPEG[:6000] if random.random() < 0.7 else encode(PORTRAIT.resize((40, 30)), "WEBP"))
        for position in random.integers(0, len(body), 20):
            body[position] = random.integers(0, 256)
        answer = await post(server, bytes(body))
        assert answer.status in (200, 400, 413, 415)
    assert (await post(server)).status == 200


async def test_a_token_is_asked_for_where_there_is_one(guarded_server: Server) -> None:
    assert (await post(guarded_server)).status == 401
    assert (await post(guarded_server, Authorization="Bearer open sesame")).status == 200
