"""What stations consist of, learned from what they say, or drawn by somebody."""

from __future__ import annotations

from typing import Final

import msgspec
from sqlalchemy import select, update

from forecourt.charging.topology import Topology
from forecourt.csms.blocks.provisioning import store
from forecourt.csms.blocks.provisioning.events import EvseFacts, TopologyChanged
from forecourt.csms.blocks.provisioning.rules import grown, topology_of
from forecourt.csms.blocks.provisioning.store import provisioning
from forecourt.csms.stations.model import Station
from forecourt.csms.stations.store import station as station_table
from forecourt.csms.stations.topologies import data_of
from forecourt.csms.store.rows import Latest
from forecourt.csms.store.work import Work

_LEARNED: Final = Latest(station_table, key=["id"], columns=["topology"])


def learn_connectors(work: Work, station: Station, connectors: int) -> None:
    """A station with numbered connectors has at least so many: it says so, or has named that number.

    Needs no SQL, so that a status message may call it.
    """
    topology = grown(station.topology, connectors)
    if topology is None:
        return
    station.topology = topology
    work.add(_LEARNED, (station.key, msgspec.json.encode(data_of(topology)).decode()))
    _announce_topology(work, station, topology)


async def draw_topology(work: Work, station: Station, topology: Topology) -> None:
    """Let a station consist of what somebody says it does; from now on its reports change nothing about that."""
    connection = await work.sql()
    await store.save_state(connection, station, topology_drawn=True)
    await _set_topology(work, station, topology)


async def learn_from_components(work: Work, station: Station) -> None:
    """See from the components on record what a station consists of, unless somebody has drawn that."""
    connection = await work.sql()
    components = await store.of_components(connection, station, ("EVSE", "Connector"))
    evses: set[int] = set()
    connectors: dict[tuple[int, int], str] = {}
    for one in components:
        component, variable = one.reported.name.component, one.reported.name.variable
        if component.evse_id is None:
            continue
        evses.add(component.evse_id)
        if component.name.casefold() == "connector" and component.connector_id is not None:
            place = (component.evse_id, component.connector_id)
            connectors.setdefault(place, "")
            if variable.name.casefold() == "connectortype":
                connectors[place] = one.reported.value or ""
    shown = topology_of(evses, connectors)
    topology = None if shown is None else _numbered(shown, station.topology)
    if topology is None or topology == station.topology:
        return
    drawn = await connection.execute(
        select(provisioning.c.station_id).where(provisioning.c.station_id == station.key, provisioning.c.topology_drawn)
    )
    if drawn.first() is None:
        await _set_topology(work, station, topology)


async def _set_topology(work: Work, station: Station, topology: Topology) -> None:
    connection = await work.sql()
    await connection.execute(
        update(station_table).where(station_table.c.id == station.key).values(topology=data_of(topology))
    )
    station.topology = topology
    _announce_topology(work, station, topology)


def _announce_topology(work: Work, station: Station, topology: Topology) -> None:
    evses = tuple(
        EvseFacts(evse.evse_id, tuple(connector.connector_id for connector in evse.connectors))
        for evse in topology.evses
    )
    work.announce(TopologyChanged(organisation_id=station.organisation, station_id=station.key, evses=evses))


def _numbered(shown: Topology, earlier: Topology | None) -> Topology:
    """`shown` with the connector numbers that an earlier, flat version of the protocol gave to its places."""
    flat = {} if earlier is None else {number: place for number, place in earlier.flat.items() if shown.has(place)}
    return Topology(shown.evses, flat)
