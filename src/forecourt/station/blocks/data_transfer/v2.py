"""Vendor messages in the words of 2.0.1 and 2.1. No vendor's messages are known here, so each is refused by name."""

from __future__ import annotations

from typing import Final

from msgspec import UNSET

from forecourt.ocpp import v2
from forecourt.station.blocks.data_transfer.model import Transfer
from forecourt.station.core import Station
from forecourt.station.dialects import Hears, Said, Says


def on_data_transfer(station: Station, call: v2.DataTransfer) -> v2.DataTransferResponse:
    """P01."""
    known = call.vendor_id == station.build.vendor
    return v2.DataTransferResponse(status="UnknownMessageId" if known else "UnknownVendorId")


def say_transfer(station: Station, transfer: Transfer) -> v2.DataTransfer:
    return v2.DataTransfer(
        vendor_id=transfer.vendor_id,
        message_id=UNSET if transfer.message_id is None else transfer.message_id,
        data=UNSET if transfer.data is None else transfer.data,
    )


HEARS: Final[Hears] = {v2.DataTransfer: on_data_transfer}
SAYS: Final[Says] = {Transfer: Said(v2.DataTransfer, say_transfer)}
