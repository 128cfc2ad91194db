"""A vehicle that shows the contract it is paid by (C07): it begins a session as a card does, or its driver needs a card (C08).
Vehicles that talk end their sessions, too (E15)."""

from __future__ import annotations

from forecourt.charging.ids import EvseId
from forecourt.charging.local_authorization import TokenInfo
from forecourt.charging.tokens import Token, TokenKind
from forecourt.station import events
from forecourt.station.blocks.authorization.actions import judge_contract
from forecourt.station.blocks.reservation import actions as reservation
from forecourt.station.blocks.transactions.actions import withdraw
from forecourt.station.blocks.transactions.presenting import admit
from forecourt.station.core import Station
from forecourt.station.hardware.interface import Contract
from forecourt.station.state import Authorization, Bay


class Shown:
    """The contracts about which nothing has been decided yet."""

    __slots__ = ("contracts",)

    def __init__(self, station: Station) -> None:
        self.contracts: dict[EvseId, Contract] = {}


def on_contract_shown(station: Station, event: events.ContractShown) -> None:
    bay, contract = station.bays[event.evse_id], event.contract
    if _leave(bay) is not None or bay.plugged is None or not bay.usable or bay.resetting:
        # Who has leave already, by a card or before a reset, keeps it.
        _decided(station, event.evse_id)
        return
    station.part(Shown).contracts[event.evse_id] = contract
    judge_contract(station, contract, lambda info: _judged(station, event.evse_id, contract, info))


def on_session_ended(station: Station, event: events.SessionEnded) -> None:
    """E15.FR.04, 05; once."""
    bay = station.bays[event.evse_id]
    if bay.authorization is not None:
        withdraw(station, bay, "StopAuthorized", "StoppedByEV")


def on_unplugged(station: Station, event: events.Unplugged) -> None:
    shown = station.made(Shown)
    if shown is not None:
        shown.contracts.pop(event.evse_id, None)


def _judged(station: Station, evse_id: EvseId, contract: Contract, info: TokenInfo) -> None:
    """Unless the vehicle has gone meanwhile, or has shown another contract."""
    shown, bay = station.part(Shown).contracts, station.bays[evse_id]
    if shown.get(evse_id) is not contract:
        return
    del shown[evse_id]
    token = Token(contract.emaid, TokenKind.EMAID)
    free = [bay] if bay.authorization is None and bay.usable and not bay.resetting else []
    if reservation.preferred(station, free, token, info.group) is not None:
        admit(station, bay, token, info, evse_id)
    _decided(station, evse_id)


def _decided(station: Station, evse_id: EvseId) -> None:
    authorization = _leave(station.bays[evse_id])
    station.hardware.judged(evse_id, accepted=authorization is not None and not authorization.invalid)


def _leave(bay: Bay) -> Authorization | None:
    """Who may charge there, or may go on to in a moment."""
    if bay.resuming and bay.transaction is not None and bay.transaction.authorized:
        return bay.transaction.authorization
    return bay.authorization
