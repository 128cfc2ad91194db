"""The tables of accounts. What proves an identity is in tables that the API's database role cannot read."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
)

from forecourt.csms.store.schema import metadata

ROLES = "role IN ('administrator', 'operator', 'technician', 'viewer', 'driver')"
A_SITE_HAS_AN_ORGANISATION = "site_id IS NULL OR organisation_id IS NOT NULL"

user = Table(
    "user_account",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    # What one signs in with; unique whatever its case.
    Column("login", Text, nullable=False),
    Column("login_key", Text, nullable=False, unique=True),
    Column("name", Text, nullable=False, server_default=""),
    Column("enabled", Boolean, nullable=False, server_default="true"),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("signed_in_at", DateTime(timezone=True)),
)

user_password = Table(
    "user_password",
    metadata,
    Column("user_id", BigInteger, ForeignKey("user_account.id", ondelete="CASCADE"), primary_key=True),
    Column("hash", Text, nullable=False),
    Column("changed_at", DateTime(timezone=True), nullable=False),
)

user_grant = Table(
    "user_grant",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("user_id", BigInteger, ForeignKey("user_account.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("role", Text, nullable=False),
    # Neither: the whole platform. Both: that site.
    Column("organisation_id", BigInteger, ForeignKey("organisation.id"), index=True),
    Column("site_id", BigInteger, ForeignKey("site.id", ondelete="CASCADE")),
    UniqueConstraint("user_id", "role", "organisation_id", "site_id", postgresql_nulls_not_distinct=True),
    CheckConstraint(ROLES, name="role"),
    CheckConstraint(A_SITE_HAS_AN_ORGANISATION, name="site"),
)

user_session = Table(
    "user_session",
    metadata,
    # A hash: who reads the database cannot take a session over.
    Column("token_hash", LargeBinary, primary_key=True),
    Column("user_id", BigInteger, ForeignKey("user_account.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("csrf_token", Text, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("seen_at", DateTime(timezone=True), nullable=False),
    Column("expires_at", DateTime(timezone=True), nullable=False, index=True),
    Column("peer", Text, nullable=False),
    Column("agent", Text, nullable=False),
)

api_key = Table(
    "api_key",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("name", Text, nullable=False),
    # The first part of the key, by which people know it.
    Column("prefix", Text, nullable=False, unique=True),
    Column("role", Text, nullable=False),
    Column("organisation_id", BigInteger, ForeignKey("organisation.id")),
    Column("site_id", BigInteger, ForeignKey("site.id", ondelete="CASCADE")),
    Column("created_by", Text, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("expires_at", DateTime(timezone=True)),
    Column("revoked_at", DateTime(timezone=True)),
    Column("used_at", DateTime(timezone=True)),
    Index("api_key_organisation_id_id_idx", "organisation_id", "id"),
    CheckConstraint(ROLES, name="role"),
    CheckConstraint(A_SITE_HAS_AN_ORGANISATION, name="site"),
)

api_key_secret = Table(
    "api_key_secret",
    metadata,
    Column("key_id", BigInteger, ForeignKey("api_key.id", ondelete="CASCADE"), primary_key=True),
    Column("hash", LargeBinary, nullable=False),
)
