"""Station, EVSE, connector: what a station consists of, and how the flat connector numbers of 1.6 map onto it.

1.6 knows connectors only, numbered from 1 without gaps (3.8); each is one EVSE with connector 1 unless the map says
that several of them hang on one EVSE (OCA application note on multiple connectors per EVSE: at most one of those is in
use at a time, the others are reported Unavailable meanwhile). The map is data of the vendor or the operator, and
editable. Here are facts and lookups only; what a status means is in `connector_state`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from forecourt.charging.ids import STATION, ConnectorId, EvseId
from forecourt.errors import Invalid, NotFound


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A connector of an EVSE; `connector_id` None means the EVSE as a whole, EVSE 0 the station as a whole."""

    evse_id: EvseId
    connector_id: ConnectorId | None = None

    def __str__(self) -> str:
        if self.evse_id == STATION:
            return "station"
        return f"EVSE {self.evse_id}" + (f", connector {self.connector_id}" if self.connector_id is not None else "")


WHOLE_STATION = Place(STATION)


@dataclass(frozen=True, slots=True)
class Connector:
    """`kind` is a ConnectorEnum word of 2.1 (cCCS2, sType2, ...), None when nobody said."""

    connector_id: ConnectorId
    kind: str | None = None


@dataclass(frozen=True, slots=True)
class Evse:
    evse_id: EvseId
    connectors: tuple[Connector, ...]


@dataclass(frozen=True, slots=True)
class Topology:
    """The EVSEs of a station and the 1.6 number of each connector that has one.

    EVSEs and connectors are numbered from 1 in 2.1, but gaps are tolerated: an operator may have taken a broken one
    out. Raises Invalid, naming the place, when a number occurs twice or the map points nowhere.
    """

    evses: tuple[Evse, ...]
    flat: Mapping[int, Place] = field(default_factory=dict)

    def __post_init__(self) -> None:
        _unique((evse.evse_id for evse in self.evses), "evse", "evses")
        for evse in self.evses:
            if not evse.connectors:
                raise Invalid(
                    "evse_without_connector", f"EVSE {evse.evse_id} has no connector", {"evses": "empty EVSE"}
                )
            _unique((connector.connector_id for connector in evse.connectors), "connector", f"evses[{evse.evse_id}]")
        for number, place in self.flat.items():
            if number < 1 or place.connector_id is None or not self.has(place):
                raise Invalid("flat_number_astray", f"{number} means {place}", {f"flat[{number}]": "no such connector"})
        if len(set(self.flat.values())) != len(self.flat):
            raise Invalid("flat_number_twice", "two numbers mean the same connector", {"flat": "not one to one"})
        object.__setattr__(self, "flat", MappingProxyType(dict(self.flat)))

    @classmethod
    def flat_default(cls, connectors: int) -> Topology:
        """A 1.6 station of which only the number of connectors is known: connector n is EVSE n, connector 1."""
        numbers = range(1, connectors + 1)
        evses = tuple(Evse(EvseId(number), (Connector(ConnectorId(1)),)) for number in numbers)
        return cls(evses, {number: Place(EvseId(number), ConnectorId(1)) for number in numbers})

    def has(self, place: Place) -> bool:
        if place.evse_id == STATION:
            return place.connector_id in (None, 0)
        evse = next((evse for evse in self.evses if evse.evse_id == place.evse_id), None)
        if evse is None:
            return False
        return place.connector_id is None or any(
            connector.connector_id == place.connector_id for connector in evse.connectors
        )

    def evse(self, evse_id: EvseId) -> Evse:
        """Raises NotFound."""
        for evse in self.evses:
            if evse.evse_id == evse_id:
                return evse
        raise NotFound("evse_unknown", f"there is no EVSE {evse_id}", {"evseId": "unknown"})

    def of_flat(self, number: int) -> Place:
        """Where a 1.6 connector number points.

        0 is the station. Raises NotFound for a number that is not in the map.
        """
        if number == 0:
            return WHOLE_STATION
        try:
            return self.flat[number]
        except KeyError:
            raise NotFound("connector_unknown", f"there is no connector {number}", {"connectorId": "unknown"}) from None

    def to_flat(self, place: Place) -> int:
        """The 1.6 number of a place. An EVSE without a connector named means its only one.

        Raises NotFound when the place has no number, Invalid when an EVSE has several numbered connectors and none is
        named.
        """
        if place.evse_id == STATION:
            return 0
        numbers = [
            number
            for number, mapped in sorted(self.flat.items())
            if mapped.evse_id == place.evse_id and place.connector_id in (None, mapped.connector_id)
        ]
        if not numbers:
            raise NotFound("connector_unknown", f"{place} has no connector number", {"evseId": "unknown"})
        if len(numbers) > 1:
            raise Invalid("connector_ambiguous", f"{place} is connectors {numbers}", {"connectorId": "required"})
        return numbers[0]

    def siblings(self, place: Place) -> tuple[Place, ...]:
        """The other connectors of the same EVSE: not usable while `place` is in use. Raises NotFound."""
        return tuple(
            Place(place.evse_id, connector.connector_id)
            for connector in self.evse(place.evse_id).connectors
            if connector.connector_id != place.connector_id
        )


def _unique(numbers: Iterable[int], what: str, path: str) -> None:
    seen: set[int] = set()
    for number in numbers:
        if number < 1:
            raise Invalid(f"{what}_not_positive", f"{what} {number}: numbers begin at 1", {path: f"{what} {number}"})
        if number in seen:
            raise Invalid(f"{what}_twice", f"{what} {number} is there twice", {path: f"{what} {number} twice"})
        seen.add(number)
