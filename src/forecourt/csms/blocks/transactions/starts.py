"""How the messages of stations that are given numbers (1.6) are known again, and where the numbers come from."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from sqlalchemy import and_, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from forecourt.csms.blocks.transactions import records
from forecourt.csms.blocks.transactions.model import AT_END, TransactionKey
from forecourt.csms.blocks.transactions.record import Record
from forecourt.csms.blocks.transactions.store import NUMBERS, transaction, transaction_event, transaction_start
from forecourt.csms.stations.model import StationKey


async def started(
    connection: AsyncConnection, station: StationKey, connector: int, id_tag: str, at: datetime, meter_start: int
) -> TransactionKey | None:
    """The transaction that a StartTransaction like this has begun already."""
    columns = transaction_start.c
    found = await connection.execute(
        select(columns.transaction_id).where(
            columns.station_id == station,
            columns.connector == connector,
            columns.id_tag == id_tag,
            columns.station_time == at,
            columns.meter_start == meter_start,
        )
    )
    key = found.scalar_one_or_none()
    return None if key is None else TransactionKey(key)


async def ended_so(
    connection: AsyncConnection, station: StationKey, at: datetime, register_wh: Decimal
) -> Record | None:
    """The transaction with a number of ours that a station has ended at this very moment and register."""
    events = transaction_event.c
    said = select(events.transaction_id).where(
        events.transaction_id == transaction.c.id,
        events.seq_no == AT_END,
        events.station_time == at,
        events.details["registerWh"].astext == str(register_wh),
    )
    same = and_(transaction.c.station_id == station, transaction.c.ended_at == at, transaction.c.number.is_not(None))
    found = await records.matching(connection, and_(same, said.exists()))
    return found[0] if len(found) == 1 else None


async def remember_start(
    connection: AsyncConnection,
    station: StationKey,
    connector: int,
    id_tag: str,
    at: datetime,
    meter_start: int,
    key: TransactionKey,
) -> None:
    """Know this StartTransaction again."""
    await connection.execute(
        insert(transaction_start).values(
            station_id=station,
            connector=connector,
            id_tag=id_tag,
            station_time=at,
            meter_start=meter_start,
            transaction_id=key,
        )
    )


async def next_number(connection: AsyncConnection) -> int:
    """A transaction number nobody was ever given."""
    return int((await connection.execute(select(NUMBERS.next_value()))).scalar_one())
