"""Which events somebody watches, and which of them he may see."""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Iterator
from dataclasses import dataclass

from forecourt.csms.events import Event, RecordedEvent
from forecourt.csms.stations.model import Station, StationKey
from forecourt.csms.stations.registry import Stations
from forecourt.csms.store.scopes import Scope
from forecourt.errors import Invalid, NotFound


def kinds() -> dict[str, str]:
    """Every kind of event there is, with what it says, in the order of their names."""
    return dict(sorted((kind.__name__, inspect.getdoc(kind) or "") for kind in _leaves(Event)))


def _leaves(kind: type[Event]) -> Iterator[type[Event]]:
    for one in kind.__subclasses__():
        if one.__module__.startswith("forecourt."):
            yield from _leaves(one) if one.__subclasses__() else (one,)


def check_kinds(named: frozenset[str], field: str) -> frozenset[str]:
    """`named`, if each is a kind of event. Raises Invalid with the nearest one there is."""
    known = kinds()
    for name in sorted(named - known.keys()):
        near = difflib.get_close_matches(name, known, n=1, cutoff=0.4)
        message = f"there is no event {name}" + (f"; did you mean {near[0]}?" if near else "")
        raise Invalid("event_kind_unknown", message, {field: message})
    return named


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """What is asked for, within what may be seen. None means all."""

    scope: Scope
    kinds: frozenset[str] | None = None
    organisation: int | None = None
    station: int | None = None
    site: int | None = None

    def takes(self, event: RecordedEvent, stations: Stations) -> bool:
        """Whether an event is for this watcher."""
        if self.kinds is not None and event.kind not in self.kinds:
            return False
        if self.organisation is not None and event.organisation_id != self.organisation:
            return False
        if self.station is not None and event.station_id != self.station:
            return False
        return self._sees(event.organisation_id, event.station_id, stations)

    def takes_readings(self, station: Station) -> bool:
        """Whether the readings of a station are for this watcher."""
        if self.organisation not in (None, station.organisation) or self.station not in (None, station.key):
            return False
        if self.site is not None and station.site != self.site:
            return False
        return sees_station(self.scope, station)

    def _sees(self, organisation: int | None, station: int | None, stations: Stations) -> bool:
        scope = self.scope
        if scope.organisations is not None and organisation not in scope.organisations:
            return False
        restricted = scope.sites is not None and organisation not in scope.whole
        if self.site is None and not restricted:
            return True
        site = _site_of(station, stations)
        if self.site is not None and site != self.site:
            return False
        return not restricted or (scope.sites is not None and site in scope.sites)


def sees_station(scope: Scope, station: Station) -> bool:
    """Whether a scope reaches a station."""
    return scope.sees(station.organisation, station.site)


def _site_of(station: int | None, stations: Stations) -> int | None:
    if station is None:
        return None
    try:
        return stations.of_key(StationKey(station)).site
    except NotFound:
        return None
