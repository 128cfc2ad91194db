"""Remote control in the words of 2.0.1 and 2.1."""

from __future__ import annotations

from typing import Final, cast

from msgspec import UNSET

from forecourt.charging.ids import STATION, ConnectorId, EvseId
from forecourt.charging.tokens import Token
from forecourt.charging.topology import Place
from forecourt.ocpp import v2
from forecourt.station.blocks.remote_control import actions
from forecourt.station.blocks.transactions import actions as transactions
from forecourt.station.core import Station
from forecourt.station.dialects import Hears, Says
from forecourt.station.words.profiles.v2 import profile_of


def on_request_start(station: Station, call: v2.RequestStartTransaction) -> v2.RequestStartTransactionResponse:
    """F01, F02, K05."""
    token = Token(call.id_token.id_token, call.id_token.type)
    group = call.group_id_token
    started = actions.start(
        station,
        token,
        None if call.evse_id is UNSET else EvseId(call.evse_id),
        group=None if group is UNSET else Token(group.id_token, group.type),
        remote_start_id=call.remote_start_id,
        profile=None if call.charging_profile is UNSET else profile_of(call.charging_profile),
    )
    code = started.reason_code
    return v2.RequestStartTransactionResponse(
        status="Accepted" if started.accepted else "Rejected",
        transaction_id=UNSET if started.transaction_id is None else started.transaction_id,
        status_info=UNSET if code is None else v2.StatusInfo(reason_code=code),
    )


def on_request_stop(station: Station, call: v2.RequestStopTransaction) -> v2.RequestStopTransactionResponse:
    """F03, F04. Refused while the station is not accepted (B02.FR.05)."""
    bay = transactions.by_id(station, call.transaction_id) if station.accepted else None
    return v2.RequestStopTransactionResponse(status="Accepted" if actions.stop(station, bay) else "Rejected")


def on_unlock(station: Station, call: v2.UnlockConnector) -> v2.UnlockConnectorResponse:
    """F05. Not while an authorized transaction runs (F05.FR.02)."""
    place = Place(EvseId(call.evse_id), ConnectorId(call.connector_id))
    if place.evse_id == STATION or not station.build.topology.has(place):
        return v2.UnlockConnectorResponse(status="UnknownConnector")
    bay = station.bays[place.evse_id]
    if bay.transaction is not None and bay.authorization is not None:
        return v2.UnlockConnectorResponse(status="OngoingAuthorizedTransaction")
    return v2.UnlockConnectorResponse(status="Unlocked" if actions.unlock(station, place) else "UnlockFailed")


def on_trigger(station: Station, call: v2.TriggerMessage) -> v2.TriggerMessageResponse:
    """F06. A connector that is not named means all of the EVSE."""
    place = None
    if call.evse is not UNSET:
        connector_id = call.evse.connector_id
        place = Place(EvseId(call.evse.id), None if connector_id is UNSET else ConnectorId(connector_id))
        if not station.build.topology.has(place):
            return v2.TriggerMessageResponse(status="Rejected", status_info=v2.StatusInfo(reason_code="UnknownEvse"))
    if call.requested_message == "BootNotification" and station.accepted:
        # F06.FR.17: who is accepted need not boot again.
        return v2.TriggerMessageResponse(status="Rejected", status_info=v2.StatusInfo(reason_code="NotEnabled"))
    status = actions.trigger(station, call.requested_message, place)
    return v2.TriggerMessageResponse(status=cast(v2.TriggerMessageStatus, status))


HEARS: Final[Hears] = {
    v2.RequestStartTransaction: on_request_start,
    v2.RequestStopTransaction: on_request_stop,
    v2.UnlockConnector: on_unlock,
    v2.TriggerMessage: on_trigger,
}
SAYS: Final[Says] = {}
