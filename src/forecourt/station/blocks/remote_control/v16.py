"""Remote control in the words of 1.6."""

from __future__ import annotations

from typing import Final, cast

from msgspec import UNSET

from forecourt.charging.ids import STATION, TransactionId
from forecourt.charging.tokens import Token
from forecourt.charging.topology import Place
from forecourt.errors import NotFound
from forecourt.ocpp import v16
from forecourt.station.blocks.remote_control import actions
from forecourt.station.blocks.transactions import actions as transactions
from forecourt.station.core import Station
from forecourt.station.dialects import Hears, Says
from forecourt.station.words.profiles.v16 import profile_of

_TRIGGERS: Final = {"SignChargePointCertificate": "SignChargingStationCertificate"}
"""What the whitepaper calls differently."""

_PLAIN_TRIGGERS: Final = {"FirmwareStatusNotification": "PlainFirmwareStatusNotification"}
"""What is another message without the whitepaper."""


def on_remote_start(station: Station, call: v16.RemoteStartTransaction) -> v16.RemoteStartTransactionResponse:
    """Section 5.11."""
    evse_id = None
    if call.connector_id is not UNSET:
        try:
            evse_id = station.build.topology.of_flat(call.connector_id).evse_id
        except NotFound:
            return v16.RemoteStartTransactionResponse(status="Rejected")
    if evse_id == STATION:
        return v16.RemoteStartTransactionResponse(status="Rejected")
    told = call.charging_profile
    # Section 5.11: the transaction that begins has no number yet, so one that is named is none of ours.
    named = None if told is UNSET or told.transaction_id is UNSET else TransactionId(str(told.transaction_id))
    profile = None if told is UNSET else profile_of(told, named)
    started = actions.start(station, Token.untyped(call.id_tag), evse_id, profile=profile)
    return v16.RemoteStartTransactionResponse(status="Accepted" if started.accepted else "Rejected")


def on_remote_stop(station: Station, call: v16.RemoteStopTransaction) -> v16.RemoteStopTransactionResponse:
    """Section 5.12."""
    accepted = actions.stop(station, actions.numbered(station, call.transaction_id))
    return v16.RemoteStopTransactionResponse(status="Accepted" if accepted else "Rejected")


def on_unlock(station: Station, call: v16.UnlockConnector) -> v16.UnlockConnectorResponse:
    """Section 5.18: a running transaction is stopped first. A cable that is fixed to the station cannot be released."""
    try:
        place = station.build.topology.of_flat(call.connector_id)
    except NotFound:
        return v16.UnlockConnectorResponse(status="NotSupported")
    if place.evse_id == STATION:
        return v16.UnlockConnectorResponse(status="NotSupported")
    bay = station.bays[place.evse_id]
    if bay.built.captive(place.connector_id or bay.outlets[0].connector_id):
        return v16.UnlockConnectorResponse(status="NotSupported")
    if bay.transaction is not None:
        transactions.interrupt(station, bay, "UnlockCommand", "UnlockCommand")
    return v16.UnlockConnectorResponse(status="Unlocked" if actions.unlock(station, place) else "UnlockFailed")


def on_trigger(station: Station, call: v16.TriggerMessage) -> v16.TriggerMessageResponse:
    """Section 5.17."""
    place, known = _place(station, call.connector_id)
    what = _PLAIN_TRIGGERS.get(call.requested_message, call.requested_message)
    status = actions.trigger(station, what, place) if known else "Rejected"
    return v16.TriggerMessageResponse(status=cast(v16.TriggerMessageStatus, status))


def on_extended_trigger(station: Station, call: v16.ExtendedTriggerMessage) -> v16.ExtendedTriggerMessageResponse:
    """Security whitepaper, 5.5."""
    place, known = _place(station, call.connector_id)
    what = _TRIGGERS.get(call.requested_message, call.requested_message)
    status = actions.trigger(station, what, place) if known else "Rejected"
    return v16.ExtendedTriggerMessageResponse(status=cast(v16.TriggerMessageStatus, status))


def _place(station: Station, connector_id: object) -> tuple[Place | None, bool]:
    """Where, and whether there is such a connector. Not named and 0 mean all."""
    if not isinstance(connector_id, int) or connector_id == 0:
        return None, True
    try:
        return station.build.topology.of_flat(connector_id), True
    except NotFound:
        return None, False


HEARS: Final[Hears] = {
    v16.RemoteStartTransaction: on_remote_start,
    v16.RemoteStopTransaction: on_remote_stop,
    v16.UnlockConnector: on_unlock,
    v16.TriggerMessage: on_trigger,
    v16.ExtendedTriggerMessage: on_extended_trigger,
}
SAYS: Final[Says] = {}
