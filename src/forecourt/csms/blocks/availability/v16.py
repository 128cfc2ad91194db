"""Availability in the words of 1.6: nine statuses of numbered connectors, 0 being the station."""

from __future__ import annotations

from functools import partial
from typing import Final

from msgspec import UNSET, UnsetType

from forecourt.charging.ids import STATION, ConnectorId, EvseId
from forecourt.charging.topology import WHOLE_STATION, Place
from forecourt.csms.blocks.availability import actions
from forecourt.csms.blocks.availability.actions import habits_of, meaning_of
from forecourt.csms.blocks.availability.model import Availability, ChangeAvailability, Notice, instant, worst
from forecourt.csms.stations.commands import Outcome
from forecourt.csms.stations.dialects import Hears, Said, Says
from forecourt.csms.stations.link import Link
from forecourt.csms.stations.model import Station
from forecourt.csms.store.work import Work
from forecourt.ocpp import v16
from forecourt.ocpp.errors import ErrorCode, ProtocolError

_NO_ERROR: Final = "NoError"


async def on_heartbeat(link: Link, work: Work, call: v16.Heartbeat) -> v16.HeartbeatResponse:
    """Section 4.6."""
    return v16.HeartbeatResponse(current_time=actions.heartbeat(work, link.station))


async def on_status_notification(
    block: Availability, link: Link, work: Work, call: v16.StatusNotification
) -> v16.StatusNotificationResponse:
    """Section 4.9. A number nobody knows is a connector we had not heard of."""
    station, number = link.station, call.connector_id
    if number < 0:
        raise ProtocolError(ErrorCode.PROPERTY_CONSTRAINT_VIOLATION, "no connector has such a number", "$.connectorId")
    info = _text(call.info)
    meant = meaning_of(habits_of(block.catalogue, station), call.status, info)
    if number > 0 and (station.topology is None or number not in station.topology.flat):
        block.learn(work, station, number)
    if meant is not None:
        notice = Notice(
            place_of(station, number),
            meant.state,
            meant.plugged_in if number else None,
            meant.charging if number else None,
            call.status,
            None if call.timestamp is UNSET else instant(call.timestamp),
            "" if call.error_code == _NO_ERROR else call.error_code,
            _text(call.vendor_id),
            _text(call.vendor_error_code),
            info,
        )
        actions.hear(block, work, station, notice)
        if notice.charging is not None:
            at = work.now if notice.at is None else notice.at
            await block.tell(link, work, notice.place, notice.charging.value, at)
    return v16.StatusNotificationResponse()


async def say_change_availability(block: Availability, link: Link, command: ChangeAvailability) -> Outcome:
    """Section 5.2. An EVSE that is several numbers is changed one by one, for 1.6 has no word for it as a whole."""
    kind: v16.AvailabilityType = "Operative" if command.operative else "Inoperative"
    words = []
    for number in _numbers_of(link.station, command.place):
        reply = await link.call(v16.ChangeAvailability(connector_id=number, type=kind))
        words.append(reply.status)
    return await actions.ordered(block, link.station, command.place, operative=command.operative, word=worst(words))


def place_of(station: Station, number: int) -> Place:
    """Where a number points; one that nobody knows is taken for an EVSE of its own."""
    if number == 0:
        return WHOLE_STATION
    place = None if station.topology is None else station.topology.flat.get(number)
    return place or Place(EvseId(number), ConnectorId(1))


def _numbers_of(station: Station, place: Place) -> list[int]:
    """The numbers of a place. Raises NotFound, naming the EVSE, if it has none."""
    topology = station.topology
    if place.evse_id == STATION:
        return [0]
    if topology is None:
        return [place.evse_id]
    if place.connector_id is not None:
        return [topology.to_flat(place)]
    numbers = [number for number, mapped in sorted(topology.flat.items()) if mapped.evse_id == place.evse_id]
    return numbers or [topology.to_flat(place)]


def _text(value: str | UnsetType) -> str:
    return "" if value is UNSET else value


def hears(block: Availability) -> Hears:
    """What is heard, and by whom."""
    return {v16.Heartbeat: on_heartbeat, v16.StatusNotification: partial(on_status_notification, block)}


def says(block: Availability) -> Says:
    """What is said, and by whom."""
    return {ChangeAvailability: Said((v16.ChangeAvailability,), partial(say_change_availability, block))}
