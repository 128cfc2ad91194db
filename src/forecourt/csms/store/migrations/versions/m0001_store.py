"""What the store itself needs: events and their readers, jobs, the journal's writers, refused entries."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB, UUID

from forecourt.csms.store.migrations.roles import ensure_api_role
from forecourt.csms.store.schema import Xid8

revision = "0001_store"
down_revision = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Build the tables of `forecourt.csms.store.schema` and `forecourt.csms.jobs`."""
    op.create_table(
        "event",
        sa.Column("xid", Xid8, server_default=sa.text("pg_current_xact_id()"), nullable=False),
        sa.Column("id", sa.BigInteger, sa.Identity(always=False), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("organisation_id", sa.BigInteger),
        sa.Column("station_id", sa.BigInteger),
        sa.Column("data", JSONB, nullable=False),
        sa.PrimaryKeyConstraint("xid", "id", name="event_pkey"),
    )
    op.create_index("event_at_idx", "event", ["at"], postgresql_using="brin")
    op.create_table(
        "event_cursor",
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("xid", Xid8, nullable=False),
        sa.Column("id", sa.BigInteger, nullable=False),
        sa.Column("leased_by", sa.Text),
        sa.Column("leased_until", INSTANT),
        sa.PrimaryKeyConstraint("name", name="event_cursor_pkey"),
    )
    op.create_table(
        "event_horizon",
        sa.Column("single", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("xid", Xid8, nullable=False),
        sa.Column("id", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("single", name="event_horizon_pkey"),
    )
    op.create_table(
        "journal_writer",
        sa.Column("id", UUID(as_uuid=True), nullable=False),
        sa.Column("flush", sa.BigInteger, nullable=False),
        sa.Column("opened_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="journal_writer_pkey"),
    )
    op.create_table(
        "refused_entry",
        sa.Column("id", sa.BigInteger, sa.Identity(always=False), nullable=False),
        sa.Column("refused_at", INSTANT, nullable=False),
        sa.Column("key", sa.Text),
        sa.Column("sqlstate", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("table_name", sa.Text, nullable=False),
        sa.Column("column_name", sa.Text, nullable=False),
        sa.Column("constraint_name", sa.Text, nullable=False),
        sa.Column("entry", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("id", name="refused_entry_pkey"),
    )
    op.create_table(
        "job",
        sa.Column("id", sa.BigInteger, sa.Identity(always=False), nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("payload", JSONB, nullable=False),
        sa.Column("dedupe_key", sa.Text),
        sa.Column("run_at", INSTANT, nullable=False),
        sa.Column("again_at", INSTANT),
        sa.Column("attempt", sa.Integer, server_default="0", nullable=False),
        sa.Column("claim", sa.BigInteger, server_default="0", nullable=False),
        sa.Column("locked_by", sa.Text),
        sa.Column("locked_until", INSTANT),
        sa.Column("last_error", sa.Text),
        sa.Column("dead_at", INSTANT),
        sa.PrimaryKeyConstraint("id", name="job_pkey"),
    )
    alive = sa.text("dead_at IS NULL")
    op.create_index("job_dedupe_key_idx", "job", ["dedupe_key"], unique=True, postgresql_where=alive)
    op.create_index("job_run_at_idx", "job", ["run_at"], postgresql_where=alive)
    ensure_api_role(op.get_bind())
