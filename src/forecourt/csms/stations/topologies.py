"""A station's topology as data, for its row in the database and for the API."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from forecourt.charging.ids import ConnectorId, EvseId
from forecourt.charging.topology import Connector, Evse, Place, Topology
from forecourt.errors import Invalid


class _Connector(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    id: int
    kind: str | None = None


class _Evse(msgspec.Struct, frozen=True, rename="camel"):
    id: int
    connectors: tuple[_Connector, ...]


class _Flat(msgspec.Struct, frozen=True, rename="camel"):
    number: int
    evse_id: int
    connector_id: int


class _Topology(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    evses: tuple[_Evse, ...]
    flat: tuple[_Flat, ...] = ()


def topology_of(data: Mapping[str, Any]) -> Topology:
    """The topology that `data` describes. Raises Invalid."""
    try:
        read = msgspec.convert(data, _Topology)
    except msgspec.ValidationError as error:
        raise Invalid("topology_invalid", str(error), {"topology": str(error)}) from error
    if len({flat.number for flat in read.flat}) != len(read.flat):
        raise Invalid("flat_number_twice", "a connector number is there twice", {"flat": "a number is there twice"})
    evses = tuple(
        Evse(EvseId(evse.id), tuple(Connector(ConnectorId(one.id), one.kind) for one in evse.connectors))
        for evse in read.evses
    )
    return Topology(
        evses, {flat.number: Place(EvseId(flat.evse_id), ConnectorId(flat.connector_id)) for flat in read.flat}
    )


def data_of(topology: Topology) -> dict[str, Any]:
    """`topology` as plain data, the inverse of `topology_of`."""
    written = _Topology(
        tuple(
            _Evse(evse.evse_id, tuple(_Connector(one.connector_id, one.kind) for one in evse.connectors))
            for evse in topology.evses
        ),
        tuple(_Flat(number, place.evse_id, place.connector_id or 0) for number, place in sorted(topology.flat.items())),
    )
    plain: dict[str, Any] = msgspec.to_builtins(written)
    return plain
