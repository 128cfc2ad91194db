"""Indexes for lists of a site and for what ended today."""

import sqlalchemy as sa
from alembic import op

revision = "0018_lists"
down_revision = "0017_promises"


def upgrade() -> None:
    """Find the few that were refused station by station, and the latest that ended, without going through all."""
    op.create_index(
        "transaction_refused_station_idx",
        "transaction",
        ["station_id", "started_at", "id"],
        postgresql_where=sa.text("verdict NOT IN ('', 'Accepted')"),
    )
    op.create_index(
        "transaction_ended_at_idx", "transaction", ["ended_at"], postgresql_where=sa.text("ended_at IS NOT NULL")
    )
