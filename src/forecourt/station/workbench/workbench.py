"""The `Workbench`: do something to a station, look at it, follow what happens."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from types import MappingProxyType
from typing import Final

import msgspec

from forecourt.charging.ids import EvseId
from forecourt.charging.rates import Cap
from forecourt.charging.schedule import RateUnit
from forecourt.charging.topology import WHOLE_STATION
from forecourt.station.config import Build
from forecourt.station.core import Station
from forecourt.station.device_model.table import Mutability, Name, named, table
from forecourt.station.device_model.values import Found
from forecourt.station.disturbed import Disturbance, DisturbedLink, DisturbedStorage, Impossible, SteppedTimeline
from forecourt.station.hardware.interface import Contract, ContractRequest, Control
from forecourt.station.hardware.simulated import SimulatedHardware
from forecourt.station.hardware.vehicle import Model, Vehicle
from forecourt.station.running import AttachedLink, Powered, kept_registers, preset
from forecourt.station.state import Bay, Limits
from forecourt.station.storage import Storage
from forecourt.station.timeline import Timeline
from forecourt.station.transfers import Transfers
from forecourt.station.workbench import doings
from forecourt.station.workbench.doings import Doing
from forecourt.station.workbench.records import Record, describe

KEPT: Final = 1000
"""How many records can be looked at afterwards."""


class EvseState(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """An EVSE as it is now. `transaction` is its id, `token` who is authorized; `state` is a ChargingStateEnum word."""

    evse: int
    plugged: bool
    state: str
    operative: bool
    fault: str | None
    token: str | None
    transaction: str | None
    power_w: float
    import_wh: float
    offered_a: float
    soc_percent: float | None


class StationState(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A station as it is now. `waiting` is how many messages have not left; `starts` how often it was switched on; `display`
    what it shows on the management system's behalf."""

    identity: str
    powered: bool
    network: bool
    connected: bool
    registration: str | None
    version: str | None
    clock: datetime | None
    waiting: int
    starts: int
    display: tuple[str, ...]
    evses: tuple[EvseState, ...]


