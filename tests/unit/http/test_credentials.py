"""Tokens and their rights."""

import pytest

from holistic_rtc.errors import Refusal
from holistic_rtc.http.credentials import Credentials
from holistic_rtc.http.grants import ALL_RIGHTS
from holistic_rtc.model.rights import Right
from holistic_rtc.settings import load_settings

WALL = {"name": "wall", "token": "w4ll", "rights": ["watch", "list"]}


async def test_a_server_without_tokens_lets_anyone_publish_and_this_machine_do_all() -> None:
    credentials = Credentials(load_settings())
    assert not credentials.guarded
    assert credentials.anyone.rights == {Right.PUBLISH}
    assert credentials.local.rights == ALL_RIGHTS


async def test_the_servers_token_has_all_rights_and_without_it_there_are_none() -> None:
    credentials = Credentials(load_settings(token="s3cret"))
    assert credentials.guarded
    found = await credentials.identify("s3cret")
    assert found is not None
    assert found.rights == ALL_RIGHTS
    assert credentials.anyone.rights == credentials.local.rights == frozenset()


async def test_each_token_has_its_own_rights() -> None:
    credentials = Credentials(load_settings(token="s3cret", tokens=[WALL]))
    found = await credentials.identify("w4ll")
    assert found is not None
    assert (found.name, set(found.rights)) == ("wall", {Right.WATCH, Right.LIST})
    assert await credentials.identify("wall") is None


async def test_an_entry_without_a_token_is_for_everyone() -> None:
    everyone = {"name": "everyone", "rights": ["watch"]}
    credentials = Credentials(load_settings(tokens=[WALL, everyone]))
    assert credentials.guarded
    assert credentials.anyone.rights == credentials.local.rights == {Right.WATCH}
    alone = Credentials(load_settings(tokens=[everyone]))
    assert not alone.guarded
    assert alone.anyone.rights == {Right.WATCH}
    assert alone.local.rights == ALL_RIGHTS


@pytest.mark.parametrize(
    "token", ["", "s3cre", "s3cret ", "S3CRET", "\udcff", "ö", "ticket.a.b", "a.b.c", "\x00" * 5000]
)
async def test_any_other_text_is_no_token(token: str) -> None:
    assert await Credentials(load_settings(token="s3cret")).identify(token) is None


async def test_a_token_may_have_any_characters() -> None:
    credentials = Credentials(load_settings(token="schlüssel"))
    assert await credentials.identify("schlüssel") is not None


async def test_a_text_like_a_json_web_token_is_refused_with_the_reason_where_such_are_expected() -> None:
    credentials = Credentials(load_settings(jwt_secret="x" * 32))
    with pytest.raises(Refusal, match="can't be used"):
        await credentials.identify("a.b.c")
