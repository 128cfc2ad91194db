"""The device model of stations as rows, and for each station how far we know it; the only SQL about them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Integer,
    Numeric,
    Table,
    Text,
    func,
    literal,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from forecourt.csms.blocks.provisioning.events import Change
from forecourt.csms.blocks.provisioning.model import Characteristics, Mutability, Name, Reported
from forecourt.csms.blocks.provisioning.named import LONGEST_PATH, name_of, named_columns, named_row
from forecourt.csms.redaction import MASK
from forecourt.csms.stations.model import Station
from forecourt.csms.store.schema import metadata

_NAMED: Final = ("component", "component_instance", "evse_id", "connector_id", "variable", "variable_instance")

variable = Table(
    "variable",
    metadata,
    Column("station_id", BigInteger, ForeignKey("station.id", ondelete="CASCADE"), primary_key=True),
    *named_columns(),
    # Null when it has none, or may not be read; *** when it is a secret the station told nevertheless.
    Column("value", Text),
    # Empty or null until a report has said so.
    Column("mutability", Text, nullable=False, server_default=""),
    Column("persistent", Boolean),
    Column("constant", Boolean),
    Column("data_type", Text, nullable=False, server_default=""),
    Column("unit", Text, nullable=False, server_default=""),
    Column("min_limit", Numeric),
    Column("max_limit", Numeric),
    Column("max_elements", BigInteger),
    Column("values_list", Text, nullable=False, server_default=""),
    Column("supports_monitoring", Boolean),
    Column("reported_at", DateTime(timezone=True), nullable=False),
    # Since a report of everything left it out.
    Column("missing_since", DateTime(timezone=True)),
)

provisioning = Table(
    "provisioning",
    metadata,
    Column("station_id", BigInteger, ForeignKey("station.id", ondelete="CASCADE"), primary_key=True),
    Column("organisation_id", BigInteger, nullable=False, index=True),
    # What the next boot is answered; null leaves it as it is.
    Column("decision", Text),
    Column("decided_by", Text, nullable=False, server_default=""),
    Column("decided_at", DateTime(timezone=True)),
    # Whether somebody has drawn the topology, so that reports leave it alone.
    Column("topology_drawn", Boolean, nullable=False, server_default="false"),
    # When everything was last reported, and with which firmware.
    Column("inventory_at", DateTime(timezone=True)),
    Column("inventory_firmware", Text, nullable=False, server_default=""),
    Column("asked_at", DateTime(timezone=True)),
    Column("failure", Text, nullable=False, server_default=""),
    Column("failures", Integer, nullable=False, server_default="0"),
    Column("retry_at", DateTime(timezone=True)),
    CheckConstraint("decision IN ('Accepted', 'Pending', 'Rejected')", name="decision"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A value as it is on record, with what may be done with it."""

    reported: Reported
    reported_at: datetime
    missing_since: datetime | None


async def put_reported(
    connection: AsyncConnection, station: Station, reported: Sequence[Reported], at: datetime
) -> list[Change]:
    """Record what a station reports, with all it says about it. Returns the settings that were known with other values."""
    rows = [_reported_row(station, one, at) for one in reported]
    return await _put(connection, station, rows)


async def put_values(
    connection: AsyncConnection, station: Station, values: Iterable[tuple[Name, str | None]], at: datetime
) -> list[Change]:
    """Record values, leaving what else is known of their variables. Returns the settings that had other values."""
    rows = [
        named_row(station, name) | {"value": _kept(name, value), "reported_at": at, "missing_since": None}
        for name, value in values
    ]
    return await _put(connection, station, rows)


async def known(connection: AsyncConnection, station: Station, names: Iterable[Name]) -> dict[Name, Known]:
    """What is on record of some variables."""
    wanted = {(name.path, name.attribute.value): name for name in names}
    paths = sorted({path for path, _ in wanted})
    found = await connection.execute(
        select(variable).where(variable.c.station_id == station.key, _among(variable.c.path, paths))
    )
    records = (row._mapping for row in found)
    return {
        wanted[(row["path"], row["attribute"])]: known_of(row)
        for row in records
        if (row["path"], row["attribute"]) in wanted
    }


async def of_components(connection: AsyncConnection, station: Station, components: Iterable[str]) -> list[Known]:
    """What is on record of components of these names, without what has gone missing."""
    among = func.lower(variable.c.component).in_([name.casefold() for name in components])
    found = await connection.execute(
        select(variable).where(variable.c.station_id == station.key, among, variable.c.missing_since.is_(None))
    )
    return [known_of(row._mapping) for row in found]