class Workbench:
    """One station over a link that can be disturbed, with a storage that can be full and a clock that can jump.

    `contracts` are those that vehicles can have, by name.
    """

    def __init__(
        self,
        build: Build,
        timeline: Timeline,
        link: AttachedLink,
        storage: Storage,
        *,
        transfers: Transfers | None = None,
        contracts: Mapping[str, Contract] = MappingProxyType({}),
    ) -> None:
        self.build: Final = build
        self.timeline: Final = SteppedTimeline(timeline)
        self.link: Final = DisturbedLink(link, self.timeline)
        self.storage: Final = DisturbedStorage(storage)
        self.hardware: Final = SimulatedHardware(build, self.timeline, kept_registers(storage))
        self.powered: Final = Powered(build, self.timeline, self.link, self.hardware, self.storage, transfers)
        self.contracts: Final = contracts
        self.records: Final[deque[Record]] = deque(maxlen=KEPT)
        self._number = 0
        self._followers: list[Callable[[Record], object]] = []
        self.powered.watch(self._see)

    def follow(self, follower: Callable[[Record], object]) -> Callable[[], None]:
        """Have each record told as it comes; it may do nothing to the station then. Returns how to stop that."""
        self._followers.append(follower)
        return lambda: self._followers.remove(follower)

    def do(self, doing: Doing) -> None:
        """Do it now; what follows from it shows in the records. Raises Impossible."""
        match doing:
            case doings.Plug():
                self._check(doing.evse, doing.connector)
                self.hardware.plug(self._vehicle(doing), evse_id=doing.evse, connector_id=doing.connector)
            case doings.Unplug():
                self._check(doing.evse)
                self.hardware.unplug(evse_id=doing.evse, cable_left=doing.cable_left)
            case doings.Swipe():
                if doing.evse is not None:
                    self._check(doing.evse)
                self.hardware.swipe(doing.token, doing.kind, evse_id=doing.evse)
            case doings.Fault():
                self._check(doing.evse)
                self.hardware.break_down(doing.code, evse_id=doing.evse)
            case doings.Mend():
                self._check(doing.evse)
                self.hardware.mend(evse_id=doing.evse)
            case doings.Lock():
                self._check(doing.evse)
                self.hardware.jam_lock(evse_id=doing.evse, jammed=doing.to == "jammed")
            case doings.Park():
                self._check(doing.evse)
                self.hardware.park(evse_id=doing.evse, there=doing.there)
            case doings.Hurry():
                self._check(doing.evse)
                self.hardware.hurry(evse_id=doing.evse, wanted=doing.wanted)
            case doings.Limit():
                self._check(doing.evse)
                limits = Limits(
                    energy_wh=doing.energy_wh,
                    time_s=None if doing.time_s is None else Decimal(doing.time_s),
                    cost=doing.cost,
                    soc_percent=None if doing.soc_percent is None else Decimal(doing.soc_percent),
                )
                self.hardware.limit(limits, evse_id=doing.evse)
            case doings.Renegotiate():
                self._check(doing.evse)
                self.hardware.renegotiate(evse_id=doing.evse)
            case doings.End():
                self._check(doing.evse)
                self.hardware.end_session(evse_id=doing.evse)
            case doings.Choose():
                if doing.evse is not None:
                    self._check(doing.evse)
                self.hardware.choose_at(*(self.hardware.choices if doing.evse is None else (doing.evse,)))
            case doings.Restrict():
                self._check(doing.evse or 1)
                self.hardware.restrict(_cap(doing), doing.source, evse_id=doing.evse)
            case doings.Power():
                self._power(doing.to)
            case doings.Network():
                {"on": self.link.give_back, "off": self.link.take_away, "cut": self.link.cut}[doing.to]()
            case doings.Disk():
                self.storage.full = doing.to == "full"
            case doings.Clock():
                self.timeline.offset += timedelta(seconds=doing.by_s)
            case doings.Set():
                self._set(doing.variable, doing.value)
            case doings.Disturb():
                self.link.disturb(
                    Disturbance(
                        what=doing.what, action=doing.action, times=doing.times, by_s=doing.by_s, text=doing.text
                    )
                )

    def state(self) -> StationState:
        station = self.powered.station
        registration = None if station is None else station.registration
        return StationState(
            identity=self.build.identity,
            powered=station is not None,
            network=self.link.up,
            connected=station is not None and station.connected_now,
            registration=None if registration is None else registration.value,
            version=station.dialect.version.name if station is not None and station.connected_now else None,
            clock=None if station is None else station.now(),
            waiting=0 if station is None else station.outbox.waiting,
            starts=self.powered.starts,
            display=self.hardware.displayed,
            evses=tuple(
                self._evse(evse_id, None if station is None else station.bays[evse_id])
                for evse_id in self.powered.evse_ids
            ),
        )

    def variables(self) -> dict[str, str]:
        """Every variable of the whole station that may be read, by `Component.Variable`. Raises Impossible without power."""
        station = self._station()
        return {
            _dotted(row.name): station.model.value(row, place)
            for row, place in station.model.rows()
            if place == WHOLE_STATION and row.mutability is not Mutability.WRITE_ONLY
        }

    def _vehicle(self, plug: doings.Plug) -> Vehicle:
        model = Model(
            battery_wh=plug.battery_wh,
            ac_phases=plug.ac_phases,
            ac_current_a=plug.ac_current_a,
            dc_power_w=plug.dc_power_w,
            discharge_w=plug.discharge_w,
            talks=plug.talks or plug.control is not None,
            control=None if plug.control is None else Control[plug.control.upper()],
        )
        vehicle = Vehicle(model, soc=plug.soc, target=plug.target)
        vehicle.choice = max(plug.chooses, 1) - 1
        if plug.leaves_in_s is not None:
            vehicle.departs_at = self.timeline.now() + timedelta(seconds=plug.leaves_in_s)
        if plug.exi is not None:
            vehicle.asks = ContractRequest(exi=plug.exi, renews=plug.renews)
        if plug.contract is not None:
            if plug.contract not in self.contracts:
                raise Impossible(f"there is no contract {plug.contract}, only {', '.join(self.contracts) or 'none'}")
            vehicle.contract = self.contracts[plug.contract]
        return vehicle

    def _power(self, to: str) -> None:
        if to == "fails":
            self.hardware.fall_back()
        elif to == "on" and self.powered.station is None:
            self.powered.power_on()
        elif to == "off":
            self.powered.cut_power()
            self._record(Record(number=self._next(), at=self.timeline.now(), kind="power cut"))

    def _set(self, variable: str, value: str) -> None:
        if self.powered.station is None:
            try:
                preset(self.storage, {variable: value})
            except ValueError as error:
                raise Impossible(str(error)) from error
            return
        station = self.powered.station
        row = table()[_named(variable)]
        found, why = station.turn(lambda: station.model.write(row, value)) or (Found.REJECTED, "it could not be kept")
        if found not in (Found.ACCEPTED, Found.REBOOT_REQUIRED):
            raise Impossible(f"{variable}: {why or found.value}")

    def _evse(self, evse_id: EvseId, bay: Bay | None) -> EvseState:
        measured = self.hardware.measure(evse_id)
        authorization = None if bay is None else bay.authorization
        transaction = None if bay is None else bay.transaction
        return EvseState(
            evse=evse_id,
            plugged=self.hardware.vehicle_at(evse_id) is not None,
            state="" if bay is None else bay.charging_state.value,
            operative=bay is not None and bay.usable,
            fault=None if bay is None else bay.fault,
            token=None if authorization is None else str(authorization.token),
            transaction=None if transaction is None else transaction.id,
            power_w=float(measured.power_w),
            import_wh=float(measured.import_wh),
            offered_a=float(measured.offered_a),
            soc_percent=None if measured.soc_percent is None else float(measured.soc_percent),
        )

    def _station(self) -> Station:
        if self.powered.station is None:
            raise Impossible("there is no power")
        return self.powered.station

    def _check(self, evse: int, connector: int = 1) -> None:
        numbers = range(1, len(self.build.evses) + 1)
        if evse not in numbers or connector not in range(1, len(self.build.evses[evse - 1].kinds) + 1):
            raise Impossible(f"there is no EVSE {evse} with a connector {connector}")

    def _see(self, station: Station, event: object) -> None:
        record = describe(station, event, self._number + 1)
        if record is not None:
            self._next()
            self._record(record)

    def _next(self) -> int:
        self._number += 1
        return self._number

    def _record(self, record: Record) -> None:
        self.records.append(record)
        for follower in tuple(self._followers):
            follower(record)


def _cap(doing: doings.Restrict) -> Cap | None:
    if doing.limit_a is not None:
        return Cap(Decimal(str(doing.limit_a)), RateUnit.A)
    return None if doing.limit_w is None else Cap(Decimal(str(doing.limit_w)), RateUnit.W)


def _named(variable: str) -> Name:
    component, name, instance = ([*variable.split("."), "", ""])[:3]
    found = named(component, name, instance)
    if found is None:
        raise Impossible(f"there is no variable {variable}")
    return found


def _dotted(name: Name) -> str:
    return ".".join(part for part in name if part)
