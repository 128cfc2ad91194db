"""Transactions in the words of 2.0.1 and 2.1: TransactionEvent."""

from __future__ import annotations

from decimal import Decimal
from typing import Final, cast

from msgspec import UNSET

from forecourt.charging.tokens import TokenKind, Verdict
from forecourt.ocpp import v2
from forecourt.ocpp.versions import V21
from forecourt.station import events
from forecourt.station.blocks.authorization import actions as authorization
from forecourt.station.blocks.transactions import actions, limits
from forecourt.station.core import Station
from forecourt.station.dialects import Hears, Said, Says
from forecourt.station.outbox import TransactionMessage
from forecourt.station.state import Limits
from forecourt.station.words.v2 import id_token, info_of, meter_values

_REASONS: Final = {"HardReset": "ImmediateReset", "SoftReset": "Reboot", "UnlockCommand": "Other"}
"""Reasons that 2.x has other words for."""
_TRIGGERS_201: Final = {
    "TxResumed": "AbnormalCondition",
    "LimitSet": "ChargingStateChanged",
    "CostLimitReached": "ChargingStateChanged",
    "SoCLimitReached": "ChargingStateChanged",
}


def say(station: Station, told: TransactionMessage) -> v2.TransactionEvent:
    """E01, E02, E06."""
    token = told.stop_token or told.token
    reason = None if told.reason is None else _REASONS.get(told.reason, told.reason)
    info = v2.Transaction(
        transaction_id=told.transaction_id,
        charging_state=cast(v2.ChargingState, told.state),
        stopped_reason=UNSET if reason is None else cast(v2.Reason, reason),
        remote_start_id=UNSET if told.remote_start_id is None else told.remote_start_id,
        operation_mode=UNSET if told.mode is None or station.dialect.version is not V21 else told.mode.value,
        transaction_limit=UNSET if told.limits is None or station.dialect.version is not V21 else _limit(told.limits),
    )
    values = meter_values((*told.trail, *told.readings))
    return v2.TransactionEvent(
        event_type=cast(v2.TransactionEventEnumType, told.kind),
        timestamp=told.at,
        trigger_reason=cast(v2.TriggerReason, _trigger(station, told.trigger)),
        seq_no=told.seq or 0,
        offline=True if told.offline else UNSET,
        reservation_id=UNSET if told.reservation_id is None else told.reservation_id,
        transaction_info=info,
        evse=v2.EVSE(id=told.evse_id, connector_id=told.connector_id),
        id_token=UNSET if token is None else id_token(token),
        meter_value=values or UNSET,
    )


def _trigger(station: Station, trigger: str) -> str:
    """2.0.1 has fewer words: that the power was away is no normal thing, and most limits of a transaction are unknown."""
    return trigger if station.dialect.version is V21 else _TRIGGERS_201.get(trigger, trigger)


def _limit(told: Limits) -> v2.TransactionLimit:
    return v2.TransactionLimit(
        max_energy=UNSET if told.energy_wh is None else told.energy_wh,
        max_time=UNSET if told.time_s is None else int(told.time_s),
        max_cost=UNSET if told.cost is None else told.cost,
        max_so_c=UNSET if told.soc_percent is None else int(told.soc_percent),
    )


def _limits_of(limit: v2.TransactionLimit) -> Limits:
    return Limits(
        energy_wh=None if limit.max_energy is UNSET else limit.max_energy,
        time_s=None if limit.max_time is UNSET else Decimal(limit.max_time),
        cost=None if limit.max_cost is UNSET else limit.max_cost,
        soc_percent=None if limit.max_so_c is UNSET else Decimal(limit.max_so_c),
    )


def heard(station: Station, told: TransactionMessage, answer: v2.TransactionEventResponse) -> None:
    """E05: a token that is refused afterwards. What is said of a token goes into the cache (C10.FR.02).

    Limits of the transaction hold from now on (E16). Running and total cost and words for the driver are shown (I02, I03, I06).
    """
    token = told.stop_token or told.token
    if answer.updated_personal_message is not UNSET:
        words, extra = answer.updated_personal_message, answer.updated_personal_message_extra
        others = () if extra is UNSET else tuple([(one.language or None, one.content) for one in extra])
        message = events.PersonalMessage(token, told.evse_id, words.content, words.language or None, others)
        station.announce(message)
    if answer.total_cost is not UNSET:
        station.announce(
            events.CostTold(told.evse_id, told.transaction_id, answer.total_cost, final=told.kind == "Ended")
        )
    if answer.transaction_limit is not UNSET:
        limits.impose(station, told.transaction_id, _limits_of(answer.transaction_limit))
    if token is None or answer.id_token_info is UNSET or token.kind == TokenKind.NO_AUTHORIZATION:
        return
    info = info_of(answer.id_token_info)
    authorization.learn(station, token, info)
    if info.verdict is not Verdict.ACCEPTED and told.stop_token is None:
        actions.refuse(station, told.transaction_id)


def on_get_transaction_status(station: Station, call: v2.GetTransactionStatus) -> v2.GetTransactionStatusResponse:
    """E14."""
    if call.transaction_id is UNSET:
        return v2.GetTransactionStatusResponse(messages_in_queue=station.outbox.holds())
    return v2.GetTransactionStatusResponse(
        ongoing_indicator=actions.by_id(station, call.transaction_id) is not None,
        messages_in_queue=station.outbox.holds(call.transaction_id),
    )


HEARS: Final[Hears] = {v2.GetTransactionStatus: on_get_transaction_status}
SAYS: Final[Says] = {TransactionMessage: Said(v2.TransactionEvent, say, heard)}
