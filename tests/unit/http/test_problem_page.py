"""Problems as people see them, in a browser."""

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request

from holistic_rtc.errors import Code, Refusal
from holistic_rtc.http.problem_page import WORDS, is_wanted, language_of, render

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


def request(method: str = "GET", **headers: str) -> web.Request:
    return make_mocked_request(
        method, "/nothing", headers={name.replace("_", "-"): value for name, value in headers.items()}
    )


@pytest.mark.parametrize(
    ("accept", "page"),
    [
        (BROWSER, True),
        ("text/html", True),
        ("*/*", False),
        ("", False),
        ("application/json", False),
        ("application/json, text/html", False),
        ("application/json;q=0.5, text/html", True),
        ("text/html;q=0, */*", False),
        ("text/html;q=much", False),
    ],
)
def test_those_who_ask_for_html_get_a_page_and_programs_get_json(accept: str, page: bool) -> None:
    assert is_wanted(request(Accept=accept)) is page


def test_what_a_program_sends_gets_json_whatever_it_accepts() -> None:
    assert not is_wanted(request("POST", Accept=BROWSER))


@pytest.mark.parametrize(
    ("languages", "language"),
    [
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh"),
        ("en-GB,en;q=0.9,zh;q=0.8", "en"),
        ("de, zh-TW;q=0.5, en;q=0.3", "zh"),
        ("fr", "en"),
        ("", "en"),
        ("zh;q=0", "en"),
    ],
)
def test_the_page_is_in_the_language_of_the_browser(languages: str, language: str) -> None:
    assert language_of(request(Accept_Language=languages)) == language


def test_both_languages_have_the_same_problems_and_links() -> None:
    english, chinese = WORDS["en"], WORDS["zh"]
    assert english.keys() == chinese.keys()
    for code, words in english.items():
        assert words.link == chinese[code].link


def test_each_code_has_a_page_without_scripts_or_foreign_markup() -> None:
    for code in Code:
        for language in WORDS:
            response = render(Refusal(code, "of <script>alert(1)</script>"), 404, language, "/some/path")
            assert response.text is not None
            assert "<script" not in response.text
            assert "&lt;script&gt;" in response.text
            assert response.headers["Content-Security-Policy"].startswith("default-src 'none'")


def test_links_lead_to_the_pages_below_the_servers_path_except_under_a_name_that_it_refuses() -> None:
    text = render(Refusal(Code.UNKNOWN_SESSION, "gone"), 404, "en", "/some/path").text
    assert text is not None
    assert 'href="/some/path/view"' in text
    text = render(Refusal(Code.UNKNOWN_HOST, "evil.test isn't a name of this server"), 421, "en").text
    assert text is not None
    assert "href" not in text
    assert "HOLISTIC_HOSTS" in text
