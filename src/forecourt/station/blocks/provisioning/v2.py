"""Provisioning in the words of 2.0.1 and 2.1."""

from __future__ import annotations

from typing import Final, cast

from msgspec import UNSET

from forecourt.charging.ids import EvseId
from forecourt.ocpp import v2
from forecourt.station.blocks.provisioning import actions
from forecourt.station.blocks.provisioning.model import Boot
from forecourt.station.blocks.provisioning.network import v2 as network
from forecourt.station.blocks.provisioning.variables import v2 as variables
from forecourt.station.core import Station
from forecourt.station.dialects import Hears, Said, Says


def say_boot(station: Station, boot: Boot) -> v2.BootNotification:
    """B01. Names are cut to what the message has room for."""
    build = station.build
    return v2.BootNotification(
        reason=cast(v2.BootReason, boot.reason),
        charging_station=v2.ChargingStation(
            vendor_name=build.vendor[:50],
            model=build.model[:20],
            serial_number=UNSET if build.serial_number is None else build.serial_number[:25],
            firmware_version=UNSET if station.firmware_version is None else station.firmware_version[:50],
        ),
    )


def heard_boot(station: Station, boot: Boot, answer: v2.BootNotificationResponse) -> None:
    actions.booted(station, answer.status, answer.interval, answer.current_time)


def on_reset(station: Station, call: v2.Reset) -> v2.ResetResponse:
    """B11, B12, B13."""
    evse_id = None if call.evse_id is UNSET or call.evse_id == 0 else EvseId(call.evse_id)
    if call.type == "ImmediateAndResume":
        return v2.ResetResponse(status=cast(v2.ResetStatus, actions.reset_and_resume(station, evse_id)))
    on_idle = call.type == "OnIdle"
    status = actions.reset(station, on_idle=on_idle, evse_id=evse_id, reason="ImmediateReset")
    return v2.ResetResponse(status=cast(v2.ResetStatus, status))


HEARS: Final[Hears] = {v2.Reset: on_reset, **network.HEARS, **variables.HEARS}
SAYS: Final[Says] = {Boot: Said(v2.BootNotification, say_boot, heard_boot), **variables.SAYS}
