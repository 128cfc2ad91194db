"""What stations are wanted to be set to, as rows; the only SQL about it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Integer,
    Table,
    Text,
    delete,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from forecourt.csms.blocks.provisioning.model import Given, Name
from forecourt.csms.blocks.provisioning.named import name_of, named_columns, named_row
from forecourt.csms.stations.model import Station
from forecourt.csms.stations.store import station as station_table
from forecourt.csms.store.schema import metadata


class WantedState(StrEnum):
    """How it stands with a wanted value."""

    WAITING = "waiting"
    """The station has not been asked yet, or it booted since."""
    HELD = "held"
    """The station reports it, or has taken it where it may not be read."""
    REBOOT = "reboot"
    """The station has taken it and uses it after its next boot."""
    FAILED = "failed"
    """The station does not take it, or reports something else."""


wanted_variable = Table(
    "wanted_variable",
    metadata,
    Column("station_id", BigInteger, ForeignKey("station.id", ondelete="CASCADE"), primary_key=True),
    *named_columns(),
    Column("value", Text, nullable=False),
    Column("wanted_by", Text, nullable=False),
    Column("wanted_at", DateTime(timezone=True), nullable=False),
    Column("state", Text, nullable=False),
    # Why not, in the station's word or ours.
    Column("reason", Text, nullable=False, server_default=""),
    Column("failures", Integer, nullable=False, server_default="0"),
    Column("checked_at", DateTime(timezone=True)),
    Column("retry_at", DateTime(timezone=True)),
    CheckConstraint("state IN ('waiting', 'held', 'reboot', 'failed')", name="state"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A value a station is wanted to have, and how that stands."""

    name: Name
    value: str
    wanted_by: str
    state: WantedState
    reason: str = ""
    failures: int = 0
    checked_at: datetime | None = None
    retry_at: datetime | None = None


async def want(
    connection: AsyncConnection, station: Station, given: Iterable[Given], wanted_by: str, now: datetime
) -> None:
    """Want these values from now on, whatever was wanted of the same variables before."""
    for one in given:
        row = named_row(station, one.name) | {
            "value": one.value,
            "wanted_by": wanted_by,
            "wanted_at": now,
            "state": WantedState.WAITING.value,
            "reason": "",
            "failures": 0,
            "checked_at": None,
            "retry_at": None,
        }
        adding = upsert(wanted_variable).values(**row)
        sets = {name: value for name, value in row.items() if name not in ("station_id", "path", "attribute")}
        await connection.execute(
            adding.on_conflict_do_update(index_elements=["station_id", "path", "attribute"], set_=sets)
        )


async def forget(connection: AsyncConnection, station: Station, name: Name) -> bool:
    """Want nothing particular of a variable any more. False if nothing was wanted."""
    gone = await connection.execute(delete(wanted_variable).where(*_this(station, name)))
    return gone.rowcount > 0


async def all_wanted(connection: AsyncConnection, station: Station) -> list[Wanted]:
    """What is wanted of a station, in the order of paths."""
    found = await connection.execute(
        select(wanted_variable)
        .where(wanted_variable.c.station_id == station.key)
        .order_by(wanted_variable.c.path, wanted_variable.c.attribute)
    )
    return [_wanted(row._mapping) for row in found]


async def due_of(connection: AsyncConnection, station: Station, now: datetime) -> list[Wanted]:
    """What is to be looked at: not checked yet, not since the last boot, or to be tried again."""
    booted_at = select(station_table.c.booted_at).where(station_table.c.id == station.key).scalar_subquery()
    table = wanted_variable.c
    found = await connection.execute(
        select(wanted_variable)
        .where(
            table.station_id == station.key,
            or_(table.checked_at.is_(None), table.checked_at < booted_at, table.retry_at <= now),
        )
        .order_by(table.path, table.attribute)
    )
    return [_wanted(row._mapping) for row in found]


async def save(
    connection: AsyncConnection,
    station: Station,
    wanted: Wanted,
    state: WantedState,
    now: datetime,
    *,
    reason: str = "",
    retry_at: datetime | None = None,
) -> bool:
    """Record how it stands with a wanted value. False if another one is wanted meanwhile."""
    failures = wanted.failures + 1 if state is WantedState.FAILED else 0
    saved = await connection.execute(
        update(wanted_variable)
        .where(*_this(station, wanted.name), wanted_variable.c.value == wanted.value)
        .values(state=state.value, reason=reason, failures=failures, checked_at=now, retry_at=retry_at)
    )
    return saved.rowcount > 0


def _this(station: Station, name: Name) -> tuple[Any, ...]:
    table = wanted_variable.c
    return table.station_id == station.key, table.path == name.path, table.attribute == name.attribute.value


def _wanted(row: Any) -> Wanted:
    return Wanted(
        name=name_of(row),
        value=row["value"],
        wanted_by=row["wanted_by"],
        state=WantedState(row["state"]),
        reason=row["reason"],
        failures=row["failures"],
        checked_at=row["checked_at"],
        retry_at=row["retry_at"],
    )
