"""The tables of stations, of handshakes that were refused, and of commands; and the reading of all stations at start."""

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
    Integer,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, UUID

from forecourt.csms.store.schema import metadata

station = Table(
    "station",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    # Unique over all organisations: it is the last part of the connection URL.
    Column("wire_id", Text, nullable=False, unique=True),
    Column("organisation_id", BigInteger, ForeignKey("organisation.id"), nullable=False, index=True),
    Column("site_id", BigInteger, ForeignKey("site.id"), index=True),
    Column("name", Text, nullable=False, server_default=""),
    Column("enabled", Boolean, nullable=False, server_default="true"),
    Column("registration", Text, nullable=False),
    Column("security_profile", SmallInteger, nullable=False),
    # A higher one that it was given and has not come with yet.
    Column("offered_security_profile", SmallInteger),
    # The password in use and, while a rotation runs, the one that follows it.
    Column("password_hmac", LargeBinary),
    Column("next_password_hmac", LargeBinary),
    Column("certificate_name", Text, nullable=False, server_default=""),
    # The version assumed of a station whose handshake names none.
    Column("assumed_version", Text, nullable=False, server_default=""),
    Column("soap_enabled", Boolean, nullable=False, server_default="false"),
    Column("soap_address", Text, nullable=False, server_default=""),
    # Whether to read its messages strictly; null leaves it to the habits of its model and the deployment.
    Column("strict", Boolean),
    # Charging.topology as data; null until known.
    Column("topology", JSONB),
    Column("vendor", Text, nullable=False, server_default=""),
    Column("model", Text, nullable=False, server_default=""),
    Column("serial_number", Text, nullable=False, server_default=""),
    Column("firmware_version", Text, nullable=False, server_default=""),
    Column("boot_details", JSONB, nullable=False, server_default="{}"),
    Column("boot_reason", Text, nullable=False, server_default=""),
    Column("booted_at", DateTime(timezone=True)),
    Column("spoken_version", Text, nullable=False, server_default=""),
    Column("connected", Boolean, nullable=False, server_default="false"),
    Column("connection_changed_at", DateTime(timezone=True)),
    # Which connection wrote the state above last; an older one changes nothing any more.
    Column("epoch", BigInteger, nullable=False, server_default="0"),
    Column("last_seen_at", DateTime(timezone=True)),
    Column("next_request_id", Integer, nullable=False, server_default="1"),
    Column("created_at", DateTime(timezone=True), nullable=False),
    CheckConstraint("registration IN ('Accepted', 'Pending', 'Rejected')", name="registration"),
    CheckConstraint("security_profile BETWEEN 0 AND 3", name="security_profile"),
    CheckConstraint("offered_security_profile BETWEEN 1 AND 3", name="offered_security_profile"),
    CheckConstraint("char_length(wire_id) BETWEEN 1 AND 48 AND strpos(wire_id, ':') = 0", name="wire_id"),
    Index("station_name_id_idx", "name", "id"),
    Index("station_created_at_id_idx", "created_at", "id"),
)

refused_handshake = Table(
    "refused_handshake",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("organisation_id", BigInteger),
    Column("wire_id", Text, nullable=False),
    Column("peer", Text, nullable=False),
    Column("path", Text, nullable=False),
    # A word for programs: unknown_station, wrong_password, no_common_subprotocol, ...
    Column("reason", Text, nullable=False),
    Column("detail", Text, nullable=False),
    Column("subprotocols", ARRAY(Text), nullable=False),
    Index("refused_handshake_at_idx", "at", postgresql_using="brin"),
    Index("refused_handshake_wire_id_at_idx", "wire_id", "at"),
)

command = Table(
    "command",
    metadata,
    Column("id", UUID(as_uuid=True), primary_key=True),
    Column("organisation_id", BigInteger, nullable=False),
    Column("station_id", BigInteger, ForeignKey("station.id"), nullable=False),
    Column("bulk_id", UUID(as_uuid=True)),
    Column("kind", Text, nullable=False),
    Column("arguments", JSONB, nullable=False),
    Column("status", Text, nullable=False),
    Column("reason", Text, nullable=False, server_default=""),
    Column("result", JSONB),
    # Ties later messages of the station to the command that asked for them.
    Column("request_id", Integer),
    Column("asked_by", Text, nullable=False),
    Column("asked_at", DateTime(timezone=True), nullable=False),
    Column("expires_at", DateTime(timezone=True), nullable=False),
    Column("sent_at", DateTime(timezone=True)),
    Column("ended_at", DateTime(timezone=True)),
    CheckConstraint(
        "status IN ('queued', 'sent', 'accepted', 'refused', 'unanswered', 'expired', 'running', 'finished', 'failed')",
        name="status",
    ),
    Index("command_station_id_asked_at_idx", "station_id", "asked_at"),
    Index("command_organisation_id_asked_at_idx", "organisation_id", "asked_at"),
    Index("command_asked_at_id_idx", "asked_at", "id"),
    # A bulk gives each station one command, however often it is begun anew.
    Index(
        "command_bulk_id_station_id_idx", "bulk_id", "station_id", unique=True, postgresql_where="bulk_id IS NOT NULL"
    ),
    # What has not ended is looked for at every connect and every start.
    Index("command_open_idx", "station_id", postgresql_where="status IN ('queued', 'sent', 'running')"),
)
