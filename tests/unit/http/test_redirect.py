"""What a server needs to be one of several nodes."""

from pathlib import Path

import pytest

from holistic_rtc.app import make_app
from holistic_rtc.bundle.models import ModelBundle
from holistic_rtc.errors import ConfigError
from holistic_rtc.http.keys import NODE
from holistic_rtc.settings import load_settings

REDIS, URL, SECRET = "redis://:hunter2@localhost:6379", "https://node1.example.org/", "s" * 32


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"redis_url": REDIS}, "HOLISTIC_REDIS_URL and HOLISTIC_NODE_URL belong together"),
        ({"node_url": URL}, "HOLISTIC_REDIS_URL and HOLISTIC_NODE_URL belong together"),
        ({"redis_url": REDIS, "node_url": URL, "token": "t"}, "HOLISTIC_TICKET_SECRET is missing"),
    ],
)
async def test_a_node_that_lacks_a_setting_does_not_start(settings: dict[str, str], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        make_app(load_settings(**settings), _bundle())


@pytest.mark.parametrize("origins", [[], ["https://rtc.example.org"]])
async def test_a_node_that_browsers_are_not_redirected_to_is_noted(
    origins: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    make_app(load_settings(redis_url=REDIS, node_url=URL, cors_origins=origins), _bundle())
    assert ("HOLISTIC_CORS_ORIGINS is empty" in caplog.text) is (not origins)


async def test_a_server_with_both_urls_is_a_node() -> None:
    settings = {"redis_url": REDIS, "node_url": URL}
    for more in ({}, {"token": "t", "ticket_secret": SECRET}):
        node = make_app(load_settings(**settings, **more), _bundle())[NODE]
        assert node is not None
        assert node.url == "https://node1.example.org"
    assert make_app(load_settings(), _bundle())[NODE] is None


def _bundle() -> ModelBundle:

    return ModelBundle(Path("none.task"), "custom", None, "")
