"""Availability in the words of 2.0.1 and 2.1: five states, of connectors only."""

from __future__ import annotations

from typing import Final, cast

from msgspec import UNSET

from forecourt.charging.ids import STATION, ConnectorId, EvseId
from forecourt.charging.topology import WHOLE_STATION, Place
from forecourt.ocpp import v2
from forecourt.station.blocks.availability import actions
from forecourt.station.blocks.availability.model import Beat, Told
from forecourt.station.core import Station
from forecourt.station.dialects import Hears, Said, Says


def on_change_availability(station: Station, call: v2.ChangeAvailability) -> v2.ChangeAvailabilityResponse:
    """G03, G04."""
    place = WHOLE_STATION
    if call.evse is not UNSET:
        connector_id = call.evse.connector_id
        place = Place(EvseId(call.evse.id), None if connector_id is UNSET else ConnectorId(connector_id))
    if not station.build.topology.has(place):
        info = v2.StatusInfo(reason_code="UnknownEvse")
        return v2.ChangeAvailabilityResponse(status="Rejected", status_info=info)
    status = actions.change(station, place, operative=call.operational_status == "Operative")
    return v2.ChangeAvailabilityResponse(status=cast(v2.ChangeAvailabilityStatus, status))


def say_status(station: Station, told: Told) -> v2.StatusNotification | None:
    """G01. The station as such has no StatusNotification."""
    if told.place.evse_id == STATION or told.place.connector_id is None:
        return None
    return v2.StatusNotification(
        timestamp=told.at,
        connector_status=told.state.value,
        evse_id=told.place.evse_id,
        connector_id=told.place.connector_id,
    )


def say_beat(station: Station, beat: Beat) -> v2.Heartbeat:
    return v2.Heartbeat()


def heard_beat(station: Station, beat: Beat, answer: v2.HeartbeatResponse) -> None:
    """G02.FR.05: the clock follows."""
    station.set_clock(answer.current_time)
    actions.beaten(station)


HEARS: Final[Hears] = {v2.ChangeAvailability: on_change_availability}
SAYS: Final[Says] = {
    Told: Said(v2.StatusNotification, say_status),
    Beat: Said(v2.Heartbeat, say_beat, heard_beat),
}
