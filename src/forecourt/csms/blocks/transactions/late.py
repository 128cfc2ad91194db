"""Readings of a transaction that is over already: they come late, and its figures are reckoned anew."""

from __future__ import annotations

from collections.abc import Sequence

from forecourt.csms.blocks.metering.model import Metered
from forecourt.csms.blocks.transactions import records
from forecourt.csms.blocks.transactions.announcing import announce
from forecourt.csms.blocks.transactions.context import Transactions
from forecourt.csms.blocks.transactions.reckoning import on_record, reckon, reported
from forecourt.csms.blocks.transactions.record import Record
from forecourt.csms.stations.link import Link
from forecourt.csms.store.work import Work


async def take_late_readings(
    block: Transactions, link: Link, work: Work, over: Record, values: Sequence[Metered]
) -> None:
    """Let readings count for a transaction that has ended. Whoever hears them writes them."""
    connection = await work.sql()
    await records.hold(connection, link.station.key)
    facts = await records.facts(connection, over.id)
    readings = [*await on_record(connection, over), *reported(values, work.now)]
    after = await reckon(block, connection, link.station, over, facts, readings, over.superseded)
    announce(work, over, after, None)
