"""A command on its way to one station, and what is recorded of each step it takes."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec
from sqlalchemy import ColumnElement, update

from forecourt.csms.redaction import redacted_reply, redacted_value
from forecourt.csms.stations.commands import NEXT, Command, CommandStatus
from forecourt.csms.stations.model import Station
from forecourt.csms.stations.store import command as table
from forecourt.csms.store.announced import Event
from forecourt.csms.store.rows import Latest, Rows
from forecourt.csms.store.work import Work

_UNDER_WAY: Final = (CommandStatus.QUEUED, CommandStatus.SENT)
_OPEN: Final = (*_UNDER_WAY, CommandStatus.RUNNING)

_ASKED: Final = Rows(
    table,
    "id",
    "organisation_id",
    "station_id",
    "bulk_id",
    "kind",
    "arguments",
    "status",
    "asked_by",
    "asked_at",
    "expires_at",
    "sent_at",
)
_SENT: Final = Latest(table, key=("id",), columns=("status", "sent_at"), rank=1)
_ANSWERED: Final = Latest(table, key=("id",), columns=("status", "reason", "result", "request_id", "ended_at"), rank=2)


class CommandChanged(Event, frozen=True, kw_only=True):
    """A command has taken a step in its life."""

    organisation_id: int
    station_id: int
    command_id: UUID
    bulk_id: UUID | None
    kind: str
    status: str
    reason: str


@dataclass(slots=True, eq=False)
class Order:
    """A command on its way to one station. `command` itself may hold a secret; what is recorded of it does not."""

    id: UUID
    station: Station
    command: Command
    asked_by: str
    asked_at: datetime
    expires_at: datetime
    status: CommandStatus = CommandStatus.QUEUED
    bulk_id: UUID | None = None
    reason: str = ""
    result: Mapping[str, Any] | None = None
    request_id: int | None = None
    answered: asyncio.Event | None = None
    """Set when the station has answered or never will; there is one while somebody waits for it."""

    @property
    def is_under_way(self) -> bool:
        """Whether the station has yet to answer."""
        return self.status in _UNDER_WAY

    def become(self, status: CommandStatus, reason: str = "", result: Mapping[str, Any] | None = None) -> None:
        """Take a step that is on record."""
        self.status, self.reason, self.result = status, reason, result
        if self.answered is not None and not self.is_under_way:
            self.answered.set()


def record_new(work: Work, order: Order, *, sent: bool) -> None:
    """Record a command that was asked for and, if so, that it is sent as soon as that is durable."""
    row = (
        order.id,
        order.station.organisation,
        order.station.key,
        order.bulk_id,
        order.command.kind,
        _json(redacted_value(msgspec.to_builtins(order.command))),
        CommandStatus.SENT if sent else CommandStatus.QUEUED,
        order.asked_by,
        order.asked_at,
        order.expires_at,
        work.now if sent else None,
    )
    work.add(_ASKED, row)
    _announce(work, order, CommandStatus.QUEUED)
    if sent:
        _announce(work, order, CommandStatus.SENT)


def record_step(
    work: Work, order: Order, status: CommandStatus, reason: str = "", result: Mapping[str, Any] | None = None
) -> None:
    """Record a step of one that is on record."""
    if status not in NEXT[order.status]:
        raise RuntimeError(f"a command that is {order.status} does not become {status}")
    if status is CommandStatus.SENT:
        work.add(_SENT, (order.id, status, work.now))
    else:
        # A station may repeat in its own words what it was told.
        told = msgspec.to_builtins(order.command)
        kept = None if result is None else _json(redacted_reply(told, msgspec.to_builtins(dict(result))))
        reason = redacted_reply(told, reason)
        work.add(_ANSWERED, (order.id, status, reason, kept, order.request_id, None if status in _OPEN else work.now))
    _announce(work, order, status, reason)


async def end_recorded(work: Work, which: ColumnElement[bool], status: CommandStatus, reason: str) -> int:
    """End commands of which there is only the record. Returns how many."""
    ended = await (await work.sql()).execute(
        update(table)
        .where(which)
        .values(status=status, reason=reason, ended_at=work.now)
        .returning(table.c.id, table.c.organisation_id, table.c.station_id, table.c.bulk_id, table.c.kind)
    )
    rows = ended.all()
    for row in rows:
        work.announce(
            CommandChanged(
                organisation_id=row.organisation_id,
                station_id=row.station_id,
                command_id=row.id,
                bulk_id=row.bulk_id,
                kind=row.kind,
                status=status,
                reason=reason,
            )
        )
    return len(rows)


def _announce(work: Work, order: Order, status: CommandStatus, reason: str = "") -> None:
    work.announce(
        CommandChanged(
            organisation_id=order.station.organisation,
            station_id=order.station.key,
            command_id=order.id,
            bulk_id=order.bulk_id,
            kind=order.command.kind,
            status=status,
            reason=reason,
        )
    )


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()
