"""Limits that transactions are to begin with."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0017_promises"
down_revision = "0016_certificates"


def upgrade() -> None:
    """Keep the limits that come with a remote start until it begins."""
    op.create_table(
        "transaction_promise",
        sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
        sa.Column("station_id", sa.BigInteger, sa.ForeignKey("station.id", ondelete="CASCADE"), nullable=False),
        sa.Column("remote_start_id", sa.BigInteger),
        sa.Column("token_key", sa.Text, nullable=False),
        sa.Column("evse_id", sa.Integer),
        sa.Column("limits", postgresql.JSONB, nullable=False),
        sa.Column("promised_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("transaction_promise_station_id_idx", "transaction_promise", ["station_id"])
