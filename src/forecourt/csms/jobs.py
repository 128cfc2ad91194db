"""Work to be done later, or again and again, by whichever process is there: once per installation, and surviving kills.

A job is a row. It is claimed for as long as its kind may take (`lease_s`); a process that dies in the middle leaves a
claim that runs out, and another one tries again. So a handler may run more than once and must be idempotent. What keeps
failing is put aside as dead after `attempts`, with its last error, until somebody looks (`revive`).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import BigInteger, Column, DateTime, Identity, Index, Integer, Table, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncConnection

from forecourt.clock import Clock
from forecourt.csms.bus import Bus, Waking
from forecourt.csms.store.engine import Database
from forecourt.csms.store.rows import Driver, Row, Rows
from forecourt.csms.store.schema import metadata
from forecourt.csms.store.work import Work

JOBS = "jobs"
"""The subject that is woken when jobs were enqueued."""

_LOG = logging.getLogger("forecourt.jobs")
_FIRST_PAUSE = timedelta(seconds=5)
_LONGEST_PAUSE = timedelta(hours=1)
_LOOK_S = 5.0
_SHORTEST_WAIT_S = 0.05
_ALIVE = text("dead_at IS NULL")

job = Table(
    "job",
    metadata,
    Column("id", BigInteger, Identity(always=False), primary_key=True),
    Column("kind", Text, nullable=False),
    Column("payload", JSONB, nullable=False),
    Column("dedupe_key", Text),
    Column("run_at", DateTime(timezone=True), nullable=False),
    # Asked for again while it ran: then it runs once more.
    Column("again_at", DateTime(timezone=True)),
    Column("attempt", Integer, nullable=False, server_default="0"),
    # Grows with every claim and never starts over, so that a process that lost its claim can tell.
    Column("claim", BigInteger, nullable=False, server_default="0"),
    Column("locked_by", Text),
    Column("locked_until", DateTime(timezone=True)),
    Column("last_error", Text),
    Column("dead_at", DateTime(timezone=True)),
    Index("job_dedupe_key_idx", "dedupe_key", unique=True, postgresql_where=_ALIVE),
    Index("job_run_at_idx", "run_at", postgresql_where=_ALIVE),
)


class _Enqueued(Rows):
    """Jobs with a dedupe key that are waiting already move to the earlier time; those that are running run again."""

    locks = True

    async def write(self, driver: Driver, rows: Sequence[Row]) -> None:
        await self.insert(driver, rows)

    def arguments(self, rows: Sequence[Row]) -> list[Row]:
        # One statement may touch a row once: the earliest of several with one key. Sorted, so that writers lock alike.
        keyed: dict[str, Row] = {}
        for row in sorted(rows, key=lambda row: row[3], reverse=True):
            keyed[row[2] or ""] = row
        unkeyed = [row for row in rows if row[2] is None]
        return super().arguments([*unkeyed, *(keyed[key] for key in sorted(keyed) if key)])

    def _statement(self, first: int) -> str:
        return (
            "INSERT INTO job AS known (kind, payload, dedupe_key, run_at)"  # noqa: S608
            f" SELECT * FROM {self._unnest(first)} ON CONFLICT (dedupe_key) WHERE dead_at IS NULL DO UPDATE SET run_at ="
            " CASE WHEN known.locked_until IS NULL THEN least(known.run_at, excluded.run_at) ELSE known.run_at END,"
            " again_at = CASE WHEN known.locked_until IS NULL THEN NULL ELSE least(known.again_at, excluded.run_at) END"
        )


_ENQUEUED = _Enqueued(job, "kind", "payload", "dedupe_key", "run_at", rank=90)


def enqueue(work: Work, kind: str, payload: Mapping[str, Any], run_at: datetime, *, dedupe_key: str = "") -> None:
    """Have a job done at or after `run_at`, if and when `work` commits.

    With a `dedupe_key` there is at most one such job at a time, and it runs at least once after this.
    """
    work.add(_ENQUEUED, (kind, msgspec.json.encode(payload).decode(), dedupe_key or None, run_at))
    work.wake(JOBS)


@dataclass(frozen=True, slots=True)
class Job:
    """A claimed job. `attempt` counts from 1 since it last succeeded."""

    id: int
    kind: str
    payload: dict[str, Any]
    attempt: int
    claim: int


@dataclass(frozen=True, slots=True)
class Kind:
    """How jobs of one kind are done. `handle` returns when to run the job again, or None when it is done for good.

    `attempts` None tries for ever, as a repeating job should.
    """

    handle: Callable[[Job], Awaitable[datetime | None]]
    lease_s: float = 60.0
    attempts: int | None = 10


class Worker:
    """Does the jobs of the given kinds, several at once. There may be one in every process."""

    def __init__(
        self, kinds: Mapping[str, Kind], *, database: Database, bus: Bus, clock: Clock, node: str, at_once: int = 4
    ) -> None:
        self._kinds = kinds
        self._database = database
        self._bus = bus
        self._clock = clock
        self._node = node
        self._at_once = at_once
        self._running = 0

    async def run(self) -> None:
        """Work for ever. Run it as a task of a group; cancelling it is how it ends."""
        async with Waking(self._bus, JOBS, self._clock) as waking, asyncio.TaskGroup() as group:
            while True:
                waking.forget()
                try:
                    claimed, wait_s = await self._look()
                except Exception:
                    _LOG.exception("looking for jobs failed")
                    claimed, wait_s = [], _LOOK_S
                for found in claimed:
                    self._running += 1
                    group.create_task(self._do_and_look_again(found, waking))
                if not claimed:
                    await waking.wait(wait_s)

    async def run_due(self) -> int:
        """Do what is due now, one after another; returns how many jobs that were."""
        done = 0
        while claimed := (await self._look())[0]:
            for found in claimed:
                await self._do(found)
            done += len(claimed)
        return done

    async def _look(self) -> tuple[list[Job], float]:
        """Claim what is due and fits, and how long to wait if that was nothing."""
        free = self._at_once - self._running
        if free <= 0:
            return [], _LOOK_S
        async with self._database.engine.begin() as connection:
            claimed = await self._claim(connection, free)
            next_at = None if claimed else await self._next_at(connection)
        wait_s = _LOOK_S
        if next_at is not None:
            wait_s = min(max((next_at - self._clock.now()).total_seconds(), _SHORTEST_WAIT_S), _LOOK_S)
        return claimed, wait_s

    async def _claim(self, connection: AsyncConnection, limit: int) -> list[Job]:
        now = self._clock.now()
        claimed: list[Job] = []
        for name, kind in self._kinds.items():
            found = await connection.execute(
                text(
                    "UPDATE job SET locked_by = :node, locked_until = :until, attempt = attempt + 1, claim = claim + 1"
                    " WHERE id IN (SELECT id FROM job WHERE kind = :kind AND run_at <= :now AND dead_at IS NULL"
                    " AND (locked_until IS NULL OR locked_until <= :now) ORDER BY run_at, id LIMIT :limit"
                    " FOR UPDATE SKIP LOCKED) RETURNING id, kind, payload, attempt, claim"
                ),
                {
                    "node": self._node,
                    "until": now + timedelta(seconds=kind.lease_s),
                    "kind": name,
                    "now": now,
                    "limit": limit - len(claimed),
                },
            )
            claimed += [Job(*row) for row in found]
            if len(claimed) >= limit:
                break
        return claimed

    async def _next_at(self, connection: AsyncConnection) -> datetime | None:
        earliest = await connection.execute(
            text("SELECT min(greatest(run_at, locked_until)) FROM job WHERE dead_at IS NULL AND kind = ANY(:kinds)"),
            {"kinds": list(self._kinds)},
        )
        found: datetime | None = earliest.scalar_one()
        return found

    async def _do_and_look_again(self, found: Job, waking: Waking) -> None:
        try:
            await self._do(found)
        except Exception:
            # The claim runs out, and somebody tries again.
            _LOG.exception("the outcome of job %s (%s) could not be recorded", found.id, found.kind)
        finally:
            self._running -= 1
            waking.wake()

    async def _do(self, found: Job) -> None:
        kind = self._kinds[found.kind]
        try:
            async with self._clock.timeout(kind.lease_s):
                again_at = await kind.handle(found)
        except Exception as error:
            _LOG.warning("job %s (%s) failed, attempt %s: %r", found.id, found.kind, found.attempt, error)
            await self._record_failure(found, kind, error)
        else:
            await self._record_success(found, again_at)

    async def _record_success(self, found: Job, again_at: datetime | None) -> None:
        ours = {"id": found.id, "claim": found.claim}
        async with self._database.engine.begin() as connection:
            if again_at is None:
                gone = await connection.execute(
                    text("DELETE FROM job WHERE id = :id AND claim = :claim AND again_at IS NULL"), ours
                )
                if gone.rowcount:
                    return
            await connection.execute(
                text(
                    "UPDATE job SET run_at = least(again_at, :again_at), again_at = NULL, attempt = 0, last_error = NULL,"
                    " locked_by = NULL, locked_until = NULL WHERE id = :id AND claim = :claim"
                ),
                {**ours, "again_at": again_at},
            )

    async def _record_failure(self, found: Job, kind: Kind, error: Exception) -> None:
        now = self._clock.now()
        dead = kind.attempts is not None and found.attempt >= kind.attempts
        pause = min(_FIRST_PAUSE * 2 ** min(found.attempt - 1, 20), _LONGEST_PAUSE)
        async with self._database.engine.begin() as connection:
            await connection.execute(
                text(
                    # Asked for again meanwhile, it deserves another round of attempts.
                    "UPDATE job SET run_at = least(again_at, :run_at), again_at = NULL, last_error = :error,"
                    " attempt = CASE WHEN again_at IS NULL THEN attempt ELSE 0 END,"
                    " dead_at = CASE WHEN :dead AND again_at IS NULL THEN CAST(:now AS timestamptz) END,"
                    " locked_by = NULL, locked_until = NULL WHERE id = :id AND claim = :claim"
                ),
                {
                    "id": found.id,
                    "claim": found.claim,
                    "dead": dead,
                    "now": now,
                    "run_at": now + pause,
                    "error": repr(error).replace("\0", "\\0"),
                },
            )


async def revive(connection: AsyncConnection, job_id: int, now: datetime) -> bool:
    """Give a dead job a new life, in the caller's transaction. False if it is not dead, or if its key lives on already."""
    revived = await connection.execute(
        text(
            "UPDATE job SET dead_at = NULL, attempt = 0, run_at = :now WHERE id = :id AND dead_at IS NOT NULL AND NOT EXISTS"
            " (SELECT FROM job AS other WHERE other.dedupe_key = job.dedupe_key AND other.dead_at IS NULL)"
        ),
        {"id": job_id, "now": now},
    )
    return revived.rowcount == 1
