"""Starting, stopping, unlocking and triggering on behalf of the management system."""

from __future__ import annotations

from dataclasses import dataclass

from forecourt.charging.ids import STATION, EvseId
from forecourt.charging.local_authorization import TokenInfo
from forecourt.charging.schedule import Profile
from forecourt.charging.tokens import Token, Verdict
from forecourt.charging.topology import Place
from forecourt.station.blocks.authorization.actions import judge
from forecourt.station.blocks.reservation import actions as reservation
from forecourt.station.blocks.smart_charging import actions as smart_charging
from forecourt.station.blocks.transactions import actions as transactions
from forecourt.station.core import Station
from forecourt.station.state import Authorization, Bay


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """Whether a start is accepted, the id of a transaction that runs already, or why not if there is a word for it."""

    accepted: bool
    transaction_id: str | None = None
    reason_code: str | None = None


def start(
    station: Station,
    token: Token,
    evse_id: EvseId | None,
    *,
    group: Token | None = None,
    remote_start_id: int | None = None,
    profile: Profile | None = None,
) -> Started:
    """F01, F02, 1.6 section 5.11, with a profile K05. Whether the token is asked about first is configured
    (AuthorizeRemoteStart)."""
    if not station.accepted:
        return Started(accepted=False)  # B02.FR.05
    bay = _bay(station, evse_id, token, group)
    if bay is None:
        return Started(accepted=False)
    if profile is not None:
        if not smart_charging.enabled(station):
            profile = None  # K05.FR.04
        elif not (verdict := smart_charging.check_for_start(station, profile, bay.evse_id)).accepted:
            return Started(accepted=False, reason_code=verdict.reason_code)  # K05.FR.05

    def judged(info: TokenInfo) -> None:
        if (
            info.verdict is Verdict.ACCEPTED
            and _takes(station, bay)
            and reservation.is_open(station, bay, token, group)
        ):
            used = reservation.use(station, bay, token, group)
            if profile is not None:
                smart_charging.install_for_start(station, profile, bay.evse_id)
            authorization = Authorization(
                token=token,
                group=group,
                remote_start_id=remote_start_id,
                reservation_id=used,
                languages=info.languages,
            )
            transactions.authorize(station, bay, authorization, "RemoteStart")

    def begin() -> None:
        if station.model.flag("AuthCtrlr", "AuthorizeRemoteStart"):
            judge(station, token, judged)
        else:
            judged(TokenInfo(verdict=Verdict.ACCEPTED))

    station.later(begin)
    return Started(accepted=True, transaction_id=None if bay.transaction is None else bay.transaction.id)


def stop(station: Station, bay: Bay | None) -> bool:
    """F03, 1.6 section 5.12."""
    if bay is None:
        return False

    def end() -> None:
        if bay.authorization is not None:
            transactions.withdraw(station, bay, "RemoteStop", "Remote")
        else:
            transactions.interrupt(station, bay, "RemoteStop", "Remote")

    station.later(end)
    return True


def numbered(station: Station, number: int) -> Bay | None:
    """Where the transaction runs that a 1.6 management system has given this number."""
    for bay in station.bays.values():
        if bay.transaction is not None and station.outbox.numbering(bay.transaction.id).number == number:
            return bay
    return None


def unlock(station: Station, place: Place) -> bool:
    """Release the plug; whether that may be while a transaction runs is for the dialect."""
    bay = station.bays[place.evse_id]
    connector_id = place.connector_id or bay.outlets[0].connector_id
    return station.hardware.unlock(bay.evse_id, connector_id)


def trigger(station: Station, what: str, place: Place | None) -> str:
    """F06. Returns Accepted, Rejected or NotImplemented; what was asked for follows after the answer."""
    known = station.wiring.triggers.get(what)
    if known is None:
        return "NotImplemented"
    return "Accepted" if known(station, place) else "Rejected"


def trigger_transaction(station: Station, place: Place | None) -> bool:
    """F06.FR.07: the state of running transactions, at one EVSE or all."""
    asked = STATION if place is None else place.evse_id
    found = [bay for bay in station.bays.values() if bay.transaction is not None and asked in (STATION, bay.evse_id)]

    def tell() -> None:
        for bay in found:
            transactions.report(station, bay)

    station.later(tell)
    return bool(found)


def _bay(station: Station, evse_id: EvseId | None, token: Token, group: Token | None) -> Bay | None:
    """Where a start is meant to be. What is reserved is for nobody else (F01, H03)."""
    found = [bay for bay in station.bays.values() if evse_id in (None, bay.evse_id) and _takes(station, bay)]
    return reservation.preferred(station, found, token, group)


def _takes(station: Station, bay: Bay) -> bool:
    return bay.usable and bay.authorization is None and not bay.resetting
