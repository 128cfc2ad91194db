"""A flood of work gives way to everything else in every turn of the loop."""

from __future__ import annotations

import asyncio
from functools import partial

from forecourt.clock import SYSTEM
from forecourt.transport.turns import Turns


async def test_what_comes_first_is_done_at_once_and_the_rest_in_order_in_later_turns() -> None:
    turns, done = Turns(2), list[int]()
    for number in range(5):
        turns.take(partial(done.append, number))
    assert done == [0, 1]
    assert len(turns) == 3
    seen: list[int] = []
    for _ in range(9):
        await SYSTEM.sleep(0)
        seen.append(len(done))
    assert done == [0, 1, 2, 3, 4]
    assert all(after - before <= 2 for before, after in zip([2, *seen], seen, strict=False))
    assert seen[0] <= 4


async def test_after_a_quiet_turn_there_is_a_whole_share_again() -> None:
    turns, done = Turns(2), list[int]()
    for number in range(3):
        turns.take(partial(done.append, number))
    for _ in range(9):
        await SYSTEM.sleep(0)
    await SYSTEM.sleep(0)
    for number in (3, 4):
        turns.take(partial(done.append, number))
    assert done == [0, 1, 2, 3, 4]


async def test_nobody_overtakes_those_who_wait() -> None:
    turns, done = Turns(1), list[str]()
    for word in ("first", "second", "third"):
        turns.take(partial(done.append, word))
    await SYSTEM.sleep(0)
    turns.take(partial(done.append, "late"))
    for _ in range(9):
        await SYSTEM.sleep(0)
    assert done == ["first", "second", "third", "late"]


async def test_one_that_fails_does_not_hold_up_the_next() -> None:
    asyncio.get_running_loop().set_exception_handler(lambda loop, context: None)
    turns, done = Turns(1), list[str]()
    turns.take(partial(done.append, "first"))
    turns.take(partial(int, "no number"))
    turns.take(partial(done.append, "last"))
    for _ in range(5):
        await SYSTEM.sleep(0)
    assert done == ["first", "last"]
