"""Reservations in the words of 2.0.1 and 2.1."""

from __future__ import annotations

from typing import Final, cast

from msgspec import UNSET

from forecourt.charging.ids import EvseId
from forecourt.ocpp import v2
from forecourt.ocpp.versions import V201
from forecourt.station.blocks.reservation import actions
from forecourt.station.blocks.reservation.model import Over, Reservation
from forecourt.station.core import Station
from forecourt.station.dialects import Hears, Said, Says
from forecourt.station.words.v2 import token_of


def on_reserve(station: Station, call: v2.ReserveNow) -> v2.ReserveNowResponse:
    """H01."""
    wanted = Reservation(
        id=call.id,
        token=token_of(call.id_token),
        group=None if call.group_id_token is UNSET else token_of(call.group_id_token),
        expires_at=call.expiry_date_time,
        evse_id=None if call.evse_id is UNSET else EvseId(call.evse_id),
        connector_kind=None if call.connector_type is UNSET else call.connector_type,
    )
    return v2.ReserveNowResponse(status=cast(v2.ReserveNowStatus, actions.reserve(station, wanted)))


def on_cancel(station: Station, call: v2.CancelReservation) -> v2.CancelReservationResponse:
    """H02."""
    cancelled = actions.cancel(station, call.reservation_id)
    return v2.CancelReservationResponse(status="Accepted" if cancelled else "Rejected")


def say_over(station: Station, over: Over) -> v2.ReservationStatusUpdate | None:
    """H04.FR.01; 2.0.1 has no word for a vehicle that did not come."""
    if over.status == "NoTransaction" and station.dialect.version is V201:
        return None
    return v2.ReservationStatusUpdate(
        reservation_id=over.reservation_id,
        reservation_update_status=cast(v2.ReservationUpdateStatus, over.status),
    )


HEARS: Final[Hears] = {v2.ReserveNow: on_reserve, v2.CancelReservation: on_cancel}
SAYS: Final[Says] = {Over: Said(v2.ReservationStatusUpdate, say_over)}
