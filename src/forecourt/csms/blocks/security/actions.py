"""What concerns the security of stations, recorded: what they report, and what we notice ourselves."""

from __future__ import annotations

from datetime import datetime

from forecourt.csms.blocks.security.model import (
    SecurityEvent,
    SecurityEventReported,
    Source,
    is_critical,
    kind_of,
)
from forecourt.csms.blocks.security.store import HAPPENED
from forecourt.csms.redaction import redacted_text
from forecourt.csms.stations.model import Station
from forecourt.csms.store.work import Work


def reported(work: Work, station: Station, wire_type: str, station_time: datetime, tech_info: str) -> None:
    """Record a security event that a station reports (A04.FR.03). A repetition is recorded again: better twice than never."""
    _record(work, station, wire_type, Source.STATION, station_time, redacted_text(tech_info))


def noticed(work: Work, station: Station, event: SecurityEvent, tech_info: str) -> None:
    """Record a security event about a station that we noticed ourselves, such as a wrong password at the handshake.

    Call it at a bounded rate: whoever tries passwords must not fill the database.
    """
    _record(work, station, event.value, Source.CSMS, None, tech_info)


def _record(
    work: Work, station: Station, wire_type: str, source: Source, station_time: datetime | None, tech_info: str
) -> None:
    kind = kind_of(wire_type)
    critical = is_critical(kind)
    row = (work.now, station_time, station.organisation, station.key)
    work.add(HAPPENED, (*row, kind, wire_type, critical, source.value, tech_info))
    work.announce(
        SecurityEventReported(
            organisation_id=station.organisation,
            station_id=station.key,
            type=kind,
            wire_type=wire_type,
            critical=critical,
            source=source.value,
            station_time=station_time,
            tech_info=tech_info,
        )
    )
