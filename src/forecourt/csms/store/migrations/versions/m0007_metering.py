"""Meter values, which of them came already, and signed values byte for byte."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from forecourt.csms.store.partitions import create_default
from forecourt.csms.store.scopes import enable

revision = "0007_metering"
down_revision = "0006_transactions"

INSTANT = sa.DateTime(timezone=True)


def _whose() -> "list[sa.Column[object]]":
    return [
        sa.Column("received_at", INSTANT, nullable=False),
        sa.Column("station_id", sa.BigInteger, nullable=False),
        sa.Column("organisation_id", sa.BigInteger, nullable=False),
        sa.Column("transaction_id", sa.BigInteger),
        sa.Column("evse_id", sa.Integer),
        sa.Column("connector_id", sa.Integer),
        sa.Column("station_time", INSTANT, nullable=False),
    ]


def upgrade() -> None:
    """Build the tables of `blocks.metering`."""
    op.create_table(
        "meter_value",
        *_whose(),
        sa.Column("sampled", JSONB, nullable=False),
        postgresql_partition_by="RANGE (received_at)",
    )
    op.create_index(
        "meter_value_transaction_id_idx",
        "meter_value",
        ["transaction_id"],
        postgresql_where=sa.text("transaction_id IS NOT NULL"),
    )
    op.create_index(
        "meter_value_station_id_received_at_idx",
        "meter_value",
        ["station_id", "received_at"],
        postgresql_where=sa.text("transaction_id IS NULL"),
    )
    op.create_index("meter_value_received_at_idx", "meter_value", ["received_at"], postgresql_using="brin")
    create_default(op.get_bind(), "meter_value")
    op.create_table(
        "meter_message",
        sa.Column("station_id", sa.BigInteger, nullable=False),
        sa.Column("place", sa.BigInteger, nullable=False),
        sa.Column("transaction_number", sa.BigInteger, nullable=False),
        sa.Column("station_time", INSTANT, nullable=False),
        sa.Column("digest", sa.BigInteger, nullable=False),
        sa.Column("received_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint(
            "station_id", "place", "transaction_number", "station_time", "digest", name="meter_message_pkey"
        ),
    )
    op.create_index("meter_message_received_at_idx", "meter_message", ["received_at"], postgresql_using="brin")
    op.create_table(
        "signed_value",
        *_whose(),
        sa.Column("measurand", sa.Text, nullable=False),
        sa.Column("context", sa.Text, nullable=False),
        sa.Column("phase", sa.Text, nullable=False),
        sa.Column("location", sa.Text, nullable=False),
        sa.Column("data", sa.LargeBinary, nullable=False),
        sa.Column("encoding", sa.Text, nullable=False),
        sa.Column("method", sa.Text, nullable=False),
        sa.Column("public_key", sa.LargeBinary, nullable=False),
    )
    op.create_index("signed_value_transaction_id_idx", "signed_value", ["transaction_id"])
    op.create_index("signed_value_station_id_received_at_idx", "signed_value", ["station_id", "received_at"])
    connection = op.get_bind()
    for table in ("meter_value", "signed_value"):
        enable(connection, table)
