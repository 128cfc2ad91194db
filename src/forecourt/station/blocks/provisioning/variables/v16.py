"""Configuration keys of 1.6: another name for variables, and a few facts that only 1.6 asks for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Final

from msgspec import UNSET

from forecourt.charging.topology import WHOLE_STATION
from forecourt.ocpp import v16
from forecourt.station.blocks.certificates.model import MOST_ROOTS
from forecourt.station.blocks.metering.actions import public_key
from forecourt.station.blocks.provisioning.network.actions import SECURITY_PROFILE, raise_profile
from forecourt.station.core import Station
from forecourt.station.device_model.table import MEASURED, Described, Mutability, Name, keys, table
from forecourt.station.device_model.values import Found
from forecourt.station.dialects import Hears

_PASSWORD: Final = Name("SecurityCtrlr", "BasicAuthPassword")
_PROFILES: Final = Name("SmartChargingCtrlr", "Entries", "ChargingProfiles")
_TRAILS: Final = {
    Name("SampledDataCtrlr", "TxUpdatedInterval"): Name("SampledDataCtrlr", "TxEndedInterval"),
    Name("AlignedDataCtrlr", "Interval"): Name("AlignedDataCtrlr", "TxEndedInterval"),
}

_DISCONNECT: Final = Name("TxCtrlr", "StopTxOnEVSideDisconnect")
_STOP_POINT: Final = Name("TxCtrlr", "TxStopPoint")

_METER_KEY: Final = "MeterPublicKey"
"""With the number of a connector (signed meter values, 3.3.1)."""

DEFAULTS: Final[Mapping[Name, str]] = MappingProxyType({Name("SampledDataCtrlr", "TxStartedMeasurands"): ""})
"""Signed meter values, 3.3.4: unless somebody asks for it, nothing but the register is told of a start."""

_OPTIONAL: Final = {"Reservation": "ReservationCtrlr", "SmartCharging": "SmartChargingCtrlr"}


def _profiles(station: Station) -> Iterator[str]:
    """Section 9.1.29: those that are enabled."""
    if station.transfers.protocols:
        yield "FirmwareManagement"
    for profile in ("Core", "LocalAuthListManagement", "Reservation", "SmartCharging", "RemoteTrigger"):
        if profile not in _OPTIONAL or station.model.flag(_OPTIONAL[profile], "Enabled"):
            yield profile


FIXED: Final[Mapping[str, Callable[[Station], str]]] = MappingProxyType(
    {
        "NumberOfConnectors": lambda station: str(len(station.build.topology.flat)),
        "SupportedFeatureProfiles": lambda station: ",".join(_profiles(station)),
        "ConnectorPhaseRotation": lambda station: ",".join(
            f"{number}.RST" for number in sorted(station.build.topology.flat)
        ),
        "CertificateStoreMaxLength": lambda station: str(MOST_ROOTS),
        "LocalAuthListMaxLength": lambda station: "1000",
        "MeterValuesAlignedDataMaxLength": lambda station: str(len(MEASURED)),
        "MeterValuesSampledDataMaxLength": lambda station: str(len(MEASURED)),
        # Section 9.4.2, errata 3.88: other words for A and W.
        "ChargingScheduleAllowedChargingRateUnit": lambda station: ",".join(
            {"A": "Current", "W": "Power"}[unit] for unit in station.model.members("SmartChargingCtrlr", "RateUnit")
        ),
        "MaxChargingProfilesInstalled": lambda station: str(table()[_PROFILES].maximum),
        "StopTxnAlignedDataMaxLength": lambda station: str(len(MEASURED)),
        "StopTxnSampledDataMaxLength": lambda station: str(len(MEASURED)),
    }
)
"""Keys that can only be read and are no variable."""


def on_get_configuration(station: Station, call: v16.GetConfiguration) -> v16.GetConfigurationResponse:
    """Section 5.8: without keys, all of them."""
    asked = None if call.key is UNSET or not call.key else call.key
    found = dict(_all(station))
    if asked is None:
        return v16.GetConfigurationResponse(configuration_key=tuple(found.values()))
    known = tuple(found[key] for key in asked if key in found)
    unknown = tuple(key for key in asked if key not in found)
    return v16.GetConfigurationResponse(configuration_key=known or UNSET, unknown_key=unknown or UNSET)


def on_change_configuration(station: Station, call: v16.ChangeConfiguration) -> v16.ChangeConfigurationResponse:
    """Section 5.3."""
    row = keys().get(call.key)
    if row is None:
        fixed = call.key in FIXED or call.key in {f"{_METER_KEY}{number}" for number in station.build.topology.flat}
        return v16.ChangeConfigurationResponse(status="Rejected" if fixed else "NotSupported")
    value = call.value
    if row.name == SECURITY_PROFILE:
        return v16.ChangeConfigurationResponse(status="Accepted" if raise_profile(station, value) else "Rejected")
    if row.name == _PASSWORD:
        # Whitepaper 2.2: up to 40 hexadecimal digits that stand for the bytes of the password.
        try:
            value = bytes.fromhex(value).decode("latin-1")
        except ValueError:
            return v16.ChangeConfigurationResponse(status="Rejected")
    status, _ = station.model.write(row, value)
    if row.name in _TRAILS and status is Found.ACCEPTED:
        # 1.6 has one interval for what is sent on the way and for what comes with the stop (9.1.27).
        station.model.set(_TRAILS[row.name], value)
    if row.name == _DISCONNECT and status is Found.ACCEPTED:
        # 1.6 has no points to choose: whether pulling the cable ends a transaction is all there is.
        ends = station.model.flag(_DISCONNECT.component, _DISCONNECT.variable)
        station.model.set(_STOP_POINT, "EVConnected,Authorized" if ends else "Authorized")
    words: Mapping[Found, v16.ConfigurationStatus] = {
        Found.ACCEPTED: "Accepted",
        Found.REBOOT_REQUIRED: "RebootRequired",
    }
    return v16.ChangeConfigurationResponse(status=words.get(status, "Rejected"))


def _all(station: Station) -> Iterator[tuple[str, v16.KeyValue]]:
    for key, row in keys().items():
        yield (
            key,
            v16.KeyValue(
                key=key, readonly=not (row.writable or row.name == SECURITY_PROFILE), value=_value(station, row)
            ),
        )
    for key, read in FIXED.items():
        yield key, v16.KeyValue(key=key, readonly=True, value=read(station)[:500])
    for number, place in station.build.topology.flat.items():
        if key_of_meter := public_key(station, place.evse_id):
            name = f"{_METER_KEY}{number}"
            yield name, v16.KeyValue(key=name, readonly=True, value=key_of_meter[:500])


def _value(station: Station, row: Described) -> str:
    # A password is never told (whitepaper 2.2).
    return "" if row.mutability is Mutability.WRITE_ONLY else station.model.value(row, WHOLE_STATION)[:500]


HEARS: Final[Hears] = {
    v16.GetConfiguration: on_get_configuration,
    v16.ChangeConfiguration: on_change_configuration,
}
