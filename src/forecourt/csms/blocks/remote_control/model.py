"""What can be asked of a station from afar, in the words of 2.1."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Annotated, Final

from msgspec import Meta

from forecourt.charging.ids import ConnectorId, EvseId
from forecourt.charging.tokens import Token
from forecourt.charging.topology import Place
from forecourt.csms.blocks.transactions.model import LimitsBody, Reference
from forecourt.csms.stations.commands import Command, ConnectorNumber, EvseNumber
from forecourt.csms.stations.model import Station
from forecourt.errors import Invalid


@dataclass(frozen=True, slots=True)
class StartCharging(Command):
    """Start a transaction for a token (F01, F02). Without an EVSE the station chooses one, or refuses.

    `remote_start_id` ties the transaction to this command; None has one allotted. 1.6 has none. `limits` are those it begins
    with: the station is told in its first answer, if it observes such (E16.FR.02, 12).
    """

    token: Token
    evse_id: EvseNumber | None = None
    connector_id: ConnectorNumber | None = None
    group: Token | None = None
    remote_start_id: Annotated[int, Meta(ge=0, le=2**31 - 1)] | None = None
    limits: LimitsBody | None = None

    def __post_init__(self) -> None:
        _check_place(self.evse_id, self.connector_id)
        if not self.token.value:
            raise Invalid("token_empty", "a transaction is started for a token", {"token": "is empty"})


@dataclass(frozen=True, slots=True)
class StopCharging(Command):
    """Stop a transaction (F03, F04)."""

    transaction: Reference


@dataclass(frozen=True, slots=True)
class UnlockConnector(Command):
    """Unlock a cable that is stuck (F05). Not for ending a transaction. Without `connector_id` it is the only one of the EVSE."""

    evse_id: EvseNumber
    connector_id: ConnectorNumber | None = None


class UnlockOutcome(StrEnum):
    """How a station takes an UnlockConnector, in any version."""

    UNLOCKED = "Unlocked"
    UNLOCK_FAILED = "UnlockFailed"
    ONGOING_AUTHORIZED_TRANSACTION = "OngoingAuthorizedTransaction"
    UNKNOWN_CONNECTOR = "UnknownConnector"
    NOT_SUPPORTED = "NotSupported"
    """There is no lock. Stations of 1.6 also say so of a connector they do not have (section 5.18)."""


class Wish(StrEnum):
    """A message a station can be asked to send now (F06)."""

    BOOT_NOTIFICATION = "BootNotification"
    LOG_STATUS = "LogStatusNotification"
    DIAGNOSTICS_STATUS = "DiagnosticsStatusNotification"
    """1.6 has it beside the one of logs; in 2.x they are one."""
    FIRMWARE_STATUS = "FirmwareStatusNotification"
    SIGNED_FIRMWARE_STATUS = "SignedFirmwareStatusNotification"
    """1.6 has it beside the one of unsigned updates; in 2.x they are one."""
    HEARTBEAT = "Heartbeat"
    METER_VALUES = "MeterValues"
    STATUS_NOTIFICATION = "StatusNotification"
    TRANSACTION_EVENT = "TransactionEvent"
    SIGN_CERTIFICATE = "SignChargingStationCertificate"
    SIGN_V2G_CERTIFICATE = "SignV2GCertificate"
    SIGN_V2G20_CERTIFICATE = "SignV2G20Certificate"
    SIGN_COMBINED_CERTIFICATE = "SignCombinedCertificate"
    PUBLISH_FIRMWARE_STATUS = "PublishFirmwareStatusNotification"
    CUSTOM = "CustomTrigger"
    """One of those that the station lists in CustomizationCtrlr.CustomTriggers (F06.FR.18, F06.FR.20)."""


ACTIONS: Final[Mapping[Wish, frozenset[str]]] = MappingProxyType(
    {
        **{wish: frozenset({wish.value}) for wish in Wish if wish is not Wish.CUSTOM},
        Wish.STATUS_NOTIFICATION: frozenset({"StatusNotification", "NotifyEvent"}),
        Wish.FIRMWARE_STATUS: frozenset({"FirmwareStatusNotification"}),
        Wish.DIAGNOSTICS_STATUS: frozenset({"DiagnosticsStatusNotification", "LogStatusNotification"}),
        Wish.SIGNED_FIRMWARE_STATUS: frozenset({"SignedFirmwareStatusNotification", "FirmwareStatusNotification"}),
        Wish.SIGN_CERTIFICATE: frozenset({"SignCertificate"}),
        Wish.SIGN_V2G_CERTIFICATE: frozenset({"SignCertificate"}),
        Wish.SIGN_V2G20_CERTIFICATE: frozenset({"SignCertificate"}),
        Wish.SIGN_COMBINED_CERTIFICATE: frozenset({"SignCertificate"}),
        Wish.CUSTOM: frozenset(),
    }
)
"""What a station sends when it grants a wish. A station that is not accepted may send it then, and not otherwise (B02.FR.02)."""


@dataclass(frozen=True, slots=True)
class Trigger(Command):
    """Ask a station to send a message now (F06). Without `evse_id` it is for all EVSEs, where that matters.

    `custom` names the message of a custom trigger.
    """

    wish: Wish
    evse_id: EvseNumber | None = None
    connector_id: ConnectorNumber | None = None
    custom: str = ""

    def __post_init__(self) -> None:
        _check_place(self.evse_id, self.connector_id)
        if (self.wish is Wish.CUSTOM) is not bool(self.custom):
            message = "a custom trigger has a name, and no other has"
            raise Invalid("custom_trigger", message, {"custom": message})


def place_of(evse_id: int, connector_id: int | None) -> Place:
    """A place, from numbers."""
    return Place(EvseId(evse_id), None if connector_id is None else ConnectorId(connector_id))


def connectors_of(station: Station, evse_id: int | None) -> list[Place]:
    """All connectors of an EVSE, or of the station if none is named. Empty if it is not known what the station consists of.

    Raises NotFound for an EVSE it does not have.
    """
    topology = station.topology
    if topology is None:
        return []
    evses = topology.evses if evse_id is None else (topology.evse(EvseId(evse_id)),)
    return [Place(evse.evse_id, connector.connector_id) for evse in evses for connector in evse.connectors]


def only_connector(station: Station, evse_id: int) -> ConnectorId:
    """The connector of an EVSE that has one, 1 if nobody knows. Raises Invalid if it has several, NotFound if there is no such EVSE."""
    connectors = connectors_of(station, evse_id)
    if len(connectors) > 1:
        message = f"EVSE {evse_id} has {len(connectors)} connectors: name one"
        raise Invalid("connector_ambiguous", message, {"connectorId": message})
    return (connectors[0].connector_id if connectors else None) or ConnectorId(1)


def _check_place(evse_id: int | None, connector_id: int | None) -> None:
    if connector_id is not None and evse_id is None:
        message = "a connector belongs to an EVSE: name it"
        raise Invalid("connector_without_evse", message, {"evseId": message})
