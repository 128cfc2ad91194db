"""How things are called in Python: attributes by rule with listed exceptions, types of 2.x by rule, types of 1.6 by table."""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterable
from typing import Final

_ATTRIBUTES: Final = {
    "evMaxV2XEnergyRequest": "ev_max_v2x_energy_request",
    "evMinV2XEnergyRequest": "ev_min_v2x_energy_request",
    "prioritizedEMAIDs": "prioritized_emaids",
}
"""Attributes for which the rule would split a word."""

TYPES_16: Final = {
    "AuthorizeResponse.idTagInfo": "IdTagInfo",
    "BootNotificationResponse.status": "RegistrationStatus",
    "CancelReservationResponse.status": "CancelReservationStatus",
    "CertificateSignedStatusEnumType": "CertificateSignedStatus",
    "CertificateHashDataType": "CertificateHashData",
    "CertificateUseEnumType": "CertificateUse",
    "ChangeAvailability.type": "AvailabilityType",
    "ChangeAvailabilityResponse.status": "AvailabilityStatus",
    "ChangeConfigurationResponse.status": "ConfigurationStatus",
    "ChargingProfile.chargingProfileKind": "ChargingProfileKindType",
    "ChargingProfile.chargingProfilePurpose": "ChargingProfilePurposeType",
    "ChargingProfile.chargingSchedule": "ChargingSchedule",
    "ChargingProfile.recurrencyKind": "RecurrencyKindType",
    "ChargingSchedule.chargingRateUnit": "ChargingRateUnitType",
    "ChargingSchedule.chargingSchedulePeriod": "ChargingSchedulePeriod",
    "ClearCacheResponse.status": "ClearCacheStatus",
    "ClearChargingProfile.chargingProfilePurpose": "ChargingProfilePurposeType",
    "ClearChargingProfileResponse.status": "ClearChargingProfileStatus",
    "DataTransferResponse.status": "DataTransferStatus",
    "DeleteCertificateStatusEnumType": "DeleteCertificateStatus",
    "DiagnosticsStatusNotification.status": "DiagnosticsStatus",
    "FirmwareStatusEnumType": "SignedFirmwareStatus",  # FirmwareStatus is 1.6's own, with half as many values
    "FirmwareStatusNotification.status": "FirmwareStatus",
    "FirmwareType": "Firmware",
    "GenericStatusEnumType": "GenericStatus",
    "GetCompositeSchedule.chargingRateUnit": "ChargingRateUnitType",
    "GetCompositeScheduleResponse.chargingSchedule": "ChargingSchedule",
    "GetCompositeScheduleResponse.status": "GetCompositeScheduleStatus",
    "GetConfigurationResponse.configurationKey": "KeyValue",
    "GetInstalledCertificateStatusEnumType": "GetInstalledCertificateStatus",
    "HashAlgorithmEnumType": "HashAlgorithm",
    "IdTagInfo.status": "AuthorizationStatus",
    "InstallCertificateStatusEnumType": "InstallCertificateStatus",
    "AuthorizationData.idTagInfo": "IdTagInfo",
    "LogEnumType": "Log",
    "LogParametersType": "LogParameters",
    "LogStatusEnumType": "LogStatus",
    "MessageTriggerEnumType": "ExtendedMessageTrigger",  # MessageTrigger is 1.6's own, with other values
    "MeterValue.sampledValue": "SampledValue",
    "MeterValues.meterValue": "MeterValue",
    "RemoteStartTransaction.chargingProfile": "ChargingProfile",
    "RemoteStartTransactionResponse.status": "RemoteStartStopStatus",
    "RemoteStopTransactionResponse.status": "RemoteStartStopStatus",
    "ReserveNowResponse.status": "ReservationStatus",
    "Reset.type": "ResetType",
    "ResetResponse.status": "ResetStatus",
    "SampledValue.context": "ReadingContext",
    "SampledValue.format": "ValueFormat",
    "SampledValue.location": "Location",
    "SampledValue.measurand": "Measurand",
    "SampledValue.phase": "Phase",
    "SampledValue.unit": "UnitOfMeasure",
    "SendLocalList.localAuthorizationList": "AuthorizationData",
    "SendLocalList.updateType": "UpdateType",
    "SendLocalListResponse.status": "UpdateStatus",
    "SetChargingProfile.csChargingProfiles": "ChargingProfile",
    "SetChargingProfileResponse.status": "ChargingProfileStatus",
    "StartTransactionResponse.idTagInfo": "IdTagInfo",
    "StatusNotification.errorCode": "ChargePointErrorCode",
    "StatusNotification.status": "ChargePointStatus",
    "StopTransaction.reason": "Reason",
    "StopTransaction.transactionData": "MeterValue",
    "StopTransactionResponse.idTagInfo": "IdTagInfo",
    "TriggerMessage.requestedMessage": "MessageTrigger",
    "TriggerMessageResponse.status": "TriggerMessageStatus",
    "TriggerMessageStatusEnumType": "TriggerMessageStatus",
    "UnlockConnectorResponse.status": "UnlockStatus",
    "UpdateFirmwareStatusEnumType": "UpdateFirmwareStatus",
    "UploadLogStatusEnumType": "UploadLogStatus",
}
"""What 1.6 calls its types. A key is a definition of the whitepaper's schemas, or the struct and the property that hold a nameless shape."""


def attribute(wire: str) -> str:
    """The Python name of a property. Raises ValueError for one that Python reserves."""
    words = re.sub(r"([A-Z]+)([A-Z][a-z])", r"\1_\2", wire)
    words = re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", words)
    name = _ATTRIBUTES.get(wire, words.lower())
    if keyword.iskeyword(name) or not name.isidentifier():
        raise ValueError(f"property {wire!r} has no name in Python")
    return name


def camel(name: str) -> str:
    """The wire name that msgspec gives an attribute when none is recorded (its rename="camel")."""
    first, *others = name.split("_")
    return first + "".join(word[:1].upper() + word[1:] for word in others)


def types_2(definitions: Iterable[str], actions: Iterable[str]) -> dict[str, str]:
    """What the definitions of 2.x are called: without the suffix Type or EnumType, unless an action or a struct has that name."""
    taken = set(actions)
    named: dict[str, str] = {}
    for definition in sorted(definitions, key=lambda name: (name.endswith("EnumType"), name)):
        short = definition.removesuffix("Type").removesuffix("Enum")
        named[definition] = definition if short in taken else short
        taken.add(named[definition])
    return named
