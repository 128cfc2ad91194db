"""Webhooks: who is told, every attempt, and what was given up."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY

from forecourt.csms.store.engine import API
from forecourt.csms.store.schema import Xid8
from forecourt.csms.store.scopes import enable

revision = "0014_webhooks"
down_revision = "0013_lists"

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Build the tables of `feed.webhook_store`. Secrets are for the owner of the tables only."""
    _webhooks()
    _attempts()
    connection = op.get_bind()
    for table in ("webhook", "webhook_delivery", "webhook_dead_letter"):
        enable(connection, table)
        connection.execute(sa.text(f'REVOKE INSERT, UPDATE, DELETE ON "{table}" FROM {API}'))


def _webhooks() -> None:
    op.create_table(
        "webhook",
        sa.Column("id", sa.BigInteger, sa.Identity(), nullable=False),
        sa.Column("organisation_id", sa.BigInteger, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("url", sa.Text, nullable=False),
        sa.Column("kinds", ARRAY(sa.Text)),
        sa.Column("station_id", sa.BigInteger),
        sa.Column("site_id", sa.BigInteger),
        sa.Column("enabled", sa.Boolean, server_default="true", nullable=False),
        sa.Column("disabled_because", sa.Text, server_default="", nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("xid", Xid8, nullable=False),
        sa.Column("event_id", sa.BigInteger, nullable=False),
        sa.Column("attempt", sa.Integer, server_default="0", nullable=False),
        sa.Column("next_at", INSTANT),
        sa.Column("leased_by", sa.Text),
        sa.Column("leased_until", INSTANT),
        sa.Column("delivered_at", INSTANT),
        sa.Column("last_error", sa.Text, server_default="", nullable=False),
        sa.Column("missed_at", INSTANT),
        sa.PrimaryKeyConstraint("id", name="webhook_pkey"),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name="webhook_organisation_id_fkey"),
        sa.ForeignKeyConstraint(["station_id"], ["station.id"], name="webhook_station_id_fkey", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name="webhook_site_id_fkey", ondelete="CASCADE"),
    )
    op.create_index("webhook_organisation_id_idx", "webhook", ["organisation_id"])
    op.create_table(
        "webhook_secret",
        sa.Column("webhook_id", sa.BigInteger, nullable=False),
        sa.Column("secret", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("webhook_id", name="webhook_secret_pkey"),
        _of_webhook("webhook_secret"),
    )


def _attempts() -> None:
    op.create_table(
        "webhook_delivery",
        sa.Column("id", sa.BigInteger, sa.Identity(), nullable=False),
        sa.Column("webhook_id", sa.BigInteger, nullable=False),
        sa.Column("organisation_id", sa.BigInteger, nullable=False),
        sa.Column("event_id", sa.BigInteger, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("outcome", sa.Text, nullable=False),
        sa.Column("http_status", sa.Integer),
        sa.Column("error", sa.Text, server_default="", nullable=False),
        sa.Column("duration_ms", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("id", name="webhook_delivery_pkey"),
        sa.CheckConstraint("outcome IN ('delivered', 'failed', 'dead')", name="webhook_delivery_outcome_check"),
        _of_webhook("webhook_delivery"),
    )
    op.create_index("webhook_delivery_webhook_id_id_idx", "webhook_delivery", ["webhook_id", "id"])
    op.create_index("webhook_delivery_at_idx", "webhook_delivery", ["at"], postgresql_using="brin")
    op.create_table(
        "webhook_dead_letter",
        sa.Column("id", sa.BigInteger, sa.Identity(), nullable=False),
        sa.Column("webhook_id", sa.BigInteger, nullable=False),
        sa.Column("organisation_id", sa.BigInteger, nullable=False),
        sa.Column("event_id", sa.BigInteger, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("error", sa.Text, nullable=False),
        sa.Column("died_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="webhook_dead_letter_pkey"),
        _of_webhook("webhook_dead_letter"),
    )
    op.create_index("webhook_dead_letter_webhook_id_id_idx", "webhook_dead_letter", ["webhook_id", "id"])


def _of_webhook(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["webhook_id"], ["webhook.id"], name=f"{table}_webhook_id_fkey", ondelete="CASCADE")
