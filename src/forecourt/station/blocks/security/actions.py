"""Telling critical security events (A04), and changing the password (A01)."""

from __future__ import annotations

from typing import Final

from forecourt.station import events
from forecourt.station.blocks.security.model import TOLD, SecurityEvent
from forecourt.station.core import Station
from forecourt.station.device_model.table import Name
from forecourt.station.storage import Shelf

PASSWORD: Final = Name("SecurityCtrlr", "BasicAuthPassword")

KEPT: Shelf[SecurityEvent] = Shelf("security_events", SecurityEvent)
MOST_KEPT: Final = 100
ATTEMPTS: Final = 3
"""At a management system that is there and answers with errors."""


class Untold:
    """Security events that the management system has not confirmed yet (A04.FR.02)."""

    __slots__ = ("attempts", "fault", "flying", "kept", "started")

    def __init__(self, station: Station) -> None:
        self.kept = [(int(key), event) for key, event in station.storage.items(KEPT)]
        self.attempts = 0
        self.flying = False
        self.fault: str | None = None
        self.started = False


def on_incident(station: Station, incident: events.Incident) -> None:
    """A04.FR.01. What is not critical is in the log only."""
    if incident.kind not in TOLD:
        return
    untold = station.part(Untold)
    key = untold.kept[-1][0] + 1 if untold.kept else 0
    event = SecurityEvent(kind=incident.kind, at=station.now(), detail=_cut(incident.detail))
    untold.kept.append((key, event))
    station.storage.put(KEPT, f"{key:012}", event)
    if len(untold.kept) > MOST_KEPT:
        _drop(station, 1 if untold.flying else 0)
    _tell(station)


def on_registered(station: Station, event: events.Registered) -> None:
    """Once after each start, however often the station signs on."""
    untold = station.part(Untold)
    if not untold.started:
        untold.started = True
        kind = "StartupOfTheDevice" if station.boot_reason == "PowerUp" else "ResetOrReboot"
        station.announce(events.Incident(kind))
    _tell(station)


def on_online(station: Station, event: events.Online) -> None:
    station.part(Untold).fault = None
    _tell(station)


def on_offline(station: Station, event: events.Offline) -> None:
    """A00.FR.310, 316, 323: told when somebody is reached; once, however often the same goes wrong meanwhile."""
    untold = station.part(Untold)
    if event.fault is not None and event.fault != untold.fault:
        untold.fault = event.fault
        station.announce(events.Incident(event.fault))


def on_clock_set(station: Station, event: events.ClockSet) -> None:
    if station.accepted:
        station.announce(events.Incident("SettingSystemTime", f"by {event.by_s:.0f} s"))


def on_variable(station: Station, event: events.VariableChanged) -> None:
    """A01.FR.11: with a new password the station connects anew."""
    if event.name == PASSWORD:
        station.later(lambda: station.announce(events.Incident("ReconfigurationOfSecurityParameters")))
        station.after(1.0, station.reconnect)


def _cut(detail: str | None) -> str | None:
    """To what the messages have room for."""
    return None if detail is None else detail[:255]


def _tell(station: Station) -> None:
    """One after another; the next when the one before has been confirmed."""
    untold = station.part(Untold)
    if untold.flying or not untold.kept or not station.online:
        return
    untold.flying = True

    def ended(answered: bool) -> None:
        untold.flying = False
        if not station.online:
            return
        untold.attempts += 1
        if answered or untold.attempts >= ATTEMPTS:
            untold.attempts = 0
            _drop(station, 0)
        _tell(station)

    station.say(untold.kept[0][1], ended=ended)


def _drop(station: Station, index: int) -> None:
    untold = station.part(Untold)
    key, _ = untold.kept[index]
    del untold.kept[index]
    station.storage.remove(KEPT, f"{key:012}")
