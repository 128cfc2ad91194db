"""Configuration keys of 1.6 and the variables of 2.1 they are, as data. For the dialect of 1.6 only.

A key that is not listed here is a variable of its own name under `KEYS_COMPONENT`, so that nothing a station says is lost.
Three keys are a limit there and a value here: `LocalAuthListMaxLength` is the `maxLimit` of `LocalAuthListCtrlr.Entries`,
whose value is how many entries there are now, which such a station does not tell.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from types import MappingProxyType
from typing import Final

from forecourt.csms.blocks.provisioning.model import (
    KEYS_COMPONENT,
    Attribute,
    Characteristics,
    Mutability,
    Name,
    Reported,
)

_MAX_LENGTH: Final = "MaxLength"


@dataclass(frozen=True, slots=True)
class Key:
    """A configuration key and its variable. `words` are values that are called otherwise there: 1.6 word to 2.1 word."""

    name: str
    component: str
    variable: str
    data_type: str
    instance: str = ""
    unit: str = ""
    is_limit: bool = False
    words: tuple[tuple[str, str], ...] = ()

    @property
    def is_list(self) -> bool:
        """Whether its value is several, separated by commas."""
        return self.data_type in ("MemberList", "SequenceList")


_RATE_UNITS: Final = (("Current", "A"), ("Power", "W"))

KEYS: Final = (
    # Core
    Key("AllowOfflineTxForUnknownId", "AuthCtrlr", "OfflineTxForUnknownIdEnabled", "boolean"),
    Key("AuthorizationCacheEnabled", "AuthCacheCtrlr", "Enabled", "boolean"),
    Key("AuthorizeRemoteTxRequests", "AuthCtrlr", "AuthorizeRemoteStart", "boolean"),
    Key("ClockAlignedDataInterval", "AlignedDataCtrlr", "Interval", "integer", unit="s"),
    Key("ConnectionTimeOut", "TxCtrlr", "EVConnectionTimeOut", "integer", unit="s"),
    Key("GetConfigurationMaxKeys", "DeviceDataCtrlr", "ItemsPerMessage", "integer", "GetVariables"),
    Key("HeartbeatInterval", "OCPPCommCtrlr", "HeartbeatInterval", "integer", unit="s"),
    Key("LocalAuthorizeOffline", "AuthCtrlr", "LocalAuthorizeOffline", "boolean"),
    Key("LocalPreAuthorize", "AuthCtrlr", "LocalPreAuthorize", "boolean"),
    Key("MaxEnergyOnInvalidId", "TxCtrlr", "MaxEnergyOnInvalidId", "integer", unit="Wh"),
    Key("MessageTimeout", "OCPPCommCtrlr", "MessageTimeout", "integer", "Default", "s"),
    Key("MeterValuesAlignedData", "AlignedDataCtrlr", "Measurands", "MemberList"),
    Key("MeterValuesSampledData", "SampledDataCtrlr", "TxUpdatedMeasurands", "MemberList"),
    Key("MeterValueSampleInterval", "SampledDataCtrlr", "TxUpdatedInterval", "integer", unit="s"),
    Key("MinimumStatusDuration", "ChargingStation", "MinimumStatusDuration", "integer", unit="s"),
    Key("ResetRetries", "OCPPCommCtrlr", "ResetRetries", "integer"),
    Key("StopTransactionOnEVSideDisconnect", "TxCtrlr", "StopTxOnEVSideDisconnect", "boolean"),
    Key("StopTransactionOnInvalidId", "TxCtrlr", "StopTxOnInvalidId", "boolean"),
    Key("StopTxnAlignedData", "AlignedDataCtrlr", "TxEndedMeasurands", "MemberList"),
    Key("StopTxnSampledData", "SampledDataCtrlr", "TxEndedMeasurands", "MemberList"),
    Key("TransactionMessageAttempts", "OCPPCommCtrlr", "MessageAttempts", "integer", "TransactionEvent"),
    Key(
        "TransactionMessageRetryInterval", "OCPPCommCtrlr", "MessageAttemptInterval", "integer", "TransactionEvent", "s"
    ),
    Key("UnlockConnectorOnEVSideDisconnect", "OCPPCommCtrlr", "UnlockOnEVSideDisconnect", "boolean"),
    Key("WebSocketPingInterval", "OCPPCommCtrlr", "WebSocketPingInterval", "integer", unit="s"),
    # Local Auth List Management
    Key("LocalAuthListEnabled", "LocalAuthListCtrlr", "Enabled", "boolean"),
    Key("LocalAuthListMaxLength", "LocalAuthListCtrlr", "Entries", "integer", is_limit=True),
    Key("SendLocalListMaxLength", "LocalAuthListCtrlr", "ItemsPerMessage", "integer"),
    # Firmware Management
    Key("SupportedFileTransferProtocols", "OCPPCommCtrlr", "FileTransferProtocols", "MemberList"),
    # Reservation
    Key("ReserveConnectorZeroSupported", "ReservationCtrlr", "NonEvseSpecific", "boolean"),
    # Smart Charging; errata 3.88: the words of the rate unit
    Key("ChargeProfileMaxStackLevel", "SmartChargingCtrlr", "ProfileStackLevel", "integer"),
    Key("ChargingScheduleAllowedChargingRateUnit", "SmartChargingCtrlr", "RateUnit", "MemberList", words=_RATE_UNITS),
    Key("ChargingScheduleMaxPeriods", "SmartChargingCtrlr", "PeriodsPerSchedule", "integer"),
    Key("ConnectorSwitch3to1PhaseSupported", "SmartChargingCtrlr", "Phases3to1", "boolean"),
    Key("MaxChargingProfilesInstalled", "SmartChargingCtrlr", "Entries", "integer", "ChargingProfiles", is_limit=True),
    # Security whitepaper
    Key("AdditionalRootCertificateCheck", "SecurityCtrlr", "AdditionalRootCertificateCheck", "boolean"),
    Key("AllowSecurityProfileDowngrade", "SecurityCtrlr", "AllowSecurityProfileDowngrade", "boolean"),
    Key("AuthorizationKey", "SecurityCtrlr", "BasicAuthPassword", "string"),
    Key("CertificateSignedMaxChainSize", "SecurityCtrlr", "MaxCertificateChainSize", "integer"),
    Key("CertificateStoreMaxLength", "SecurityCtrlr", "CertificateEntries", "integer", is_limit=True),
    Key("CertSigningRepeatTimes", "SecurityCtrlr", "CertSigningRepeatTimes", "integer"),
    Key("CertSigningWaitMinimum", "SecurityCtrlr", "CertSigningWaitMinimum", "integer", unit="s"),
    Key("CpoName", "SecurityCtrlr", "OrganizationName", "string"),
    Key("SecurityProfile", "SecurityCtrlr", "SecurityProfile", "integer"),
    # Plug & Charge with 1.6
    Key("CentralContractValidationAllowed", "ISO15118Ctrlr", "CentralContractValidationAllowed", "boolean"),
    Key("ContractValidationOffline", "ISO15118Ctrlr", "ContractValidationOffline", "boolean"),
    Key("ISO15118PnCEnabled", "ISO15118Ctrlr", "PnCEnabled", "boolean"),
    # California pricing
    Key("NextTimeOffsetTransitionDateTime", "ClockCtrlr", "NextTimeOffsetTransitionDateTime", "dateTime"),
    Key("TimeOffset", "ClockCtrlr", "TimeOffset", "string"),
    Key("TimeOffsetNextTransition", "ClockCtrlr", "TimeOffset", "string", "NextTransition"),
)
"""Keys that are the same thing in 2.1."""

OWN_KEYS: Final = MappingProxyType(
    {
        "AllowCentralSystemTLSWildcards": "boolean",
        "BlinkRepeat": "integer",
        "ConnectorPhaseRotation": "SequenceList",
        "CustomDisplayCostAndPrice": "boolean",
        "CustomIdleFeeAfterStop": "boolean",
        "CustomMultiLanguageMessages": "boolean",
        "LightIntensity": "integer",
        "NumberOfConnectors": "integer",
        "StopTransactionMaxMeterValues": "integer",
        "SupportedFeatureProfiles": "MemberList",
        "SupportedLanguages": "SequenceList",
    }
)
"""Keys that 2.1 has nothing like, with what their values are."""

NUMBER_OF_CONNECTORS: Final = Name.of(KEYS_COMPONENT, "NumberOfConnectors")

_BY_KEY: Final = {key.name.casefold(): key for key in KEYS}
_OWN_BY_KEY: Final = {name.casefold(): (name, data_type) for name, data_type in OWN_KEYS.items()}


def name_of(key: str) -> Name:
    """The variable that a configuration key is. Keys are compared without regard to case."""
    known = _BY_KEY.get(key.casefold())
    if known is not None:
        return Name.of(known.component, known.variable, known.instance)
    own, _ = _OWN_BY_KEY.get(key.casefold(), (key, ""))
    return Name.of(KEYS_COMPONENT, own)


_BY_PATH: Final = {name_of(key.name).path: key for key in KEYS}
_KEYS_COMPONENT: Final = KEYS_COMPONENT.casefold()


def key_of(name: Name) -> str | None:
    """The configuration key that a variable is; None if 1.6 has no such thing."""
    if name.attribute is not Attribute.ACTUAL:
        return None
    known = _BY_PATH.get(name.path)
    if known is not None:
        return known.name
    component = name.component
    own = component.name.casefold() == _KEYS_COMPONENT and not component.instance and component.evse_id is None
    return name.variable.name if own and not name.variable.instance else None


def value_here(key: str, value: str) -> str:
    """The value of a key as its variable would have it."""
    known = _BY_KEY.get(key.casefold())
    return _translated(value, _data_type(key), dict(known.words) if known else {})


def value_there(key: str, value: str) -> str:
    """The value of a variable as its key would have it, the inverse of `value_here`."""
    known = _BY_KEY.get(key.casefold())
    words = {here: there for there, here in known.words} if known else {}
    return _translated(value, _data_type(key), words)


def reported(settings: Iterable[tuple[str, str | None, bool]]) -> list[Reported]:
    """What a station reports by its configuration: key, value (None when it does not tell) and whether it is read-only."""
    told = list(settings)
    lengths = {key.casefold(): value for key, value, _ in told if value is not None}
    return [_reported(key, value, readonly, lengths) for key, value, readonly in told]


def _reported(key: str, value: str | None, readonly: bool, told: Mapping[str, str]) -> Reported:
    known = _BY_KEY.get(key.casefold())
    here = None if value is None else value_here(key, value)
    is_limit = known is not None and known.is_limit
    return Reported(
        name=name_of(key),
        value=None if is_limit else here,
        mutability=Mutability.READ_ONLY if readonly else Mutability.READ_WRITE,
        characteristics=Characteristics(
            data_type=_data_type(key) or "string",
            unit=known.unit if known else "",
            max_limit=_number(here) if is_limit else None,
            max_elements=_integer(told.get(f"{key}{_MAX_LENGTH}".casefold())),
        ),
    )


def _data_type(key: str) -> str:
    known = _BY_KEY.get(key.casefold())
    return known.data_type if known else _OWN_BY_KEY.get(key.casefold(), ("", ""))[1]


def _translated(value: str, data_type: str, words: Mapping[str, str]) -> str:
    if data_type == "boolean":
        # Stations write True and TRUE as well.
        return value.strip().lower() if value.strip().lower() in ("true", "false") else value
    if data_type in ("MemberList", "SequenceList"):
        parts = (part.strip() for part in value.split(","))
        return ",".join(words.get(part, part) for part in parts if part)
    return words.get(value, value)


def _number(value: str | None) -> Decimal | None:
    try:
        number = None if value is None else Decimal(value)
    except InvalidOperation:
        return None
    return number if number is not None and number.is_finite() else None


def _integer(value: str | None) -> int | None:
    number = _number(value)
    return int(number) if number is not None and 0 < number < 2**31 and number == int(number) else None
