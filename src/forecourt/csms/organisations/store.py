"""The table of organisations."""

from __future__ import annotations

from sqlalchemy import ARRAY, BigInteger, CheckConstraint, Column, DateTime, Identity, Table, Text, UniqueConstraint

from forecourt.csms.store.schema import metadata

organisation = Table(
    "organisation",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    # cpo operates stations, emsp provides tokens to drivers.
    Column("roles", ARRAY(Text), nullable=False),
    Column("country_code", Text, nullable=False),
    Column("party_id", Text, nullable=False),
    # What the O of a station's certificate may say (A00.FR.404); the organisation's name is always among them.
    Column("certificate_names", ARRAY(Text), nullable=False, server_default="{}"),
    Column("created_at", DateTime(timezone=True), nullable=False),
    CheckConstraint("roles <@ ARRAY['cpo', 'emsp'] AND cardinality(roles) > 0", name="roles"),
    CheckConstraint("country_code ~ '^[A-Z]{2}$'", name="country_code"),
    CheckConstraint("party_id ~ '^[A-Z0-9]{3}$'", name="party_id"),
    UniqueConstraint("country_code", "party_id"),
)
