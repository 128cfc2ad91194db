"""What all stations of a process share: how blocks are wired to the core. `assembly` makes it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from forecourt.charging.topology import Place
from forecourt.ocpp.versions import Version
from forecourt.station.device_model.table import Name
from forecourt.station.device_model.values import Refusal
from forecourt.station.dialects import Dialect, Listener
from forecourt.station.link import Route

if TYPE_CHECKING:
    from forecourt.station.core import Station


class Wiring:
    """Dialects by version, who listens to what, what is computed (values and the most they may be), what may be set and what is
    kept elsewhere, what triggers what, where to connect."""

    __slots__ = ("checks", "computed", "dialects", "early", "limits", "listeners", "route", "stores", "triggers")

    def __init__(
        self,
        dialects: Mapping[Version, Dialect],
        listeners: Mapping[type[Any], tuple[Listener, ...]],
        computed: Mapping[Name, Callable[[Station, Place], str]],
        limits: Mapping[Name, Callable[[Station, Place], str]],
        checks: Mapping[Name, Callable[[Station, str], Refusal | None]],
        stores: Mapping[Name, Callable[[Station, str], None]],
        triggers: Mapping[str, Callable[[Station, Place | None], bool]],
        early: frozenset[type[Any]],
        route: Callable[[Station], Route],
    ) -> None:
        self.dialects: Final = dialects
        self.listeners: Final = listeners
        self.computed: Final = computed
        self.limits: Final = limits
        self.triggers: Final = triggers
        self.early: Final = early
        self.checks: Final = checks
        self.stores: Final = stores
        self.route: Final = route


class Bound(Mapping[Name, Callable[[Place], str]]):
    """What is computed, of one station."""

    __slots__ = ("_computed", "_station")

    def __init__(self, station: Station, computed: Mapping[Name, Callable[[Station, Place], str]]) -> None:
        self._station = station
        self._computed = computed

    def __getitem__(self, name: Name) -> Callable[[Place], str]:
        compute = self._computed[name]
        return lambda place: compute(self._station, place)

    def __iter__(self) -> Any:
        return iter(self._computed)

    def __len__(self) -> int:
        return len(self._computed)
