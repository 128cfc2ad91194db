"""Certificates: of stations, of this server, and of who signs those of stations."""

import sqlalchemy as sa
from alembic import op

from forecourt.csms.store.scopes import enable, restrict_to_sites

revision = "0016_certificates"
down_revision = "0015_orders"

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Build the tables of `blocks.certificates`."""
    op.create_table(
        "certificate",
        sa.Column("id", sa.BigInteger, sa.Identity(), nullable=False),
        sa.Column("holder", sa.Text, nullable=False),
        sa.Column("organisation_id", sa.BigInteger),
        sa.Column("station_id", sa.BigInteger),
        sa.Column("origin", sa.Text, nullable=False),
        sa.Column("serial", sa.Text, nullable=False),
        sa.Column("fingerprint", sa.Text, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("issuer", sa.Text, nullable=False),
        sa.Column("not_before", INSTANT, nullable=False),
        sa.Column("not_after", INSTANT, nullable=False),
        sa.Column("pem", sa.Text, nullable=False),
        sa.Column("known_at", INSTANT, nullable=False),
        sa.Column("shown_at", INSTANT),
        sa.Column("superseded_at", INSTANT),
        sa.Column("revoked_at", INSTANT),
        sa.Column("revoked_by", sa.Text, server_default="", nullable=False),
        sa.Column("told_at", INSTANT),
        sa.PrimaryKeyConstraint("id", name="certificate_pkey"),
        sa.ForeignKeyConstraint(
            ["station_id"], ["station.id"], name="certificate_station_id_fkey", ondelete="SET NULL"
        ),
        sa.CheckConstraint("holder IN ('station', 'server', 'authority')", name="certificate_holder_check"),
        sa.CheckConstraint("origin IN ('issued', 'shown', 'file')", name="certificate_origin_check"),
    )
    op.create_index("certificate_organisation_id_idx", "certificate", ["organisation_id"])
    op.create_index("certificate_station_id_fingerprint_idx", "certificate", ["station_id", "fingerprint"], unique=True)
    op.create_index(
        "certificate_holder_fingerprint_idx",
        "certificate",
        ["holder", "fingerprint"],
        unique=True,
        postgresql_where="holder <> 'station'",
    )
    op.create_index("certificate_not_after_id_idx", "certificate", ["not_after", "id"])
    connection = op.get_bind()
    enable(connection, "certificate")
    restrict_to_sites(connection, "certificate", station="station_id")
