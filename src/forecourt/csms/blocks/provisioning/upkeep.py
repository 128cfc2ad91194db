"""The jobs of provisioning: stations are looked after in their turn, reports that never came are given up.

provisioning.look           again and again: finds stations that have something to be asked or told, and overdue reports
provisioning.look_after     one station is asked what is missing and set as wanted
provisioning.report_ended   the command that asked for a report is finished
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from forecourt.csms.blocks.provisioning import actions, due_store, inventory, report_store
from forecourt.csms.blocks.provisioning.actions import REPORT_ENDED, Provisioning
from forecourt.csms.jobs import Job, Kind, enqueue
from forecourt.csms.stations.model import Station, StationKey
from forecourt.csms.stations.registry import Stations
from forecourt.csms.store.work import Work
from forecourt.errors import NotFound, Offline

LOOK: Final = "provisioning.look"
LOOK_AFTER: Final = "provisioning.look_after"

SILENCE: Final = timedelta(minutes=5)
"""How long a report may pause between two parts."""

_LOOK_EVERY: Final = timedelta(seconds=30)
_LOOK_AGAIN: Final = timedelta(seconds=5)
_AT_A_TIME: Final = 200
_TELL_FOR: Final = timedelta(minutes=2)
_TELL_EVERY: Final = timedelta(seconds=2)

Finish = Callable[..., Awaitable[bool]]
"""`Sending.finish`."""


def begin(work: Work) -> None:
    """Start the looking, once per installation; harmless when it runs already. For every start of the program."""
    enqueue(work, LOOK, {}, work.now, dedupe_key=LOOK)


def soon(work: Work, station: Station) -> None:
    """Have one station looked after once `work` is committed, because something else is wanted of it."""
    enqueue(work, LOOK_AFTER, {"station": station.key}, work.now, dedupe_key=f"{LOOK_AFTER}:{station.key}")


def kinds(upkeep: Upkeep) -> Mapping[str, Kind]:
    """The jobs of this block, for the worker. A station may take its time for each of several answers."""
    return {
        LOOK: Kind(upkeep.look, attempts=None),
        LOOK_AFTER: Kind(upkeep.look_after, lease_s=600.0, attempts=3),
        REPORT_ENDED: Kind(upkeep.report_ended),
    }


@dataclass(frozen=True, slots=True)
class Upkeep:
    """The handlers. A station that is connected to no process, or to another one, is left for the next look."""

    block: Provisioning
    stations: Stations
    finish: Finish

    async def look(self, job: Job) -> datetime | None:
        """Find what is due. More than one look's worth is looked for again soon."""
        async with self.block.store.work() as work:
            connection = await work.sql()
            due = await due_store.due(connection, work.now, _AT_A_TIME)
            for key in due:
                enqueue(work, LOOK_AFTER, {"station": key}, work.now, dedupe_key=f"{LOOK_AFTER}:{key}")
            for overdue in await report_store.overdue(connection, work.now - SILENCE, _AT_A_TIME):
                await actions.fail_report(work, self.stations.of_key(overdue.station), overdue)
            return work.now + (_LOOK_AGAIN if len(due) >= _AT_A_TIME else _LOOK_EVERY)

    async def look_after(self, job: Job) -> datetime | None:
        """Ask one station what is missing and set what is wanted. What fails is on record, with when to try again."""
        try:
            station = self.stations.of_key(StationKey(int(job.payload["station"])))
            await inventory.look_after(self.block, self.stations.link_of(station))
        except (NotFound, Offline):
            pass
        return None

    async def report_ended(self, job: Job) -> datetime | None:
        """Finish the command that a report was asked for by, if there is one. It may not be on record as running yet."""
        try:
            station = self.stations.of_key(StationKey(int(job.payload["station"])))
        except NotFound:
            return None
        told = job.payload
        if await self.finish(station, int(told["request"]), failed=bool(told["failed"]), reason=str(told["reason"])):
            return None
        now = self.block.store.clock.now()
        ended_at = datetime.fromtimestamp(float(told["at"]), UTC)
        return now + _TELL_EVERY if now - ended_at < _TELL_FOR else None
