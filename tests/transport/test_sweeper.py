from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

import pytest

from forecourt.clock import Timer, VirtualClock
from forecourt.transport.sweeper import Sweeper, Visit


class Swept:
    """Notes when it is visited and asks for the next visit after `every_s`."""

    def __init__(self, every_s: float | None = None) -> None:
        self.every_s = every_s
        self.visited: list[float] = []

    def sweep(self, now: float) -> float | None:
        self.visited.append(now)
        return None if self.every_s is None else now + self.every_s


class Failing(Swept):
    def sweep(self, now: float) -> float | None:
        super().sweep(now)
        raise ZeroDivisionError


@pytest.fixture
def sweeper() -> Sweeper:
    return Sweeper(VirtualClock())


async def test_what_is_due_is_visited_and_what_is_not_is_not(sweeper: Sweeper) -> None:
    early, late = Swept(), Swept()
    sweeper.watch(early, 5.0)
    sweeper.watch(late, 10.0)
    sweeper.sweep(5.0)
    assert early.visited == [5.0]
    assert late.visited == []
    assert sweeper.watched == 1


async def test_a_visit_books_the_next_one(sweeper: Sweeper) -> None:
    swept = Swept(every_s=10)
    sweeper.watch(swept, 1.0)
    for now in (1.0, 5.0, 11.0, 12.0, 30.0):
        sweeper.sweep(now)
    assert swept.visited == [1.0, 11.0, 30.0]


async def test_hastening_brings_a_visit_forward_and_never_back(sweeper: Sweeper) -> None:
    swept = Swept()
    visit = sweeper.watch(swept, 10.0)
    visit = sweeper.hasten(visit, 20.0)
    visit = sweeper.hasten(visit, 3.0)
    assert sweeper.watched == 1
    sweeper.sweep(3.0)
    sweeper.sweep(10.0)
    assert swept.visited == [3.0]


async def test_an_ended_watch_is_not_visited_nor_hastened(sweeper: Sweeper) -> None:
    swept = Swept()
    visit = sweeper.watch(swept, 10.0)
    sweeper.end(visit)
    sweeper.end(visit)
    assert sweeper.hasten(visit, 1.0) is visit
    sweeper.sweep(20.0)
    assert swept.visited == []
    assert sweeper.watched == 0


async def test_one_failing_visit_leaves_the_others_watched(sweeper: Sweeper, caplog: pytest.LogCaptureFixture) -> None:
    failing, sound = Failing(), Swept(every_s=5)
    sweeper.watch(failing, 1.0)
    sweeper.watch(sound, 1.0)
    with caplog.at_level(logging.ERROR):
        sweeper.sweep(1.0)
        sweeper.sweep(6.0)
    assert failing.visited == [1.0]
    assert sound.visited == [1.0, 6.0]
    assert "a sweep failed" in caplog.text


async def test_a_watch_that_ends_during_its_visit_is_not_booked_again(sweeper: Sweeper) -> None:
    class Ending(Swept):
        visit: Visit

        def sweep(self, now: float) -> float | None:
            sweeper.end(self.visit)
            return super().sweep(now)

    ending = Ending(every_s=1)
    ending.visit = sweeper.watch(ending, 1.0)
    sweeper.sweep(1.0)
    sweeper.sweep(9.0)
    assert ending.visited == [1.0]


async def test_the_timer_visits_by_itself_and_is_set_anew_for_what_is_earlier() -> None:
    clock = VirtualClock()
    sweeper = Sweeper(clock)
    late, early = Swept(every_s=100), Swept(every_s=None)
    sweeper.watch(late, 50.0)
    sweeper.watch(early, 20.0)
    await clock.advance(seconds=30)
    assert early.visited == [20.0]
    assert late.visited == []
    await clock.advance(seconds=30)
    assert late.visited == [50.0]


async def test_a_visit_that_asks_for_the_past_is_not_repeated_at_once() -> None:
    clock = VirtualClock()
    sweeper = Sweeper(clock)
    impatient = Swept(every_s=-1)
    sweeper.watch(impatient, 1.0)
    await clock.advance(seconds=2)
    assert 10 < len(impatient.visited) <= 21


async def test_nothing_is_held_when_nothing_is_watched() -> None:
    clock = VirtualClock()
    sweeper = Sweeper(clock)
    swept = Swept()
    visit = sweeper.watch(swept, 1.0)
    sweeper.end(visit)
    await clock.advance(seconds=5)
    assert swept.visited == []
    sweeper.watch(swept, 7.0)
    await clock.advance(seconds=5)
    assert swept.visited == [7.0]


async def test_all_connections_of_a_loop_share_a_sweeper() -> None:
    assert Sweeper.of_loop() is Sweeper.of_loop()


def test_each_loop_has_a_sweeper_of_its_own() -> None:
    async def get() -> Sweeper:
        return Sweeper.of_loop()

    first, second = asyncio.run(get()), asyncio.run(get())
    assert first is not second


class StalledClock(VirtualClock):
    """A clock whose timers are run by hand, as late as a busy event loop runs them."""

    def __init__(self) -> None:
        super().__init__()
        self.at = 0.0
        self.timers: list[Callable[[], object]] = []

    def monotonic(self) -> float:
        return self.at

    def call_at(self, when: float, callback: Callable[[], object]) -> Timer:
        self.timers = [callback]
        return super().call_at(when, callback)

    def fire(self, now: float) -> None:
        self.at = now
        self.timers.pop()()


async def test_after_a_stall_peers_are_read_before_anyone_is_judged() -> None:
    clock = StalledClock()
    sweeper, swept = Sweeper(clock), Swept(every_s=10)
    sweeper.watch(swept, 10.0)
    clock.fire(14.0)
    assert swept.visited == []
    clock.fire(14.05)
    assert swept.visited == [14.05]
    # Not every time, or a process that is always late would never look.
    clock.fire(24.1)
    assert swept.visited == [14.05, 24.1]
    clock.fire(40.0)
    clock.fire(50.0)
    assert swept.visited == [14.05, 24.1, 50.0]
