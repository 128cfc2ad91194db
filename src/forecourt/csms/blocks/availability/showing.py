"""The places of a station as the API shows them: what it consists of, with what is known and was ordered of each part."""

from __future__ import annotations

from sqlalchemy import ColumnElement, exists

from forecourt.charging.topology import Place
from forecourt.csms.blocks.availability.actions import conditions
from forecourt.csms.blocks.availability.model import Shown
from forecourt.csms.blocks.availability.store import connector
from forecourt.csms.stations.model import Station
from forecourt.csms.stations.registry import Stations
from forecourt.csms.stations.shapes import ConnectorOut


def places(stations: Stations, station: Station) -> list[ConnectorOut]:
    """Every part of a station that is known, in order."""
    known = {shown.place: shown for shown in conditions(station, stations)}
    kinds: dict[Place, str | None] = {}
    if station.topology is not None:
        for evse in station.topology.evses:
            kinds |= {Place(evse.evse_id, one.connector_id): one.kind for one in evse.connectors}
    every = sorted({*known, *kinds}, key=lambda place: (place.evse_id, place.connector_id or 0))
    return [_out(place, kinds.get(place), known.get(place)) for place in every]


def in_state(station: ColumnElement[int], state: str) -> ColumnElement[bool]:
    """Whether any connector of a station is in a state."""
    return exists().where(connector.c.station_id == station, connector.c.status == state)


def _out(place: Place, kind: str | None, shown: Shown | None) -> ConnectorOut:
    notice = None if shown is None else shown.notice
    return ConnectorOut(
        evse_id=place.evse_id,
        connector_id=place.connector_id,
        kind=kind,
        status=None if notice is None else notice.state.value,
        wire_status=None if notice is None else notice.wire_status,
        plugged_in=None if notice is None else notice.plugged_in,
        charging=None if notice is None or notice.charging is None else notice.charging.value,
        error_code="" if notice is None else notice.error_code,
        vendor_error_code="" if notice is None else notice.vendor_error_code,
        info="" if notice is None else notice.info,
        since=None if shown is None else shown.since,
        received_at=None if shown is None else shown.received_at,
        unknown_since=None if shown is None else shown.unknown_since,
        wanted_operative=None if shown is None else shown.wanted_operative,
        pending=shown is not None and shown.is_pending,
    )
