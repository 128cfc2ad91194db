"""The two services of OCPP 1.6 over SOAP, and what their descriptions say beyond the types of `v16`.

Names of elements are those of the JSON messages. What differs is written down here: which service has which operations, the
order of elements where the JSON schema has another, and three limits. The messages of the security whitepaper have no SOAP form.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType
from typing import Final

from forecourt.ocpp import v16
from forecourt.ocpp.errors import ErrorCode, LocalProtocolError
from forecourt.ocpp.message import Message
from forecourt.ocpp.versions import V16


class Service(Enum):
    """Who is called. The central system's service hears stations, the charge point's service hears the central system."""

    CENTRAL_SYSTEM = "CentralSystemService"
    CHARGE_POINT = "ChargePointService"

    @property
    def namespace(self) -> str:
        """The namespace of the service's elements and fault subcodes (OCPP-S 1.6 section 8)."""
        return _NAMESPACES[self]


CENTRAL_SYSTEM: Final = Service.CENTRAL_SYSTEM
CHARGE_POINT: Final = Service.CHARGE_POINT

_NAMESPACES: Final = MappingProxyType(
    {CENTRAL_SYSTEM: "urn://Ocpp/Cs/2015/10/", CHARGE_POINT: "urn://Ocpp/Cp/2015/10/"}
)

OLDER_NAMESPACES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "urn://Ocpp/Cs/2010/08/": "1.2",
        "urn://Ocpp/Cp/2010/08/": "1.2",
        "urn://Ocpp/Cs/2012/06/": "1.5",
        "urn://Ocpp/Cp/2012/06/": "1.5",
    }
)
"""Namespaces of the versions before 1.6, whose messages are not those of `v16` although they have the same names."""


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of one service."""

    service: Service
    name: str
    request: type[Message]
    response: type[Message]

    @property
    def request_element(self) -> str:
        """Name of the request's element in the body."""
        return f"{self.name[0].lower()}{self.name[1:]}Request"

    @property
    def response_element(self) -> str:
        """Name of the response's element in the body."""
        return f"{self.name[0].lower()}{self.name[1:]}Response"


def _operation(service: Service, request: type[Message], response: type[Message]) -> Operation:
    return Operation(service, request.__name__, request, response)


_ALL: Final = (
    _operation(CENTRAL_SYSTEM, v16.Authorize, v16.AuthorizeResponse),
    _operation(CENTRAL_SYSTEM, v16.BootNotification, v16.BootNotificationResponse),
    _operation(CENTRAL_SYSTEM, v16.DataTransfer, v16.DataTransferResponse),
    _operation(CENTRAL_SYSTEM, v16.DiagnosticsStatusNotification, v16.DiagnosticsStatusNotificationResponse),
    _operation(CENTRAL_SYSTEM, v16.FirmwareStatusNotification, v16.FirmwareStatusNotificationResponse),
    _operation(CENTRAL_SYSTEM, v16.Heartbeat, v16.HeartbeatResponse),
    _operation(CENTRAL_SYSTEM, v16.MeterValues, v16.MeterValuesResponse),
    _operation(CENTRAL_SYSTEM, v16.StartTransaction, v16.StartTransactionResponse),
    _operation(CENTRAL_SYSTEM, v16.StatusNotification, v16.StatusNotificationResponse),
    _operation(CENTRAL_SYSTEM, v16.StopTransaction, v16.StopTransactionResponse),
    _operation(CHARGE_POINT, v16.CancelReservation, v16.CancelReservationResponse),
    _operation(CHARGE_POINT, v16.ChangeAvailability, v16.ChangeAvailabilityResponse),
    _operation(CHARGE_POINT, v16.ChangeConfiguration, v16.ChangeConfigurationResponse),
    _operation(CHARGE_POINT, v16.ClearCache, v16.ClearCacheResponse),
    _operation(CHARGE_POINT, v16.ClearChargingProfile, v16.ClearChargingProfileResponse),
    _operation(CHARGE_POINT, v16.DataTransfer, v16.DataTransferResponse),
    _operation(CHARGE_POINT, v16.GetCompositeSchedule, v16.GetCompositeScheduleResponse),
    _operation(CHARGE_POINT, v16.GetConfiguration, v16.GetConfigurationResponse),
    _operation(CHARGE_POINT, v16.GetDiagnostics, v16.GetDiagnosticsResponse),
    _operation(CHARGE_POINT, v16.GetLocalListVersion, v16.GetLocalListVersionResponse),
    _operation(CHARGE_POINT, v16.RemoteStartTransaction, v16.RemoteStartTransactionResponse),
    _operation(CHARGE_POINT, v16.RemoteStopTransaction, v16.RemoteStopTransactionResponse),
    _operation(CHARGE_POINT, v16.ReserveNow, v16.ReserveNowResponse),
    _operation(CHARGE_POINT, v16.Reset, v16.ResetResponse),
    _operation(CHARGE_POINT, v16.SendLocalList, v16.SendLocalListResponse),
    _operation(CHARGE_POINT, v16.SetChargingProfile, v16.SetChargingProfileResponse),
    _operation(CHARGE_POINT, v16.TriggerMessage, v16.TriggerMessageResponse),
    _operation(CHARGE_POINT, v16.UnlockConnector, v16.UnlockConnectorResponse),
    _operation(CHARGE_POINT, v16.UpdateFirmware, v16.UpdateFirmwareResponse),
)

