"""Indexes by which lists of transactions and tokens, and verdicts about tokens, are found at once."""

from alembic import op

revision = "0013_lists"
down_revision = "0012_accounts"

OPEN = "ended_at IS NULL"
JUDGED = "kind = 'TokenJudged'"


def upgrade() -> None:
    """Index what lists are sorted and searched by, each together with the key that makes the order total."""
    for name in ("organisation_id_started_at", "token_id"):
        op.drop_index(f"transaction_{name}_idx", "transaction")
    op.create_index("transaction_started_at_id_idx", "transaction", ["started_at", "id"])
    for column in ("organisation_id", "station_id", "token_key", "token_id"):
        op.create_index(f"transaction_{column}_started_at_id_idx", "transaction", [column, "started_at", "id"])
    op.create_index("transaction_open_started_at_idx", "transaction", ["started_at", "id"], postgresql_where=OPEN)
    op.create_index(
        "transaction_refused_started_at_idx",
        "transaction",
        ["started_at", "id"],
        postgresql_where="verdict NOT IN ('', 'Accepted')",
    )
    op.create_index("token_key_id_idx", "token", ["key", "id"])
    op.create_index("token_changed_at_id_idx", "token", ["changed_at", "id"])
    for column in ("key", "visual_number"):
        op.create_index(f"token_{column}_beginning_idx", "token", [column], postgresql_ops={column: "text_pattern_ops"})
    op.create_index("event_judged_id_idx", "event", ["id"], postgresql_where=JUDGED)
    op.execute(f"CREATE INDEX event_judged_token_idx ON event ((data->>'token'), id) WHERE {JUDGED}")
    op.create_index("event_judged_station_id_idx", "event", ["station_id", "id"], postgresql_where=JUDGED)
