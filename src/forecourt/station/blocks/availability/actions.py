"""Telling statuses when they change, beating when idle, taking orders to be in or out of service."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from forecourt.charging.connector_state import ConnectorState, Status
from forecourt.charging.ids import STATION, ConnectorId, EvseId
from forecourt.charging.topology import WHOLE_STATION, Place
from forecourt.clock import Timer
from forecourt.station import events
from forecourt.station.blocks.availability.model import Beat, Told, state_of, status_of
from forecourt.station.core import Station
from forecourt.station.state import Bay
from forecourt.station.storage import Shelf

OUT_OF_SERVICE: Shelf[bool] = Shelf("out_of_service", bool)
DAY_S: Final = 86_400.0


class Duty:
    """Whether the station as a whole is in service, what was last told of it, and when it beats next."""

    __slots__ = ("beat_timer", "beaten_at", "in_service", "told")

    def __init__(self, station: Station) -> None:
        self.in_service = True
        self.told: str | None = None
        self.beat_timer: Timer | None = None
        self.beaten_at = station.timeline.monotonic()


def on_started(station: Station, event: events.Started) -> None:
    """Orders outlive the power (G03.FR.08, G04.FR.09; 1.6 errata)."""
    for key, _ in station.storage.items(OUT_OF_SERVICE):
        _set(station, _place(key), operative=False)


def on_registered(station: Station, event: events.Registered) -> None:
    """B01.FR.05: after a boot the status of every connector is told."""
    _forget_told(station)
    _tell_changes(station)
    beat_later(station)


def on_online(station: Station, event: events.Online) -> None:
    """B04: after a long time offline every status is told, after a short one what has changed."""
    if not station.accepted:
        return
    if event.offline_s > station.model.integer("OCPPCommCtrlr", "OfflineThreshold"):
        _forget_told(station)
    _tell_changes(station)
    beat_later(station)


def on_variable(station: Station, event: events.VariableChanged) -> None:
    if event.name.variable == "HeartbeatInterval":
        beat_later(station)


def on_bay_changed(station: Station, event: events.BayChanged) -> None:
    _tell_changes(station)


def on_duty_changed(station: Station, event: events.DutyChanged) -> None:
    _tell_changes(station)


def on_transaction_ended(station: Station, event: events.TransactionEnded) -> None:
    _tell_changes(station)


def change(station: Station, place: Place, *, operative: bool) -> str:
    """ChangeAvailability (G03, G04). Returns Accepted, or Scheduled while a transaction runs that has to end first."""
    _set(station, place, operative=operative)
    key = f"{place.evse_id}.{place.connector_id or 0}"
    if operative:
        station.storage.remove(OUT_OF_SERVICE, key)
    else:
        station.storage.put(OUT_OF_SERVICE, key, True)
    station.later(lambda: station.announce(events.DutyChanged()))
    concerned = [bay for bay in station.bays.values() if place.evse_id in (STATION, bay.evse_id)]
    return "Scheduled" if not operative and any(bay.transaction is not None for bay in concerned) else "Accepted"


def in_service(station: Station, bay: Bay) -> bool:
    """Whether somebody may begin to charge here."""
    return station.part(Duty).in_service and bay.usable


def state_at(station: Station, place: Place) -> ConnectorState:
    """AvailabilityState of a connector, an EVSE or the station: of many, what the best of them is."""
    states = {state for at, state, _ in _states(station) if _covers(place, at)}
    for state in (ConnectorState.OCCUPIED, ConnectorState.AVAILABLE, ConnectorState.RESERVED, ConnectorState.FAULTED):
        if state in states and not (state is ConnectorState.OCCUPIED and place.evse_id == STATION and len(states) > 1):
            return state
    return ConnectorState.UNAVAILABLE


def problem_at(station: Station, place: Place) -> str:
    """Problem: whether anything there is broken."""
    bays = (bay for bay in station.bays.values() if place.evse_id in (STATION, bay.evse_id))
    return "true" if any(bay.fault is not None for bay in bays) else "false"


def trigger_status(station: Station, place: Place | None) -> bool:
    """F06: the present status again, of one connector or all."""
    asked = place or WHOLE_STATION
    if asked.evse_id != STATION and not station.build.topology.has(asked):
        return False

    def tell() -> None:
        for at, state, status in _states(station):
            if _covers(asked, at):
                station.say(replace(_told(station, at, state, status), triggered=True))

    station.later(tell)
    return True


def trigger_beat(station: Station, place: Place | None) -> bool:
    station.later(lambda: station.say(Beat(triggered=True)))
    return True


def beat_later(station: Station) -> None:
    """G02: a heartbeat when nothing else was said for the interval, and one a day for the clock's sake."""
    service = station.part(Duty)
    if service.beat_timer is not None:
        service.beat_timer.cancel()
    interval_s = station.model.integer("OCPPCommCtrlr", "HeartbeatInterval")
    quiet_s = station.timeline.monotonic() - station.last_talk
    service.beat_timer = station.after(max(0.0, interval_s - quiet_s), lambda: _beat(station))


