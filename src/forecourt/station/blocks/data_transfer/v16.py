"""Vendor messages in the words of 1.6. Those that a block knows go there, the others are refused by name."""

from __future__ import annotations

from typing import Final

from msgspec import UNSET

from forecourt.ocpp import v16
from forecourt.station.blocks.data_transfer.model import Transfer
from forecourt.station.core import Station
from forecourt.station.dialects import Hears, Said, Says


def on_data_transfer(station: Station, call: v16.DataTransfer) -> v16.DataTransferResponse:
    """Section 5.6."""
    vendors = station.dialect.vendors
    handler = vendors.get((call.vendor_id, "" if call.message_id is UNSET else call.message_id))
    if handler is not None:
        try:
            answer = handler(station, "" if call.data is UNSET else call.data)
        except ValueError:
            return v16.DataTransferResponse(status="Rejected")
        return v16.DataTransferResponse(status="Accepted", data=answer)
    known = call.vendor_id in {station.build.vendor, *(vendor for vendor, _ in vendors)}
    return v16.DataTransferResponse(status="UnknownMessageId" if known else "UnknownVendorId")


def say_transfer(station: Station, transfer: Transfer) -> v16.DataTransfer:
    return v16.DataTransfer(
        vendor_id=transfer.vendor_id,
        message_id=UNSET if transfer.message_id is None else transfer.message_id,
        data=UNSET if transfer.data is None else transfer.data,
    )


HEARS: Final[Hears] = {v16.DataTransfer: on_data_transfer}
SAYS: Final[Says] = {Transfer: Said(v16.DataTransfer, say_transfer)}