async def everything(connection: AsyncConnection, station: Station) -> list[Known]:
    """The whole device model of a station, in the order of its paths."""
    found = await connection.execute(
        select(variable).where(variable.c.station_id == station.key).order_by(variable.c.path, variable.c.attribute)
    )
    return [known_of(row._mapping) for row in found]


async def mark_missing(connection: AsyncConnection, station: Station, not_since: datetime, now: datetime) -> int:
    """Mark what a report of everything has left out: whatever was not reported since that was asked for."""
    marked = await connection.execute(
        update(variable)
        .where(
            variable.c.station_id == station.key,
            variable.c.reported_at < not_since,
            variable.c.missing_since.is_(None),
        )
        .values(missing_since=now)
    )
    return marked.rowcount


async def save_state(connection: AsyncConnection, station: Station, **values: Any) -> None:
    """Set columns of a station's row in `provisioning`, which is made unless it is there."""
    adding = upsert(provisioning).values(station_id=station.key, organisation_id=station.organisation, **values)
    await connection.execute(adding.on_conflict_do_update(index_elements=["station_id"], set_=values))


def known_of(row: Mapping[Any, Any]) -> Known:
    """A value of a row of `variable`."""
    return Known(
        reported=Reported(
            name=name_of(row),
            value=row["value"],
            mutability=Mutability(row["mutability"] or Mutability.READ_WRITE),
            persistent=bool(row["persistent"]),
            constant=bool(row["constant"]),
            characteristics=_characteristics(row) if row["data_type"] else None,
        ),
        reported_at=row["reported_at"],
        missing_since=row["missing_since"],
    )


async def _put(connection: AsyncConnection, station: Station, found: list[dict[str, Any]]) -> list[Change]:
    rows = [row for row in found if len(row["path"]) <= LONGEST_PATH]
    if not rows:
        return []
    # The last of several for one key counts, as it would one after another. In order, so that two writers lock alike.
    given = {(row["path"], row["attribute"]): row for row in rows}
    ordered = [given[key] for key in sorted(given)]
    earlier = await connection.execute(
        select(variable.c.path, variable.c.attribute, variable.c.value, variable.c.mutability).where(
            variable.c.station_id == station.key, _among(variable.c.path, sorted({path for path, _ in given}))
        )
    )
    was = {(row.path, row.attribute): row for row in earlier}
    adding = upsert(variable)
    # Every name that may be spelt in several ways is as it was spelt last.
    sets = {name: adding.excluded[name] for name in ordered[0] if name not in ("station_id", "path", "attribute")}
    await connection.execute(
        adding.on_conflict_do_update(index_elements=["station_id", "path", "attribute"], set_=sets), ordered
    )
    return [
        _change(row, was[key].value)
        for key, row in given.items()
        if key in was
        and was[key].value != row["value"]
        and was[key].value is not None
        and row.get("mutability", was[key].mutability) != Mutability.READ_ONLY
    ]


def _change(row: Mapping[str, Any], earlier: str | None) -> Change:
    return Change(
        **{name: row[name] for name in _NAMED}, attribute=row["attribute"], earlier=earlier, value=row["value"]
    )


def _reported_row(station: Station, one: Reported, at: datetime) -> dict[str, Any]:
    said = one.characteristics
    return named_row(station, one.name) | {
        "value": _kept(one.name, one.value),
        "mutability": one.mutability.value,
        "persistent": one.persistent,
        "constant": one.constant,
        "data_type": said.data_type if said else "",
        "unit": said.unit if said else "",
        "min_limit": said.min_limit if said else None,
        "max_limit": said.max_limit if said else None,
        "max_elements": said.max_elements if said else None,
        "values_list": said.values_list if said else "",
        "supports_monitoring": said.supports_monitoring if said else None,
        "reported_at": at,
        "missing_since": None,
    }


def _kept(name: Name, value: str | None) -> str | None:
    return MASK if name.is_secret and value else value


def _characteristics(row: Mapping[Any, Any]) -> Characteristics:
    return Characteristics(
        data_type=row["data_type"],
        unit=row["unit"],
        min_limit=row["min_limit"],
        max_limit=row["max_limit"],
        max_elements=row["max_elements"],
        values_list=row["values_list"],
        supports_monitoring=bool(row["supports_monitoring"]),
    )


def _among(column: Any, values: list[str]) -> Any:
    return column == func.any(literal(values, ARRAY(Text)))
