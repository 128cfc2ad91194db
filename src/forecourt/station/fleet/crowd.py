"""Thousands of stations with their drivers in one process, in virtual or in real time."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Final

from forecourt.ocpp.versions import Version
from forecourt.station.config import NEWEST_FIRST, Build, EvseBuild
from forecourt.station.disturbed import DisturbedLink
from forecourt.station.fleet.driver import Drivers
from forecourt.station.fleet.figures import Figures
from forecourt.station.fleet.habits import DAY_S, Distribution, Habits, LogNormal
from forecourt.station.hardware.simulated import SimulatedHardware
from forecourt.station.running import AttachedLink, Powered, preset
from forecourt.station.state import Bay
from forecourt.station.storage import Memory
from forecourt.station.timeline import Timeline

AC: Final = (EvseBuild(),)
DC: Final = (EvseBuild(kinds=("cCCS2",), phases=1, voltage_v=400, current_a=375, direct=True),)


SHORT: Final = LogNormal(120, 1.0, 5, 6 * 3600)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outages:
    """How often the network of a station goes away for how long (seconds): a Poisson process, each drawn from the seed."""

    per_day: float
    lasts_s: Distribution = SHORT


@dataclass(frozen=True, slots=True, kw_only=True)
class Mix:
    """What a fleet consists of. A station depends on the seed and on its number only.

    `identities` is filled with the number, from 1 (`str.format`); `versions` are shares; `direct` is the share of DC
    stations (150 kW; the others: 22 kW). `cards_of` are the cards of those who come to a station. `settings` as in `preset`.
    """

    seed: int = 1
    identities: str = "CS{:05}"
    versions: tuple[tuple[float, Version], ...] = tuple((1.0, version) for version in NEWEST_FIRST)
    direct: float = 0.2
    security_profile: int = 0
    habits: Habits = field(default_factory=Habits)
    outages: Outages | None = None
    settings: Mapping[str, str] = field(default_factory=dict)
    cards_of: Callable[[int], tuple[str, ...]] = lambda number: (f"FC{number:06X}",)
    strangers: tuple[str, ...] = ()

    def build(self, number: int) -> Build:
        """Draw the station of a number."""
        chance = random.Random(f"{self.seed} station {number}")  # noqa: S311 - no secrets
        (version,) = chance.choices([version for _, version in self.versions], [share for share, _ in self.versions])
        return Build(
            identity=self.identities.format(number),
            evses=DC if chance.random() < self.direct else AC,
            versions=(version,),
            security_profile=self.security_profile,
            seed=self.seed,
            log_pages=2,
        )


class Crowd:
    """`size` stations as `mix` says. `link_of` connects one to its management system."""

    def __init__(self, mix: Mix, size: int, timeline: Timeline, link_of: Callable[[Build], AttachedLink]) -> None:
        self._timeline: Final = timeline
        self.figures: Final = Figures(timeline)
        self.versions: Final[dict[str, int]] = {}
        self.members: Final[list[tuple[Powered, SimulatedHardware, Drivers]]] = []
        direct_habits = replace(mix.habits, direct_only=True)
        for number in range(1, size + 1):
            build = mix.build(number)
            name = build.versions[0].name
            self.versions[name] = self.versions.get(name, 0) + 1
            storage = Memory()
            preset(storage, mix.settings)
            hardware = SimulatedHardware(build, timeline)
            link = link_of(build)
            if mix.outages is not None:
                link = disturbed = DisturbedLink(link, timeline)
                _Weather(disturbed, timeline, mix.outages, f"{mix.seed} {build.identity}").fine()
            powered = Powered(build, timeline, link, hardware, storage)
            powered.watch(self.figures.see)
            drivers = Drivers(
                powered,
                hardware,
                timeline,
                direct_habits if build.evses is DC else mix.habits,
                name=f"{mix.seed} {build.identity}",
                cards=mix.cards_of(number),
                strangers=mix.strangers,
            )
            self.members.append((powered, hardware, drivers))

    def __len__(self) -> int:
        return len(self.members)

    def switch_on(self, within_s: float) -> None:
        """Switch all on, one after another, evenly in this time; drivers come from then on."""
        for number, (powered, _, drivers) in enumerate(self.members):
            self._timeline.after(number * within_s / len(self.members), _beginning(powered, drivers))

    def send_home(self) -> None:
        """No driver comes any more, and all who are there pull their cables."""
        for _, _, drivers in self.members:
            drivers.send_home()

    def switch_off(self) -> None:
        """The power fails everywhere."""
        for powered, _, drivers in self.members:
            drivers.end()
            powered.cut_power()

    # What can be seen of it.

    @property
    def online(self) -> int:
        """How many are connected and accepted."""
        return sum(powered.station is not None and powered.station.online for powered, _, _ in self.members)

    @property
    def idle(self) -> bool:
        """Whether nothing waits to be told by those that could."""
        return all(
            powered.station is None or not powered.station.online or powered.station.outbox.idle
            for powered, _, _ in self.members
        )

    @property
    def charging(self) -> int:
        """At how many EVSEs energy flows."""
        return sum(bay.flows for bay in self._bays())

    @property
    def busy(self) -> int:
        """At how many EVSEs a transaction runs."""
        return sum(bay.transaction is not None for bay in self._bays())

    @property
    def imported_wh(self) -> Decimal:
        """What all meters have counted."""
        return sum(
            (
                hardware.measure(evse_id).import_wh
                for powered, hardware, _ in self.members
                for evse_id in powered.evse_ids
            ),
            Decimal(0),
        )

    def _bays(self) -> Iterator[Bay]:
        for powered, _, _ in self.members:
            if powered.station is not None:
                yield from powered.station.bays.values()


class _Weather:
    """The network of one station, which goes away and comes back."""

    __slots__ = ("_count", "_link", "_name", "_outages", "_timeline")

    def __init__(self, link: DisturbedLink, timeline: Timeline, outages: Outages, name: str) -> None:
        self._link: Final = link
        self._timeline: Final = timeline
        self._outages: Final = outages
        self._name: Final = name
        self._count = 0

    def fine(self) -> None:
        self._link.give_back()
        self._count += 1
        self._timeline.after(self._chance("fine").expovariate(self._outages.per_day / DAY_S), self._foul)

    def _foul(self) -> None:
        self._link.take_away()
        self._timeline.after(self._outages.lasts_s.draw(self._chance("foul")), self.fine)

    def _chance(self, what: str) -> random.Random:
        return random.Random(f"{self._name} {what} {self._count}")  # noqa: S311 - no secrets


def _beginning(powered: Powered, drivers: Drivers) -> Callable[[], None]:
    def begin() -> None:
        powered.power_on()
        drivers.begin()

    return begin
