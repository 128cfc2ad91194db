"""Priority charging: a profile of its own in place of those of the transaction, on request (K21, K22)."""

from __future__ import annotations

from forecourt.charging.ids import STATION
from forecourt.charging.schedule import Purpose
from forecourt.station import events
from forecourt.station.blocks.smart_charging.limiting import apply
from forecourt.station.blocks.smart_charging.model import Charging, PriorityChanged
from forecourt.station.core import Station
from forecourt.station.state import Bay


def possible(station: Station, bay: Bay) -> bool:
    """K21.FR.01: whether there is a profile for it."""
    return any(
        one.profile.purpose is Purpose.PRIORITY_CHARGING and one.evse_id in (STATION, bay.evse_id)
        for one in station.part(Charging).profiles.installed
    )


def switch(station: Station, bay: Bay, *, on: bool) -> None:
    """Turn it on or off for the running transaction; it lasts as long as that."""
    part = station.part(Charging)
    if on:
        part.priority |= {bay.evse_id}
    else:
        part.priority -= {bay.evse_id}
    apply(station)
    station.later(lambda: tell(station))


def on_hurried(station: Station, event: events.Hurried) -> None:
    """K22: the driver asks for it, or for it no more."""
    bay = station.bays[event.evse_id]
    if bay.transaction is None or (event.wanted and not possible(station, bay)):
        station.hardware.show(bay.evse_id, "No priority charging")  # K22.FR.01
        return
    switch(station, bay, on=event.wanted)


def tell(station: Station) -> None:
    """K21.FR.05, 08: what has changed since it was last told; while offline, afterwards."""
    part = station.part(Charging)
    if not station.online:
        return
    for evse_id in sorted(part.priority ^ part.priority_told):
        transaction = station.bays[evse_id].transaction
        if transaction is not None:
            station.say(PriorityChanged(transaction_id=transaction.id, on=evse_id in part.priority))
    part.priority_told = part.priority
