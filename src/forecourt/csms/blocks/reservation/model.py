"""What can be asked about reservations, in the words of 2.1, and what stations tell of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from msgspec import Meta

from forecourt.charging.tokens import Token
from forecourt.csms.stations.commands import Command, ConnectorNumber, EvseNumber
from forecourt.csms.store.announced import Event
from forecourt.errors import Invalid

ReservationNumber = Annotated[
    int, Meta(ge=0, le=2**31 - 1, description="the number of a reservation, chosen by whoever reserves")
]


@dataclass(frozen=True, slots=True)
class ReserveNow(Command):
    """Reserve an EVSE, or any, for a token until `expires_at` (H01). One with an id that exists replaces it (H01.FR.02).

    `connector_kind` is a connector type of 2.x; `connector_id` can be said in 1.6 only.
    """

    reservation_id: ReservationNumber
    token: Token
    expires_at: Annotated[datetime, Meta(tz=True)]
    evse_id: EvseNumber | None = None
    connector_id: ConnectorNumber | None = None
    connector_kind: str = ""
    group: Token | None = None

    def __post_init__(self) -> None:
        if self.expires_at.tzinfo is None:
            raise Invalid("reservation_expiry", "an instant has a time zone", {"expiresAt": "has no time zone"})
        if self.connector_id is not None and self.evse_id is None:
            message = "a connector belongs to an EVSE: name it"
            raise Invalid("connector_without_evse", message, {"evseId": message})


@dataclass(frozen=True, slots=True)
class CancelReservation(Command):
    """Cancel a reservation (H02)."""

    reservation_id: ReservationNumber


class ReservationEnded(Event, frozen=True, kw_only=True):
    """A station says that a reservation is over without having been used.

    `reason` is Expired (H04), Removed (H01.FR.16, H01.FR.17) or, of 2.1, NoTransaction.
    """

    organisation_id: int
    station_id: int
    reservation_id: int
    reason: str
