"""The job of availability: what was ordered out of use and is said to be in use is ordered again, until the station has it.

Only that way round. A station takes itself out of use for reasons of its own (an update, a fault, a key in its door), and to
tell it otherwise is for people.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from forecourt.charging.ids import STATION
from forecourt.charging.topology import Place
from forecourt.csms.blocks.availability.model import Again, ChangeAvailability, Live, contradicted
from forecourt.csms.jobs import Job, Kind, enqueue
from forecourt.csms.stations.model import Station, StationKey
from forecourt.csms.stations.registry import Stations
from forecourt.csms.store.work import Store, Work
from forecourt.errors import DomainError, NotFound

_LOG = logging.getLogger("forecourt.availability")

KEEP: Final = "availability.keep"
ASKED_BY: Final = "availability"

GRACE: Final = timedelta(seconds=15)
"""How long what a station says may contradict an order that is only just being followed."""

_FIRST_PAUSE: Final = timedelta(minutes=1)
_LONGEST_PAUSE: Final = timedelta(hours=1)
_AWAY_PAUSE: Final = timedelta(minutes=5)

Ask = Callable[..., Awaitable[object]]
"""`Sending.ask`."""


def soon(work: Work, station: Station) -> None:
    """Have it looked at whether a station is as ordered, once it has had time to become so."""
    enqueue(work, KEEP, {"station": station.key}, work.now + GRACE, dedupe_key=f"{KEEP}:{station.key}")


@dataclass(frozen=True, slots=True)
class Upkeep:
    """The handler."""

    store: Store
    stations: Stations
    ask: Ask

    def kinds(self) -> Mapping[str, Kind]:
        """The job of this block, for the worker."""
        return {KEEP: Kind(self.keep, attempts=None)}

    async def keep(self, job: Job) -> datetime | None:
        """Order again what a station contradicts, each time after a longer pause. Nothing more to do once it contradicts nothing."""
        try:
            station = self.stations.of_key(StationKey(int(job.payload["station"])))
        except NotFound:
            return None
        live, now = station.recall(Live), self.store.clock.now()
        places = [place for place in live.wanted if contradicted(live, place)]
        live.again = {place: again for place, again in live.again.items() if place in places}
        if not places:
            return None
        if self.stations.link_if_any(station) is None:
            return now + _AWAY_PAUSE
        for place in places:
            again = live.again.get(place, Again(0, now))
            if again.at <= now:
                pause = min(_FIRST_PAUSE * 2 ** min(again.times, 20), _LONGEST_PAUSE)
                live.again[place] = Again(again.times + 1, now + pause)
                await self._order(station, place)
        return min(live.again[place].at for place in places)

    async def _order(self, station: Station, place: Place) -> None:
        evse_id = None if place.evse_id == STATION else place.evse_id
        command = ChangeAvailability(operative=False, evse_id=evse_id, connector_id=place.connector_id)
        try:
            await self.ask(station, command, asked_by=ASKED_BY)
        except DomainError as error:
            _LOG.warning("%s is ordered out of use later: %s", station.wire_id, error)
