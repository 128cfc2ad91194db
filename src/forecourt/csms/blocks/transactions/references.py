"""Naming a transaction for whoever asks its station for something."""

from __future__ import annotations

from sqlalchemy import select

from forecourt.csms.blocks.transactions.model import Reference
from forecourt.csms.blocks.transactions.store import transaction
from forecourt.csms.stations.model import Station
from forecourt.csms.store.work import Work
from forecourt.errors import NotFound


async def reference_of(work: Work, station: Station, transaction_id: int) -> Reference:
    """The transaction with our number `transaction_id`, which has to be one of this station. Raises NotFound."""
    columns = transaction.c
    found = await (await work.sql()).execute(
        select(columns.id, columns.wire_id, columns.number, columns.evse_id).where(
            columns.id == transaction_id, columns.station_id == station.key
        )
    )
    row = found.one_or_none()
    if row is None:
        message = f"there is no transaction {transaction_id} at this station"
        raise NotFound("transaction_unknown", message, {"transactionId": message})
    return Reference(row.id, row.wire_id, row.number, row.evse_id)
