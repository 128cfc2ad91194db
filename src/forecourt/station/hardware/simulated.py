"""Hardware without hardware: sockets, contactors, meters and vehicles in numbers."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from forecourt.charging.ids import ConnectorId, EvseId
from forecourt.charging.rates import Cap
from forecourt.charging.schedule import Schedule
from forecourt.charging.tokens import Token
from forecourt.clock import Timer
from forecourt.station.config import Build
from forecourt.station.hardware.interface import Events, Measurement, Secc, Signer
from forecourt.station.hardware.simulated_signer import SimulatedSigner
from forecourt.station.hardware.simulated_socket import Socket
from forecourt.station.hardware.vehicle import STEP_S, Vehicle
from forecourt.station.state import Limits
from forecourt.station.timeline import Timeline

TALK_S: Final = 0.5
"""From the plug to a vehicle showing its contract, and from the contactor closing to its telling its needs, if it has any."""
REACTION_S: Final = 1.0
"""From the contactor closing, or the offer rising, to the vehicle taking energy."""

INSTALL_S: Final = 20.0
IMAGE: Final = b"FORECOURT-FIRMWARE "
"""What firmware for simulated hardware begins with; its version and the end of the line follow, then anything."""

_MILLI: Final = Decimal("0.001")


class SimulatedHardware:
    """Implements `Hardware`; drivers do `plug`, `unplug`, `swipe`, `break_down` and `mend`.

    The object stands for things that survive a power cut of the station: registers and what is plugged in. `registers_wh`
    sets them at the beginning, by EVSE.
    """

    __slots__ = (
        "_events",
        "_install",
        "_sockets",
        "_timeline",
        "bad_flash",
        "choices",
        "displayed",
        "menu",
        "restarts",
        "secc",
        "shown",
        "signs",
    )  # fmt: skip

    def __init__(self, build: Build, timeline: Timeline, registers_wh: dict[EvseId, Decimal] | None = None) -> None:
        self._timeline: Final = timeline
        self._events: Events | None = None
        now = timeline.monotonic()
        self._sockets: Final = {EvseId(n): Socket(EvseId(n), built, now) for n, built in enumerate(build.evses, 1)}
        for evse_id, register_wh in (registers_wh or {}).items():
            self._sockets[evse_id].import_wh = float(register_wh)
        self.shown: list[str] | None = None
        self.displayed: tuple[str, ...] = ()
        self.menu: Final = build.menu
        self.choices: tuple[EvseId, ...] = ()
        self.signs = True
        self.restarts = 0
        self.secc: Secc | None = None
        self.bad_flash = False
        self._install: Timer | None = None

    # What drivers do.

    def plug(self, vehicle: Vehicle | None = None, *, evse_id: int = 1, connector_id: int = 1) -> None:
        socket = self._sockets[EvseId(evse_id)]
        socket.vehicle = vehicle or Vehicle()
        socket.connector_id = ConnectorId(connector_id)
        if self._events is not None:
            self._plugged(socket, self._events)

    def park(self, *, evse_id: int = 1, there: bool = True) -> None:
        """Drive into the parking bay in front of a sensor, or out of it."""
        self._sockets[EvseId(evse_id)].parked = there
        if self._events is not None:
            self._events.parked(EvseId(evse_id), there=there)

    def unplug(self, *, evse_id: int = 1, cable_left: bool = False) -> None:
        """Pull the cable: out of both ends, or out of the vehicle only."""
        socket = self._sockets[EvseId(evse_id)]
        self._integrate(socket)
        socket.vehicle = None
        self._react(socket, delay_s=0.0, tell=False)
        if self._events is not None:
            self._events.unplugged(socket.evse_id, cable_left=cable_left)

    def swipe(self, value: str, kind: str = "ISO14443", *, evse_id: int | None = None) -> None:
        if self._events is not None:
            self._events.presented(Token(value, kind), None if evse_id is None else EvseId(evse_id))

    def break_down(self, code: str = "GroundFailure", *, evse_id: int = 1) -> None:
        if self._events is not None:
            self._events.fault(EvseId(evse_id), code)

    def mend(self, *, evse_id: int = 1) -> None:
        if self._events is not None:
            self._events.fault(EvseId(evse_id), None)

    def choose_at(self, *evse_ids: int) -> None:
        """Choose at the menu; nothing where there is none."""
        if self._events is not None and self.menu:
            self._events.chosen(EvseId(evse_id) for evse_id in evse_ids)

    def restrict(self, limit: Cap | None, source: str = "EMS", *, evse_id: int = 0, adds: bool = False) -> None:
        """What an energy manager in the house allows from now on, or with `adds` has to give; None: nothing is said."""
        if self._events is not None:
            self._events.restricted(limit, source, evse_id=EvseId(evse_id), adds=adds)

    def renegotiate(self, *, evse_id: int = 1) -> None:
        """The vehicle tells its needs anew."""
        self._talk(self._sockets[EvseId(evse_id)])

    def end_session(self, *, evse_id: int = 1) -> None:
        """A vehicle that talks ends the session."""
        if self._events is not None and self._sockets[EvseId(evse_id)].vehicle is not None:
            self._events.session_ended(EvseId(evse_id))

    def hurry(self, *, evse_id: int = 1, wanted: bool = True) -> None:
        """Press the button for priority charging."""
        if self._events is not None:
            self._events.hurried(EvseId(evse_id), wanted=wanted)

    def limit(self, limits: Limits, *, evse_id: int = 1) -> None:
        """Have the driver set limits to his transaction."""
        if self._events is not None:
            self._events.limited(EvseId(evse_id), limits)

    def jam_lock(self, *, evse_id: int = 1, jammed: bool = True) -> None:
        """Have the lock move no more."""
        self._sockets[EvseId(evse_id)].bad_lock = jammed

    def vehicle_at(self, evse_id: int = 1) -> Vehicle | None:
        """The vehicle with its battery as of now."""
        self._integrate(self._sockets[EvseId(evse_id)])
        return self._sockets[EvseId(evse_id)].vehicle

    def fall_back(self) -> None:
        """The power is gone, and a back-up keeps the station up for a moment: cut it off afterwards."""
        if self._events is not None:
            self._events.power_fails()

    def is_locked(self, *, evse_id: int = 1) -> bool:
        return self._sockets[EvseId(evse_id)].locked

    def signer_of(self, evse_id: int = 1) -> SimulatedSigner:
        """The meter as one that signs. Keys are made when first asked for: most stations never sign."""
        socket = self._sockets[EvseId(evse_id)]
        if socket.signer is None:
            socket.signer = SimulatedSigner(f"SIM{evse_id:05}")
        return socket.signer

    def lose_power(self) -> None:
        """The contactors fall open and nobody is told anything any more."""
        self._events = None
        self.displayed = ()
        self.secc = None
        if self._install is not None:
            self._install.cancel()
            self._install = None
        for socket in self._sockets.values():
            self._integrate(socket)
            socket.closed = socket.flows = False
            if socket.timer is not None:
                socket.timer.cancel()

    # What the station asks.

    def attach(self, events: Events) -> None:
        self._events = events
        for socket in self._sockets.values():
            if socket.parked:
                events.parked(socket.evse_id, there=True)
            if socket.vehicle is not None:
                self._plugged(socket, events)

    def close_contactor(self, evse_id: EvseId) -> None:
        socket = self._sockets[evse_id]
        self._integrate(socket)
        socket.closed = True
        if socket.vehicle is not None and socket.vehicle.model.talks:
            self._timeline.after(TALK_S, lambda: self._talk(socket))
        self._react(socket)

    def open_contactor(self, evse_id: EvseId) -> None:
        socket = self._sockets[evse_id]
        self._integrate(socket)
        socket.closed = False
        self._react(socket, delay_s=0.0, tell=False)

    def offer(self, evse_id: EvseId, current_a: Decimal, phases: int) -> None:
        socket = self._sockets[evse_id]
        self._integrate(socket)
        most_a = float(socket.built.current_a)
        socket.offered_a = max(-most_a if socket.built.bidirectional else 0.0, min(float(current_a), most_a))
        socket.phases = min(phases, socket.built.phases)
        self._react(socket)

    def lock(self, evse_id: EvseId, connector_id: ConnectorId) -> bool:
        socket = self._sockets[evse_id]
        socket.locked = socket.locked or not socket.bad_lock
        return socket.locked

    def unlock(self, evse_id: EvseId, connector_id: ConnectorId) -> bool:
        socket = self._sockets[evse_id]
        socket.locked = socket.locked and socket.bad_lock
        return not socket.bad_lock

    def measure(self, evse_id: EvseId) -> Measurement:
        socket = self._sockets[evse_id]
        self._integrate(socket)
        power_w = self._power_w(socket) if socket.flows else 0.0
        voltage_v = self._voltage_v(socket)
        lines = socket.built.supply.lines
        used = 0 if socket.vehicle is None else socket.vehicle.lines_used(socket.phases, direct=socket.built.direct)
        current_a = Decimal(power_w / (voltage_v * used)).quantize(_MILLI) if used else Decimal(0)
        return Measurement(
            import_wh=Decimal(socket.import_wh).quantize(_MILLI),
            export_wh=Decimal(socket.export_wh).quantize(_MILLI),
            power_w=Decimal(power_w).quantize(_MILLI),
            currents_a=tuple(current_a if line < used else Decimal(0) for line in range(lines)),
            voltages_v=(Decimal(voltage_v),) * lines,
            offered_a=Decimal(self._offered_a(socket)).quantize(_MILLI) if socket.closed else Decimal(0),
            soc_percent=None if socket.vehicle is None else Decimal(socket.vehicle.soc * 100).quantize(Decimal("0.1")),
        )

    def signer(self, evse_id: EvseId) -> Signer | None:
        return self.signer_of(evse_id) if self.signs else None

    def secure(self, secc: Secc) -> None:
        self.secc = secc

    def vehicle_checked(self, evse_id: EvseId, *, good: bool) -> None:
        """Without trust the vehicle says nothing more."""
        socket = self._sockets[evse_id]
        vehicle = socket.vehicle
        if vehicle is not None:
            vehicle.trusted = good
            if good:
                self._timeline.after(TALK_S, lambda: self._introduce(socket, vehicle))

    def certificate(self, evse_id: EvseId, exi: str | None, *, remaining: int = 0) -> None:
        """The vehicle shows what it has got; without a certificate its driver needs a card."""
        socket = self._sockets[evse_id]
        vehicle = socket.vehicle
        if vehicle is None:
            return
        vehicle.received.append(exi)
        if exi is not None:
            vehicle.asks = vehicle.asks if remaining else None
            self._timeline.after(TALK_S, lambda: self._introduce(socket, vehicle))

    def propose(self, evse_id: EvseId, schedules: tuple[Schedule, ...]) -> None:
        socket = self._sockets[evse_id]
        vehicle = socket.vehicle
        if vehicle is not None:
            chosen = schedules[min(vehicle.choice, len(schedules) - 1)].schedule_id
            self._timeline.after(TALK_S, lambda: self._choose(socket, vehicle, chosen))

    def judged(self, evse_id: EvseId, *, accepted: bool) -> None:
        vehicle = self._sockets[evse_id].vehicle
        if vehicle is not None:
            vehicle.paid = accepted

    def show(self, evse_id: EvseId | None, text: str) -> None:
        if self.shown is not None:
            self.shown.append(text)

    def display(self, texts: tuple[str, ...]) -> None:
        self.displayed = texts

    def choose(self, evse_ids: tuple[EvseId, ...]) -> bool:
        self.choices = evse_ids
        return self.menu

    def install(self, image: bytes) -> bool:
        if not image.startswith(IMAGE):
            return False
        version = image[len(IMAGE) :].split(b"\n", 1)[0].decode("ascii", "replace").strip()[:50]
        self._install = self._timeline.after(INSTALL_S, lambda: self._installed(None if self.bad_flash else version))
        return True

    def restart(self) -> bool:
        self.restarts += 1
        return True

    def _installed(self, version: str | None) -> None:
        self._install = None
        if self._events is not None:
            self._events.installed(version)

    def _plugged(self, socket: Socket, events: Events) -> None:
        vehicle = socket.vehicle
        events.plugged(socket.evse_id, socket.connector_id)
        if vehicle is not None and (vehicle.chain or vehicle.asks or vehicle.contract):
            self._timeline.after(TALK_S, lambda: self._introduce(socket, vehicle))

    def _introduce(self, socket: Socket, vehicle: Vehicle) -> None:
        if socket.vehicle is not vehicle or self._events is None:
            return
        if vehicle.chain is not None and not vehicle.trusted:
            self._events.vehicle_shown(socket.evse_id, vehicle.chain)
        elif vehicle.asks is not None:
            self._events.certificate_wanted(socket.evse_id, vehicle.asks)
        elif vehicle.contract is not None:
            self._events.contract_shown(socket.evse_id, vehicle.contract)

    def _talk(self, socket: Socket) -> None:
        vehicle, built = socket.vehicle, socket.built
        silent = vehicle is not None and vehicle.chain is not None and not vehicle.trusted
        if vehicle is not None and socket.closed and not silent and self._events is not None:
            self._integrate(socket)
            found = vehicle.needs(voltage_v=self._voltage_v(socket), phases=built.phases, direct=built.direct)
            self._events.needs(socket.evse_id, found)

    def _choose(self, socket: Socket, vehicle: Vehicle, schedule_id: int) -> None:
        if socket.vehicle is vehicle and self._events is not None:
            self._events.scheduled(socket.evse_id, schedule_id)

    # Physics.

    def _voltage_v(self, socket: Socket) -> float:
        if socket.built.direct and socket.vehicle is not None:
            return socket.vehicle.model.dc_voltage_v
        return float(socket.built.voltage_v)

    def _power_w(self, socket: Socket) -> float:
        if socket.vehicle is None or not socket.closed:
            return 0.0
        return socket.vehicle.power_w(
            self._offered_a(socket),
            voltage_v=self._voltage_v(socket),
            phases=socket.phases,
            direct=socket.built.direct,
        )

    def _offered_a(self, socket: Socket) -> float:
        """At the voltage of the vehicle: no more power than offered, no more current either."""
        if not socket.built.direct:
            return socket.offered_a
        most_a = socket.built.current_a
        return max(-most_a, min(socket.offered_a * socket.built.voltage_v / self._voltage_v(socket), most_a))

    def _integrate(self, socket: Socket) -> None:
        now = self._timeline.monotonic()
        vehicle = socket.vehicle
        while vehicle is not None and socket.flows and socket.at < now:
            power_w = self._power_w(socket)
            took_s = vehicle.take(power_w, min(STEP_S, now - socket.at))
            if took_s <= 0 or power_w == 0:
                break
            energy_wh = power_w * took_s / 3600
            socket.import_wh += max(0.0, energy_wh)
            socket.export_wh += max(0.0, -energy_wh)
            socket.at += took_s
        socket.at = now

    def _react(self, socket: Socket, delay_s: float = REACTION_S, *, tell: bool = True) -> None:
        """The vehicle follows what has changed, after a moment."""
        if socket.timer is not None:
            socket.timer.cancel()
            socket.timer = None
        if delay_s > 0:
            socket.timer = self._timeline.after(delay_s, lambda: self._follow(socket))
        else:
            self._follow(socket, tell=tell)

    def _follow(self, socket: Socket, *, tell: bool = True) -> None:
        self._integrate(socket)
        socket.timer = None
        flows = self._power_w(socket) != 0
        if flows is not socket.flows:
            socket.flows = flows
            if tell and self._events is not None:
                self._events.drawing(socket.evse_id, flows)
        if socket.flows and socket.timer is None:
            socket.timer = self._timeline.after(self._until_full_s(socket), lambda: self._follow(socket))

    def _until_full_s(self, socket: Socket) -> float:
        """How long the vehicle will go on at what is offered now."""
        vehicle = socket.vehicle
        if vehicle is None:
            return STEP_S
        kept, seconds = vehicle.energy_wh, 0.0
        while seconds < 86_400 and (power_w := self._power_w(socket)) != 0:
            took_s = vehicle.take(power_w, STEP_S)
            seconds += took_s
            if took_s <= 0:
                break
        vehicle.energy_wh = kept
        return max(seconds + 0.001, 1.0)
