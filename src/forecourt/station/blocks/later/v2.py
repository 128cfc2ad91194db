"""2.0.1 and 2.1: what is not built yet, with the honest refusal of each."""

from __future__ import annotations

from typing import Final

from forecourt.ocpp import v2
from forecourt.ocpp.errors import ErrorCode, ProtocolError
from forecourt.ocpp.message import Message
from forecourt.station.core import Station
from forecourt.station.dialects import Hears


def not_supported(station: Station, call: Message) -> Message:
    """For a request whose answer has no word for a refusal."""
    raise ProtocolError(ErrorCode.NOT_SUPPORTED, "not supported by this station")


_TARIFF: Final[Hears] = {
    v2.ChangeTransactionTariff: lambda station, call: v2.ChangeTransactionTariffResponse(status="Rejected"),
    v2.ClearTariffs: not_supported,
    v2.GetTariffs: lambda station, call: v2.GetTariffsResponse(status="Rejected"),
    v2.NotifyWebPaymentStarted: not_supported,
    v2.SetDefaultTariff: lambda station, call: v2.SetDefaultTariffResponse(status="Rejected"),
}
_FIRMWARE: Final[Hears] = {
    v2.PublishFirmware: lambda station, call: v2.PublishFirmwareResponse(status="Rejected"),
    v2.UnpublishFirmware: lambda station, call: v2.UnpublishFirmwareResponse(status="NoFirmware"),
}
_ENERGY: Final[Hears] = {
    v2.AFRRSignal: lambda station, call: v2.AFRRSignalResponse(status="Rejected"),
    v2.ClearDERControl: lambda station, call: v2.ClearDERControlResponse(status="NotSupported"),
    v2.GetDERControl: lambda station, call: v2.GetDERControlResponse(status="NotSupported"),
    v2.NotifyAllowedEnergyTransfer: lambda station, call: v2.NotifyAllowedEnergyTransferResponse(status="Rejected"),
    v2.RequestBatterySwap: lambda station, call: v2.RequestBatterySwapResponse(status="Rejected"),
    v2.SetDERControl: lambda station, call: v2.SetDERControlResponse(status="NotSupported"),
}

HEARS: Final[Hears] = {
    **_TARIFF,
    **_FIRMWARE,
    **_ENERGY,
}
