"""Two processes write at once while a consumer reads: it is given every event once, and those of one writer's lane in order."""

from __future__ import annotations

import asyncio
import sys
from asyncio.subprocess import PIPE, Process, create_subprocess_exec
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from forecourt.clock import SYSTEM
from forecourt.csms.bus import LocalBus
from forecourt.csms.events import EventReader, RecordedEvent
from forecourt.csms.store.work import Store
from tests.csms.store.writes_beside_others import STATIONS

ROOT: Final = Path(__file__).parents[3]
COUNT: Final = 60
WRITERS: Final = ("a", "b")
LIMIT_S: Final = 60.0


async def begin(url: str, name: str) -> Process:
    command = [sys.executable, "-m", "tests.csms.store.writes_beside_others", url, name, str(COUNT)]
    return await create_subprocess_exec(*command, cwd=ROOT, stdin=PIPE, stdout=PIPE)


async def test_of_two_processes_that_write_at_once_a_consumer_misses_no_event(store: Store, database_url: str) -> None:
    heard: list[RecordedEvent] = []
    amid = 0

    async def handle(events: Sequence[RecordedEvent]) -> None:
        heard.extend(events)

    async def resync() -> None:
        raise AssertionError("nothing was removed")

    reader = EventReader(
        "webhooks",
        handle,
        database=store.database,
        bus=LocalBus(SYSTEM),
        clock=SYSTEM,
        node="a test",
        resync=resync,
        from_beginning=True,
    )
    writers = [await begin(database_url, name) for name in WRITERS]
    try:
        async with asyncio.timeout(LIMIT_S):
            for one in writers:
                assert one.stdout is not None
                assert await one.stdout.readline() == b"ready\n"
            for one in writers:
                assert one.stdin is not None
                one.stdin.close()
            ended = [False] * len(writers)
            async with asyncio.TaskGroup() as group:

                async def wait(number: int, one: Process) -> None:
                    assert await one.wait() == 0
                    ended[number] = True

                for number, one in enumerate(writers):
                    group.create_task(wait(number, one))
                while not all(ended):
                    await reader.step()
                    amid += not any(ended) and bool(heard)
            while await reader.step() == 0:
                pass
    finally:
        for one in writers:
            if one.returncode is None:
                one.kill()
                await one.wait()
    told = [(event.data["writer"], event.data["lane"], event.data["number"]) for event in heard]
    expected = [(name, lane, number) for name in WRITERS for lane in range(STATIONS) for number in range(COUNT)]
    assert Counter(told) == Counter(expected)
    for name in WRITERS:
        for lane in range(STATIONS):
            assert [number for *whose, number in told if whose == [name, lane]] == list(range(COUNT))
    # It was a test: the reader was at it while both wrote, and what came was not in the order of the numbers.
    assert amid > 3
    ids = [event.id for event in heard]
    assert ids != sorted(ids)
