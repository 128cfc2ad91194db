"""Reservations: what one is, and which EVSEs have to be kept free so that all of them can be honoured."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

import msgspec

from forecourt.charging.ids import EvseId
from forecourt.charging.tokens import Token, same_group
from forecourt.clock import Timer
from forecourt.station.core import Station
from forecourt.station.storage import Shelf


class Reservation(msgspec.Struct, frozen=True, kw_only=True):
    """`evse_id` None means any EVSE, of those that have a connector of `connector_kind` if that is named (H01 S1 to S3)."""

    id: int
    token: Token
    expires_at: datetime
    group: Token | None = None
    evse_id: EvseId | None = None
    connector_kind: str | None = None

    def is_for(self, token: Token, group: Token | None) -> bool:
        """H03.FR.01 to 06."""
        return token.matches(self.token) or same_group(group, self.group)


class Over(msgspec.Struct, frozen=True, kw_only=True):
    """ReservationStatusUpdate (H01.FR.16, 17, H04, H03.FR.11): a ReservationUpdateStatusEnum word."""

    reservation_id: int
    status: str


RESERVATIONS: Shelf[Reservation] = Shelf("reservations", Reservation)
UNTOLD: Shelf[Over] = Shelf("reservations_over", Over)
"""Ends of reservations that the management system has not confirmed yet."""


class Book:
    """The reservations of one station, in the order they came."""

    __slots__ = ("held", "timer")

    def __init__(self, station: Station) -> None:
        self.held: dict[int, Reservation] = {}
        self.timer: Timer | None = None


@dataclass(frozen=True, slots=True)
class Spot:
    """An EVSE that is free, or kept free: the kinds of its connectors."""

    evse_id: EvseId
    kinds: tuple[str, ...]

    def suits(self, reservation: Reservation) -> bool:
        if reservation.evse_id is not None:
            return reservation.evse_id == self.evse_id
        return reservation.connector_kind is None or reservation.connector_kind in self.kinds


def placed(reservations: Iterable[Reservation], spots: Iterable[Spot]) -> Mapping[int, EvseId] | None:
    """An EVSE for each reservation (by its id), no EVSE twice; None where there are not enough."""
    free = list(spots)
    taken: dict[EvseId, Reservation] = {}

    def seat(reservation: Reservation, tried: set[EvseId]) -> bool:
        for spot in free:
            if spot.evse_id in tried or not spot.suits(reservation):
                continue
            tried.add(spot.evse_id)
            other = taken.get(spot.evse_id)
            if other is None or seat(other, tried):
                taken[spot.evse_id] = reservation
                return True
        return False

    for reservation in reservations:
        if not seat(reservation, set()):
            return None
    return {reservation.id: evse_id for evse_id, reservation in taken.items()}


def kept(reservations: Iterable[Reservation], spots: Iterable[Spot]) -> frozenset[EvseId]:
    """The EVSEs that nobody else may have: without any one of them not all reservations could be honoured (H01.FR.07, 09,
    20, 24)."""
    every, free = list(reservations), list(spots)
    if not every:
        return frozenset()
    return frozenset(
        spot.evse_id for spot in free if placed(every, [other for other in free if other is not spot]) is None
    )
