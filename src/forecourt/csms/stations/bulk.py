"""One command to many stations: recorded with all of them, handed out a few at a time, whatever happens in between.

    waiting ── asked        the station has a command of its own, which lives as every command does
       └────── skipped      it could not be given it, and why: not in its version, too many wait, disabled
       └────── cancelled

A job hands out, in slices of some seconds, so that a restart costs nothing and ten thousand stations are never in memory
for it at once. Of the connected ones only so many are under way at a time; the next is asked when one has answered.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID, uuid4

import msgspec
from sqlalchemy import Select

from forecourt.csms.jobs import Job, Kind, enqueue
from forecourt.csms.redaction import redacted_value
from forecourt.csms.stations import bulk_store
from forecourt.csms.stations.bulk_store import Bulk
from forecourt.csms.stations.commands import Command
from forecourt.csms.stations.model import Registration, StationKey
from forecourt.csms.stations.orders import Order
from forecourt.csms.stations.registry import Stations
from forecourt.csms.stations.sending import DEFAULT_EXPIRY, LONGEST_EXPIRY, Sending
from forecourt.csms.store.announced import Event
from forecourt.csms.store.work import Store, Work
from forecourt.errors import Conflict, Invalid, NotFound

HAND_OUT: Final = "commands.hand_out"
AT_ONCE: Final = 50
"""Connected stations that may have a command of one bulk under way."""

_BATCH: Final = 100
_SLICE_S: Final = 5.0
_PATIENCE_S: Final = 5.0
"""How long a station that does not answer holds the place of another."""

_LEASE_S: Final = 60.0


class BulkCommandChanged(Event, frozen=True, kw_only=True):
    """A command to many stations was given, has been handed out to all of them, or was cancelled; `what` says which."""

    organisation_id: int
    bulk_id: UUID
    kind: str
    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NewBulk:
    """What is to be done, and for how many stations it was recorded."""

    id: UUID
    total: int
    expires_at: datetime


async def begin(
    work: Work,
    command: Command,
    chosen: Select[Any],
    *,
    organisation: int,
    selection: Mapping[str, Any],
    asked_by: str,
    expires_in: timedelta = DEFAULT_EXPIRY,
) -> NewBulk:
    """Record a command to all stations that `chosen` selects (id, organisation_id). Call `hand_out` once that is committed.

    Raises Invalid for an impossible expiry, an empty selection, and a command that holds a secret, which is never stored.
    """
    if not timedelta(0) < expires_in <= LONGEST_EXPIRY:
        message = f"a command expires within {LONGEST_EXPIRY.days} days"
        raise Invalid("command_expiry", message, {"expiresInS": message})
    arguments = msgspec.to_builtins(command)
    if redacted_value(arguments) != arguments:
        message = "a command that holds a secret is given to one station at a time: secrets are not stored"
        raise Invalid("bulk_secret", message, {"arguments": message})
    new = NewBulk(id=uuid4(), total=0, expires_at=work.now + expires_in)
    values = {
        "id": new.id,
        "organisation_id": organisation,
        "kind": command.kind,
        "arguments": arguments,
        "selection": selection,
        "asked_by": asked_by,
        "asked_at": work.now,
        "expires_at": new.expires_at,
    }
    total = await bulk_store.add(await work.sql(), values, chosen)
    if not total:
        message = "no station is among those selected"
        raise Invalid("selection_empty", message, {"selection": message})
    work.announce(BulkCommandChanged(organisation_id=organisation, bulk_id=new.id, kind=command.kind, what="given"))
    return NewBulk(id=new.id, total=total, expires_at=new.expires_at)


async def hand_out(store: Store, bulk_id: UUID) -> None:
    """Have a recorded bulk command handed out, soon. Harmless when it is being handed out already."""
    async with store.work() as work:
        _enqueue(work, bulk_id)


async def resume(store: Store) -> None:
    """After a start: go on with what was not handed out."""
    async with store.work() as work:
        for bulk_id in await bulk_store.unfinished(await work.sql()):
            _enqueue(work, bulk_id)


async def cancel(store: Store, sending: Sending, bulk_id: UUID, cancelled_by: str) -> None:
    """Hand a bulk command out to nobody any more, and end those of its commands that wait. Raises NotFound, StoreError."""
    async with store.work() as work:
        connection = await work.sql()
        found = await bulk_store.find(connection, bulk_id)
        if found is None:
            raise NotFound("bulk_command_unknown", f"there is no bulk command {bulk_id}")
        if await bulk_store.cancel(connection, bulk_id, work.now, cancelled_by):
            work.announce(
                BulkCommandChanged(
                    organisation_id=found.organisation_id, bulk_id=bulk_id, kind=found.kind, what="cancelled"
                )
            )
    await sending.cancel(lambda order: order.bulk_id == bulk_id, cancelled_by)


def _enqueue(work: Work, bulk_id: UUID) -> None:
    enqueue(work, HAND_OUT, {"bulk": str(bulk_id)}, work.now, dedupe_key=f"{HAND_OUT}:{bulk_id}")


@dataclass(frozen=True, slots=True)
class Handing:
    """The job that hands out."""

    store: Store
    stations: Stations
    sending: Sending

    def kinds(self) -> Mapping[str, Kind]:
        """The jobs, for the worker."""
        return {HAND_OUT: Kind(self.hand_out, lease_s=_LEASE_S, attempts=None)}

    async def hand_out(self, job: Job) -> datetime | None:
        """One slice; returns when to go on."""
        bulk_id = UUID(job.payload["bulk"])
        clock = self.store.clock
        until = clock.monotonic() + _SLICE_S
        window = asyncio.Semaphore(AT_ONCE)
        async with asyncio.TaskGroup() as group:
            while clock.monotonic() < until:
                async with self.store.work() as work:
                    connection = await work.sql()
                    bulk = await bulk_store.find(connection, bulk_id)
                    if bulk is None:
                        return None
                    batch = await bulk_store.waiting(connection, bulk_id, _BATCH)
                    if not batch and await bulk_store.handed_out(connection, bulk_id, work.now):
                        work.announce(
                            BulkCommandChanged(
                                organisation_id=bulk.organisation_id, bulk_id=bulk_id, kind=bulk.kind, what="handed_out"
                            )
                        )
                if not batch:
                    return None
                await self._give(bulk, batch, window, group)
        return clock.now()

    async def _give(
        self, bulk: Bulk, batch: list[StationKey], window: asyncio.Semaphore, group: asyncio.TaskGroup
    ) -> None:
        command = self.sending.restored(bulk.kind, bulk.arguments)
        skipped: dict[StationKey, tuple[str, str]] = {}
        for key in batch:
            if isinstance(command, str):
                skipped[key] = ("command_unknown", command)
                continue
            await window.acquire()
            given = await self._ask(bulk, key, command)
            if isinstance(given, Order) and self.stations.link_if_any(given.station) is not None:
                group.create_task(self._await_answer(given, window))
                continue
            window.release()
            if not isinstance(given, Order):
                skipped[key] = given
        if skipped:
            async with self.store.work() as work:
                await bulk_store.skip(await work.sql(), bulk.id, skipped)

    async def _ask(self, bulk: Bulk, key: StationKey, command: Command) -> Order | tuple[str, str]:
        """The station's command, or why it cannot be given it."""
        try:
            station = self.stations.of_key(key)
        except NotFound:
            return "station_unknown", "the station is not there any more"
        if not station.enabled:
            return "station_disabled", "the station is disabled"
        if station.registration is Registration.REJECTED:
            return "station_rejected", "the station was turned away"
        left = bulk.expires_at - self.store.clock.now()
        if left <= timedelta(0):
            return "expired", "its turn did not come in time"
        try:
            return await self.sending.ask(
                station, command, asked_by=bulk.asked_by, expires_in=min(left, LONGEST_EXPIRY), bulk_id=bulk.id
            )
        except (Invalid, Conflict) as error:
            return error.code, error.message

    async def _await_answer(self, order: Order, window: asyncio.Semaphore) -> None:
        await self.sending.wait(order, _PATIENCE_S)
        window.release()
