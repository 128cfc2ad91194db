"""Killed at any moment: whatever was acknowledged is there, and nothing is there twice."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import asyncpg
import pytest

from forecourt.csms.store.embedded import EmbeddedPostgres

SCRIPT = Path(__file__).with_name("writes_until_killed.py")
FIRST = 1_000_000

Kill = Callable[["Writers"], None]


class Writers:
    """The script at work, and what it has acknowledged so far."""

    def __init__(self, folder: Path, first: int) -> None:
        self.server = EmbeddedPostgres(folder)
        self.acknowledged: list[tuple[int, int]] = []
        self.unheard: list[tuple[int, int]] = []
        self._process = subprocess.Popen(
            [sys.executable, str(SCRIPT), str(folder), str(first)], stdout=subprocess.PIPE, text=True
        )

    def hear(self, count: int) -> None:
        """Read until `count` more are acknowledged."""
        assert self._process.stdout is not None
        wanted = len(self.acknowledged) + count
        while len(self.acknowledged) < wanted:
            line = self._process.stdout.readline()
            assert line, "the writers ended by themselves"
            self._note(line)

    def kill(self) -> None:
        """Kill the writing process; what it had acknowledged by then still counts."""
        self._process.kill()
        if self._process.stdout is not None and not self._process.stdout.closed:
            for line in self._process.communicate()[0].splitlines(keepends=True):
                self._note(line)

    def _note(self, line: str) -> None:
        if line.endswith("\n"):
            station, number, *away = line.split()
            (self.unheard if away else self.acknowledged).append((int(station), int(number)))


def our_process(writers: Writers) -> None:
    writers.kill()


def the_main_process(writers: Writers) -> None:
    os.kill(writers.server.pids()[0], signal.SIGKILL)
    # It goes on by itself: more is acknowledged than what was on its way.
    writers.hear(300)
    writers.kill()


def every_other_process(writers: Writers) -> None:
    for kind in ("checkpointer", "background writer", "walwriter", "autovacuum launcher", "[local]"):
        os.kill(next(pid for pid in writers.server.pids() if kind in command_line(pid)), signal.SIGKILL)
        writers.hear(200)
    writers.kill()


def command_line(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text()
    except FileNotFoundError:
        return ""


def all_of_postgres(writers: Writers) -> None:
    for pid in writers.server.pids():
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
    writers.hear(300)
    writers.kill()


def everything_at_once(writers: Writers) -> None:
    pids = writers.server.pids()
    writers.kill()
    for pid in pids:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass


async def stored(url: str) -> tuple[Counter[tuple[int, int]], Counter[tuple[int, int]]]:
    connection = await asyncpg.connect(url)
    try:
        rows = await connection.fetch("SELECT station, number FROM written")
        events = await connection.fetch("SELECT station_id, (data ->> 'number')::int FROM event")
        return Counter(map(tuple, rows)), Counter(map(tuple, events))
    finally:
        await connection.close()


@pytest.mark.parametrize(
    "kill",
    [
        pytest.param(our_process, id="our process"),
        pytest.param(the_main_process, id="the main process of PostgreSQL"),
        pytest.param(every_other_process, id="every other process of PostgreSQL"),
        pytest.param(all_of_postgres, id="all of PostgreSQL"),
        pytest.param(everything_at_once, id="both at once"),
    ],
)
def test_what_was_acknowledged_is_there_exactly_once_after_a_kill_of(server_folder: Path, kill: Kill) -> None:
    chance = random.Random(kill.__name__)
    acknowledged: list[tuple[int, int]] = []
    unheard: list[tuple[int, int]] = []
    for first in (0, FIRST):
        writers = Writers(server_folder, first)
        try:
            writers.hear(chance.randrange(100, 400))
            kill(writers)
        finally:
            writers.kill()
        acknowledged += writers.acknowledged
        unheard += writers.unheard
    server = EmbeddedPostgres(server_folder)
    server.start()
    try:
        rows, events = asyncio.run(stored(server.url()))
    finally:
        server.stop()
    assert set(acknowledged) <= set(rows)
    assert set(rows.values()) == {1}
    # Rows and events of an entry are there together or not at all.
    assert events == rows
    # Beyond those there are at most each station's last one, and those whose end was not heard.
    beyond = Counter((station, number >= FIRST) for station, number in set(rows) - set(acknowledged) - set(unheard))
    assert set(beyond.values()) <= {1}
