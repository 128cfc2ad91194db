"""Readings by the clock and on demand; those of transactions are taken for `transactions`, which tells them."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from forecourt.charging.ids import STATION, EvseId
from forecourt.charging.readings import Context, Reading
from forecourt.charging.topology import Place
from forecourt.clock import Timer
from forecourt.station import events
from forecourt.station.blocks.metering import signing
from forecourt.station.blocks.metering.model import Measured, readings_of
from forecourt.station.core import Station
from forecourt.station.state import Bay


class ClockAligned:
    """When readings are taken next by the clock: those that are told at once, and those kept for the end of a transaction."""

    __slots__ = ("timer", "trail_timer")

    def __init__(self, station: Station) -> None:
        self.timer: Timer | None = None
        self.trail_timer: Timer | None = None


def signs(station: Station, component: str, also: str | None = None) -> bool:
    """Whether readings are to be signed, as configured at `component`; `also` is a second variable that has to say so."""
    return signing.wanted(station, component, also)


def public_key(station: Station, evse_id: EvseId) -> str:
    """What the signatures of the meter at an EVSE are checked by; nothing where it does not sign."""
    return signing.public_key(station, evse_id)


def take(
    station: Station, bay: Bay, measurands: Iterable[str], context: Context, *, signed: bool = False
) -> tuple[Reading, ...]:
    """Read the meter of a bay now; `signed` has it sign its register."""
    chosen = tuple(measurands)
    if not chosen:
        return ()
    measurement = station.hardware.measure(bay.evse_id)
    found = readings_of(measurement, chosen, station.now(), context, direct=bay.built.direct)
    return signing.sign(station, bay, found) if signed else found


def on_started(station: Station, event: events.Started) -> None:
    align(station)


def on_clock_set(station: Station, event: events.ClockSet) -> None:
    align(station)


def on_variable(station: Station, event: events.VariableChanged) -> None:
    if event.name.component == "AlignedDataCtrlr":
        align(station)


def align(station: Station) -> None:
    """J01.FR.04: the first at the next whole interval after midnight, then every interval."""
    part = station.part(ClockAligned)
    for timer in (part.timer, part.trail_timer):
        if timer is not None:
            timer.cancel()
    part.timer = _next(station, "Interval", lambda: _aligned(station))
    part.trail_timer = _next(station, "TxEndedInterval", lambda: _collect(station))


def _next(station: Station, interval: str, work: Callable[[], object]) -> Timer | None:
    interval_s = station.model.integer("AlignedDataCtrlr", interval)
    if interval_s <= 0 or not station.model.flag("AlignedDataCtrlr", "Enabled"):
        return None
    now = station.now()
    passed_s = now.hour * 3600 + now.minute * 60 + now.second + now.microsecond / 1e6
    timer: Timer = station.after(min(interval_s - passed_s % interval_s, 86_400 - passed_s), work)
    return timer


def _collect(station: Station) -> None:
    station.announce(events.TrailMoment())
    part = station.part(ClockAligned)
    part.trail_timer = _next(station, "TxEndedInterval", lambda: _collect(station))


def _aligned(station: Station) -> None:
    """J01. While a transaction runs, its readings belong to it; SendDuringIdle forbids all that is sent then (J01.FR.20)."""
    station.announce(events.AlignedMoment())
    measurands = station.model.members("AlignedDataCtrlr", "Measurands")
    idle_only = station.model.flag("AlignedDataCtrlr", "SendDuringIdle")
    busy = any(bay.transaction is not None for bay in station.bays.values())
    if station.accepted and not (idle_only and busy):
        for bay in station.bays.values():
            if bay.transaction is None and (found := take(station, bay, measurands, Context.SAMPLE_CLOCK)):
                station.say(Measured(evse_id=bay.evse_id, readings=found), periodic=True)
    station.part(ClockAligned).timer = _next(station, "Interval", lambda: _aligned(station))


def trigger(station: Station, place: Place | None) -> bool:
    """F06: readings now, outside of transactions; those in one are told by `transactions`."""
    asked = STATION if place is None else place.evse_id
    if asked != STATION and asked not in station.bays:
        return False
    measurands = station.model.members("AlignedDataCtrlr", "Measurands")
    sampled = station.model.members("SampledDataCtrlr", "TxUpdatedMeasurands")

    def tell() -> None:
        for bay in station.bays.values():
            if asked in (STATION, bay.evse_id):
                found = take(station, bay, measurands or sampled, Context.TRIGGER)
                if found:
                    station.say(Measured(evse_id=bay.evse_id, readings=found, triggered=True))

    station.later(tell)
    return True
