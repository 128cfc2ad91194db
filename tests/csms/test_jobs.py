"""Jobs: once per installation, again after a failure or a kill, and never silently forgotten."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from forecourt.clock import SYSTEM, VirtualClock
from forecourt.csms.bus import LocalBus
from forecourt.csms.jobs import Job, Kind, Worker, enqueue, revive
from forecourt.csms.store.opening import open_store
from forecourt.csms.store.work import Store

Handle = Callable[[Job], Awaitable[datetime | None]]


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


def worker(store: Store, clock: VirtualClock, handle: Handle, node: str = "a", **options: Any) -> Worker:
    kinds = {"sync": Kind(handle, **options)}
    return Worker(kinds, database=store.database, bus=LocalBus(clock), clock=clock, node=node)


async def ask_for(store: Store, run_at: datetime, number: int = 0, dedupe_key: str = "") -> None:
    async with store.work() as work:
        enqueue(work, "sync", {"number": number}, run_at, dedupe_key=dedupe_key)


async def rows(store: Store, columns: str) -> list[tuple[Any, ...]]:
    async with store.database.engine.connect() as connection:
        return [tuple(row) for row in await connection.execute(text(f"SELECT {columns} FROM job ORDER BY id"))]


class Recorder:
    """A handler that remembers what it was given, and fails or asks for more as told."""

    def __init__(self, *outcomes: Exception | datetime | None) -> None:
        self.done: list[int] = []
        self.attempts: list[int] = []
        self.outcomes = list(outcomes)

    async def __call__(self, job: Job) -> datetime | None:
        self.done.append(job.payload["number"])
        self.attempts.append(job.attempt)
        outcome = self.outcomes.pop(0) if self.outcomes else None
        if isinstance(outcome, Exception):
            raise outcome
        return outcome


async def test_a_job_is_done_when_its_time_has_come_and_then_gone(store: Store, clock: VirtualClock) -> None:
    handle = Recorder()
    work = worker(store, clock, handle)
    await ask_for(store, clock.now() + timedelta(seconds=10), 1)
    await ask_for(store, clock.now(), 2)
    assert await work.run_due() == 1
    await clock.advance(10)
    assert await work.run_due() == 1
    assert handle.done == [2, 1]
    assert await rows(store, "id") == []


async def test_a_job_belongs_to_the_unit_of_work_that_asked_for_it(store: Store, clock: VirtualClock) -> None:
    async def abandoned() -> None:
        async with store.work() as work:
            enqueue(work, "sync", {}, clock.now())
            raise LookupError

    with pytest.raises(LookupError):
        await abandoned()
    assert await rows(store, "id") == []


async def test_two_workers_share_the_jobs_and_do_none_twice(store: Store, clock: VirtualClock) -> None:
    handle = Recorder()
    async with store.work() as work:
        for number in range(40):
            enqueue(work, "sync", {"number": number}, clock.now())
    async with asyncio.TaskGroup() as group:
        counts = [group.create_task(worker(store, clock, handle, node).run_due()) for node in ("a", "b")]
    assert sorted(handle.done) == list(range(40))
    assert sum(task.result() for task in counts) == 40


async def test_a_job_whose_worker_was_killed_is_done_by_another_when_the_lease_is_over(
    store: Store, clock: VirtualClock
) -> None:
    await ask_for(store, clock.now(), 7)
    killed = worker(store, clock, Recorder(), "a", lease_s=30.0)
    (claimed,), _ = await killed._look()
    handle = Recorder()
    other = worker(store, clock, handle, "b", lease_s=30.0)
    assert await other.run_due() == 0
    await clock.advance(31)
    (again,), _ = await other._look()
    # The first one was not dead after all: what it has to say about the job no longer counts.
    before = await rows(store, "id, attempt, locked_by, last_error")
    await killed._record_success(claimed, None)
    await killed._record_success(claimed, clock.now())
    await killed._record_failure(claimed, Kind(handle), LookupError())
    assert await rows(store, "id, attempt, locked_by, last_error") == before == [(claimed.id, 2, "b", None)]
    await other._do(again)
    assert (handle.done, handle.attempts) == ([7], [2])
    assert await rows(store, "id") == []


async def test_what_fails_is_tried_again_later_and_later_and_then_put_aside(store: Store, clock: VirtualClock) -> None:
    handle = Recorder(*[LookupError(f"nul \0 {number}") for number in range(9)])
    work = worker(store, clock, handle, attempts=3)
    await ask_for(store, clock.now(), 1, "key")
    assert await work.run_due() == 1
    for pause_s in (5, 10):
        await clock.advance(pause_s - 0.5)
        assert await work.run_due() == 0
        await clock.advance(0.5)
        assert await work.run_due() == 1
    assert handle.attempts == [1, 2, 3]
    await clock.advance(1e6)
    assert await work.run_due() == 0
    ((dead_at, error),) = await rows(store, "dead_at, last_error")
    assert dead_at is not None
    assert "LookupError" in error


async def test_a_dead_job_can_be_revived_unless_another_has_taken_its_place(store: Store, clock: VirtualClock) -> None:
    handle = Recorder(LookupError())
    work = worker(store, clock, handle, attempts=1)
    await ask_for(store, clock.now(), 1, "key")
    await work.run_due()
    ((number,),) = await rows(store, "id")
    await ask_for(store, clock.now(), 2, "key")
    async with store.database.engine.begin() as connection:
        assert not await revive(connection, number, clock.now())
    await work.run_due()
    async with store.database.engine.begin() as connection:
        assert await revive(connection, number, clock.now())
        assert not await revive(connection, number, clock.now())
    await work.run_due()
    assert handle.done == [1, 2, 1]


async def test_a_job_that_takes_longer_than_its_lease_has_failed(store: Store, clock: VirtualClock) -> None:
    started = asyncio.Event()

    async def dawdle(job: Job) -> None:
        started.set()
        await asyncio.Event().wait()

    await ask_for(store, clock.now())
    async with asyncio.TaskGroup() as group:
        running = group.create_task(worker(store, clock, dawdle, lease_s=30.0).run_due())
        await started.wait()
        await clock.advance(30)
    assert running.result() == 1
    assert await rows(store, "attempt, last_error, locked_until") == [(1, "TimeoutError()", None)]


async def test_a_key_stands_for_one_job_at_the_earliest_time_asked_for(store: Store, clock: VirtualClock) -> None:
    now = clock.now()
    await ask_for(store, now + timedelta(seconds=9), 1, "key")
    async with store.work() as work:
        for seconds in (7, 3, 8):
            enqueue(work, "sync", {"number": seconds}, now + timedelta(seconds=seconds), dedupe_key="key")
        enqueue(work, "sync", {"number": 0}, now, dedupe_key="other")
        enqueue(work, "sync", {"number": 0}, now)
        enqueue(work, "sync", {"number": 0}, now)
    found = await rows(store, "dedupe_key, run_at")
    assert sorted(found, key=str) == sorted(
        [("key", now + timedelta(seconds=3)), ("other", now), (None, now), (None, now)], key=str
    )


async def test_what_is_asked_for_while_it_runs_runs_once_more(store: Store, clock: VirtualClock) -> None:
    done = 0

    async def handle(job: Job) -> None:
        nonlocal done
        done += 1
        if done == 1:
            await ask_for(store, clock.now(), dedupe_key="key")
            await ask_for(store, clock.now() + timedelta(seconds=50), dedupe_key="key")

    await ask_for(store, clock.now(), dedupe_key="key")
    assert await worker(store, clock, handle).run_due() == 2
    assert await rows(store, "id") == []


async def test_what_was_asked_for_again_does_not_die_with_its_last_attempt(store: Store, clock: VirtualClock) -> None:
    async def handle(job: Job) -> None:
        if job.attempt == 1:
            await ask_for(store, clock.now() + timedelta(seconds=1), dedupe_key="key")
        raise LookupError

    await ask_for(store, clock.now(), dedupe_key="key")
    await worker(store, clock, handle, attempts=1).run_due()
    assert await rows(store, "dead_at, attempt") == [(None, 0)]


async def test_a_repeating_job_is_rescheduled_by_its_own_answer_and_never_dies(
    store: Store, clock: VirtualClock
) -> None:
    hour = timedelta(hours=1)
    handle = Recorder(clock.now() + hour, LookupError(), clock.now() + 3 * hour)
    work = worker(store, clock, handle, attempts=None)
    await ask_for(store, clock.now(), 1, "hourly")
    await work.run_due()
    assert await work.run_due() == 0
    await clock.advance(3600)
    await work.run_due()
    await clock.advance(5)
    await work.run_due()
    assert handle.attempts == [1, 1, 2]
    assert await rows(store, "run_at, attempt") == [(clock.now() - timedelta(seconds=3605) + 3 * hour, 0)]


async def test_a_running_worker_is_woken_by_the_commit_and_waits_for_what_comes(database_url: str) -> None:
    # Its clock stands still: only the wake-up, and then only our advancing, can make it look.
    clock = VirtualClock(SYSTEM.now())
    bus = LocalBus(clock)
    done: asyncio.Queue[int] = asyncio.Queue()

    async def handle(job: Job) -> None:
        done.put_nowait(job.payload["number"])

    async with open_store(database_url, SYSTEM, linger_s=0.0, publish=bus.publish) as store:
        kinds = {"sync": Kind(handle)}
        async with asyncio.TaskGroup() as group:
            running = group.create_task(
                Worker(kinds, database=store.database, bus=bus, clock=clock, node="a", at_once=1).run()
            )
            for number in range(3):
                await ask_for(store, clock.now(), number)
                assert await done.get() == number
            await ask_for(store, clock.now() + timedelta(seconds=2), 99)
            while done.empty():
                await clock.advance(0.5)
            assert await done.get() == 99
            running.cancel()


async def test_a_kind_nobody_here_knows_is_left_to_others(store: Store, clock: VirtualClock) -> None:
    async with store.work() as work:
        enqueue(work, "unknown", {}, clock.now())
    assert await worker(store, clock, Recorder()).run_due() == 0
    assert len(await rows(store, "id")) == 1
