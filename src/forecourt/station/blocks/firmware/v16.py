"""Firmware in the words of 1.6: UpdateFirmware, and SignedUpdateFirmware of the security whitepaper."""

from __future__ import annotations

from typing import Final, cast

from msgspec import UNSET

from forecourt.ocpp import v16
from forecourt.ocpp.errors import ErrorCode, ProtocolError
from forecourt.station.blocks.firmware import actions
from forecourt.station.blocks.firmware.model import FirmwareStatus, Offer
from forecourt.station.core import Station
from forecourt.station.dialects import Hears, Said, Says

_PLAIN: Final = {
    "Downloaded": "Downloaded",
    "DownloadFailed": "DownloadFailed",
    "Downloading": "Downloading",
    "Idle": "Idle",
    "InstallationFailed": "InstallationFailed",
    "InstallVerificationFailed": "InstallationFailed",
    "Installing": "Installing",
    "Installed": "Installed",
}
"""What there are words for without the whitepaper."""


def on_update(station: Station, call: v16.UpdateFirmware) -> v16.UpdateFirmwareResponse:
    """Section 5.19. With a security profile, firmware that nobody has signed is refused (whitepaper, L01.FR.20)."""
    if station.model.integer("SecurityCtrlr", "SecurityProfile") > 0:
        raise ProtocolError(ErrorCode.NOT_SUPPORTED, "only signed firmware is installed")
    offer = Offer(
        url=call.location,
        retrieve_at=call.retrieve_date,
        retries=None if call.retries is UNSET else call.retries,
        interval_s=None if call.retry_interval is UNSET else call.retry_interval,
    )
    if actions.update(station, offer) == "Rejected":
        # There is no word for a refusal.
        raise ProtocolError(ErrorCode.NOT_SUPPORTED, "no firmware can be installed now")
    return v16.UpdateFirmwareResponse()


def on_signed_update(station: Station, call: v16.SignedUpdateFirmware) -> v16.SignedUpdateFirmwareResponse:
    """Whitepaper, 4.1 (L01)."""
    firmware = call.firmware
    offer = Offer(
        url=firmware.location,
        retrieve_at=firmware.retrieve_date_time,
        install_at=None if firmware.install_date_time is UNSET else firmware.install_date_time,
        retries=None if call.retries is UNSET else call.retries,
        interval_s=None if call.retry_interval is UNSET else call.retry_interval,
        request_id=call.request_id,
        signer=firmware.signing_certificate,
        signature=firmware.signature,
    )
    return v16.SignedUpdateFirmwareResponse(status=cast(v16.UpdateFirmwareStatus, actions.update(station, offer)))


def say_status(
    station: Station, told: FirmwareStatus
) -> v16.FirmwareStatusNotification | v16.SignedFirmwareStatusNotification | None:
    if told.plain:
        word = _PLAIN.get(told.status)
        return None if word is None else v16.FirmwareStatusNotification(status=cast(v16.FirmwareStatus, word))
    if told.status == "InstallRebooting":
        # Meant for a restart before the installation; ours comes after it (TC 080).
        return None
    return v16.SignedFirmwareStatusNotification(
        status=cast(v16.SignedFirmwareStatus, told.status),
        request_id=UNSET if told.request_id is None else told.request_id,
    )


HEARS: Final[Hears] = {v16.UpdateFirmware: on_update, v16.SignedUpdateFirmware: on_signed_update}
SAYS: Final[Says] = {FirmwareStatus: Said(v16.SignedFirmwareStatusNotification, say_status)}
