"""Remote control in the words of 1.6: connectors by number, transactions by our number, two kinds of trigger."""

from __future__ import annotations

from functools import partial
from types import MappingProxyType
from typing import Final

from msgspec import UNSET, UnsetType

from forecourt.charging.topology import Topology
from forecourt.csms.blocks.remote_control.actions import asking_for, triggered, unlocked, with_limits
from forecourt.csms.blocks.remote_control.model import (
    StartCharging,
    StopCharging,
    Trigger,
    UnlockConnector,
    Wish,
    place_of,
)
from forecourt.csms.blocks.transactions.actions import Transactions
from forecourt.csms.stations.commands import Outcome
from forecourt.csms.stations.dialects import Hears, Said, Says
from forecourt.csms.stations.link import Link
from forecourt.csms.stations.model import Station
from forecourt.csms.store.work import Store
from forecourt.errors import Invalid
from forecourt.ocpp import v16

_PLAIN: Final[MappingProxyType[Wish, v16.MessageTrigger]] = MappingProxyType(
    {
        Wish.BOOT_NOTIFICATION: "BootNotification",
        Wish.DIAGNOSTICS_STATUS: "DiagnosticsStatusNotification",
        Wish.FIRMWARE_STATUS: "FirmwareStatusNotification",
        Wish.HEARTBEAT: "Heartbeat",
        Wish.METER_VALUES: "MeterValues",
        Wish.STATUS_NOTIFICATION: "StatusNotification",
    }
)
"""Section 7.31: what TriggerMessage can ask for."""

_EXTENDED: Final[MappingProxyType[Wish, v16.ExtendedMessageTrigger]] = MappingProxyType(
    {
        Wish.LOG_STATUS: "LogStatusNotification",
        Wish.SIGNED_FIRMWARE_STATUS: "FirmwareStatusNotification",
        Wish.SIGN_CERTIFICATE: "SignChargePointCertificate",
    }
)
"""Security whitepaper: what only ExtendedTriggerMessage can ask for. Its firmware status is that of signed updates."""


async def say_start(block: Transactions, store: Store, link: Link, command: StartCharging) -> Outcome:
    """Section 5.11. The group and the number of the remote start cannot be said; the transaction is known by its idTag."""
    connector = UNSET if command.evse_id is None else _number(link.station, command.evse_id, command.connector_id)
    async with with_limits(store, block.currency, link.station, command) as told:
        reply = await link.call(v16.RemoteStartTransaction(connector_id=connector, id_tag=command.token.value))
        told(reply.status == "Accepted")
    return Outcome.accepted_if(reply.status == "Accepted", reply.status)


async def say_stop(link: Link, command: StopCharging) -> Outcome:
    """Section 5.12."""
    number = command.transaction.number
    if number is None:
        message = "this transaction has no number, by which OCPP 1.6 names it"
        raise Invalid("transaction_without_number", message, {"transaction": message})
    reply = await link.call(v16.RemoteStopTransaction(transaction_id=number))
    return Outcome.accepted_if(reply.status == "Accepted", reply.status)


async def say_unlock(link: Link, command: UnlockConnector) -> Outcome:
    """Section 5.18."""
    reply = await link.call(
        v16.UnlockConnector(connector_id=_number(link.station, command.evse_id, command.connector_id))
    )
    return unlocked(reply.status)


async def say_trigger(link: Link, command: Trigger) -> Outcome:
    """Section 5.17, and ExtendedTriggerMessage of the security whitepaper."""
    wish = command.wish
    connector: int | UnsetType = UNSET
    if command.evse_id is not None:
        # 0 is no connector to ask for: the field is left out for the station as a whole.
        connector = _number(link.station, command.evse_id, command.connector_id) or UNSET
    with asking_for(link, wish) as agree:
        if wish in _PLAIN:
            plain = v16.TriggerMessage(requested_message=_PLAIN[wish], connector_id=connector)
            word = (await link.call(plain)).status
        elif wish in _EXTENDED:
            extended = v16.ExtendedTriggerMessage(requested_message=_EXTENDED[wish], connector_id=connector)
            word = (await link.call(extended)).status
        else:
            message = f"OCPP 1.6 has no words to ask for {wish}"
            raise Invalid("trigger_not_in_this_version", message, {"wish": message})
        if word == "Accepted":
            agree()
    return triggered([word])


def _number(station: Station, evse_id: int, connector_id: int | None) -> int:
    """The number of a connector; raises NotFound or Invalid. What nobody knows is said as it was asked: the station decides."""
    place = place_of(evse_id, connector_id)
    topology = station.topology
    if topology is None or (not topology.has(place) and _is_counted(topology)):
        return evse_id
    return topology.to_flat(place)


def _is_counted(topology: Topology) -> bool:
    """Whether no more is known than how many connectors there are at least."""
    return topology == Topology.flat_default(len(topology.evses))


HEARS: Final[Hears] = MappingProxyType({})


def says(block: Transactions, store: Store) -> Says:
    """What is said, and by whom. `store` keeps the limits of remote starts, `block` is what they begin in."""
    return {
        StartCharging: Said((v16.RemoteStartTransaction,), partial(say_start, block, store)),
        StopCharging: Said((v16.RemoteStopTransaction,), say_stop),
        UnlockConnector: Said((v16.UnlockConnector,), say_unlock),
        Trigger: Said((v16.TriggerMessage, v16.ExtendedTriggerMessage), say_trigger),
    }
