"""What is told of a transaction: one message for each thing that happens, kept with the state it leaves behind."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

import msgspec

from forecourt.charging.readings import Reading
from forecourt.charging.schedule import OperationMode
from forecourt.charging.tokens import Token
from forecourt.station.core import Station
from forecourt.station.outbox import TransactionMessage
from forecourt.station.state import TRANSACTIONS, Bay, Limits, Transaction

_MODE_CHANGED: Final = "OperationModeChanged"


def tell(
    station: Station,
    bay: Bay,
    kind: str,
    trigger: str,
    *,
    reason: str | None = None,
    stop_token: Token | None = None,
    readings: tuple[Reading, ...] = (),
    trail: tuple[Reading, ...] = (),
    limits: Limits | None = None,
) -> None:
    """One message about the running transaction, to be delivered whatever happens."""
    transaction = bay.transaction
    if transaction is None:
        return
    register_wh = register_wh_of(station, bay, transaction)
    authorization = bay.authorization
    news = authorization is not None and not transaction.token_told
    message = TransactionMessage(
        transaction_id=transaction.id,
        kind=kind,
        trigger=trigger,
        at=station.now(),
        evse_id=bay.evse_id,
        connector_id=transaction.connector_id,
        state=bay.charging_state.value,
        register_wh=register_wh,
        offline=not station.online,
        token=authorization.token if authorization is not None and news else None,
        stop_token=stop_token,
        remote_start_id=authorization.remote_start_id if authorization is not None and news else None,
        reservation_id=authorization.reservation_id if authorization is not None and news else None,
        mode=None if bay.mode is OperationMode.CHARGING_ONLY and trigger != _MODE_CHANGED else bay.mode,
        reason=reason,
        readings=readings,
        trail=trail,
        limits=limits,
    )
    bay.transaction = msgspec.structs.replace(
        transaction,
        last_wh=register_wh,
        state=message.state,
        authorized=authorization is not None,
        token_told=transaction.token_told or news,
        authorization=authorization or transaction.authorization,
        remote_start_id=transaction.remote_start_id if message.remote_start_id is None else message.remote_start_id,
    )
    station.storage.put(TRANSACTIONS, transaction.id, bay.transaction)
    station.keep(message)


def register_wh_of(station: Station, bay: Bay, transaction: Transaction) -> Decimal:
    """Never less than what was told before, whatever the meter says."""
    return max(station.hardware.measure(bay.evse_id).import_wh, transaction.last_wh)
