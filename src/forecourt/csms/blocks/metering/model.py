"""What a station reports about its meters, whose readings they are, and the newest of them in memory."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final, Protocol

import msgspec

from forecourt.charging.ids import ConnectorId, EvseId
from forecourt.charging.measurands import MEASURANDS, Meaning
from forecourt.charging.readings import Location, Phase
from forecourt.charging.topology import WHOLE_STATION, Place
from forecourt.csms.blocks.metering.sampling import Gathering, Metered, Series, Signed
from forecourt.csms.blocks.metering.series import MeterValues, SeriesOut, series_of
from forecourt.csms.stations.link import Link
from forecourt.csms.stations.model import Station
from forecourt.csms.store.work import Work

__all__ = [
    "Gathering",
    "MeterValues",
    "Metered",
    "NewestReadings",
    "Owner",
    "Report",
    "Series",
    "SeriesOut",
    "Shown",
    "Signed",
    "instant",
    "place_of_number",
    "series_of",
]

_MOST_SERIES: Final = 96
"""How many series of one EVSE are remembered; a meter has a third of that."""


_FIRST_YEAR: Final = 2
_LAST_YEAR: Final = 9998


def instant(at: datetime) -> datetime:
    """`at`, moved to the nearest instant that every time zone and the database can hold."""
    if _FIRST_YEAR <= at.year <= _LAST_YEAR:
        return at
    return datetime(_FIRST_YEAR if at.year < _FIRST_YEAR else _LAST_YEAR, 1, 1, tzinfo=UTC)


def place_of_number(station: Station, number: int) -> Place:
    """Where a connector number of a station without EVSEs points; a number nobody knows is taken for an EVSE of its own."""
    topology = station.topology
    if topology is not None:
        place = topology.flat.get(number)
        if place is not None:
            return place
    return Place(EvseId(number), ConnectorId(1)) if number else WHOLE_STATION


class Report(msgspec.Struct, frozen=True, eq=False, gc=False):
    """Meter values that came by themselves. `number` is the transaction the station named, None for none.

    `digest` tells this message from any other of the same place, transaction and moment.
    """

    place: Place
    number: int | None
    values: tuple[Metered, ...]
    digest: int

    @property
    def at(self) -> datetime:
        """The moment of the first of the values. There has to be one."""
        return self.values[0].at


class Owner(Protocol):
    """How the block that owns transactions takes the readings that belong to one. Handed in where everything is put together."""

    async def __call__(self, link: Link, work: Work, report: Report) -> int | None:
        """Take the readings of a report into account; returns our key of the transaction they belong to, None for none."""


class Shown(msgspec.Struct, frozen=True):
    """A newest reading, for people."""

    at: datetime
    measurand: str
    value: Decimal
    phase: Phase | None
    location: Location


class NewestReadings:
    """The newest readings of a station's EVSEs, 0 being the station's own meter. Lives in memory only."""

    __slots__ = ("_evses", "version")

    def __init__(self) -> None:
        self._evses: dict[EvseId, dict[Series, tuple[datetime, Decimal]]] = {}
        self.version = 0
        """Grows with every reading, so that who shows them can tell whether there is anything new."""

    def take(self, evse_id: EvseId, metered: Metered) -> None:
        """Remember what is newer than what is known. A clock that was put back shows when it has caught up."""
        known = self._evses.get(evse_id)
        if known is None:
            known = self._evses[evse_id] = {}
        at = metered.at
        for series, value in metered.taken:
            before = known.get(series)
            if before is None or before[0] <= at:
                known[series] = at, value
        if len(known) > _MOST_SERIES:
            for series in list(known)[:-_MOST_SERIES]:
                del known[series]
        self.version += 1

    def come_to_rest(self, evse_id: EvseId) -> None:
        """Nothing flows there any more: only what its registers said last still holds."""
        known = self._evses.get(evse_id, {})
        gone = [series for series in known if MEASURANDS[series.measurand].meaning is not Meaning.REGISTER]
        for series in gone:
            del known[series]
        if gone:
            self.version += 1

    def of(self, evse_id: EvseId) -> list[Shown]:
        """The newest reading of each measurand, phase and location, whatever it was taken for."""
        newest: dict[tuple[str, Phase | None, Location], Shown] = {}
        for series, (at, value) in self._evses.get(evse_id, {}).items():
            key = series.measurand, series.phase, series.location
            if key not in newest or newest[key].at < at:
                newest[key] = Shown(at, series.measurand, value, series.phase, series.location)
        return list(newest.values())

    def __iter__(self) -> Iterator[EvseId]:
        return iter(self._evses)
