"""The OpenAPI document against the running server: what it promises is what comes."""

import io
from typing import Any

import pillow_heif
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok

from tests.kit.pictures import grace_hopper
from tests.kit.serving import Server

pytestmark = pytest.mark.asyncio(loop_scope="session")
pillow_heif.register_heif_opener()

OPERATIONS = {
    *("takeSnapshot", "submitJob", "getJob", "deleteJob", "getJobResult"),
    *("listSessions", "getSession", "getIceServers", "getTicket", "getHealth", "getReadiness"),
}
RUN = settings(max_examples=12, deadline=None, database=None, suppress_health_check=list(HealthCheck))


def encode(size: tuple[int, int], picture_format: str) -> bytes:
    data = io.BytesIO()
    Image.fromarray(grace_hopper(*size)).save(data, picture_format)
    return data.getvalue()


for kind in ("jpeg", "png", "webp", "heic", "avif", "tiff", "gif", "jp2", "bmp"):
    picture_format = Image.registered_extensions()[f".{kind}"]
    pictures = st.sampled_from([encode(size, picture_format) for size in ((160, 120), (33, 48), (1, 1))])
    schemathesis.openapi.media_type(f"image/{kind}", pictures)
for kind in ("mp4", "webm"):
    schemathesis.openapi.media_type(f"video/{kind}", st.binary(min_size=1, max_size=1000))


async def test_every_answer_is_one_that_the_document_promises(server: Server) -> None:
    schema = schemathesis.openapi.from_url(f"{server.url}/api/openapi.json")
    tested = set()
    for found in schema.get_all_operations():
        assert isinstance(found, Ok), found
        operation = found.ok()

        # Bytes of any kind in a form are right by the schema, and no picture.
        @RUN
        @given(case=operation.as_strategy().filter(lambda case: case.media_type != "multipart/form-data"))
        def valid_requests_are_served(case: schemathesis.Case[Any]) -> None:
            if case.query:
                case.query.pop("wait", None)  # Otherwise, the server would.
            case.call_and_validate()

        @RUN
        @given(case=operation.as_strategy(generation_mode=schemathesis.GenerationMode.NEGATIVE))
        def invalid_requests_are_refused(case: schemathesis.Case[Any]) -> None:
            case.call_and_validate(checks=[not_a_server_error])

        valid_requests_are_served()
        if operation.method == "post":
            invalid_requests_are_refused()
        tested.add(operation.definition.raw["operationId"])
    assert tested == OPERATIONS
