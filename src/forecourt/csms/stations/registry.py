"""All stations that exist, in memory, by both of their names. The one place where a `Station` is made.

A handshake is decided between two reads of a socket, so everything it needs is here. The database is read once at start;
after that whoever changes a station durably changes it here too, after the commit.
"""

from __future__ import annotations

from collections.abc import Iterator

from forecourt.csms.stations.link import Link
from forecourt.csms.stations.model import Station, StationKey
from forecourt.csms.stations.names import Names
from forecourt.errors import NotFound, Offline


class Stations:
    """Who exists, and who is connected to this process."""

    def __init__(self) -> None:
        self._by_wire_id: dict[str, Station] = {}
        self._by_key: dict[StationKey, Station] = {}
        self._names = Names()
        self._links: dict[StationKey, Link] = {}

    def __len__(self) -> int:
        return len(self._by_key)

    def __iter__(self) -> Iterator[Station]:
        return iter(self._by_key.values())

    def add(self, station: Station) -> None:
        """Know a station from now on. Replaces nothing: a station is one object for as long as the process lives."""
        if station.wire_id in self._by_wire_id or station.key in self._by_key:
            raise ValueError(f"station {station.wire_id} is known already")
        self._by_wire_id[station.wire_id] = station
        self._by_key[station.key] = station
        self._names.add(station)

    def forget(self, station: Station) -> None:
        """Know it no more."""
        del self._by_wire_id[station.wire_id]
        del self._by_key[station.key]
        self._names.forget(station)

    def named(self, wire_id: str) -> Station | None:
        """The station with this identity on the wire, None if there is none."""
        return self._by_wire_id.get(wire_id)

    def wire_id_of(self, key: int) -> str:
        """What the station with our number `key` calls itself; empty if it is no longer there."""
        station = self._by_key.get(StationKey(key))
        return "" if station is None else station.wire_id

    def of_key(self, key: StationKey) -> Station:
        """The station with our number `key`. Raises NotFound."""
        station = self._by_key.get(key)
        if station is None:
            raise NotFound("station_unknown", f"there is no station {key}")
        return station

    def called(self, text: str) -> Iterator[Station]:
        """Those with a text, in small letters or capitals, in their identity, name or serial number.

        They are looked for as they are taken: no station may be added or forgotten meanwhile.
        """
        return self._names.holding(text)

    # Who is connected here.

    @property
    def connected(self) -> int:
        """How many stations are connected to this process."""
        return len(self._links)

    def enter(self, link: Link) -> Link | None:
        """Make `link` the connection of its station at once; returns the one it takes over from, which is to be closed."""
        earlier = self._links.get(link.station.key)
        self._links[link.station.key] = link
        return earlier

    def leave(self, link: Link) -> bool:
        """Forget `link` unless another one has taken over. Returns whether the station is now disconnected."""
        if self._links.get(link.station.key) is not link:
            return False
        del self._links[link.station.key]
        return True

    def link_of(self, station: Station) -> Link:
        """How to reach a station. Raises Offline."""
        link = self._links.get(station.key)
        if link is None:
            raise Offline(station.wire_id)
        return link

    def link_if_any(self, station: Station) -> Link | None:
        """How to reach a station, None if it is not connected here."""
        return self._links.get(station.key)

    def links(self) -> list[Link]:
        """All links, for a shutdown."""
        return list(self._links.values())
