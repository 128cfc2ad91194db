"""Indexes for the orders that lists of stations and commands can be had in, and for the few tokens that are blocked."""

from alembic import op

revision = "0015_orders"
down_revision = "0014_webhooks"


def upgrade() -> None:
    """Index each order together with the key that makes it total."""
    op.create_index("station_name_id_idx", "station", ["name", "id"])
    op.create_index("station_created_at_id_idx", "station", ["created_at", "id"])
    op.create_index("command_asked_at_id_idx", "command", ["asked_at", "id"])
    op.create_index("token_blocked_id_idx", "token", ["id"], postgresql_where="blocked")
