"""Reports under way and done, as rows; the only SQL about them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    Row,
    Table,
    Text,
    delete,
    func,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from forecourt.csms.blocks.provisioning.commands import RequestReport
from forecourt.csms.blocks.provisioning.progress import Progress
from forecourt.csms.stations.commands import CommandStatus
from forecourt.csms.stations.model import Station, StationKey
from forecourt.csms.stations.store import command
from forecourt.csms.store.schema import metadata

_KEPT: Final = timedelta(days=90)

report = Table(
    "report",
    metadata,
    Column("station_id", BigInteger, ForeignKey("station.id", ondelete="CASCADE"), primary_key=True),
    Column("request_id", BigInteger, primary_key=True, autoincrement=False),
    Column("organisation_id", BigInteger, nullable=False),
    # A base, or empty for a report by criteria and names.
    Column("base", Text, nullable=False),
    Column("asked_at", DateTime(timezone=True), nullable=False),
    Column("heard_at", DateTime(timezone=True)),
    # The numbers of the parts that have come, and that of the last one once it is known.
    Column("parts", ARRAY(BigInteger), nullable=False, server_default="{}"),
    Column("last_part", BigInteger),
    Column("variables", Integer, nullable=False, server_default="0"),
    Column("ended_at", DateTime(timezone=True)),
    Column("failure", Text, nullable=False, server_default=""),
    Index("report_open_idx", "asked_at", postgresql_where="ended_at IS NULL"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A report that a station was asked for."""

    station: StationKey
    request_id: int
    base: str
    asked_at: datetime
    progress: Progress
    variables: int
    ended: bool


async def open_report(connection: AsyncConnection, station: Station, request_id: int, base: str, now: datetime) -> None:
    """Expect a report. Those of the station that are long over are forgotten."""
    values = {
        "organisation_id": station.organisation,
        "base": base,
        "asked_at": now,
        "heard_at": None,
        "parts": [],
        "last_part": None,
        "variables": 0,
        "ended_at": None,
        "failure": "",
    }
    adding = upsert(report).values(station_id=station.key, request_id=request_id, **values)
    await connection.execute(adding.on_conflict_do_update(index_elements=["station_id", "request_id"], set_=values))
    over = report.c.ended_at < now - _KEPT
    await connection.execute(delete(report).where(report.c.station_id == station.key, over))


async def lock(connection: AsyncConnection, station: StationKey, request_id: int) -> Report | None:
    """The report with that number, held until the transaction ends; None if nobody asked for it."""
    found = await connection.execute(
        select(report).where(report.c.station_id == station, report.c.request_id == request_id).with_for_update()
    )
    row = found.one_or_none()
    return None if row is None else _report(row)


async def advance(connection: AsyncConnection, of: Report, progress: Progress, variables: int, now: datetime) -> None:
    """Record that a part has come."""
    values = {
        "parts": sorted(progress.parts),
        "last_part": progress.last,
        "variables": of.variables + variables,
        "heard_at": now,
    }
    await connection.execute(update(report).where(*_this(of)).values(**values))


async def end(connection: AsyncConnection, of: Report, now: datetime, failure: str = "") -> None:
    """Expect nothing more of a report."""
    await connection.execute(update(report).where(*_this(of)).values(ended_at=now, failure=failure))


async def overdue(connection: AsyncConnection, silent_since: datetime, limit: int) -> list[Report]:
    """Reports of which nothing was heard for too long, held until the transaction ends."""
    found = await connection.execute(
        select(report)
        .where(
            report.c.ended_at.is_(None),
            report.c.asked_at < silent_since,
            func.coalesce(report.c.heard_at, report.c.asked_at) < silent_since,
        )
        .order_by(report.c.asked_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return [_report(row) for row in found]


async def is_asked_by_command(connection: AsyncConnection, station: Station) -> bool:
    """Whether a command for a report is under way, on record as sent or running."""
    found = await connection.execute(
        select(command.c.id)
        .where(
            command.c.station_id == station.key,
            command.c.kind == RequestReport.kind,
            command.c.status.in_([CommandStatus.SENT.value, CommandStatus.RUNNING.value]),
        )
        .limit(1)
    )
    return found.first() is not None


def _this(of: Report) -> tuple[Any, ...]:
    return report.c.station_id == of.station, report.c.request_id == of.request_id


def _report(row: Row[Any]) -> Report:
    return Report(
        station=StationKey(row.station_id),
        request_id=row.request_id,
        base=row.base,
        asked_at=row.asked_at,
        progress=Progress(frozenset(row.parts), row.last_part),
        variables=row.variables,
        ended=row.ended_at is not None,
    )
