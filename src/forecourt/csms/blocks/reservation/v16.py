"""Reservations in the words of 1.6: of a connector by number, 0 for any."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from msgspec import UNSET

from forecourt.charging.ids import ConnectorId, EvseId
from forecourt.charging.topology import Place
from forecourt.csms.blocks.reservation.model import CancelReservation, ReserveNow
from forecourt.csms.stations.commands import Outcome
from forecourt.csms.stations.dialects import Hears, Said, Says
from forecourt.csms.stations.link import Link
from forecourt.csms.stations.model import Station
from forecourt.errors import Invalid
from forecourt.ocpp import v16


async def say_reserve_now(link: Link, command: ReserveNow) -> Outcome:
    """Section 5.13."""
    if command.connector_kind:
        message = "OCPP 1.6 reserves connectors by number, not by type"
        raise Invalid("connector_kind_not_in_this_version", message, {"connectorKind": message})
    reply = await link.call(
        v16.ReserveNow(
            connector_id=_number(link.station, command),
            expiry_date=command.expires_at,
            id_tag=command.token.value,
            parent_id_tag=UNSET if command.group is None else command.group.value,
            reservation_id=command.reservation_id,
        )
    )
    return Outcome.accepted_if(reply.status == "Accepted", reply.status)


async def say_cancel_reservation(link: Link, command: CancelReservation) -> Outcome:
    """Section 5.1."""
    reply = await link.call(v16.CancelReservation(reservation_id=command.reservation_id))
    return Outcome.accepted_if(reply.status == "Accepted", reply.status)


def _number(station: Station, command: ReserveNow) -> int:
    if command.evse_id is None:
        return 0
    if station.topology is None:
        return command.evse_id
    connector = None if command.connector_id is None else ConnectorId(command.connector_id)
    return station.topology.to_flat(Place(EvseId(command.evse_id), connector))


HEARS: Final[Hears] = MappingProxyType({})
"""Stations of 1.6 tell the end of a reservation only by the status of its connector."""

SAYS: Final[Says] = MappingProxyType(
    {
        ReserveNow: Said((v16.ReserveNow,), say_reserve_now),
        CancelReservation: Said((v16.CancelReservation,), say_cancel_reservation),
    }
)