OPERATIONS: Final[Mapping[Service, Mapping[str, Operation]]] = MappingProxyType(
    {
        service: MappingProxyType({operation.name: operation for operation in _ALL if operation.service is service})
        for service in Service
    }
)
"""Every operation by service and name: 28 actions, of which DataTransfer is in both services."""


def operation_of(service: Service, name: str) -> Operation:
    """The operation of that name. Raises LocalProtocolError when the service has none."""
    try:
        return OPERATIONS[service][name]
    except KeyError:
        reason = f"{name} is no operation of the {service.value}"
        raise LocalProtocolError(ErrorCode.NOT_SUPPORTED, reason) from None


WITHOUT_SOAP: Final = frozenset(V16.actions) - {operation.name for operation in _ALL}
"""Actions of 1.6 that only JSON can say: those of the security whitepaper."""

ORDER: Final[Mapping[type[Message], tuple[str, ...]]] = MappingProxyType(
    {
        v16.GetDiagnostics: ("location", "startTime", "stopTime", "retries", "retryInterval"),
        v16.IdTagInfo: ("status", "expiryDate", "parentIdTag"),
        v16.StartTransaction: ("connectorId", "idTag", "timestamp", "meterStart", "reservationId"),
        v16.StartTransactionResponse: ("transactionId", "idTagInfo"),
        v16.StatusNotification: (
            "connectorId", "status", "errorCode", "info", "timestamp", "vendorId", "vendorErrorCode",
        ),
        v16.StopTransaction: ("transactionId", "idTag", "timestamp", "meterStop", "reason", "transactionData"),
        v16.UpdateFirmware: ("retrieveDate", "location", "retries", "retryInterval"),
    }
)  # fmt: skip
"""Order of elements where it is not the order of the type's attributes."""

MAY_BE_EMPTY: Final[frozenset[tuple[type[Message], str]]] = frozenset({(v16.MeterValues, "meterValue")})
"""Arrays that the type requires and that may have no element. Every other required array has at least one."""

SPELLINGS: Final[Mapping[tuple[type[Message], str], Mapping[str, str | None]]] = MappingProxyType(
    {(v16.SampledValue, "unit"): MappingProxyType({"Celcius": "Celsius", "Hertz": None})}
)
"""Texts that JSON allows and SOAP does not, each with the text that says the same, or None where there is none."""

LOCATIONS: Final[frozenset[tuple[type[Message], str]]] = frozenset(
    {(v16.GetDiagnostics, "location"), (v16.UpdateFirmware, "location")}
)
"""Text that is an address (anyURI), around which white space means nothing."""

INTEGER_RANGE: Final = range(-(2**31), 2**31)
"""Integers are 32 bits wide."""
