"""A station that can be switched on and off: what lasts (storage, hardware, link) and the `Station` that runs on it."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Final, Protocol

from forecourt.charging.ids import EvseId
from forecourt.station.assembly import wiring
from forecourt.station.blocks.transactions.model import REGISTERS
from forecourt.station.config import Build
from forecourt.station.core import Station, Watcher
from forecourt.station.device_model.table import named, table
from forecourt.station.device_model.values import VALUES
from forecourt.station.hardware.interface import Hardware
from forecourt.station.hardware.simulated import SimulatedHardware
from forecourt.station.link import Link
from forecourt.station.state import TRANSACTIONS
from forecourt.station.storage import Memory, Storage
from forecourt.station.timeline import Timeline
from forecourt.station.transfers import Transfers


class AttachedLink(Link, Protocol):
    """A link that is told whose it is."""

    def attach(self, station: Station) -> None:
        """Serve this station from now on; another one after a restart."""


class Powered:
    """One station through all its restarts."""

    __slots__ = ("_build", "_link", "_timeline", "_transfers", "_watchers", "hardware", "starts", "station", "storage")

    def __init__(
        self,
        build: Build,
        timeline: Timeline,
        link: AttachedLink,
        hardware: Hardware,
        storage: Storage | None = None,
        transfers: Transfers | None = None,
    ) -> None:
        self._build: Final = build
        self._timeline: Final = timeline
        self._link: Final = link
        self._transfers: Final = transfers
        self.hardware: Final = hardware
        self.storage = Memory() if storage is None else storage
        self.station: Station | None = None
        self.starts = 0
        self._watchers: tuple[Watcher, ...] = ()

    @property
    def evse_ids(self) -> tuple[EvseId, ...]:
        return tuple(evse.evse_id for evse in self._build.topology.evses)

    def watch(self, watcher: Watcher) -> None:
        """Show all that happens, of `station.events`, to this function too, from now on and after each start."""
        self._watchers += (watcher,)
        if self.station is not None:
            self.station.watchers = self._watchers

    def power_on(self, boot_reason: str = "PowerUp") -> Station:
        """Switch on: a new station over what was kept."""
        station = Station(
            self._build, wiring(), self._timeline, self.storage, self.hardware, boot_reason, self._transfers
        )
        station.restarted = self._restarted
        station.watchers = self._watchers
        self.station = station
        self.starts += 1
        self._link.attach(station)
        station.start(self._link)
        return station

    def cut_power(self) -> None:
        """Nothing more is said or kept; what was not committed is gone."""
        if self.station is not None:
            self.station.stop()
            self.station = None
        if isinstance(self.hardware, SimulatedHardware):
            self.hardware.lose_power()
        self.storage.lose()

    def _restarted(self, boot_reason: str) -> None:
        self.cut_power()
        self._timeline.after(RESTART_S, lambda: self.power_on(boot_reason) if self.station is None else None)


RESTART_S: Final = 2.0
"""How long starting anew takes."""


def preset(storage: Storage, settings: Mapping[str, str]) -> None:
    """Set variables (`Component.Variable`, with an instance `Component.Variable.Instance`) before the first start.

    What has been set since stays. Raises ValueError for a variable that there is not, or a value it cannot have.
    """
    kept = {key for key, _ in storage.items(VALUES)}
    for text, value in settings.items():
        component, variable, instance = ([*text.split("."), "", ""])[:3]
        name = named(component, variable, instance)
        if name is None:
            raise ValueError(f"there is no variable {text}")
        fault = table()[name].fault(value)
        if fault is not None:
            raise ValueError(f"{text}: {fault}")
        if "|".join(name) not in kept:
            storage.put(VALUES, "|".join(name), value)
    storage.commit()


def kept_registers(storage: Storage) -> dict[EvseId, Decimal]:
    """What the meters read when the station last said so, for simulated hardware in a new process."""
    found = {EvseId(int(key)): register_wh for key, register_wh in storage.items(REGISTERS)}
    for _, transaction in storage.items(TRANSACTIONS):
        found[transaction.evse_id] = max(transaction.last_wh, found.get(transaction.evse_id, Decimal(0)))
    return found