def beaten(station: Station) -> None:
    station.part(Duty).beaten_at = station.timeline.monotonic()


def _beat(station: Station) -> None:
    service, now = station.part(Duty), station.timeline.monotonic()
    service.beat_timer = None
    if not station.online:
        return
    interval_s = station.model.integer("OCPPCommCtrlr", "HeartbeatInterval")
    if now - station.last_talk < interval_s - 0.001 and now - service.beaten_at < DAY_S:
        beat_later(station)
        return
    station.say(Beat(), ended=lambda done: beat_later(station) if station.online else None)


def _states(station: Station) -> Iterator[tuple[Place, ConnectorState, Status]]:
    served = station.part(Duty).in_service
    yield WHOLE_STATION, *_of_station(served)
    for bay in station.bays.values():
        for outlet in bay.outlets:
            state = state_of(bay, outlet, in_service=served)
            yield Place(bay.evse_id, outlet.connector_id), state, status_of(bay, outlet, in_service=served)


def _of_station(served: bool) -> tuple[ConnectorState, Status]:
    return (ConnectorState.AVAILABLE, Status.AVAILABLE) if served else (ConnectorState.UNAVAILABLE, Status.UNAVAILABLE)


def _told(station: Station, at: Place, state: ConnectorState, status: Status) -> Told:
    bay = station.bays.get(at.evse_id)
    if bay is None:
        return Told(place=at, state=state, status=status, at=station.now())
    gone = bay.transaction is not None and bay.cable_left is not None
    return Told(place=at, state=state, status=status, at=station.now(), fault=bay.fault, vehicle_gone=gone)


def _tell_changes(station: Station) -> None:
    """While offline nothing is told; what was last told stays, so that what has changed meanwhile is told afterwards."""
    if not station.online:
        return
    service = station.part(Duty)
    for at, state, status in _states(station):
        told = _told(station, at, state, status)
        word = station.wording(told)
        bay = station.bays.get(at.evse_id)
        if bay is None:
            known, service.told = service.told, word
        else:
            outlet = next(one for one in bay.outlets if one.connector_id == at.connector_id)
            known, outlet.told = outlet.told, word
        if word is not None and word != known:
            station.say(told)


def _forget_told(station: Station) -> None:
    station.part(Duty).told = None
    for bay in station.bays.values():
        for outlet in bay.outlets:
            outlet.told = None


def _covers(asked: Place, at: Place) -> bool:
    if asked.evse_id == STATION:
        return True
    return asked.evse_id == at.evse_id and asked.connector_id in (None, 0, at.connector_id)


def _set(station: Station, place: Place, *, operative: bool) -> None:
    if place.evse_id == STATION:
        station.part(Duty).in_service = operative
        return
    bay = station.bays[place.evse_id]
    if not place.connector_id:
        bay.operative = operative
        return
    for outlet in bay.outlets:
        if outlet.connector_id == place.connector_id:
            outlet.operative = operative


def _place(key: str) -> Place:
    evse_id, _, connector_id = key.partition(".")
    return Place(EvseId(int(evse_id)), None if connector_id == "0" else ConnectorId(int(connector_id)))
