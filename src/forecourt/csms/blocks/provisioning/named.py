"""How a row says which variable it is about: for every table of this block whose rows are about variables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import BigInteger, Column, Text

from forecourt.csms.blocks.provisioning.model import Attribute, Component, Name, Variable
from forecourt.csms.stations.model import Station

LONGEST_PATH: Final = 600
"""Twice what the specification allows. What is longer does not fit into an index, and is left out."""


def named_columns() -> list[Column[Any]]:
    """The columns that say which variable a row is about, in words and as the path that tells it from others."""
    return [
        Column("path", Text, primary_key=True),
        Column("attribute", Text, primary_key=True),
        Column("organisation_id", BigInteger, nullable=False),
        Column("component", Text, nullable=False),
        Column("component_instance", Text, nullable=False, server_default=""),
        # Null at the station itself.
        Column("evse_id", BigInteger),
        Column("connector_id", BigInteger),
        Column("variable", Text, nullable=False),
        Column("variable_instance", Text, nullable=False, server_default=""),
    ]


def name_of(row: Mapping[Any, Any]) -> Name:
    """The name in a row of any table with `named_columns`."""
    return Name(
        Component(row["component"], row["component_instance"], row["evse_id"], row["connector_id"]),
        Variable(row["variable"], row["variable_instance"]),
        Attribute(row["attribute"]),
    )


def named_row(station: Station, name: Name) -> dict[str, Any]:
    """The values of `named_columns`, and whose they are."""
    return {
        "station_id": station.key,
        "organisation_id": station.organisation,
        "path": name.path,
        "attribute": name.attribute.value,
        "component": name.component.name,
        "component_instance": name.component.instance,
        "evse_id": name.component.evse_id,
        "connector_id": name.component.connector_id,
        "variable": name.variable.name,
        "variable_instance": name.variable.instance,
    }
