import asyncio

import pytest

from holistic_rtc.client.newest import Newest


async def test_the_newest_takes_the_place_of_one_that_was_not_taken() -> None:
    newest: Newest[str] = Newest()
    for item in "abc":
        newest.put(item)
    assert await anext(newest) == "c"
    assert newest.dropped == 2


async def test_items_of_another_kind_are_left_alone() -> None:
    newest: Newest[str] = Newest(buffer=2)
    newest.put("old", kind=0)
    for item in "abc":
        newest.put(item, kind=1)
    assert [await anext(newest) for _ in range(3)] == ["old", "b", "c"]
    assert newest.dropped == 1


async def test_a_consumer_that_waits_gets_each_item() -> None:
    newest: Newest[int] = Newest()
    taken = asyncio.create_task(anext(newest))
    await asyncio.sleep(0)
    assert not taken.done()
    newest.put(1)
    assert await taken == 1
    assert newest.dropped == 0


async def test_what_waits_at_the_end_can_still_be_taken() -> None:
    newest: Newest[int] = Newest()
    newest.put(1)
    newest.end()
    assert [item async for item in newest] == [1]
    assert [item async for item in newest] == []


async def test_an_error_ends_the_iteration_of_whoever_waits() -> None:
    newest: Newest[int] = Newest()
    taken = asyncio.create_task(anext(newest))
    await asyncio.sleep(0)
    newest.end(ZeroDivisionError("gone"))
    with pytest.raises(ZeroDivisionError):
        await taken


def test_a_buffer_has_place_for_something() -> None:
    with pytest.raises(ValueError, match="at least 1"):
        Newest(buffer=0)
