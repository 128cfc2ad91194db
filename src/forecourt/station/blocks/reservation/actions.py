"""Making, keeping, using and ending reservations."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from forecourt.charging.tokens import Token
from forecourt.charging.topology import Place
from forecourt.station import events
from forecourt.station.blocks.availability.actions import in_service, trigger_status
from forecourt.station.blocks.reservation.model import RESERVATIONS, UNTOLD, Book, Over, Reservation, Spot, kept, placed
from forecourt.station.core import Station
from forecourt.station.state import Bay


def reserve(station: Station, wanted: Reservation) -> str:
    """ReserveNow (H01; 1.6, 5.13). Returns Accepted, or the word for why not; one of the same id is replaced (H01.FR.02)."""
    model = station.model
    if not model.flag("ReservationCtrlr", "Enabled") or wanted.expires_at <= station.now():
        return "Rejected"  # H01.FR.01
    if wanted.evse_id is None and not model.flag("ReservationCtrlr", "NonEvseSpecific"):
        return "Rejected"  # H01.FR.19
    targets = [bay for bay in station.bays.values() if _targets(wanted, bay)]
    if not targets:
        return "Rejected"
    book = station.part(Book)
    others = [one for one in book.held.values() if one.id != wanted.id]
    if placed([*others, wanted], _spots(station)) is None:
        return _why_not(station, targets)
    replaced = book.held.pop(wanted.id, None)
    book.held[wanted.id] = wanted
    station.storage.put(RESERVATIONS, str(wanted.id), wanted)
    _settle(station)
    if replaced is not None and wanted.evse_id is not None:
        # TC_H_23: told again, although it was reserved before.
        trigger_status(station, Place(wanted.evse_id))
    return "Accepted"


def cancel(station: Station, reservation_id: int) -> bool:
    """CancelReservation (H02; 1.6, 5.1). The management system knows, so nothing is told but the status of connectors."""
    if reservation_id not in station.part(Book).held:
        return False
    _forget(station, reservation_id)
    _settle(station)
    return True


def claim(station: Station, bay: Bay, token: Token, group: Token | None) -> Reservation | None:
    """The reservation that this token would use at this EVSE: one for just this EVSE before any other."""
    found = [
        one for one in station.part(Book).held.values() if one.is_for(token, group) and _targets(one, bay)
    ]  # fmt: skip
    return min(found, key=lambda one: one.evse_id is None, default=None)


def is_open(station: Station, bay: Bay, token: Token, group: Token | None) -> bool:
    """Whether this token may use the EVSE as far as reservations go."""
    return not bay.reserved or claim(station, bay, token, group) is not None


def preferred(station: Station, bays: Iterable[Bay], token: Token, group: Token | None) -> Bay | None:
    """Where the owner of a token is expected: at the EVSE that is reserved for him, at a cable that is in, or anywhere."""

    def order(bay: Bay) -> tuple[bool, bool]:
        own = claim(station, bay, token, group)
        return own is None or own.evse_id is None, bay.plugged is None

    return min((bay for bay in bays if is_open(station, bay, token, group)), key=order, default=None)


def use(station: Station, bay: Bay, token: Token, group: Token | None) -> int | None:
    """H03.FR.09: the token has come, so its reservation is used up. Returns its id. What else changes is told by who calls."""
    own = claim(station, bay, token, group)
    if own is None:
        return None
    _forget(station, own.id)
    _keep_free(station)
    _expire(station)
    return own.id


# What happens.


def on_started(station: Station, event: events.Started) -> None:
    """Reservations outlive the power."""
    book = station.part(Book)
    kept_ones = (one for _, one in station.storage.items(RESERVATIONS))
    book.held = {one.id: one for one in sorted(kept_ones, key=lambda one: one.expires_at)}
    if book.held:
        for evse_id in kept(book.held.values(), _spots(station)):
            station.bays[evse_id].reserved = True
        _expire(station)


def on_registered(station: Station, event: events.Registered) -> None:
    _tell(station)


def on_online(station: Station, event: events.Online) -> None:
    if station.accepted:
        _tell(station)


def on_bay_changed(station: Station, event: events.BayChanged | events.DutyChanged) -> None:
    """H01.FR.16, 17: what cannot be honoured any more is cancelled; of several that would do, the latest."""
    book = station.part(Book)
    if not book.held:
        return
    honoured: list[Reservation] = []
    for one in list(book.held.values()):
        if placed([*honoured, one], _spots(station)) is None:
            _end(station, one, "Removed")
        else:
            honoured.append(one)
    _keep_free(station)


def on_variable(station: Station, event: events.VariableChanged) -> None:
    """Whoever disables reservations wants none."""
    if event.name.component == "ReservationCtrlr" and not station.model.flag("ReservationCtrlr", "Enabled"):
        for one in list(station.part(Book).held.values()):
            _end(station, one, "Removed")
        _settle(station)


def on_nobody_came(station: Station, event: events.NobodyCame) -> None:
    """H03.FR.11: the token came, and no vehicle."""
    if event.authorization.reservation_id is not None:
        _announce(station, Over(reservation_id=event.authorization.reservation_id, status="NoTransaction"))


def on_clock_set(station: Station, event: events.ClockSet) -> None:
    if station.part(Book).held:
        _expire(station)


# Inside.


def _spots(station: Station) -> Iterator[Spot]:
    """EVSEs that nobody uses. One that is kept free stays so when somebody plugs in (G01.FR.09)."""
    for bay in station.bays.values():
        idle = bay.authorization is None and (bay.reserved or (bay.plugged is None and bay.transaction is None))
        if idle and not bay.resetting and in_service(station, bay):
            yield Spot(bay.evse_id, bay.built.kinds)


def _targets(reservation: Reservation, bay: Bay) -> bool:
    if reservation.evse_id not in (None, bay.evse_id):
        return False
    return reservation.connector_kind is None or reservation.connector_kind in bay.built.kinds


def _why_not(station: Station, targets: list[Bay]) -> str:
    """H01.FR.11, 12, 14: of several, what the best of them is."""
    if any(in_service(station, bay) for bay in targets):
        return "Occupied"
    return "Faulted" if all(bay.fault is not None for bay in targets) else "Unavailable"


def _keep_free(station: Station) -> None:
    """Mark the EVSEs that have to be kept free now."""
    book = station.part(Book)
    wanted = kept(book.held.values(), list(_spots(station)))
    for bay in station.bays.values():
        bay.reserved = bay.evse_id in wanted


def _settle(station: Station) -> None:
    """What follows from a reservation that has come or gone."""
    _keep_free(station)
    _expire(station)
    for bay in station.bays.values():
        station.announce(events.BayChanged(bay))


def _expire(station: Station) -> None:
    """H04: end what is over, and come back for what will be next."""
    book, now = station.part(Book), station.now()
    if book.timer is not None:
        book.timer.cancel()
        book.timer = None
    over = [one for one in book.held.values() if one.expires_at <= now]
    for one in over:
        _end(station, one, "Expired")
    if book.held:
        next_s = min((one.expires_at - now).total_seconds() for one in book.held.values())
        book.timer = station.after(next_s, lambda: _expire(station))
    if over:
        _settle(station)


def _end(station: Station, reservation: Reservation, status: str) -> None:
    _forget(station, reservation.id)
    _announce(station, Over(reservation_id=reservation.id, status=status))


def _forget(station: Station, reservation_id: int) -> None:
    del station.part(Book).held[reservation_id]
    station.storage.remove(RESERVATIONS, str(reservation_id))


def _announce(station: Station, over: Over) -> None:
    """Kept until it is told, after the statuses that change with it."""
    station.storage.put(UNTOLD, str(over.reservation_id), over)
    if station.online:
        station.later(lambda: _say(station, over))


def _tell(station: Station) -> None:
    for _, over in station.storage.items(UNTOLD):
        _say(station, over)


def _say(station: Station, over: Over) -> None:
    def ended(answered: bool) -> None:
        if answered:
            station.storage.remove(UNTOLD, str(over.reservation_id))

    station.say(over, ended=ended)
