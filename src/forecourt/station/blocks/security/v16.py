"""Security events of the whitepaper for 1.6. Told from security profile 1 on, as the whitepaper is no part of plain 1.6."""

from __future__ import annotations

from typing import Final

from msgspec import UNSET

from forecourt.ocpp import v16
from forecourt.station.blocks.security.model import SecurityEvent
from forecourt.station.core import Station
from forecourt.station.dialects import Hears, Said, Says

_WORDS: Final = {
    "InvalidChargingStationCertificate": "InvalidChargePointCertificate",
    "InvalidCsmsCertificate": "InvalidCentralSystemCertificate",
}
"""What 1.6 calls differently."""


def say_event(station: Station, event: SecurityEvent) -> v16.SecurityEventNotification | None:
    if station.model.integer("SecurityCtrlr", "SecurityProfile") == 0:
        return None
    return v16.SecurityEventNotification(
        type=_WORDS.get(event.kind, event.kind),
        timestamp=event.at,
        tech_info=UNSET if event.detail is None else event.detail,
    )


HEARS: Final[Hears] = {}
SAYS: Final[Says] = {SecurityEvent: Said(v16.SecurityEventNotification, say_event)}
