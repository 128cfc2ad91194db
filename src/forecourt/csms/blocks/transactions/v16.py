"""Transactions in the words of 1.6: begun and stopped with a message each, under a number that we give."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from typing import Final

from msgspec import UNSET

from forecourt.charging.tokens import Token
from forecourt.csms.blocks.authorization.model import Judged
from forecourt.csms.blocks.metering.model import Metered, instant, place_of_number
from forecourt.csms.blocks.transactions import actions
from forecourt.csms.blocks.transactions.actions import Begun, Over, Transactions
from forecourt.csms.blocks.transactions.model import STOP_AUTHORIZED
from forecourt.csms.stations.dialects import Hears, Says
from forecourt.csms.stations.link import Link
from forecourt.csms.store.work import Work
from forecourt.ocpp import v16

_ABNORMAL: Final = "AbnormalCondition"
_RESET: Final = "ResetCommand"

REASONS: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "DeAuthorized": ("DeAuthorized", "Deauthorized"),
        "EmergencyStop": ("EmergencyStop", _ABNORMAL),
        "EVDisconnected": ("EVDisconnected", "EVCommunicationLost"),
        "HardReset": ("ImmediateReset", _RESET),
        "Local": ("Local", STOP_AUTHORIZED),
        "Other": ("Other", _ABNORMAL),
        "PowerLoss": ("PowerLoss", _ABNORMAL),
        "Reboot": ("Reboot", _ABNORMAL),
        "Remote": ("Remote", "RemoteStop"),
        "SoftReset": ("ImmediateReset", _RESET),
        "UnlockCommand": ("Other", "UnlockCommand"),
    }
)
"""Each reason to stop as 2.1 says it: the reason, and what triggers such an event there."""


@dataclass(frozen=True, slots=True)
class Words:
    """What the dialects of authorization and metering say for this one; handed in where everything is put together."""

    info_of: Callable[[Judged], v16.IdTagInfo]
    metered_of: Callable[[v16.MeterValue], Metered]


async def on_start_transaction(
    block: Transactions, words: Words, link: Link, work: Work, call: v16.StartTransaction
) -> v16.StartTransactionResponse:
    """Section 4.8. A refused idTag gets a number all the same, since the station has begun already (errata 3.17)."""
    begun = Begun(
        place=place_of_number(link.station, call.connector_id),
        connector=call.connector_id,
        token=Token.untyped(call.id_tag),
        at=instant(call.timestamp),
        meter_start=call.meter_start,
        reservation_id=None if call.reservation_id is UNSET else call.reservation_id,
    )
    heard = await actions.begin(block, link, work, begun)
    assert heard.judged is not None and heard.number is not None  # noqa: S101, PT018 - it came with a token, and got a number
    return v16.StartTransactionResponse(id_tag_info=words.info_of(heard.judged), transaction_id=heard.number)


async def on_stop_transaction(
    block: Transactions, words: Words, link: Link, work: Work, call: v16.StopTransaction
) -> v16.StopTransactionResponse:
    """Section 4.10. An end is confirmed whatever we make of it; without a reason it was the driver's."""
    told = "Local" if call.reason is UNSET else call.reason
    reason, trigger = REASONS.get(told, (told, _ABNORMAL))
    over = Over(
        number=call.transaction_id,
        at=instant(call.timestamp),
        meter_stop=call.meter_stop,
        token=None if call.id_tag is UNSET else Token.untyped(call.id_tag),
        reason=reason,
        wire_reason=told,
        trigger=trigger,
        values=tuple([words.metered_of(value) for value in call.transaction_data or ()]),
    )
    heard = await actions.stop(block, link, work, over)
    info = UNSET if heard.judged is None else words.info_of(heard.judged)
    return v16.StopTransactionResponse(id_tag_info=info)


def hears(block: Transactions, words: Words) -> Hears:
    """What is heard, and by whom."""
    return {
        v16.StartTransaction: partial(on_start_transaction, block, words),
        v16.StopTransaction: partial(on_stop_transaction, block, words),
    }


SAYS: Final[Says] = MappingProxyType({})
"""This version has no words for the status of a transaction; stopping one is said by remote_control."""
