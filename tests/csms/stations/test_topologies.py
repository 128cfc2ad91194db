"""Topologies as data: there and back, and refused where they make no sense."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from forecourt.charging.ids import ConnectorId, EvseId
from forecourt.charging.topology import Connector, Evse, Place, Topology
from forecourt.csms.stations.topologies import data_of, topology_of
from forecourt.errors import Invalid

TWIN = Topology(
    (
        Evse(EvseId(1), (Connector(ConnectorId(1), "cCCS2"), Connector(ConnectorId(2)))),
        Evse(EvseId(3), (Connector(ConnectorId(1), "sType2"),)),
    ),
    {1: Place(EvseId(1), ConnectorId(1)), 2: Place(EvseId(3), ConnectorId(1))},
)


@pytest.mark.parametrize("topology", [TWIN, Topology(()), Topology.flat_default(3)])
def test_a_topology_survives_its_row(topology: Topology) -> None:
    assert topology_of(msgspec.json.decode(msgspec.json.encode(data_of(topology)))) == topology


def test_the_data_is_in_the_words_of_the_api() -> None:
    assert msgspec.json.decode(msgspec.json.encode(data_of(TWIN))) == {
        "evses": [
            {"id": 1, "connectors": [{"id": 1, "kind": "cCCS2"}, {"id": 2}]},
            {"id": 3, "connectors": [{"id": 1, "kind": "sType2"}]},
        ],
        "flat": [
            {"number": 1, "evseId": 1, "connectorId": 1},
            {"number": 2, "evseId": 3, "connectorId": 1},
        ],
    }


ONE: list[dict[str, Any]] = [{"id": 1, "connectors": [{"id": 1}, {"id": 2}]}]


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"evses": 1},
        {"evses": [{"id": "1", "connectors": []}]},
        {"evses": [], "more": 1},
        {"evses": [{"id": 1, "connectors": []}]},
        {"evses": ONE + ONE},
        {"evses": ONE, "flat": [{"number": 1, "evseId": 2, "connectorId": 1}]},
        {"evses": ONE, "flat": [{"number": 0, "evseId": 1, "connectorId": 1}]},
        {"evses": ONE, "flat": [{"number": number, "evseId": 1, "connectorId": 1} for number in (1, 2)]},
        {"evses": ONE, "flat": [{"number": 1, "evseId": 1, "connectorId": connector} for connector in (1, 2)]},
    ],
)
def test_data_that_is_no_topology_is_refused_naming_the_field(data: dict[str, Any]) -> None:
    with pytest.raises(Invalid) as refused:
        topology_of(data)
    assert refused.value.fields
