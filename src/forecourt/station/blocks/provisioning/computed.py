"""Variables that are read from the station itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from forecourt.charging.topology import Place
from forecourt.station.blocks.provisioning.network import actions as network
from forecourt.station.core import Station
from forecourt.station.device_model.table import Name


def _phases(station: Station, place: Place) -> str:
    built = station.bays[place.evse_id].built
    # Part 2, SupplyPhases: 0 for DC.
    return str(0 if built.direct else built.phases)


def _connector_type(station: Station, place: Place) -> str:
    evse = station.build.topology.evse(place.evse_id)
    return next(one.kind or "Unknown" for one in evse.connectors if one.connector_id == place.connector_id)


COMPUTED: Final[Mapping[Name, Callable[[Station, Place], str]]] = MappingProxyType(
    {
        Name("ChargingStation", "VendorName"): lambda station, place: station.build.vendor,
        Name("ChargingStation", "Model"): lambda station, place: station.build.model,
        Name("ChargingStation", "SerialNumber"): lambda station, place: station.build.serial_number or "",
        Name("ChargingStation", "FirmwareVersion"): lambda station, place: station.firmware_version or "",
        Name("OCPPCommCtrlr", "FileTransferProtocols"): lambda station, place: ",".join(station.transfers.protocols),
        Name("ClockCtrlr", "DateTime"): lambda station, place: station.now().isoformat().replace("+00:00", "Z"),
        Name("EVSE", "Power"): lambda station, place: str(station.hardware.measure(place.evse_id).power_w),
        Name("EVSE", "AllowReset"): lambda station, place: str(station.build.resets_evses).lower(),
        Name("EVSE", "SupplyPhases"): _phases,
        Name("Connector", "SupplyPhases"): _phases,
        Name("Connector", "ConnectorType"): _connector_type,
        Name("SecurityCtrlr", "AdditionalRootCertificateCheck"): lambda station, place: str(
            station.build.additional_root_check
        ).lower(),
        Name("TxCtrlr", "SupportedLimits"): lambda station, place: ",".join(station.build.limits),
        Name("SecurityCtrlr", "Identity"): network.identity,
    }
)

LIMITS: Final[Mapping[Name, Callable[[Station, Place], str]]] = MappingProxyType(
    {Name("EVSE", "Power"): lambda station, place: str(station.bays[place.evse_id].built.power_w)}
)
