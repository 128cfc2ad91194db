"""Remote control in the words of 2.0.1 and 2.1: EVSEs, typed tokens, the station's own transaction ids."""

from __future__ import annotations

from functools import partial
from types import MappingProxyType
from typing import Final

from msgspec import UNSET, UnsetType

from forecourt.charging.tokens import Token, TokenKind
from forecourt.charging.topology import Place
from forecourt.csms.blocks.remote_control.actions import (
    asking_for,
    remote_start_id,
    triggered,
    unlocked,
    with_limits,
)
from forecourt.csms.blocks.remote_control.model import (
    StartCharging,
    StopCharging,
    Trigger,
    UnlockConnector,
    Wish,
    connectors_of,
    only_connector,
)
from forecourt.csms.blocks.transactions.actions import Transactions
from forecourt.csms.stations.commands import Outcome
from forecourt.csms.stations.dialects import Hears, Said, Says
from forecourt.csms.stations.link import Link
from forecourt.csms.stations.model import Station
from forecourt.csms.store.work import Store
from forecourt.errors import Invalid
from forecourt.ocpp import v2

_TRIGGERS: Final[MappingProxyType[Wish, v2.MessageTrigger]] = MappingProxyType(
    {
        Wish.BOOT_NOTIFICATION: "BootNotification",
        Wish.LOG_STATUS: "LogStatusNotification",
        Wish.DIAGNOSTICS_STATUS: "LogStatusNotification",
        Wish.FIRMWARE_STATUS: "FirmwareStatusNotification",
        Wish.SIGNED_FIRMWARE_STATUS: "FirmwareStatusNotification",
        Wish.HEARTBEAT: "Heartbeat",
        Wish.METER_VALUES: "MeterValues",
        Wish.STATUS_NOTIFICATION: "StatusNotification",
        Wish.TRANSACTION_EVENT: "TransactionEvent",
        Wish.SIGN_CERTIFICATE: "SignChargingStationCertificate",
        Wish.SIGN_V2G_CERTIFICATE: "SignV2GCertificate",
        Wish.SIGN_V2G20_CERTIFICATE: "SignV2G20Certificate",
        Wish.SIGN_COMBINED_CERTIFICATE: "SignCombinedCertificate",
        Wish.PUBLISH_FIRMWARE_STATUS: "PublishFirmwareStatusNotification",
        Wish.CUSTOM: "CustomTrigger",
    }
)


async def say_start(block: Transactions, store: Store, link: Link, command: StartCharging) -> Outcome:
    """F01, F02. A connector cannot be said, only its EVSE; limits are told when it begins (E16.FR.02)."""
    number = await remote_start_id(store, link.station, command)
    async with with_limits(store, block.currency, link.station, command, number) as told:
        reply = await link.call(
            v2.RequestStartTransaction(
                evse_id=UNSET if command.evse_id is None else command.evse_id,
                group_id_token=UNSET if command.group is None else _id_token(command.group),
                id_token=_id_token(command.token),
                remote_start_id=number,
            )
        )
        told(reply.status == "Accepted")
    details: dict[str, str | int] = {"remoteStartId": number, **_details(reply.status_info)}
    if reply.transaction_id is not UNSET:
        # F01.FR.13: there is one already that waited for an authorization.
        details["transactionId"] = reply.transaction_id
    return Outcome.accepted_if(reply.status == "Accepted", reply.status, **details)


async def say_stop(link: Link, command: StopCharging) -> Outcome:
    """F03.FR.01."""
    reply = await link.call(v2.RequestStopTransaction(transaction_id=command.transaction.wire_id))
    return Outcome.accepted_if(reply.status == "Accepted", reply.status, **_details(reply.status_info))


async def say_unlock(link: Link, command: UnlockConnector) -> Outcome:
    """F05."""
    connector = command.connector_id
    if connector is None:
        connector = only_connector(link.station, command.evse_id)
    reply = await link.call(v2.UnlockConnector(evse_id=command.evse_id, connector_id=connector))
    return unlocked(reply.status, **_details(reply.status_info))


async def say_trigger(link: Link, command: Trigger) -> Outcome:
    """F06. The state of connectors is asked for connector by connector (F06.FR.13)."""
    requested = _TRIGGERS[command.wish]
    words: list[str] = []
    details: dict[str, str] = {}
    with asking_for(link, command.wish) as agree:
        for evse in _evses(link.station, command):
            reply = await link.call(
                v2.TriggerMessage(evse=evse, requested_message=requested, custom_trigger=command.custom or UNSET)
            )
            words.append(reply.status)
            details.update(_details(reply.status_info))
            if reply.status == "Accepted":
                agree()
    return triggered(words, **details)


def _evses(station: Station, command: Trigger) -> list[v2.EVSE | UnsetType]:
    """For which places to ask, one message for each."""
    evse_id, connector_id = command.evse_id, command.connector_id
    if command.wish is not Wish.STATUS_NOTIFICATION:
        if evse_id is None:
            return [UNSET]
        return [v2.EVSE(id=evse_id, connector_id=UNSET if connector_id is None else connector_id)]
    if evse_id is not None and connector_id is not None:
        return [v2.EVSE(id=evse_id, connector_id=connector_id)]
    places = connectors_of(station, evse_id)
    if places:
        return [_evse(place) for place in places]
    if evse_id is not None:
        return [v2.EVSE(id=evse_id, connector_id=1)]
    message = "it is not known what this station consists of: name the EVSE and the connector (F06.FR.13)"
    raise Invalid("connector_required", message, {"connectorId": message})


def _evse(place: Place) -> v2.EVSE:
    return v2.EVSE(id=place.evse_id, connector_id=UNSET if place.connector_id is None else place.connector_id)


def _id_token(token: Token) -> v2.IdToken:
    """A token without type is taken for what most card readers read."""
    return v2.IdToken(id_token=token.value, type=token.kind or TokenKind.ISO14443.value)


def _details(info: v2.StatusInfo | UnsetType) -> dict[str, str]:
    """What a station adds to its word, for people."""
    if info is UNSET:
        return {}
    added = {} if info.additional_info is UNSET else {"additionalInfo": info.additional_info}
    return {"reasonCode": info.reason_code, **added}


HEARS: Final[Hears] = MappingProxyType({})


def says(block: Transactions, store: Store) -> Says:
    """What is said, and by whom. `store` allots the numbers of remote starts, `block` is what they begin in."""
    return {
        StartCharging: Said((v2.RequestStartTransaction,), partial(say_start, block, store)),
        StopCharging: Said((v2.RequestStopTransaction,), say_stop),
        UnlockConnector: Said((v2.UnlockConnector,), say_unlock),
        Trigger: Said((v2.TriggerMessage,), say_trigger),
    }
