"""Security events, and changes of stations' passwords that are under way."""

import sqlalchemy as sa
from alembic import op

from forecourt.csms.store.scopes import enable

revision = "0005_security"
down_revision = "0004_provisioning"

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Build the tables of `blocks.security`."""
    op.create_table(
        "security_event",
        sa.Column("id", sa.BigInteger, sa.Identity(), nullable=False),
        sa.Column("received_at", INSTANT, nullable=False),
        sa.Column("station_time", INSTANT),
        sa.Column("organisation_id", sa.BigInteger, nullable=False),
        sa.Column("station_id", sa.BigInteger, nullable=False),
        sa.Column("type", sa.Text, nullable=False),
        sa.Column("wire_type", sa.Text, nullable=False),
        sa.Column("critical", sa.Boolean),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("tech_info", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="security_event_pkey"),
        sa.ForeignKeyConstraint(
            ["station_id"], ["station.id"], name="security_event_station_id_fkey", ondelete="CASCADE"
        ),
        sa.CheckConstraint("source IN ('station', 'csms')", name="security_event_source_check"),
    )
    op.create_index("security_event_station_id_received_at_idx", "security_event", ["station_id", "received_at"])
    op.create_index(
        "security_event_organisation_id_received_at_idx", "security_event", ["organisation_id", "received_at"]
    )
    op.create_table(
        "password_rotation",
        sa.Column("station_id", sa.BigInteger, nullable=False),
        sa.Column("organisation_id", sa.BigInteger, nullable=False),
        sa.Column("begun_at", INSTANT, nullable=False),
        sa.Column("old_seen_at", INSTANT),
        sa.PrimaryKeyConstraint("station_id", name="password_rotation_pkey"),
        sa.ForeignKeyConstraint(
            ["station_id"], ["station.id"], name="password_rotation_station_id_fkey", ondelete="CASCADE"
        ),
    )
    op.create_index("password_rotation_organisation_id_idx", "password_rotation", ["organisation_id"])
    connection = op.get_bind()
    for table in ("security_event", "password_rotation"):
        enable(connection, table)
