"""Availability in the words of 1.6: nine statuses, connector 0 for the station."""

from __future__ import annotations

from typing import Final, cast

from msgspec import UNSET

from forecourt.charging.connector_state import Status
from forecourt.errors import NotFound
from forecourt.ocpp import v16
from forecourt.station.blocks.availability import actions
from forecourt.station.blocks.availability.model import Beat, Told
from forecourt.station.core import Station
from forecourt.station.dialects import Hears, Said, Says


def on_change_availability(station: Station, call: v16.ChangeAvailability) -> v16.ChangeAvailabilityResponse:
    """Section 5.2. Connector 0 is the station and all its connectors."""
    try:
        place = station.build.topology.of_flat(call.connector_id)
    except NotFound:
        return v16.ChangeAvailabilityResponse(status="Rejected")
    status = actions.change(station, place, operative=call.type == "Operative")
    return v16.ChangeAvailabilityResponse(status=cast(v16.AvailabilityStatus, status))


def say_status(station: Station, told: Told) -> v16.StatusNotification:
    """Section 4.9."""
    fault = told.fault if told.status is Status.FAULTED else None
    return v16.StatusNotification(
        connector_id=station.build.topology.to_flat(told.place),
        error_code=cast(v16.ChargePointErrorCode, fault or "NoError"),
        status=told.status.value,
        timestamp=told.at,
        info="EV side disconnected" if told.vehicle_gone else UNSET,
    )


def say_beat(station: Station, beat: Beat) -> v16.Heartbeat:
    return v16.Heartbeat()


def heard_beat(station: Station, beat: Beat, answer: v16.HeartbeatResponse) -> None:
    """Section 4.6: the clock follows."""
    station.set_clock(answer.current_time)
    actions.beaten(station)


HEARS: Final[Hears] = {v16.ChangeAvailability: on_change_availability}
SAYS: Final[Says] = {
    Told: Said(v16.StatusNotification, say_status),
    Beat: Said(v16.Heartbeat, say_beat, heard_beat),
}
