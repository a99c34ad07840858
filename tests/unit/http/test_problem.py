"""The page that explains problems."""

from aiohttp.test_utils import make_mocked_request

from holistic_rtc.errors import Code, Refusal
from holistic_rtc.http.problem import PAGE, get_problems, problem


async def test_the_page_of_problems_has_each_code_and_shows_no_markup() -> None:
    page = (await get_problems(make_mocked_request("GET", PAGE))).text
    assert page is not None
    for code in Code:
        assert f'id="{code}"' in page
    assert "<code>detail</code>" in page
    assert "`" not in page
    assert "**" not in page


def test_bytes_that_are_no_utf_8_are_quoted() -> None:
    refusal = Refusal(Code.UNKNOWN_HOST, "\udcff isn't a name of this server")
    # Where it is encoded otherwise than in the response: for webhooks, and between processes.
    assert refusal.detail == "\\udcff isn't a name of this server"
    response = problem(refusal)
    assert isinstance(response.body, bytes)
    assert b"\\\\udcff isn't a name" in response.body
