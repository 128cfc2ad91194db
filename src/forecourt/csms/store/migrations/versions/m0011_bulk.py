"""Commands to many stations at once."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB, UUID

from forecourt.csms.store.scopes import enable, restrict_to_sites

revision = "0011_bulk"
down_revision = "0010_api"

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Build the tables of `stations.bulk_store`, and let a bulk give each station one command."""
    op.create_table(
        "bulk_command",
        sa.Column("id", UUID(as_uuid=True), nullable=False),
        sa.Column("organisation_id", sa.BigInteger, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("arguments", JSONB, nullable=False),
        sa.Column("selection", JSONB, nullable=False),
        sa.Column("total", sa.Integer, nullable=False),
        sa.Column("asked_by", sa.Text, nullable=False),
        sa.Column("asked_at", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.Column("handed_out_at", INSTANT),
        sa.Column("cancelled_at", INSTANT),
        sa.Column("cancelled_by", sa.Text, server_default="", nullable=False),
        sa.PrimaryKeyConstraint("id", name="bulk_command_pkey"),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name="bulk_command_organisation_id_fkey"),
    )
    op.create_index("bulk_command_organisation_id_asked_at_idx", "bulk_command", ["organisation_id", "asked_at"])
    op.create_index("bulk_command_open_idx", "bulk_command", ["id"], postgresql_where="handed_out_at IS NULL")
    op.create_table(
        "bulk_target",
        sa.Column("bulk_id", UUID(as_uuid=True), nullable=False),
        sa.Column("station_id", sa.BigInteger, nullable=False),
        sa.Column("organisation_id", sa.BigInteger, nullable=False),
        sa.Column("state", sa.Text, server_default="waiting", nullable=False),
        sa.Column("reason", sa.Text, server_default="", nullable=False),
        sa.Column("detail", sa.Text, server_default="", nullable=False),
        sa.PrimaryKeyConstraint("bulk_id", "station_id", name="bulk_target_pkey"),
        sa.ForeignKeyConstraint(["bulk_id"], ["bulk_command.id"], name="bulk_target_bulk_id_fkey", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["station_id"], ["station.id"], name="bulk_target_station_id_fkey", ondelete="CASCADE"),
        sa.CheckConstraint("state IN ('waiting', 'asked', 'skipped', 'cancelled')", name="bulk_target_state_check"),
    )
    op.create_index("bulk_target_station_id_idx", "bulk_target", ["station_id"])
    op.drop_index("command_bulk_id_idx", "command")
    op.create_index(
        "command_bulk_id_station_id_idx",
        "command",
        ["bulk_id", "station_id"],
        unique=True,
        postgresql_where="bulk_id IS NOT NULL",
    )
    op.create_index("command_organisation_id_asked_at_idx", "command", ["organisation_id", "asked_at"])
    connection = op.get_bind()
    for table in ("bulk_command", "bulk_target"):
        enable(connection, table)
    restrict_to_sites(connection, "bulk_target", station="station_id")
