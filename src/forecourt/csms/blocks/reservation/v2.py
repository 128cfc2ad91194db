"""Reservations in the words of 2.0.1 and 2.1: of an EVSE, of any, or of a type of connector."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from msgspec import UNSET, UnsetType

from forecourt.charging.tokens import Token, TokenKind
from forecourt.csms.blocks.reservation.model import CancelReservation, ReservationEnded, ReserveNow
from forecourt.csms.stations.commands import Outcome
from forecourt.csms.stations.dialects import Hears, Said, Says
from forecourt.csms.stations.link import Link
from forecourt.csms.store.work import Work
from forecourt.errors import Invalid
from forecourt.ocpp import v2


async def on_reservation_status_update(
    link: Link, work: Work, call: v2.ReservationStatusUpdate
) -> v2.ReservationStatusUpdateResponse:
    """H04.FR.01, H01.FR.16, H01.FR.17."""
    work.announce(
        ReservationEnded(
            organisation_id=link.station.organisation,
            station_id=link.station.key,
            reservation_id=call.reservation_id,
            reason=call.reservation_update_status,
        )
    )
    return v2.ReservationStatusUpdateResponse()


async def say_reserve_now(link: Link, command: ReserveNow) -> Outcome:
    """H01."""
    if command.connector_id is not None:
        message = "a connector is reserved by its EVSE or by its type in this version"
        raise Invalid("connector_not_in_this_version", message, {"connectorId": message})
    reply = await link.call(
        v2.ReserveNow(
            id=command.reservation_id,
            expiry_date_time=command.expires_at,
            connector_type=command.connector_kind or UNSET,
            id_token=_id_token(command.token),
            evse_id=UNSET if command.evse_id is None else command.evse_id,
            group_id_token=UNSET if command.group is None else _id_token(command.group),
        )
    )
    return Outcome.accepted_if(reply.status == "Accepted", reply.status, **_details(reply.status_info))


async def say_cancel_reservation(link: Link, command: CancelReservation) -> Outcome:
    """H02."""
    reply = await link.call(v2.CancelReservation(reservation_id=command.reservation_id))
    return Outcome.accepted_if(reply.status == "Accepted", reply.status, **_details(reply.status_info))


def _id_token(token: Token) -> v2.IdToken:
    """A token without type is taken for what most card readers read."""
    return v2.IdToken(id_token=token.value, type=token.kind or TokenKind.ISO14443.value)


def _details(info: v2.StatusInfo | UnsetType) -> dict[str, str]:
    """What a station adds to its word, for people."""
    if info is UNSET:
        return {}
    added = {} if info.additional_info is UNSET else {"additionalInfo": info.additional_info}
    return {"reasonCode": info.reason_code, **added}


HEARS: Final[Hears] = MappingProxyType({v2.ReservationStatusUpdate: on_reservation_status_update})

SAYS: Final[Says] = MappingProxyType(
    {
        ReserveNow: Said((v2.ReserveNow,), say_reserve_now),
        CancelReservation: Said((v2.CancelReservation,), say_cancel_reservation),
    }
)
