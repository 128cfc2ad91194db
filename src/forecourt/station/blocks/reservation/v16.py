"""Reservations in the words of 1.6."""

from __future__ import annotations

from typing import Final, cast

from msgspec import UNSET

from forecourt.charging.tokens import Token
from forecourt.errors import NotFound
from forecourt.ocpp import v16
from forecourt.station.blocks.reservation import actions
from forecourt.station.blocks.reservation.model import Reservation
from forecourt.station.core import Station
from forecourt.station.dialects import Hears, Says


def on_reserve(station: Station, call: v16.ReserveNow) -> v16.ReserveNowResponse:
    """Section 5.13. Connector 0 stands for any; one of several connectors at an EVSE reserves the EVSE."""
    try:
        evse_id = None if call.connector_id == 0 else station.build.topology.of_flat(call.connector_id).evse_id
    except NotFound:
        return v16.ReserveNowResponse(status="Rejected")
    wanted = Reservation(
        id=call.reservation_id,
        token=Token.untyped(call.id_tag),
        group=None if call.parent_id_tag is UNSET else Token.untyped(call.parent_id_tag),
        expires_at=call.expiry_date,
        evse_id=evse_id,
    )
    return v16.ReserveNowResponse(status=cast(v16.ReservationStatus, actions.reserve(station, wanted)))


def on_cancel(station: Station, call: v16.CancelReservation) -> v16.CancelReservationResponse:
    """Section 5.1."""
    cancelled = actions.cancel(station, call.reservation_id)
    return v16.CancelReservationResponse(status="Accepted" if cancelled else "Rejected")


HEARS: Final[Hears] = {v16.ReserveNow: on_reserve, v16.CancelReservation: on_cancel}
SAYS: Final[Says] = {}
"""That a reservation is over the status of its connector says."""
