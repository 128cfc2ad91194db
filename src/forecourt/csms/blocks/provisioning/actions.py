"""What is recorded of what stations tell about themselves: values, reports, the time on their clocks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from forecourt.csms.blocks.provisioning import due_store, report_store, store, topologies
from forecourt.csms.blocks.provisioning.commands import Inventory
from forecourt.csms.blocks.provisioning.events import (
    Change,
    ClockCorrected,
    ClockDeviated,
    ConfigurationChanged,
    ReportCompleted,
    ReportFailed,
)
from forecourt.csms.blocks.provisioning.model import Name, Reported
from forecourt.csms.blocks.provisioning.report_store import Report
from forecourt.csms.blocks.provisioning.rules import clock_is_off
from forecourt.csms.blocks.provisioning.store import Known
from forecourt.csms.jobs import enqueue
from forecourt.csms.stations.model import Station
from forecourt.csms.stations.sending import allot_request_id
from forecourt.csms.store.work import Store, Work

REPORT_ENDED: Final = "provisioning.report_ended"
"""The job that ends the command a report was asked for by. A job, because the report may end before the command is on
record as running, and because a process may die in between."""


class Live:
    """What is remembered of a station while the process lives."""

    __slots__ = ("busy", "clock_off", "unsure")

    def __init__(self) -> None:
        self.busy = False
        """It is being asked for what is missing."""
        self.clock_off = False
        self.unsure = False
        """Its registration was changed by a boot that may not have been committed."""


@dataclass(slots=True)
class Pace:
    """Which stations are asked for what is missing right after their boot. The others are asked a while later (`upkeep`).

    At most `most` at once, and of a storm only the first `burst` and then `per_s` a second: a network that comes back has
    to be answered first.
    """

    most: int = 4
    per_s: float = 2.0
    burst: float = 50.0
    now: int = 0
    _spent: float = 0.0
    _spent_at: float = 0.0

    def takes(self, monotonic_s: float) -> bool:
        """Whether one more may be asked now; if so, that is counted."""
        spent = max(0.0, self._spent - (monotonic_s - self._spent_at) * self.per_s)
        if self.now >= self.most or spent > self.burst - 1.0:
            return False
        self._spent, self._spent_at = spent + 1.0, monotonic_s
        return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Provisioning:
    """What this block needs of the rest of the program."""

    store: Store
    heartbeat_interval_s: int = 300
    pending_interval_s: int = 60
    rejected_interval_s: int = 1_800
    pace: Pace = field(default_factory=Pace)


# Values.


async def look_up(work: Work, station: Station, names: Iterable[Name]) -> Mapping[Name, Known]:
    """What is on record of some variables of a station, for whoever has to respect them. Raises StoreAway."""
    return await store.known(await work.sql(), station, names)


async def record_values(work: Work, station: Station, values: Sequence[tuple[Name, str | None]]) -> None:
    """Record values that were read or set one by one."""
    if values:
        _announce_changes(work, station, await store.put_values(await work.sql(), station, values, work.now))


async def record_reported(work: Work, station: Station, reported: Sequence[Reported]) -> None:
    """Record what a station reports, with all it says about it."""
    if reported:
        _announce_changes(work, station, await store.put_reported(await work.sql(), station, reported, work.now))


async def record_everything(work: Work, station: Station, reported: Sequence[Reported], connectors: int | None) -> None:
    """Record all that a station has to tell, told at once. `connectors` is the number it says it has."""
    connection = await work.sql()
    await record_reported(work, station, reported)
    missing = await store.mark_missing(connection, station, work.now, work.now)
    await due_store.inventory_there(connection, station, work.now)
    if connectors is not None:
        topologies.learn_connectors(work, station, connectors)
    work.announce(
        ReportCompleted(
            organisation_id=station.organisation,
            station_id=station.key,
            request_id=None,
            base=Inventory.FULL.value,
            variables=len(reported),
            missing=missing,
        )
    )


def _announce_changes(work: Work, station: Station, changes: list[Change]) -> None:
    if changes:
        work.announce(
            ConfigurationChanged(organisation_id=station.organisation, station_id=station.key, changes=tuple(changes))
        )


# Reports in parts.


async def expect_report(work: Work, station: Station, base: Inventory | None) -> int:
    """Make ready for a report and return the number its parts will name. To be committed before the station is asked."""
    request_id = await allot_request_id(work, station)
    await report_store.open_report(await work.sql(), station, request_id, base.value if base else "", work.now)
    return request_id


async def give_up_report(work: Work, station: Station, request_id: int, reason: str) -> None:
    """The station will not send a report that was expected; whoever asked knows already."""
    connection = await work.sql()
    expected = await report_store.lock(connection, station.key, request_id)
    if expected is not None and not expected.ended:
        await report_store.end(connection, expected, work.now, reason)


async def has_ended(work: Work, station: Station, request_id: int) -> bool:
    """Whether all of a report is there already."""
    found = await report_store.lock(await work.sql(), station.key, request_id)
    return found is not None and found.ended


async def record_part(
    work: Work, station: Station, request_id: int, number: int, more: bool, reported: Sequence[Reported]
) -> None:
    """Record a part of a report, in whatever order parts come. What nobody asked for is recorded as well.

    When the last one is there, the command that asked for the report is finished soon after.
    """
    connection = await work.sql()
    await record_reported(work, station, reported)
    expected = await report_store.lock(connection, station.key, request_id)
    if expected is None or number in expected.progress.parts:
        return
    progress = expected.progress.having(number, more=more)
    await report_store.advance(connection, expected, progress, len(reported), work.now)
    if not expected.ended and progress.is_complete:
        await _complete(work, station, expected, expected.variables + len(reported))


async def fail_report(work: Work, station: Station, overdue: Report) -> None:
    """Nothing was heard of a report for too long."""
    connection = await work.sql()
    missing = overdue.progress.missing
    if not overdue.progress.parts:
        reason = "the station has sent nothing"
    elif missing:
        reason = "parts are missing: " + ", ".join(str(number) for number in missing[:20])
    else:
        reason = "the last part is missing"
    await report_store.end(connection, overdue, work.now, reason)
    if overdue.base == Inventory.FULL:
        await due_store.inventory_failed(connection, station, reason, work.now)
    work.announce(
        ReportFailed(
            organisation_id=station.organisation,
            station_id=station.key,
            request_id=overdue.request_id,
            base=overdue.base,
            reason=reason,
        )
    )
    await _end_command(work, station, overdue.request_id, failed=True, reason=reason)


async def _complete(work: Work, station: Station, done: Report, variables: int) -> None:
    connection = await work.sql()
    await report_store.end(connection, done, work.now)
    missing = 0
    if done.base == Inventory.FULL:
        missing = await store.mark_missing(connection, station, done.asked_at, work.now)
        await due_store.inventory_there(connection, station, work.now)
    await topologies.learn_from_components(work, station)
    work.announce(
        ReportCompleted(
            organisation_id=station.organisation,
            station_id=station.key,
            request_id=done.request_id,
            base=done.base,
            variables=variables,
            missing=missing,
        )
    )
    await _end_command(work, station, done.request_id, failed=False, reason="Complete")


async def _end_command(work: Work, station: Station, request_id: int, *, failed: bool, reason: str) -> None:
    if not await report_store.is_asked_by_command(await work.sql(), station):
        return
    enqueue(
        work,
        REPORT_ENDED,
        {"station": station.key, "request": request_id, "failed": failed, "reason": reason, "at": work.now.timestamp()},
        work.now,
        dedupe_key=f"{REPORT_ENDED}:{station.key}:{request_id}",
    )


# Clocks.


def clock_seen(work: Work, station: Station, said_at: datetime) -> None:
    """Compare a station's clock with ours, going by a message that it has just made, not one that waited in a queue."""
    off = clock_is_off(said_at, work.now)
    if not off and not station.remembers(Live):
        return
    live = station.recall(Live)
    if off is live.clock_off:
        return
    live.clock_off = off
    kind = ClockDeviated if off else ClockCorrected
    ahead_s = round((said_at - work.now).total_seconds(), 3)
    work.announce(kind(organisation_id=station.organisation, station_id=station.key, ahead_s=ahead_s))
