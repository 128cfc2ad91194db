"""Limits that are known before their transaction is: kept when a start is asked for, taken when it begins (E16.FR.02)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import msgspec
from sqlalchemy import ColumnElement, and_, delete, insert, or_

from forecourt.charging.limits import Limits
from forecourt.charging.tokens import Token
from forecourt.csms.blocks.authorization.model import Judged
from forecourt.csms.blocks.transactions.model import LimitsData, Told, What
from forecourt.csms.blocks.transactions.store import transaction_promise
from forecourt.csms.stations.model import Station
from forecourt.csms.store.work import Work

KEPT_FOR: Final = timedelta(minutes=10)
"""How long after a remote start of 1.6 a session with its token is taken for the one that was asked for: by then a station
that waited for the vehicle in vain has given up (ConnectionTimeOut)."""

_FORGOTTEN_AFTER: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Promise:
    """Limits for a transaction that has not begun. `remote_start_id` is None where the station will not name it (1.6)."""

    limits: LimitsData
    remote_start_id: int | None
    token: Token
    evse_id: int | None


async def promise(work: Work, station: Station, made: Promise) -> int:
    """Keep limits until their transaction begins; returns what `withdraw` takes. Raises StoreAway."""
    connection = await work.sql()
    columns = transaction_promise.c
    old = and_(columns.station_id == station.key, columns.promised_at < work.now - _FORGOTTEN_AFTER)
    await connection.execute(delete(transaction_promise).where(old))
    kept = await connection.execute(
        insert(transaction_promise)
        .values(
            station_id=station.key,
            remote_start_id=made.remote_start_id,
            token_key=made.token.key,
            evse_id=made.evse_id,
            limits=msgspec.to_builtins(made.limits),
            promised_at=work.now,
        )
        .returning(columns.id)
    )
    return int(kept.scalar_one())


async def withdraw(work: Work, key: int) -> None:
    """Forget limits of a transaction that will not begin. Raises StoreAway."""
    await (await work.sql()).execute(delete(transaction_promise).where(transaction_promise.c.id == key))


async def promised(work: Work, station: Station, told: Told, judged: Judged | None) -> Limits | None:
    """The limits this transaction was promised, which are then no longer kept. Raises StoreAway."""
    meant = _meant(work, told)
    if meant is None:
        return None
    columns = transaction_promise.c
    taken = await (await work.sql()).execute(
        delete(transaction_promise)
        .where(columns.station_id == station.key, meant)
        .returning(columns.id, columns.limits)
    )
    newest = max(taken, key=lambda row: row.id, default=None)
    return None if newest is None else msgspec.convert(newest.limits, LimitsData).limits


def _meant(work: Work, told: Told) -> ColumnElement[bool] | None:
    """Which promises are for this transaction: those of the remote start it names or, for 1.6, of its token."""
    columns = transaction_promise.c
    if told.details is not None and told.details.remote_start_id is not None:
        return columns.remote_start_id == told.details.remote_start_id
    if told.number is None or told.token is None or told.what is not What.STARTED:
        return None
    return and_(
        columns.remote_start_id.is_(None),
        columns.token_key == told.token.key,
        or_(columns.evse_id.is_(None), columns.evse_id == told.evse_id),
        columns.promised_at >= work.now - KEPT_FOR,
    )
