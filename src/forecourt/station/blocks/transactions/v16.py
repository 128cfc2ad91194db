"""Transactions in the words of 1.6: a start, meter values, a stop; the number comes with the answer to the start."""

from __future__ import annotations

from typing import Final, cast

import msgspec
from msgspec import UNSET

from forecourt.charging.tokens import Verdict
from forecourt.charging.topology import Place
from forecourt.ocpp import v16
from forecourt.ocpp.message import Message
from forecourt.station.blocks.authorization import actions as authorization
from forecourt.station.blocks.transactions import actions
from forecourt.station.core import Station
from forecourt.station.dialects import Hears, Said, Says
from forecourt.station.outbox import TransactionMessage
from forecourt.station.words.v16 import info_of, meter_values

NO_NUMBER: Final = -1
"""For a transaction whose start was given up, so that nobody ever gave it a number."""

_REASONS: Final = frozenset(
    {
        "DeAuthorized",
        "EmergencyStop",
        "EVDisconnected",
        "HardReset",
        "Other",
        "PowerLoss",
        "Reboot",
        "Remote",
        "SoftReset",
        "UnlockCommand",
    }
)


def say(station: Station, told: TransactionMessage) -> Message | None:
    """Sections 4.7, 4.8, 4.10. What is neither begin nor end nor a reading has no message."""
    if told.kind == "Started":
        return _start(station, told)
    number = station.outbox.numbering(told.transaction_id).number
    if told.kind == "Ended":
        return _stop(told, NO_NUMBER if number is None else number)
    if not told.readings:
        return None
    return v16.MeterValues(
        connector_id=_connector(station, told),
        transaction_id=NO_NUMBER if number is None else number,
        meter_value=meter_values(told.readings),
    )


def heard(station: Station, told: TransactionMessage, answer: Message) -> None:
    if isinstance(answer, v16.StartTransactionResponse):
        numbering = station.outbox.numbering(told.transaction_id)
        station.outbox.number(told.transaction_id, msgspec.structs.replace(numbering, number=answer.transaction_id))
        if told.readings:
            # Signed meter values, 3.1.2: a start has no room for them.
            station.outbox.follow(
                msgspec.structs.replace(told, kind="Updated", token=None, seq=None, attempts=0, remote_start_id=None)
            )
        token, info = told.token, info_of(answer.id_tag_info)
        if token is not None:
            authorization.learn(station, token, info)
        if info.verdict is not Verdict.ACCEPTED:
            actions.refuse(station, told.transaction_id)
    elif isinstance(answer, v16.StopTransactionResponse) and answer.id_tag_info is not UNSET:
        token = told.stop_token or told.token
        if token is not None:
            authorization.learn(station, token, info_of(answer.id_tag_info))


def _start(station: Station, told: TransactionMessage) -> v16.StartTransaction:
    return v16.StartTransaction(
        connector_id=_connector(station, told),
        id_tag="" if told.token is None else told.token.value,
        meter_start=int(told.register_wh),
        reservation_id=UNSET if told.reservation_id is None else told.reservation_id,
        timestamp=told.at,
    )


def _stop(told: TransactionMessage, number: int) -> v16.StopTransaction:
    reason = told.reason or "Local"
    data = meter_values((*told.trail, *told.readings))
    # Local is what the reason is when there is none (section 7.36).
    said = UNSET if reason == "Local" else cast(v16.Reason, reason if reason in _REASONS else "Other")
    return v16.StopTransaction(
        id_tag=UNSET if told.stop_token is None else told.stop_token.value,
        meter_stop=int(told.register_wh),
        timestamp=told.at,
        transaction_id=number,
        reason=said,
        transaction_data=data or UNSET,
    )


def _connector(station: Station, told: TransactionMessage) -> int:
    return station.build.topology.to_flat(Place(told.evse_id, told.connector_id))


HEARS: Final[Hears] = {}
SAYS: Final[Says] = {TransactionMessage: Said(v16.StartTransaction, say, heard)}
