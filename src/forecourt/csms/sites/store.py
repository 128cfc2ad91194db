"""The table of sites."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    Double,
    ForeignKey,
    Identity,
    Table,
    Text,
    UniqueConstraint,
)

from forecourt.csms.store.schema import metadata

site = Table(
    "site",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("organisation_id", BigInteger, ForeignKey("organisation.id"), nullable=False, index=True),
    Column("name", Text, nullable=False),
    Column("address", Text, nullable=False, server_default=""),
    Column("latitude_degrees", Double),
    Column("longitude_degrees", Double),
    Column("time_zone", Text, nullable=False, server_default="UTC"),
    Column("created_at", DateTime(timezone=True), nullable=False),
    CheckConstraint("latitude_degrees BETWEEN -90 AND 90", name="latitude"),
    CheckConstraint("longitude_degrees BETWEEN -180 AND 180", name="longitude"),
    UniqueConstraint("organisation_id", "name"),
)
