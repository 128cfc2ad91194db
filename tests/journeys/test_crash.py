"""`kill -9` while stations of every version report: what was acknowledged is on record, once, whoever was killed and when.

The management system runs as a process of its own with its embedded PostgreSQL, the stations run here. In turn our process,
each kind of PostgreSQL process, all of them, and both are killed, at moments drawn from a seed; what was killed starts again,
the stations come back and repeat what was not answered, and in the end the database is counted out against what they heard.
`FORECOURT_CRASH_ROUNDS` says how often (1), `FORECOURT_CRASH_SEED` from which moments on.
"""

from __future__ import annotations

import asyncio
import os
import random
import signal
import sys
from asyncio.subprocess import Process
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
from typing import Any, Final

import asyncpg

from forecourt.clock import SYSTEM
from forecourt.csms.store.embedded import EmbeddedPostgres
from tests.journeys.queueing import Fleet, check
from tests.journeys.site import VERSIONS

ROOT: Final = Path(__file__).parents[2]
START_S: Final = 60.0
STATIONS: Final = 2
"""Of each version."""

HELPERS: Final = ("checkpointer", "background writer", "walwriter", "[local]")


class Victim:
    """The management system as a process."""

    def __init__(self, folder: Path) -> None:
        self.port = 0
        self.starts = 0
        self._folder = folder
        self._process: Process | None = None

    async def start(self) -> None:
        """Begin, at the same port as before; returns when stations can connect."""
        self.starts += 1
        command = [sys.executable, "-m", "tests.journeys.serving", str(self._folder), str(self.port)]
        pipe = asyncio.subprocess.PIPE
        self._process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdin=pipe, stdout=pipe)
        assert self._process.stdout is not None
        async with asyncio.timeout(START_S):
            line = await self._process.stdout.readline()
        assert line, "the management system did not start"
        self.port = int(line)

    async def kill(self, *others: int) -> None:
        """Kill our process, and these with it."""
        assert self._process is not None
        self._process.kill()
        kill(others)
        await self._process.wait()

    async def stop(self) -> None:
        """End it in good order, if it runs."""
        if self._process is None or self._process.returncode is not None:
            return
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            async with asyncio.timeout(START_S):
                assert await self._process.wait() == 0
        finally:
            if self._process.returncode is None:
                self._process.kill()
                await self._process.wait()

    def server(self) -> EmbeddedPostgres:
        """Its database server, to look at."""
        return EmbeddedPostgres(self._folder / "database")

    def postgres(self) -> list[int]:
        """The processes of its database, the main one first."""
        pids = self.server().pids()
        assert pids
        return pids


def kill(pids: Iterable[int]) -> None:
    for pid in pids:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass


def kind_of(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text()
    except FileNotFoundError:
        return ""


async def our_process(victim: Victim) -> None:
    await victim.kill()
    await victim.start()


async def the_main_process_of_postgres(victim: Victim) -> None:
    kill(victim.postgres()[:1])


def a_helper(kind: str) -> Callable[[Victim], Awaitable[None]]:
    async def kill_it(victim: Victim) -> None:
        # It may still be recovering from the one before.
        async with asyncio.timeout(START_S):
            while not (pids := [pid for pid in victim.server().pids() if kind in kind_of(pid)]):
                await SYSTEM.sleep(0.01)
        kill(pids[:1])

    return kill_it


async def all_of_postgres(victim: Victim) -> None:
    kill(victim.postgres())


async def both_at_once(victim: Victim) -> None:
    await victim.kill(*victim.postgres())
    await victim.start()


KILLS: Final = [
    our_process,
    the_main_process_of_postgres,
    *(a_helper(kind) for kind in HELPERS),
    all_of_postgres,
    both_at_once,
    our_process,
]


async def test_whoever_is_killed_what_stations_were_answered_is_there_once(server_folder: Path) -> None:
    chance = random.Random(os.environ.get("FORECOURT_CRASH_SEED", "forecourt"))
    rounds = int(os.environ.get("FORECOURT_CRASH_ROUNDS", "1"))
    victim = Victim(server_folder)
    await victim.start()
    try:
        async with Fleet(f"ws://127.0.0.1:{victim.port}/ocpp", VERSIONS, each=STATIONS) as fleet:
            await fleet.hear(2)
            for _ in range(rounds):
                for strike in chance.sample(KILLS, len(KILLS)):
                    await SYSTEM.sleep(chance.uniform(0.0, 0.3))
                    await strike(victim)
                    await fleet.hear(2)
        connection = await asyncpg.connect(victim.server().url())
        try:
            await check(questions(connection), fleet)
        finally:
            await connection.close()
        # It was a load, and it was hit: messages were under way when somebody died.
        assert fleet.answered() >= 2 * len(fleet.stations) * len(KILLS) * rounds
        assert sum(len(one.repeated) for one in fleet.stations) > len(fleet.stations)
    finally:
        await victim.stop()


def questions(connection: asyncpg.Connection) -> Callable[..., Awaitable[list[tuple[Any, ...]]]]:
    """The database as `check` asks it."""

    async def rows(question: str, **values: Any) -> list[tuple[Any, ...]]:
        for number, name in enumerate(values, 1):
            question = question.replace(f":{name}", f"${number}")
        return [tuple(row) for row in await connection.fetch(question, *values.values())]

    return rows
