"""The stations that a request of the API is about: row-level security says whether they are there for this caller."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, select

from forecourt.csms.stations.model import Station, StationKey
from forecourt.csms.stations.registry import Stations
from forecourt.csms.stations.store import station as table
from forecourt.csms.store.work import Work
from forecourt.errors import NotFound


def stands_at(station: ColumnElement[Any], site: int) -> ColumnElement[bool]:
    """Whether the station that a column names stands at a site."""
    return station.in_(select(table.c.id).where(table.c.site_id == site))


async def visible(work: Work, stations: Stations, key: int) -> Station:
    """The station with our number `key`, if the caller may see it. Raises NotFound."""
    found = await (await work.sql()).execute(select(table.c.id).where(table.c.id == key))
    if found.first() is None:
        raise NotFound("station_unknown", f"there is no station {key}")
    return stations.of_key(StationKey(key))
