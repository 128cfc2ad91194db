"""Availability in the words of 2.0.1 and 2.1: five states of connectors, told by StatusNotification or NotifyEvent."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Final

from msgspec import UNSET, UnsetType

from forecourt.charging.ids import STATION, ConnectorId, EvseId
from forecourt.charging.topology import WHOLE_STATION, Place
from forecourt.csms.blocks.availability import actions
from forecourt.csms.blocks.availability.actions import habits_of, meaning_of
from forecourt.csms.blocks.availability.model import Availability, ChangeAvailability, Notice, instant
from forecourt.csms.stations.commands import Outcome
from forecourt.csms.stations.dialects import Hears, Said, Says
from forecourt.csms.stations.link import Link
from forecourt.csms.store.work import Work
from forecourt.ocpp import v2
from forecourt.ocpp.errors import ErrorCode, ProtocolError

_STATE: Final = "availabilitystate"
_COMPONENTS: Final = frozenset({"chargingstation", "evse", "connector"})


async def on_heartbeat(link: Link, work: Work, call: v2.Heartbeat) -> v2.HeartbeatResponse:
    """G02."""
    return v2.HeartbeatResponse(current_time=actions.heartbeat(work, link.station))


async def on_status_notification(
    block: Availability, link: Link, work: Work, call: v2.StatusNotification
) -> v2.StatusNotificationResponse:
    """G01. Connector 0 of an EVSE is taken for all of it, EVSE 0 for the station."""
    if call.evse_id < 0 or call.connector_id < 0:
        raise ProtocolError(ErrorCode.PROPERTY_CONSTRAINT_VIOLATION, "no connector has such a number")
    _hear(block, link, work, _place(call.evse_id, call.connector_id), call.connector_status, call.timestamp)
    return v2.StatusNotificationResponse()


async def on_notify_event(block: Availability, link: Link, work: Work, call: v2.NotifyEvent) -> v2.NotifyEventResponse:
    """G01.FR.03: a station may tell its states as events. Whatever else it tells is kept in the message log (G05.FR.03)."""
    for event in call.event_data:
        component = event.component
        if event.variable.name.casefold() == _STATE and component.name.casefold() in _COMPONENTS:
            place = WHOLE_STATION
            if component.evse is not UNSET:
                connector = component.evse.connector_id
                place = _place(component.evse.id, 0 if connector is UNSET else connector)
            _hear(block, link, work, place, event.actual_value, event.timestamp)
    return v2.NotifyEventResponse()


def _hear(block: Availability, link: Link, work: Work, place: Place, word: str, at: datetime) -> None:
    meant = meaning_of(habits_of(block.catalogue, link.station), word)
    if meant is None:
        return
    # Of an EVSE Occupied says that it is in use, which is not yet a cable.
    on_cable = place.connector_id is not None
    notice = Notice(
        place,
        meant.state,
        meant.plugged_in if on_cable else None,
        meant.charging if on_cable else None,
        word,
        instant(at),
    )
    actions.hear(block, work, link.station, notice)


async def say_change_availability(block: Availability, link: Link, command: ChangeAvailability) -> Outcome:
    """G03, G04; without an EVSE it is the whole station (G04.FR.01)."""
    place = command.place
    evse: v2.EVSE | UnsetType = UNSET
    if place.evse_id != STATION:
        connector = place.connector_id
        evse = v2.EVSE(id=place.evse_id, connector_id=UNSET if connector is None else connector)
    reply = await link.call(
        v2.ChangeAvailability(operational_status="Operative" if command.operative else "Inoperative", evse=evse)
    )
    return await actions.ordered(
        block,
        link.station,
        place,
        operative=command.operative,
        word=reply.status,
        **_details(reply.status_info),
    )


def _place(evse_id: int, connector_id: int) -> Place:
    if evse_id <= 0:
        return WHOLE_STATION
    return Place(EvseId(evse_id), ConnectorId(connector_id) if connector_id > 0 else None)


def _details(info: v2.StatusInfo | UnsetType) -> dict[str, str]:
    """What a station adds to its word, for people."""
    if info is UNSET:
        return {}
    added = {} if info.additional_info is UNSET else {"additionalInfo": info.additional_info}
    return {"reasonCode": info.reason_code, **added}


def hears(block: Availability) -> Hears:
    """What is heard, and by whom."""
    return {
        v2.Heartbeat: on_heartbeat,
        v2.StatusNotification: partial(on_status_notification, block),
        v2.NotifyEvent: partial(on_notify_event, block),
    }


def says(block: Availability) -> Says:
    """What is said, and by whom."""
    return {ChangeAvailability: Said((v2.ChangeAvailability,), partial(say_change_availability, block))}
