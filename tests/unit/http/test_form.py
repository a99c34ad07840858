"""Forms as browsers and programs write them, and broken ones."""

import pytest

from holistic_rtc.errors import Code, Refusal
from holistic_rtc.http.form import MAX_FIELDS, MAX_HEAD, STRIDE, find_field

CHROME = (
    b"------WebKitFormBoundaryLm7\r\n"
    b'Content-Disposition: form-data; name="comment"\r\n\r\n'
    b"name=file\r\n"
    b"------WebKitFormBoundaryLm7\r\n"
    b'Content-Disposition: form-data; name="file"; filename="a;b \\"c\\".jpg"\r\n'
    b"Content-Type: image/jpeg\r\n\r\n"
    b"\xff\xd8 picture\r\n"
    b"------WebKitFormBoundaryLm7--\r\n"
)


def form(head: bytes, content: bytes = b"picture") -> bytes:
    return b"--x\r\n" + head + b"\r\n" + content + b"\r\n--x--\r\n"


async def find(data: bytes, content_type: str = "multipart/form-data; boundary=x") -> bytes:
    return await find_field(data, content_type, "file")


async def test_the_field_is_found_among_others() -> None:
    content_type = "multipart/form-data; boundary=----WebKitFormBoundaryLm7"
    assert await find(CHROME, content_type) == b"\xff\xd8 picture"
    assert await find_field(bytearray(CHROME), content_type, "comment") == b"name=file"


@pytest.mark.parametrize(
    "head",
    [
        b"Content-Disposition: form-data; name=file\r\n",
        b'content-disposition:form-data;name="file"\r\n',
        b'Content-Type: image/png\r\nContent-Disposition: form-data; filename="x"; name="file"\r\n',
        b"Content-Disposition: form-data; name=\"file\"; filename*=utf-8''%e2%82%ac.jpg\r\n",
        b'Content-Disposition: form-data; name="file"; filename="\xe2\x82\xac.jpg"\r\nX: \xff\r\n',
    ],
)
async def test_its_name_is_read_however_it_is_written(head: bytes) -> None:
    assert await find(form(head)) == b"picture"


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"Content-Disposition: attachment; name=file\r\n",
        b'Content-Disposition: form-data; name="files"\r\n',
        b'Content-Disposition: form-data; name="a"; filename="; name=file"\r\n',
        b'X: Content-Disposition: form-data; name="file"\r\n',
    ],
)
async def test_another_name_is_another_field(head: bytes) -> None:
    with pytest.raises(Refusal, match="no field named file"):
        await find(form(head))


@pytest.mark.parametrize("boundary", ["boundary=x", 'charset=utf-8; Boundary="x"', "boundary=x ; charset=utf-8"])
async def test_the_boundary_may_be_quoted_and_anywhere(boundary: str) -> None:
    head = b'Content-Disposition: form-data; name="file"\r\n'
    for data in (form(head), b"preamble\r\n" + form(head), form(head) + b"epilogue"):
        assert await find(data, f"multipart/form-data; {boundary}") == b"picture"


async def test_contents_of_all_lengths_come_out_as_they_went_in() -> None:
    head = b'Content-Disposition: form-data; name="file"\r\n'
    near = range(STRIDE - len(head) - 20, STRIDE + 10)
    for length in (*range(5), *near, 3 * STRIDE):
        content = (b"\r\n-" * STRIDE)[:length]
        assert await find(form(head, content)) == content
    assert await find(b"--x\r\n" + head + b"\r\n--x--\r\n") == b""


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"--x",
        b"--x\r\n",
        b"--y\r\n\r\n\r\n--y--\r\n",
        form(b"a: b\r\n")[:-8],
        b"--xy" + form(b""),
        form(b"a: " + b"b" * MAX_HEAD + b"\r\n"),
        form(b"").replace(b"\r\n", b"\n"),
    ],
)
async def test_what_is_no_form_is_refused(data: bytes) -> None:
    with pytest.raises(Refusal, match="the form can't be read") as error:
        await find(data)
    assert error.value.code is Code.BAD_REQUEST


@pytest.mark.parametrize("boundary", ["", "; boundary=", '; boundary=""', f"; boundary={'x' * 71}", "; boundary"])
async def test_a_boundary_has_1_to_70_characters(boundary: str) -> None:
    with pytest.raises(Refusal, match="1 to 70"):
        await find(form(b""), f"multipart/form-data{boundary}")


async def test_too_many_fields_are_refused() -> None:
    with pytest.raises(Refusal, match="send the one named file first"):
        await find(b"--x\r\n\r\n\r\n" * (MAX_FIELDS + 1) + b"--x--\r\n")
