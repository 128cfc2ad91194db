"""When lists are looked at: soon after a token changed, a while after a boot, and again after a failure.

    local_list.look    again and again, and soon after a change: finds the connected stations whose list may not be what
                       it should be
    local_list.sync    one station is given what it lacks

What is due is in the tables of lists, so nothing is forgotten when a process dies, and a storm of reconnects costs nothing
here: a look finds a bounded number of stations at a time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from forecourt.csms.blocks.authorization import list_store
from forecourt.csms.blocks.authorization.model import SendLocalList
from forecourt.csms.jobs import Job, Kind, enqueue
from forecourt.csms.stations.model import OrganisationKey, StationKey
from forecourt.csms.stations.registry import Stations
from forecourt.csms.store.work import Store, Work
from forecourt.errors import NotFound, StationError
from forecourt.ocpp.errors import ProtocolError

LOOK: Final = "local_list.look"
SYNC: Final = "local_list.sync"

_SETTLING: Final = timedelta(seconds=2)
"""How long a change waits for others that come with it."""

_LOOK_EVERY: Final = timedelta(seconds=60)
_LOOK_AGAIN: Final = timedelta(seconds=5)
_AT_A_TIME: Final = 500


async def touch(work: Work, organisation: OrganisationKey) -> None:
    """Have every list looked at, soon after `work` is committed, that this organisation's tokens or wishes have to do with."""
    await list_store.touch(await work.sql(), organisation)
    enqueue(work, LOOK, {}, work.now + _SETTLING, dedupe_key=LOOK)


def begin(work: Work) -> None:
    """Start the looking, once per installation; harmless when it runs already. For every start of the program."""
    enqueue(work, LOOK, {}, work.now, dedupe_key=LOOK)


def kinds(jobs: ListJobs) -> Mapping[str, Kind]:
    """The jobs of this block, for the worker. A long list takes many messages, hence the long lease."""
    return {
        LOOK: Kind(jobs.look, attempts=None),
        SYNC: Kind(jobs.sync, lease_s=900.0, attempts=3),
    }


@dataclass(frozen=True, slots=True)
class ListJobs:
    """The handlers. A station that is connected to no process, or to another one, is left for the next look."""

    store: Store
    stations: Stations

    async def look(self, job: Job) -> datetime | None:
        """Find what is due. More than one look's worth is looked for again soon."""
        async with self.store.work() as work:
            due = await list_store.due(await work.sql(), work.now, _AT_A_TIME)
            for key in due:
                enqueue(work, SYNC, {"station": key}, work.now, dedupe_key=f"{SYNC}:{key}")
            return work.now + (_LOOK_AGAIN if len(due) >= _AT_A_TIME else _LOOK_EVERY)

    async def sync(self, job: Job) -> datetime | None:
        """Give one station what it lacks. What it does not take is on record, with when to try again."""
        try:
            station = self.stations.of_key(StationKey(int(job.payload["station"])))
            link = self.stations.link_of(station)
            await link.dialect.says[SendLocalList].say(link, SendLocalList())
        except (NotFound, StationError, ProtocolError):
            pass
        return None
