"""Security events of 2.0.1 and 2.1."""

from __future__ import annotations

from typing import Final

from msgspec import UNSET

from forecourt.ocpp import v2
from forecourt.station.blocks.security.model import SecurityEvent
from forecourt.station.core import Station
from forecourt.station.dialects import Hears, Said, Says


def say_event(station: Station, event: SecurityEvent) -> v2.SecurityEventNotification:
    return v2.SecurityEventNotification(
        type=event.kind, timestamp=event.at, tech_info=UNSET if event.detail is None else event.detail
    )


HEARS: Final[Hears] = {}
SAYS: Final[Says] = {SecurityEvent: Said(v2.SecurityEventNotification, say_event)}
