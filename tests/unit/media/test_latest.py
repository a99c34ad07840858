import asyncio

import pytest

from holistic_rtc.media.latest import LatestSlot, SlotClosed


async def test_the_newest_item_wins_and_the_dropped_one_is_told_of() -> None:
    slot: LatestSlot[int] = LatestSlot()
    assert [slot.put(1), slot.put(2), slot.put(3)] == [False, True, True]
    assert await slot.get() == 3
    assert slot.put(4) is False
    assert await slot.get() == 4


async def test_who_waits_gets_the_next_item() -> None:
    slot: LatestSlot[str] = LatestSlot()
    waiting = asyncio.create_task(slot.get())
    await asyncio.sleep(0)
    slot.put("old")
    slot.put("new")
    assert await waiting == "new"


async def test_an_item_is_taken_once() -> None:
    slot: LatestSlot[int] = LatestSlot()
    slot.put(1)
    await slot.get()
    waiting = asyncio.create_task(slot.get())
    await asyncio.sleep(0)
    assert not waiting.done()
    slot.close()
    with pytest.raises(SlotClosed):
        await waiting


async def test_a_closed_slot_takes_and_gives_nothing() -> None:
    slot: LatestSlot[int] = LatestSlot()
    slot.put(1)
    slot.close()
    slot.close()
    slot.put(2)
    with pytest.raises(SlotClosed):
        await slot.get()
