from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from forecourt.clock import SYSTEM, VirtualClock


def test_the_system_clock_tells_utc_and_never_steps_back() -> None:
    assert SYSTEM.now().tzinfo is UTC
    assert SYSTEM.monotonic() <= SYSTEM.monotonic()


async def test_virtual_time_moves_only_when_advanced() -> None:
    clock = VirtualClock(datetime(2030, 1, 1, tzinfo=UTC))
    await SYSTEM.sleep(0)
    assert clock.monotonic() == 0.0
    await clock.advance(seconds=90)
    assert clock.monotonic() == 90.0
    assert clock.now() == datetime(2030, 1, 1, tzinfo=UTC) + timedelta(seconds=90)


async def test_sleepers_wake_in_the_order_of_their_time_and_see_that_time() -> None:
    clock = VirtualClock()
    woken: list[tuple[str, float]] = []

    async def sleep(name: str, delay_s: float) -> None:
        await clock.sleep(delay_s)
        woken.append((name, clock.monotonic()))

    async with asyncio.TaskGroup() as group:
        group.create_task(sleep("late", 7))
        group.create_task(sleep("early", 3))
        group.create_task(sleep("at once", 0))
        await clock.advance(seconds=5)
        assert woken == [("at once", 0.0), ("early", 3.0)]
        await clock.advance(seconds=5)
    assert woken[-1] == ("late", 7.0)


async def test_what_a_woken_task_waits_for_next_falls_due_within_the_same_advance() -> None:
    clock = VirtualClock()
    ticks: list[float] = []

    async def tick() -> None:
        for _ in range(3):
            await clock.sleep(10)
            ticks.append(clock.monotonic())

    async with asyncio.TaskGroup() as group:
        group.create_task(tick())
        await clock.advance(seconds=30)
    assert ticks == [10.0, 20.0, 30.0]


async def test_a_virtual_timeout_raises_when_time_has_come_and_not_before() -> None:
    clock = VirtualClock()
    ended: list[str] = []

    async def wait() -> None:
        try:
            async with clock.timeout(5):
                await asyncio.Event().wait()
        except TimeoutError:
            ended.append("timed out")

    async with asyncio.TaskGroup() as group:
        group.create_task(wait())
        await clock.advance(seconds=4.9)
        assert ended == []
        await clock.advance(seconds=0.2)
    assert ended == ["timed out"]


@pytest.mark.parametrize("delay_s", [5.0, None])
async def test_a_virtual_timeout_that_is_left_in_time_never_strikes(delay_s: float | None) -> None:
    clock = VirtualClock()
    async with clock.timeout(delay_s):
        await clock.sleep(0)
    await clock.advance(seconds=60)


async def test_a_cancelled_timer_does_not_run() -> None:
    clock = VirtualClock()
    ran: list[float] = []
    clock.call_at(1.0, lambda: ran.append(clock.monotonic()))
    clock.call_at(2.0, lambda: ran.append(clock.monotonic())).cancel()
    await clock.advance(seconds=3)
    assert ran == [1.0]


async def test_a_cancelled_sleeper_leaves_nothing_behind() -> None:
    clock = VirtualClock()
    task = asyncio.get_running_loop().create_task(clock.sleep(5))
    await clock.advance(seconds=1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await clock.advance(seconds=10)


async def test_timers_of_the_system_clock_run() -> None:
    ran = asyncio.Event()
    SYSTEM.call_at(SYSTEM.monotonic(), ran.set)
    async with SYSTEM.timeout(5):
        await ran.wait()
    with pytest.raises(TimeoutError):
        async with SYSTEM.timeout(0):
            await asyncio.Event().wait()
