"""Provisioning in the words of 1.6."""

from __future__ import annotations

from typing import Final

from msgspec import UNSET

from forecourt.ocpp import v16
from forecourt.station.blocks.provisioning import actions
from forecourt.station.blocks.provisioning.model import Boot
from forecourt.station.blocks.provisioning.variables import v16 as variables
from forecourt.station.core import Station
from forecourt.station.dialects import Hears, Said, Says


def say_boot(station: Station, boot: Boot) -> v16.BootNotification:
    """Section 4.2. Names are cut to what 1.6 has room for."""
    build = station.build
    return v16.BootNotification(
        charge_point_vendor=build.vendor[:20],
        charge_point_model=build.model[:20],
        charge_point_serial_number=UNSET if build.serial_number is None else build.serial_number[:25],
        firmware_version=UNSET if station.firmware_version is None else station.firmware_version[:50],
    )


def heard_boot(station: Station, boot: Boot, answer: v16.BootNotificationResponse) -> None:
    actions.booted(station, answer.status, answer.interval, answer.current_time)


def on_reset(station: Station, call: v16.Reset) -> v16.ResetResponse:
    """Section 5.14. Transactions are ended and told before the station starts anew, hard or soft."""
    reason = "HardReset" if call.type == "Hard" else "SoftReset"
    status = actions.reset(station, on_idle=False, evse_id=None, reason=reason)
    return v16.ResetResponse(status="Accepted" if status == "Accepted" else "Rejected")


HEARS: Final[Hears] = {v16.Reset: on_reset, **variables.HEARS}
DEFAULTS: Final = variables.DEFAULTS
SAYS: Final[Says] = {Boot: Said(v16.BootNotification, say_boot, heard_boot)}
