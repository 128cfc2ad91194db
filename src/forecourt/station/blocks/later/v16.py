"""1.6: what is not built yet, with the honest refusal of each."""

from __future__ import annotations

from typing import Final

from forecourt.ocpp import v16
from forecourt.ocpp.errors import ErrorCode, ProtocolError
from forecourt.ocpp.message import Message
from forecourt.station.core import Station
from forecourt.station.dialects import Hears


def not_supported(station: Station, call: Message) -> Message:
    """For a request whose answer has no word for a refusal."""
    raise ProtocolError(ErrorCode.NOT_SUPPORTED, "not supported by this station")


HEARS: Final[Hears] = {
    v16.UpdateFirmware: not_supported,
    v16.SignedUpdateFirmware: lambda station, call: v16.SignedUpdateFirmwareResponse(status="Rejected"),
}
