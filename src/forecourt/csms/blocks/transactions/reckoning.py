"""Reckoning a record anew from everything that is on record about its transaction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from forecourt.charging.ids import EvseId
from forecourt.csms.blocks.metering import actions as metering
from forecourt.csms.blocks.metering.model import Metered
from forecourt.csms.blocks.transactions import records
from forecourt.csms.blocks.transactions.announcing import announce
from forecourt.csms.blocks.transactions.context import Transactions
from forecourt.csms.blocks.transactions.figures import Known, needs_preceding
from forecourt.csms.blocks.transactions.model import Fact
from forecourt.csms.blocks.transactions.record import Record
from forecourt.csms.blocks.transactions.summary import summarize
from forecourt.csms.blocks.transactions.timeline import Reported
from forecourt.csms.stations.model import Station
from forecourt.csms.store.work import Work


async def reckon(
    block: Transactions,
    connection: AsyncConnection,
    station: Station,
    record: Record,
    facts: list[Fact],
    readings: list[Reported] | None,
    superseded: bool,
) -> Record:
    """Write what `facts` and `readings` amount to, and return the record with it."""
    evse_id = None if record.evse_id is None else EvseId(record.evse_id)
    known = Known(
        bounds=block.bounds(station, evse_id),
        readings=readings,
        before=record,
        superseded=superseded,
        price_per_kwh=record.price,
        wanted=None if record.limits_wanted is None else record.limits_wanted.limits,
        wanted_at=record.limits_at,
        asked=record.stops_asked,
    )
    summary = summarize(facts, known)
    if readings is not None and summary.ended_at is not None and needs_preceding(summary):
        preceding = await records.preceding_end(connection, record.updated(summary))
        if preceding is not None:
            summary = summarize(facts, known.after(preceding))
    await records.save(connection, record.id, summary)
    return record.updated(summary)


async def on_record(connection: AsyncConnection, record: Record) -> list[Reported]:
    """All readings of a transaction that are written."""
    found = await metering.of_transaction(connection, record.id, record.received_at)
    return [Reported(received_at, readings) for received_at, readings in found]


def reported(values: Sequence[Metered], now: datetime) -> list[Reported]:
    """Readings that are being written."""
    return [Reported(now, one.readings()) for one in values]


async def supersede(
    block: Transactions, connection: AsyncConnection, work: Work, station: Station, other: Record
) -> None:
    """Close a transaction whose end was never told. Should it come after all, the record is corrected."""
    facts = await records.facts(connection, other.id)
    readings = await on_record(connection, other)
    after = await reckon(block, connection, station, other, facts, readings, superseded=True)
    await records.change(connection, other.id, superseded=True)
    announce(work, other, after, None)
    block.watch.ended(other.id)
