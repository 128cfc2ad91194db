"""Transactions in the words of 2.0.1 and 2.1: one message for everything, under a name that the station gives."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from typing import Final

from msgspec import UNSET, UnsetType

from forecourt.charging.limits import Limits
from forecourt.charging.tokens import Token
from forecourt.csms.blocks.authorization.model import Judged
from forecourt.csms.blocks.metering.model import Metered, instant
from forecourt.csms.blocks.transactions import actions
from forecourt.csms.blocks.transactions.actions import Transactions
from forecourt.csms.blocks.transactions.model import Details, GetTransactionStatus, LimitsData, Told, What
from forecourt.csms.stations.commands import CommandStatus, Outcome
from forecourt.csms.stations.dialects import Hears, Said, Says
from forecourt.csms.stations.link import Link
from forecourt.csms.store.work import Work
from forecourt.ocpp import v2

_WHAT: Final = MappingProxyType({what.value: what for what in What})
_NOTHING: Final[frozenset[str]] = frozenset()


@dataclass(frozen=True, slots=True)
class Words:
    """What the dialects of authorization and metering say for this one; handed in where everything is put together."""

    info_of: Callable[[Judged], v2.IdTokenInfo]
    metered_of: Callable[[v2.MeterValue], Metered]


async def on_transaction_event(
    block: Transactions, words: Words, link: Link, work: Work, call: v2.TransactionEvent
) -> v2.TransactionEventResponse:
    """E01 to E17, J02.FR.19."""
    info = call.transaction_info
    evse = call.evse
    told = Told(
        action="TransactionEvent",
        wire_id=info.transaction_id,
        # The schema knows no other; an odd one, let through, is one more event.
        what=_WHAT.get(call.event_type, What.UPDATED),
        # A negative one would be taken for what has no number.
        seq_no=max(call.seq_no, 0),
        at=instant(call.timestamp),
        trigger=call.trigger_reason,
        offline=call.offline is True,
        evse_id=None if evse is UNSET else evse.id or None,
        connector_id=None if evse is UNSET else evse.connector_id or None,
        charging_state=info.charging_state or "",
        time_spent_s=None if info.time_spent_charging is UNSET else info.time_spent_charging,
        token=None if call.id_token is UNSET else Token(call.id_token.id_token, call.id_token.type),
        details=_details(block, call),
        values=() if call.meter_value is UNSET else tuple([words.metered_of(value) for value in call.meter_value]),
    )
    heard = await actions.tell(block, link, work, told)
    return v2.TransactionEventResponse(
        total_cost=UNSET if heard.cost is None else heard.cost.amount,
        # E01.FR.12, E02.FR.02, E03.FR.02: wherever there was an idToken.
        id_token_info=UNSET if heard.judged is None else words.info_of(heard.judged),
        transaction_limit=UNSET if heard.limits is None else _limit(link, heard.limits),
    )


def _details(block: Transactions, call: v2.TransactionEvent) -> Details | None:
    info = call.transaction_info
    if (
        info.stopped_reason is UNSET
        and info.remote_start_id is UNSET
        and call.reservation_id is UNSET
        and info.transaction_limit is UNSET
        and call.cost_details is UNSET
        and call.number_of_phases_used is UNSET
        and call.cable_max_current is UNSET
        and info.operation_mode is UNSET
    ):
        return None
    return Details(
        stop_reason=info.stopped_reason or "",
        wire_reason=info.stopped_reason or "",
        remote_start_id=None if info.remote_start_id is UNSET else info.remote_start_id,
        reservation_id=None if call.reservation_id is UNSET else call.reservation_id,
        limits=None if info.transaction_limit is UNSET else _told(block, info.transaction_limit),
        local_cost=call.cost_details is not UNSET,
        phases_used=None if call.number_of_phases_used is UNSET else call.number_of_phases_used,
        cable_max_current_a=None if call.cable_max_current is UNSET else call.cable_max_current,
        operation_mode=info.operation_mode or "",
    )


def _told(block: Transactions, limit: v2.TransactionLimit) -> LimitsData:
    """Limits the station observes, whoever set them. A state of charge that is none is left out."""
    soc = None if limit.max_so_c is UNSET or not 0 <= limit.max_so_c <= 100 else limit.max_so_c
    return LimitsData(
        energy_wh=None if limit.max_energy is UNSET else limit.max_energy,
        time_s=None if limit.max_time is UNSET else limit.max_time,
        cost=None if limit.max_cost is UNSET else limit.max_cost,
        currency="" if limit.max_cost is UNSET else block.currency,
        soc_percent=soc,
    )


def _limit(link: Link, limits: Limits) -> v2.TransactionLimit | UnsetType:
    """E16.FR.02. Nothing for a version that has no words for it: there we alone watch."""
    lacking = link.dialect.version.delta.absent.get(v2.TransactionEventResponse, _NOTHING)
    if "transaction_limit" in lacking:
        return UNSET
    return v2.TransactionLimit(
        max_energy=UNSET if limits.energy_wh is None else limits.energy_wh,
        max_time=UNSET if limits.time_s is None else limits.time_s,
        max_cost=UNSET if limits.cost is None else limits.cost.amount,
        max_so_c=UNSET if limits.soc_percent is None else limits.soc_percent,
    )


async def say_get_transaction_status(link: Link, command: GetTransactionStatus) -> Outcome:
    """E14. Without a transaction the station says only whether messages wait (E14.FR.06)."""
    reply = await link.call(v2.GetTransactionStatus(transaction_id=command.transaction_id or UNSET))
    result = {"messagesInQueue": reply.messages_in_queue}
    if reply.ongoing_indicator is not UNSET:
        result["ongoing"] = reply.ongoing_indicator
    return Outcome(CommandStatus.ACCEPTED, "Accepted", result)


def hears(block: Transactions, words: Words) -> Hears:
    """What is heard, and by whom."""
    return {v2.TransactionEvent: partial(on_transaction_event, block, words)}


SAYS: Final[Says] = MappingProxyType(
    {GetTransactionStatus: Said((v2.GetTransactionStatus,), say_get_transaction_status)}
)
"""What is said. Stopping a transaction is said by remote_control."""
