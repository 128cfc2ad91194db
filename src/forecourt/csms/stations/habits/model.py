"""A way of doing things that stations of one make have in common, and how the one that fits a station is found.

Rows are data; nobody branches on a vendor's name. A row that names a vendor holds for its stations without further ado,
one that names none is a template that an operator chooses for a model.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from forecourt.charging.connector_state import Habit, Make, Meaning, Status, meaning
from forecourt.charging.ids import ConnectorId, EvseId
from forecourt.charging.topology import Connector, Evse, Place, Topology
from forecourt.csms.stations.model import Station
from forecourt.errors import NotFound


@dataclass(frozen=True, slots=True, kw_only=True)
class Habits:
    """One row. `name` is what an operator chooses it by, `source` says where it is known from, for people.

    `vendor` is compared as a whole, `model` and `firmware` with what the reported text begins with; case does not count.
    """

    name: str
    source: str
    vendor: str | None = None
    model: str | None = None
    firmware: str | None = None
    statuses: tuple[Habit, ...] = ()
    """What statuses of 1.6 mean, where these stations say more with them than the specification lets us conclude."""
    strict: bool | None = None
    """How to read what they send; None leaves it to the deployment."""
    evses: tuple[tuple[str, ...], ...] = ()
    """What they consist of: for each EVSE the kinds of its connectors, empty where unknown. Nothing: not known."""

    @property
    def is_template(self) -> bool:
        """Whether it holds only for stations it was chosen for."""
        return self.vendor is None

    def fits(self, make: Make) -> bool:
        """Whether a station that says so of itself is one of these."""
        return (
            self.vendor is not None
            and self.vendor.casefold() == make.vendor.casefold()
            and _begins(make.model, self.model)
            and _begins(make.firmware, self.firmware)
        )

    def meaning(self, status: Status, info: str | None = None) -> Meaning:
        """What a status of 1.6 means, coming from one of these stations."""
        return meaning(status, info, self.statuses)

    def topology(self) -> Topology | None:
        """What these stations consist of, connectors numbered in their order; None if that is not known."""
        if not self.evses:
            return None
        evses = tuple(
            Evse(EvseId(evse_id), tuple(Connector(ConnectorId(n), kind or None) for n, kind in enumerate(kinds, 1)))
            for evse_id, kinds in enumerate(self.evses, 1)
        )
        places = [Place(evse.evse_id, one.connector_id) for evse in evses for one in evse.connectors]
        return Topology(evses, dict(enumerate(places, 1)))


ORDINARY: Final = Habits(name="ordinary", source="what the specification says, and no more")


class Catalogue:
    """All rows there are, and which template was chosen for which model. Finding one is a look into a dictionary."""

    def __init__(
        self, rows: Iterable[Habits] = (), chosen: Mapping[tuple[str, str], str] = MappingProxyType({})
    ) -> None:
        """`chosen` maps vendor and model, as stations report them, to the name of a row; an empty model means all of the vendor's.

        Raises ValueError for two rows of one name, NotFound for a chosen name that no row has.
        """
        self._rows = {ORDINARY.name: ORDINARY}
        for row in rows:
            if row.name in self._rows:
                raise ValueError(f"two rows of habits are called {row.name}")
            self._rows[row.name] = row
        self._chosen = {
            (vendor.casefold(), model.casefold()): self.named(name) for (vendor, model), name in chosen.items()
        }
        self._found: dict[Make, Habits] = {}

    @property
    def rows(self) -> tuple[Habits, ...]:
        """All rows, the ordinary one first."""
        return tuple(self._rows.values())

    def named(self, name: str) -> Habits:
        """The row of that name. Raises NotFound."""
        found = self._rows.get(name)
        if found is None:
            raise NotFound("habits_unknown", f"there are no habits called {name}", {"habits": "unknown"})
        return found

    def of(self, make: Make) -> Habits:
        """The habits of stations of a make: those chosen for it, else the row that says most about it, else the ordinary ones."""
        found = self._found.get(make)
        if found is None:
            found = self._look_up(make)
            if len(self._found) < _MOST_REMEMBERED:
                self._found[make] = found
        return found

    def reads_strictly(self, station: Station, *, by_default: bool) -> bool:
        """Whether what this station sends is read strictly: as was said of the station itself, of its make, or of all."""
        if station.strict is not None:
            return station.strict
        habit = self.of(Make(station.vendor, station.model)).strict
        return by_default if habit is None else habit

    def _look_up(self, make: Make) -> Habits:
        vendor = make.vendor.casefold()
        for model in (make.model.casefold(), ""):
            chosen = self._chosen.get((vendor, model))
            if chosen is not None:
                return chosen
        fitting = [row for row in self._rows.values() if row.fits(make)]
        return max(fitting, key=lambda row: (len(row.model or ""), len(row.firmware or "")), default=ORDINARY)


_MOST_REMEMBERED: Final = 10_000
"""Makes are what stations say of themselves, so there may be any number of them."""


def _begins(said: str, wanted: str | None) -> bool:
    return wanted is None or said.casefold().startswith(wanted.casefold())
