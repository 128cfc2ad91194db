"""Organisations, their sites and stations, refused handshakes, commands, the message log and deviations."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, UUID

from forecourt.csms.store.partitions import create_default
from forecourt.csms.store.scopes import enable

revision = "0002_stations"
down_revision = "0001_store"

INSTANT = sa.DateTime(timezone=True)


def _text(name: str) -> "sa.Column[str]":
    return sa.Column(name, sa.Text, server_default="", nullable=False)


def upgrade() -> None:
    """Build the tables of `organisations`, `sites`, `stations` and `gateway.log`."""
    _organisations()
    _stations()
    _log()
    connection = op.get_bind()
    for table in ("site", "station", "refused_handshake", "command", "message_log", "deviation"):
        enable(connection, table)
    enable(connection, "organisation", "id")


def _organisations() -> None:
    op.create_table(
        "organisation",
        sa.Column("id", sa.BigInteger, sa.Identity(), nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("roles", ARRAY(sa.Text), nullable=False),
        sa.Column("country_code", sa.Text, nullable=False),
        sa.Column("party_id", sa.Text, nullable=False),
        sa.Column("certificate_names", ARRAY(sa.Text), server_default="{}", nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="organisation_pkey"),
        sa.UniqueConstraint("name", name="organisation_name_key"),
        sa.UniqueConstraint("country_code", "party_id", name="organisation_country_code_party_id_key"),
        sa.CheckConstraint("roles <@ ARRAY['cpo', 'emsp'] AND cardinality(roles) > 0", name="organisation_roles_check"),
        sa.CheckConstraint("country_code ~ '^[A-Z]{2}$'", name="organisation_country_code_check"),
        sa.CheckConstraint("party_id ~ '^[A-Z0-9]{3}$'", name="organisation_party_id_check"),
    )
    op.create_table(
        "site",
        sa.Column("id", sa.BigInteger, sa.Identity(), nullable=False),
        sa.Column("organisation_id", sa.BigInteger, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        _text("address"),
        sa.Column("latitude_degrees", sa.Double),
        sa.Column("longitude_degrees", sa.Double),
        sa.Column("time_zone", sa.Text, server_default="UTC", nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="site_pkey"),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name="site_organisation_id_fkey"),
        sa.UniqueConstraint("organisation_id", "name", name="site_organisation_id_name_key"),
        sa.CheckConstraint("latitude_degrees BETWEEN -90 AND 90", name="site_latitude_check"),
        sa.CheckConstraint("longitude_degrees BETWEEN -180 AND 180", name="site_longitude_check"),
    )
    op.create_index("site_organisation_id_idx", "site", ["organisation_id"])


def _stations() -> None:
    op.create_table(
        "station",
        sa.Column("id", sa.BigInteger, sa.Identity(), nullable=False),
        sa.Column("wire_id", sa.Text, nullable=False),
        sa.Column("organisation_id", sa.BigInteger, nullable=False),
        sa.Column("site_id", sa.BigInteger),
        _text("name"),
        sa.Column("enabled", sa.Boolean, server_default="true", nullable=False),
        sa.Column("registration", sa.Text, nullable=False),
        sa.Column("security_profile", sa.SmallInteger, nullable=False),
        sa.Column("password_hmac", sa.LargeBinary),
        sa.Column("next_password_hmac", sa.LargeBinary),
        _text("certificate_name"),
        _text("assumed_version"),
        sa.Column("soap_enabled", sa.Boolean, server_default="false", nullable=False),
        _text("soap_address"),
        sa.Column("strict", sa.Boolean),
        sa.Column("topology", JSONB),
        _text("vendor"),
        _text("model"),
        _text("serial_number"),
        _text("firmware_version"),
        sa.Column("boot_details", JSONB, server_default="{}", nullable=False),
        _text("boot_reason"),
        sa.Column("booted_at", INSTANT),
        _text("spoken_version"),
        sa.Column("connected", sa.Boolean, server_default="false", nullable=False),
        sa.Column("connection_changed_at", INSTANT),
        sa.Column("epoch", sa.BigInteger, server_default="0", nullable=False),
        sa.Column("last_seen_at", INSTANT),
        sa.Column("next_request_id", sa.Integer, server_default="1", nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="station_pkey"),
        sa.UniqueConstraint("wire_id", name="station_wire_id_key"),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name="station_organisation_id_fkey"),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name="station_site_id_fkey"),
        sa.CheckConstraint("registration IN ('Accepted', 'Pending', 'Rejected')", name="station_registration_check"),
        sa.CheckConstraint("security_profile BETWEEN 0 AND 3", name="station_security_profile_check"),
        sa.CheckConstraint(
            "char_length(wire_id) BETWEEN 1 AND 48 AND strpos(wire_id, ':') = 0", name="station_wire_id_check"
        ),
    )
    op.create_index("station_organisation_id_idx", "station", ["organisation_id"])
    op.create_index("station_site_id_idx", "station", ["site_id"])
    op.create_table(
        "refused_handshake",
        sa.Column("id", sa.BigInteger, sa.Identity(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("organisation_id", sa.BigInteger),
        sa.Column("wire_id", sa.Text, nullable=False),
        sa.Column("peer", sa.Text, nullable=False),
        sa.Column("path", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("detail", sa.Text, nullable=False),
        sa.Column("subprotocols", ARRAY(sa.Text), nullable=False),
        sa.PrimaryKeyConstraint("id", name="refused_handshake_pkey"),
    )
    op.create_index("refused_handshake_at_idx", "refused_handshake", ["at"], postgresql_using="brin")
    op.create_index("refused_handshake_wire_id_at_idx", "refused_handshake", ["wire_id", "at"])
    op.create_table(
        "command",
        sa.Column("id", UUID(as_uuid=True), nullable=False),
        sa.Column("organisation_id", sa.BigInteger, nullable=False),
        sa.Column("station_id", sa.BigInteger, nullable=False),
        sa.Column("bulk_id", UUID(as_uuid=True)),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("arguments", JSONB, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        _text("reason"),
        sa.Column("result", JSONB),
        sa.Column("request_id", sa.Integer),
        sa.Column("asked_by", sa.Text, nullable=False),
        sa.Column("asked_at", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.Column("sent_at", INSTANT),
        sa.Column("ended_at", INSTANT),
        sa.PrimaryKeyConstraint("id", name="command_pkey"),
        sa.ForeignKeyConstraint(["station_id"], ["station.id"], name="command_station_id_fkey"),
        sa.CheckConstraint(
            "status IN ('queued', 'sent', 'accepted', 'refused', 'unanswered', 'expired', 'running', 'finished', 'failed')",
            name="command_status_check",
        ),
    )
    op.create_index("command_bulk_id_idx", "command", ["bulk_id"])
    op.create_index("command_station_id_asked_at_idx", "command", ["station_id", "asked_at"])
    op.create_index(
        "command_open_idx",
        "command",
        ["station_id"],
        postgresql_where=sa.text("status IN ('queued', 'sent', 'running')"),
    )


def _log() -> None:
    op.create_table(
        "message_log",
        sa.Column("received_at", INSTANT, nullable=False),
        sa.Column("station_id", sa.BigInteger, nullable=False),
        sa.Column("organisation_id", sa.BigInteger, nullable=False),
        sa.Column("caller", sa.Text, nullable=False),
        sa.Column("version", sa.Text, nullable=False),
        sa.Column("message_id", sa.Text, nullable=False),
        sa.Column("action", sa.Text, nullable=False),
        sa.Column("request", sa.Text, nullable=False),
        sa.Column("answer", sa.Text, nullable=False),
        sa.Column("error", sa.Text, nullable=False),
        sa.Column("duration_us", sa.Integer, nullable=False),
        postgresql_partition_by="RANGE (received_at)",
    )
    op.create_index("message_log_station_id_received_at_idx", "message_log", ["station_id", "received_at"])
    op.create_index("message_log_received_at_idx", "message_log", ["received_at"], postgresql_using="brin")
    create_default(op.get_bind(), "message_log")
    op.create_table(
        "deviation",
        sa.Column("received_at", INSTANT, nullable=False),
        sa.Column("station_id", sa.BigInteger, nullable=False),
        sa.Column("organisation_id", sa.BigInteger, nullable=False),
        sa.Column("version", sa.Text, nullable=False),
        sa.Column("action", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("path", sa.Text, nullable=False),
        sa.Column("value", sa.Text, nullable=False),
        sa.Column("detail", sa.Text, nullable=False),
    )
    op.create_index("deviation_station_id_received_at_idx", "deviation", ["station_id", "received_at"])
    op.create_index("deviation_received_at_idx", "deviation", ["received_at"], postgresql_using="brin")
