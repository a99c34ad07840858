"""Names of sessions."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from holistic_rtc.errors import Code, Refusal
from holistic_rtc.sessions import names
from holistic_rtc.sessions.names import MAX_WAITING_OF_ADDRESS, Names, check_key, check_name, is_name
from holistic_rtc.sessions.quotas import LOCAL, Client
from holistic_rtc.sessions.session import Resource, Session

pytestmark = pytest.mark.asyncio(loop_scope="session")

STRANGER = Client("192.0.2.1", "192.0.2.1")


def publisher(key: str = "a secret of its own") -> Resource:
    return Resource(LOCAL, key=key)


@pytest.mark.parametrize("name", ["a", "studio-1", "_-_", "0", "x" * 64, "a" * 21, "a-b" + "c" * 19])
async def test_letters_digits_hyphens_and_underscores_make_a_name(name: str) -> None:
    assert check_name(name) == name


@pytest.mark.parametrize(
    "name", ["", "-", "-h", "--studio", "x" * 65, "a b", "a/b", "é", "a.b", "a\n", "*", "4Mz9" * 5 + "Kd"]
)
async def test_anything_else_or_what_looks_like_an_id_does_not(name: str) -> None:
    assert not is_name(name)
    with pytest.raises(Refusal, match="can't be a name"):
        check_name(name)


@pytest.mark.parametrize("key", ["", "too-short", "x" * 129, "with a space in it", "with/a/slash/in/it"])
async def test_a_key_is_a_long_word_that_fits_into_an_address(key: str) -> None:
    with pytest.raises(Refusal, match="16 to 128"):
        check_key(key, "studio")


async def test_a_key_is_for_a_name() -> None:
    check_key("a-long-secret-of-mine", "studio")
    with pytest.raises(Refusal, match="for a name"):
        check_key("a-long-secret-of-mine", None)


async def test_a_viewing_key_is_the_same_for_the_same_key_and_name_only() -> None:
    process: Any = None
    keys = [
        Session(id, process, publisher(key), name=name).viewing_key
        for id, key, name in (
            ("1", "one secret", "a"),
            ("2", "one secret", "a"),
            ("1", "one secret", "b"),
            ("1", "another secret", "a"),
            ("1", "one secret", None),
            ("2", "one secret", None),
        )
    ]
    assert keys[0] == keys[1]
    assert len(set(keys)) == 5


async def test_a_name_belongs_to_a_publisher_until_it_is_released() -> None:
    first, second = publisher(), publisher("another secret")
    registered = Names()
    with registered.claiming("studio", first):
        registered.hold("studio", first)
    with pytest.raises(Refusal) as refused, registered.claiming("studio", second):
        pass
    assert refused.value.code == Code.NAME_TAKEN
    registered.release("studio", first)
    assert registered.leaving == set()
    with registered.claiming("studio", second):
        assert registered.leaving == set()


async def test_a_publisher_with_the_same_key_gets_the_name_when_its_session_has_started_and_not_before() -> None:
    first, second, third = publisher(), publisher(), publisher("another secret")
    registered = Names()
    registered.hold("studio", first)
    with registered.claiming("studio", second):
        assert registered.leaving == {first}
    assert registered.leaving == set()
    with registered.claiming("studio", second):
        registered.hold("studio", second)
    registered.release("studio", first)
    with pytest.raises(Refusal), registered.claiming("studio", third):
        pass
    registered.release("studio", second)
    with registered.claiming("studio", third):
        assert registered.leaving == set()


async def test_one_publisher_at_a_time_claims_a_name() -> None:
    registered = Names()
    with registered.claiming("studio", publisher()):
        for key, code in (("a secret of its own", Code.NOT_READY), ("another secret", Code.NAME_TAKEN)):
            with pytest.raises(Refusal) as refused, registered.claiming("studio", publisher(key)):
                pass
            assert refused.value.code == code
    with registered.claiming("studio", publisher("another secret")):
        pass


@pytest_asyncio.fixture(loop_scope="session")
async def waiting() -> AsyncIterator[tuple[Names, list[asyncio.Task[bool]]]]:
    """As many as one address may have waiting."""
    registered = Names()
    tasks = [asyncio.create_task(registered.wait("studio", STRANGER, 60)) for _ in range(MAX_WAITING_OF_ADDRESS)]
    await asyncio.sleep(0)
    yield registered, tasks
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def test_all_who_wait_for_a_name_are_woken_when_it_is_live(
    waiting: tuple[Names, list[asyncio.Task[bool]]],
) -> None:
    registered, tasks = waiting
    registered.announce("another")
    await asyncio.sleep(0)
    assert not any(task.done() for task in tasks)
    registered.announce("studio")
    async with asyncio.timeout(5):
        await asyncio.gather(*tasks)


async def test_too_many_of_an_address_or_in_all_do_not_wait(
    waiting: tuple[Names, list[asyncio.Task[bool]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    registered, tasks = waiting
    async with asyncio.timeout(5):
        assert not await registered.wait("studio", STRANGER, 60)
        monkeypatch.setattr(names, "MAX_WAITING", MAX_WAITING_OF_ADDRESS)
        assert not await registered.wait("another", Client("192.0.2.2", "192.0.2.2"), 60)
    assert not any(task.done() for task in tasks)
    tasks.pop().cancel()
    await asyncio.sleep(0)
    monkeypatch.undo()
    again = asyncio.create_task(registered.wait("studio", STRANGER, 60))
    tasks.append(again)
    await asyncio.sleep(0)
    assert not again.done()


async def test_waiting_ends_with_its_time() -> None:
    async with asyncio.timeout(5):
        assert await Names().wait("studio", STRANGER, 0.01)
