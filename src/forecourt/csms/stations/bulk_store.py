"""Commands to many stations at once, as rows: the order itself, and each station it is for. The only SQL about them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    Select,
    Table,
    Text,
    exists,
    func,
    insert,
    literal,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.dialects.postgresql import UUID as Uuid
from sqlalchemy.ext.asyncio import AsyncConnection

from forecourt.csms.stations.model import StationKey
from forecourt.csms.stations.store import command
from forecourt.csms.store.schema import metadata

bulk_command = Table(
    "bulk_command",
    metadata,
    Column("id", Uuid(as_uuid=True), primary_key=True),
    Column("organisation_id", BigInteger, ForeignKey("organisation.id"), nullable=False),
    Column("kind", Text, nullable=False),
    Column("arguments", JSONB, nullable=False),
    # What the stations were chosen by, for people; which they are stands in bulk_target.
    Column("selection", JSONB, nullable=False),
    Column("total", Integer, nullable=False),
    Column("asked_by", Text, nullable=False),
    Column("asked_at", DateTime(timezone=True), nullable=False),
    Column("expires_at", DateTime(timezone=True), nullable=False),
    # When every station had been given its command, or could not be given it.
    Column("handed_out_at", DateTime(timezone=True)),
    Column("cancelled_at", DateTime(timezone=True)),
    Column("cancelled_by", Text, nullable=False, server_default=""),
    Index("bulk_command_organisation_id_asked_at_idx", "organisation_id", "asked_at"),
    Index("bulk_command_open_idx", "id", postgresql_where="handed_out_at IS NULL"),
)

bulk_target = Table(
    "bulk_target",
    metadata,
    Column("bulk_id", Uuid(as_uuid=True), ForeignKey("bulk_command.id", ondelete="CASCADE"), primary_key=True),
    Column("station_id", BigInteger, ForeignKey("station.id", ondelete="CASCADE"), primary_key=True, index=True),
    Column("organisation_id", BigInteger, nullable=False),
    Column("state", Text, nullable=False, server_default="waiting"),
    # Why it could not be given the command: a word for programs, and what it means.
    Column("reason", Text, nullable=False, server_default=""),
    Column("detail", Text, nullable=False, server_default=""),
    CheckConstraint("state IN ('waiting', 'asked', 'skipped', 'cancelled')", name="state"),
)

WAITING: Final = "waiting"
ASKED: Final = "asked"
SKIPPED: Final = "skipped"
CANCELLED: Final = "cancelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bulk:
    """A command to many stations, as far as handing it out needs it."""

    id: UUID
    organisation_id: int
    kind: str
    arguments: Mapping[str, Any]
    asked_by: str
    expires_at: datetime
    cancelled: bool


async def add(connection: AsyncConnection, values: Mapping[str, Any], chosen: Select[Any]) -> int:
    """Record a bulk command for the stations that `chosen` selects (id, organisation_id). Returns how many those are."""
    await connection.execute(insert(bulk_command).values(total=0, **values))
    which = chosen.subquery()
    added = await connection.execute(
        insert(bulk_target).from_select(
            ["bulk_id", "station_id", "organisation_id"],
            select(literal(values["id"], Uuid(as_uuid=True)), which.c.id, which.c.organisation_id),
        )
    )
    total = added.rowcount
    await connection.execute(update(bulk_command).where(bulk_command.c.id == values["id"]).values(total=total))
    return total


async def find(connection: AsyncConnection, bulk_id: UUID) -> Bulk | None:
    """A bulk command, None if there is none."""
    columns = bulk_command.c
    found = await connection.execute(
        select(
            columns.id,
            columns.organisation_id,
            columns.kind,
            columns.arguments,
            columns.asked_by,
            columns.expires_at,
            columns.cancelled_at.is_not(None).label("cancelled"),
        ).where(columns.id == bulk_id)
    )
    row = found.one_or_none()
    return None if row is None else Bulk(**row._mapping)


async def unfinished(connection: AsyncConnection) -> list[UUID]:
    """Bulk commands that have not been handed out to all their stations."""
    found = await connection.execute(select(bulk_command.c.id).where(bulk_command.c.handed_out_at.is_(None)))
    return list(found.scalars())


async def waiting(connection: AsyncConnection, bulk_id: UUID, limit: int) -> list[StationKey]:
    """Stations that wait for their command. One that was given it by a process that died before it said so is not among them."""
    mine = (bulk_target.c.bulk_id == bulk_id, bulk_target.c.state == WAITING)
    given = exists().where(command.c.bulk_id == bulk_id, command.c.station_id == bulk_target.c.station_id)
    await connection.execute(update(bulk_target).where(*mine, given).values(state=ASKED))
    found = await connection.execute(
        select(bulk_target.c.station_id).where(*mine).order_by(bulk_target.c.station_id).limit(limit)
    )
    return [StationKey(key) for key in found.scalars()]


async def skip(connection: AsyncConnection, bulk_id: UUID, skipped: Mapping[StationKey, tuple[str, str]]) -> None:
    """Record which stations could not be given their command, and why."""
    for key, (reason, detail) in skipped.items():
        await connection.execute(
            update(bulk_target)
            .where(bulk_target.c.bulk_id == bulk_id, bulk_target.c.station_id == key, bulk_target.c.state == WAITING)
            .values(state=SKIPPED, reason=reason, detail=detail)
        )


async def handed_out(connection: AsyncConnection, bulk_id: UUID, at: datetime) -> bool:
    """Every station has been dealt with. False if that was so already."""
    done = await connection.execute(
        update(bulk_command)
        .where(bulk_command.c.id == bulk_id, bulk_command.c.handed_out_at.is_(None))
        .values(handed_out_at=at)
    )
    return done.rowcount > 0


async def cancel(connection: AsyncConnection, bulk_id: UUID, at: datetime, cancelled_by: str) -> bool:
    """Hand it out to nobody any more. False if it was cancelled before."""
    done = await connection.execute(
        update(bulk_command)
        .where(bulk_command.c.id == bulk_id, bulk_command.c.cancelled_at.is_(None))
        .values(cancelled_at=at, cancelled_by=cancelled_by)
    )
    await connection.execute(
        update(bulk_target)
        .where(bulk_target.c.bulk_id == bulk_id, bulk_target.c.state == WAITING)
        .values(state=CANCELLED)
    )
    return done.rowcount > 0


async def progress(connection: AsyncConnection, bulk_ids: Iterable[UUID]) -> dict[UUID, dict[str, int]]:
    """How many stations of each bulk command have come how far: the status of their command, or waiting, skipped, cancelled."""
    status = func.coalesce(command.c.status, bulk_target.c.state).label("status")
    found = await connection.execute(
        select(bulk_target.c.bulk_id, status, func.count().label("count"))
        .outerjoin(
            command, (command.c.bulk_id == bulk_target.c.bulk_id) & (command.c.station_id == bulk_target.c.station_id)
        )
        .where(bulk_target.c.bulk_id.in_(list(bulk_ids)))
        .group_by(bulk_target.c.bulk_id, status)
    )
    counted: dict[UUID, dict[str, int]] = {}
    for row in found.mappings():
        counted.setdefault(row["bulk_id"], {})[row["status"]] = row["count"]
    return counted
