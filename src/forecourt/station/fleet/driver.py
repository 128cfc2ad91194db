"""The drivers of one station, one after another at each EVSE: they come, plug in, hold up a card, wait, and leave."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from enum import Enum, auto
from typing import Final

from forecourt.charging.ids import EvseId
from forecourt.clock import Timer
from forecourt.station import events
from forecourt.station.core import Station
from forecourt.station.fleet.habits import Habits, Visit
from forecourt.station.hardware.simulated import SimulatedHardware
from forecourt.station.hardware.vehicle import Vehicle
from forecourt.station.running import Powered
from forecourt.station.state import Bay
from forecourt.station.timeline import Timeline


class Presence(Enum):
    """Where the driver is."""

    AWAY = auto()
    CALLED = auto()
    """Somebody has started for him; he is on his way to plug in."""
    WAITING = auto()
    """He has done what he can, and waits for leave to charge."""
    HERE = auto()
    LEAVING = auto()


class Drivers:
    """All that come to one station. `begin` once it is built; they go on through its restarts until `end`."""

    __slots__ = ("_drivers", "cards", "habits", "hardware", "name", "powered", "strangers", "timeline")

    def __init__(
        self,
        powered: Powered,
        hardware: SimulatedHardware,
        timeline: Timeline,
        habits: Habits,
        *,
        name: str,
        cards: Sequence[str],
        strangers: Sequence[str] = (),
    ) -> None:
        """`name` seeds what they do: the same name, the same visits."""
        self.powered: Final = powered
        self.hardware: Final = hardware
        self.timeline: Final = timeline
        self.habits: Final = habits
        self.name: Final = name
        self.cards: Final = cards
        self.strangers: Final = strangers
        self._drivers: Final = {evse_id: Driver(self, evse_id) for evse_id in powered.evse_ids}

    def begin(self) -> None:
        self.powered.watch(self._see)
        for driver in self._drivers.values():
            driver.wait(first=True)

    def end(self) -> None:
        """Nobody moves any more; who is plugged in stays so."""
        for driver in self._drivers.values():
            driver.end()

    def send_home(self) -> None:
        """Nobody comes any more, and who is there leaves at once."""
        for driver in self._drivers.values():
            driver.end()
            driver.leave_now()

    def _see(self, station: Station, event: object) -> None:
        if isinstance(event, events.BayChanged):
            self._drivers[event.bay.evse_id].changed(event.bay)
        elif isinstance(event, events.TransactionEnded):
            self._drivers[event.bay.evse_id].ended()


class Driver:
    """Whoever is at one EVSE, or comes next. He moves by callbacks of the timeline, one at a time."""

    __slots__ = ("_drivers", "_evse_id", "_number", "_presence", "_timer", "_visit")

    def __init__(self, drivers: Drivers, evse_id: EvseId) -> None:
        self._drivers: Final = drivers
        self._evse_id: Final = evse_id
        self._number = 0
        self._presence = Presence.AWAY
        self._timer: Timer | None = None
        self._visit: Visit | None = None

    def wait(self, *, first: bool = False) -> None:
        """The next one comes when he comes."""
        self._number += 1
        self._presence, self._visit = Presence.AWAY, None
        habits, chance = self._drivers.habits, self._chance("arrival")
        if first and habits.first_s is not None:
            wait_s = habits.first_s.draw(chance)
        else:
            wait_s = habits.arrivals.wait_s(chance, self._drivers.timeline.now())
        self._then(wait_s, self._come)

    def end(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def leave_now(self) -> None:
        """Pull the cable, if it is in."""
        if self._presence in (Presence.HERE, Presence.WAITING, Presence.LEAVING):
            self._presence = Presence.AWAY
            self._drivers.hardware.unplug(evse_id=self._evse_id)

    # What the station shows.

    def changed(self, bay: Bay) -> None:
        """Somebody has started remotely where nobody is: he comes and plugs in."""
        if self._presence is Presence.AWAY and bay.authorization is not None and bay.plugged is None:
            self._visit = self._drawn()
            self._presence = Presence.CALLED
            self._then(self._visit.hesitates_s, self._plug_in)
        elif self._presence is Presence.WAITING and bay.authorization is not None:
            self._stay()

    def ended(self) -> None:
        """The transaction is over and it was not he who ended it."""
        if self._presence is Presence.HERE and self._visit is not None:
            self._presence = Presence.LEAVING
            self._then(self._visit.hesitates_s, self._go)

    # What he does.

    def _come(self) -> None:
        bay = self._bay
        if bay is None or bay.plugged is not None or bay.authorization is not None or not bay.usable:
            self.wait()
            return
        self._visit = visit = self._drawn()
        if visit.fault_s is not None:
            self._drivers.hardware.break_down(evse_id=self._evse_id)
            self._then(visit.fault_s, self._mend)
            return
        self._presence = Presence.HERE
        if visit.token_first:
            self._swipe()
            self._then(visit.hesitates_s, self._plug_and_look)
        else:
            self._plug()
            self._then(visit.hesitates_s, self._swipe_and_look)

    def _mend(self) -> None:
        self._drivers.hardware.mend(evse_id=self._evse_id)
        self.wait()

    def _plug_in(self) -> None:
        self._plug()
        self._stay()

    def _plug_and_look(self) -> None:
        self._plug()
        self._look()

    def _swipe_and_look(self) -> None:
        self._swipe()
        self._look()

    def _look(self) -> None:
        bay = self._bay
        if bay is not None and bay.authorization is not None:
            self._stay()
        else:
            self._presence = Presence.WAITING
            self._then(self._drivers.habits.patience_s, self._go)

    def _stay(self) -> None:
        self._presence = Presence.HERE
        if self._visit is not None:
            self._then(self._visit.stay_s, self._leave)

    def _leave(self) -> None:
        bay, visit = self._bay, self._visit
        if visit is None or bay is None or bay.authorization is None or bay.authorization.token.value != visit.card:
            self._go()
            return
        self._presence = Presence.LEAVING
        self._swipe()
        self._then(visit.hesitates_s, self._go)

    def _go(self) -> None:
        self._presence = Presence.LEAVING
        self._drivers.hardware.unplug(evse_id=self._evse_id)
        self.wait()

    def _plug(self) -> None:
        if self._visit is not None:
            vehicle = Vehicle(self._visit.model, soc=self._visit.soc, target=self._visit.target)
            self._drivers.hardware.plug(vehicle, evse_id=self._evse_id)

    def _swipe(self) -> None:
        if self._visit is not None:
            self._drivers.hardware.swipe(self._visit.card, evse_id=self._evse_id)

    # How.

    @property
    def _bay(self) -> Bay | None:
        station = self._drivers.powered.station
        return None if station is None else station.bays[self._evse_id]

    def _drawn(self) -> Visit:
        drivers = self._drivers
        return drivers.habits.visit(self._chance("visit"), drivers.cards, drivers.strangers)

    def _chance(self, what: str) -> random.Random:
        # Made when it is needed: thousands of them would be most of the memory of a fleet.
        return random.Random(f"{self._drivers.name} {self._evse_id} {self._number} {what}")  # noqa: S311 - no secrets

    def _then(self, delay_s: float, do: Callable[[], None]) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._drivers.timeline.after(delay_s, do)
