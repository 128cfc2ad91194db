"""Reading and writing the record of transactions. Everything here runs in the transaction of the unit of work."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import msgspec
from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Row,
    Select,
    Text,
    and_,
    any_,
    cast,
    func,
    insert,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection

from forecourt.charging.ids import StationId, TransactionId
from forecourt.charging.judging import OpenTransaction
from forecourt.charging.quantities import Money
from forecourt.charging.registers import Point
from forecourt.charging.tokens import Token, TokenKind, Verdict
from forecourt.csms.blocks.transactions.model import Details, Fact, LimitsData, Told, TransactionKey, What
from forecourt.csms.blocks.transactions.numbering import Range
from forecourt.csms.blocks.transactions.record import Record, Summary
from forecourt.csms.blocks.transactions.store import (
    transaction,
    transaction_event,
)
from forecourt.csms.stations.model import Station, StationKey
from forecourt.csms.stations.store import station as station_table
from forecourt.csms.store.rows import Row as Values

_LOCK: Final = 0x7478 << 48
"""Advisory locks of this block: one per station, added to its number."""

_NO_DETAILS: Final = Details()
_DETAILS: Final = msgspec.json.Decoder(Details)
_AS_TEXT: Final = frozenset({"limits_wanted", "limits_offered", "limits_told"})
_FIELDS: Final = tuple(field.name for field in msgspec.structs.fields(Record))
_LISTS: Final = frozenset({"limits_confirmed", "limits_reached", "stops_asked"})
_SUMMARY: Final = tuple(field.name for field in msgspec.structs.fields(Summary))


async def hold(connection: AsyncConnection, station: StationKey) -> None:
    """Let nobody else change the transactions of a station until this unit is committed, on whichever connection or node."""
    await connection.execute(select(func.pg_advisory_xact_lock(_LOCK + station)))


async def open_record(
    connection: AsyncConnection, station: Station, told: Told, now: datetime, price: Money | None
) -> Record:
    """A new record, of which only the name is known."""
    values = {
        "station_id": station.key,
        "organisation_id": station.organisation,
        "wire_id": told.wire_id,
        "number": told.number,
        "started_at": told.at,
        "last_at": told.at,
        "received_at": now,
        "price_per_kwh": None if price is None else price.amount,
        "currency": "" if price is None else price.currency,
    }
    added = await connection.execute(insert(transaction).values(**values).returning(*_COLUMNS))
    return _record(added.one()._mapping)


async def save(connection: AsyncConnection, key: TransactionKey, summary: Summary) -> None:
    """Write what was reckoned."""
    values = {name: _storable(getattr(summary, name)) for name in _SUMMARY}
    await connection.execute(update(transaction).where(transaction.c.id == key).values(**values))


async def change(connection: AsyncConnection, key: TransactionKey, **values: Any) -> None:
    """Set some columns that are not reckoned."""
    kept = {name: _storable(value) for name, value in values.items()}
    await connection.execute(update(transaction).where(transaction.c.id == key).values(**kept))


async def rename(connection: AsyncConnection, record: Record) -> None:
    """Free the name of a transaction that is over for another one."""
    assert record.ended_at is not None  # noqa: S101 - it is over
    name = f"{record.wire_id} until {record.ended_at.isoformat()}"
    await connection.execute(update(transaction).where(transaction.c.id == record.id).values(wire_id=name))


async def named(connection: AsyncConnection, station: StationKey, wire_id: str) -> Record | None:
    """The transaction a station calls so."""
    found = await matching(connection, and_(transaction.c.station_id == station, transaction.c.wire_id == wire_id))
    return found[0] if found else None


async def of_key(connection: AsyncConnection, key: TransactionKey) -> Record | None:
    found = await matching(connection, transaction.c.id == key)
    return found[0] if found else None


async def running(connection: AsyncConnection, station: StationKey) -> list[Record]:
    """The transactions of a station that have not ended, the oldest first."""
    return await matching(connection, and_(transaction.c.station_id == station, transaction.c.ended_at.is_(None)))


@dataclass(frozen=True, slots=True)
class Open:
    """What a station has open, the oldest first, and which sequence numbers of that have come."""

    records: list[Record]
    seen: dict[TransactionKey, list[Range]]


async def open_of(connection: AsyncConnection, stations: Collection[StationKey]) -> dict[StationKey, Open]:
    """What each of these stations has open."""
    among = transaction.c.station_id == any_(cast(list(stations), ARRAY(BigInteger)))
    opened = {station: Open([], {}) for station in stations}
    found = await matching(connection, and_(among, transaction.c.ended_at.is_(None)))
    ranges = await seen(connection, [one.id for one in found])
    for one in found:
        of_station = opened[StationKey(one.station_id)]
        of_station.records.append(one)
        of_station.seen[one.id] = ranges[one.id]
    return opened


async def with_limits(connection: AsyncConnection) -> list[Record]:
    """All transactions that have not ended and have a limit."""
    return await matching(connection, and_(transaction.c.ended_at.is_(None), transaction.c.limits_wanted.is_not(None)))


async def facts(connection: AsyncConnection, key: TransactionKey) -> list[Fact]:
    """All events of a transaction."""
    columns = transaction_event.c
    found = await connection.execute(
        select(
            columns.seq_no,
            columns.take,
            columns.what,
            columns.trigger,
            columns.station_time,
            columns.received_at,
            columns.offline,
            columns.charging_state,
            columns.time_spent_s,
            cast(columns.details, Text).label("details"),
        ).where(columns.transaction_id == key)
    )
    return [_fact(row) for row in found]


async def seen(connection: AsyncConnection, keys: Collection[TransactionKey]) -> dict[TransactionKey, list[Range]]:
    """Which sequence numbers have come, as ranges."""
    islands = text(
        "SELECT transaction_id, min(seq_no), max(seq_no) FROM ("
        "SELECT transaction_id, seq_no, seq_no - row_number() OVER (PARTITION BY transaction_id ORDER BY seq_no) AS island"
        " FROM transaction_event WHERE transaction_id = ANY (:keys) AND take = 0 AND seq_no >= 0"
        ") AS numbered GROUP BY transaction_id, island"
    )
    ranges: dict[TransactionKey, list[Range]] = {key: [] for key in keys}
    if keys:
        for key, first, last in await connection.execute(islands, {"keys": list(keys)}):
            ranges[TransactionKey(key)].append((first, last))
    return ranges


async def preceding_end(connection: AsyncConnection, record: Record) -> Point | None:
    """The register at the end of the transaction before this one on the same EVSE."""
    found = await connection.execute(
        select(transaction.c.ended_at, transaction.c.register_end_wh)
        .where(
            transaction.c.station_id == record.station_id,
            transaction.c.evse_id == record.evse_id,
            transaction.c.started_at < record.started_at,
            transaction.c.id != record.id,
        )
        .order_by(transaction.c.started_at.desc())
        .limit(1)
    )
    row = found.first()
    return None if row is None or None in row else Point(row.ended_at, row.register_end_wh)


async def open_with_token(connection: AsyncConnection, token: Token, group: Token | None) -> list[OpenTransaction]:
    """Open transactions that were begun with an accepted token that matches, or that is of the group."""
    columns = transaction.c
    wanted: ColumnElement[bool] = columns.token_key == token.key
    if group is not None and group.value:
        wanted = or_(wanted, func.lower(columns.token_group) == group.value.casefold())
    found = await connection.execute(
        select(columns.id, station_table.c.wire_id, columns.token_value, columns.token_kind, columns.token_group)
        .join_from(transaction, station_table, station_table.c.id == columns.station_id)
        .where(columns.ended_at.is_(None), columns.verdict == Verdict.ACCEPTED.value, wanted)
    )
    return [
        OpenTransaction(
            transaction_id=TransactionId(str(row.id)),
            station_id=StationId(row.wire_id),
            token=Token(row.token_value, row.token_kind),
            group=Token(row.token_group, TokenKind.CENTRAL) if row.token_group else None,
        )
        for row in found
    ]


def row_of(record: Record, told: Told, details: Details | None, now: datetime) -> Values:
    """The row of an event."""
    return (
        record.id,
        told.seq_no,
        told.take,
        record.organisation_id,
        told.what.value,
        told.trigger,
        told.at,
        now,
        told.offline,
        told.charging_state,
        told.time_spent_s,
        None if details is None or details == _NO_DETAILS else msgspec.json.encode(details).decode(),
    )


def _fact(row: Row[Any]) -> Fact:
    return Fact(
        seq_no=row.seq_no,
        take=row.take,
        what=What(row.what),
        at=row.station_time,
        received_at=row.received_at,
        trigger=row.trigger,
        offline=row.offline,
        charging_state=row.charging_state,
        time_spent_s=row.time_spent_s,
        details=_NO_DETAILS if row.details is None else _DETAILS.decode(row.details),
    )


async def matching(connection: AsyncConnection, wanted: ColumnElement[bool]) -> list[Record]:
    """Transactions that meet a condition, in the order we heard of them."""
    return [_record(row._mapping) for row in await connection.execute(_ALL.where(wanted).order_by(transaction.c.id))]


_COLUMNS: Final[tuple[Any, ...]] = tuple(
    cast(column, Text).label(column.name) if column.name in _AS_TEXT else column for column in transaction.columns
)
_ALL: Final[Select[Any]] = select(*_COLUMNS)


def _record(row: Mapping[Any, Any]) -> Record:
    values = {name: row[name] for name in _FIELDS}
    for name in _AS_TEXT:
        if values[name] is not None:
            values[name] = msgspec.json.decode(values[name], type=LimitsData)
    for name in _LISTS:
        values[name] = tuple(values[name])
    values["missing"] = tuple((first, last) for first, last in values["missing"])
    return Record(**values)


def _storable(value: Any) -> Any:
    # What JSON holds as text: decimals, so that they come back exactly.
    return (
        msgspec.to_builtins(value) if isinstance(value, LimitsData | Sequence) and not isinstance(value, str) else value
    )
