"""Telling critical security events (A04), and changing the password (A01)."""

from __future__ import annotations

from typing import Final

from forecourt.station import events
from forecourt.station.blocks.security.model import SecurityEvent
from forecourt.station.core import Station
from forecourt.station.device_model.table import Name

PASSWORD: Final = Name("SecurityCtrlr", "BasicAuthPassword")


def tell(station: Station, kind: str, detail: str | None = None) -> None:
    station.say(SecurityEvent(kind=kind, at=station.now(), detail=detail))


def on_registered(station: Station, event: events.Registered) -> None:
    tell(station, "StartupOfTheDevice" if station.boot_reason == "PowerUp" else "ResetOrReboot")


def on_clock_set(station: Station, event: events.ClockSet) -> None:
    if station.accepted:
        tell(station, "SettingSystemTime", f"by {event.by_s:.0f} s")


def on_variable(station: Station, event: events.VariableChanged) -> None:
    """A01.FR.11: with a new password the station connects anew."""
    if event.name == PASSWORD:
        station.later(lambda: tell(station, "ReconfigurationOfSecurityParameters"))
        station.after(1.0, station.reconnect)
