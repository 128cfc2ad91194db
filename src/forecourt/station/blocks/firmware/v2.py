"""Firmware in the words of 2.0.1 and 2.1."""

from __future__ import annotations

from typing import Final, cast

from msgspec import UNSET

from forecourt.ocpp import v2
from forecourt.station.blocks.firmware import actions
from forecourt.station.blocks.firmware.model import FirmwareStatus, Offer
from forecourt.station.core import Station
from forecourt.station.dialects import Hears, Said, Says


def on_update(station: Station, call: v2.UpdateFirmware) -> v2.UpdateFirmwareResponse:
    """L01. What nobody has signed (L02) is refused, unless the station was built to take it."""
    firmware = call.firmware
    signed = firmware.signing_certificate is not UNSET and firmware.signature is not UNSET
    half = (firmware.signing_certificate is UNSET) != (firmware.signature is UNSET)
    if half or not (signed or station.build.unsigned_firmware):
        info = v2.StatusInfo(reason_code="MissingParam", additional_info="signing certificate and signature")
        return v2.UpdateFirmwareResponse(status="Rejected", status_info=info)
    offer = Offer(
        url=firmware.location,
        retrieve_at=firmware.retrieve_date_time,
        install_at=None if firmware.install_date_time is UNSET else firmware.install_date_time,
        retries=None if call.retries is UNSET else call.retries,
        interval_s=None if call.retry_interval is UNSET else call.retry_interval,
        request_id=call.request_id,
        signer=None if firmware.signing_certificate is UNSET else firmware.signing_certificate,
        signature=None if firmware.signature is UNSET else firmware.signature,
    )
    return v2.UpdateFirmwareResponse(status=cast(v2.UpdateFirmwareStatus, actions.update(station, offer)))


def say_status(station: Station, told: FirmwareStatus) -> v2.FirmwareStatusNotification:
    return v2.FirmwareStatusNotification(
        status=cast(v2.FirmwareStatus, told.status),
        request_id=UNSET if told.request_id is None else told.request_id,
    )


HEARS: Final[Hears] = {v2.UpdateFirmware: on_update}
SAYS: Final[Says] = {FirmwareStatus: Said(v2.FirmwareStatusNotification, say_status)}
