"""What the API stands on: users, sessions, keys, the audit log, repeated requests, and scopes that end at sites."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from forecourt.csms.store.engine import API
from forecourt.csms.store.scopes import EVERYTHING, SETTING, enable, is_set, restrict_to_sites

revision = "0010_api"
down_revision = "0009_profiles"

INSTANT = sa.DateTime(timezone=True)
ROLES = "role IN ('administrator', 'operator', 'technician', 'viewer', 'driver')"
SITE = "site_id IS NULL OR organisation_id IS NOT NULL"
OF_STATIONS = (
    "command",
    "message_log",
    "deviation",
    "variable",
    "wanted_variable",
    "provisioning",
    "report",
    "security_event",
    "password_rotation",
    "transaction",
    "meter_value",
    "signed_value",
    "evse",
    "connector",
    "wanted_availability",
)


def upgrade() -> None:
    """Build the tables of `accounts` and `web`, and bind the API's role to sites."""
    _users()
    _keys()
    _log()
    connection = op.get_bind()
    enable(connection, "event")
    for table in OF_STATIONS:
        restrict_to_sites(connection, table, station="station_id")
    # What was done on a site is announced also where it concerns the organisation.
    restrict_to_sites(connection, "event", station="station_id", reading_only=True)
    restrict_to_sites(connection, "transaction_event", transaction="transaction_id")
    restrict_to_sites(connection, "station", site="site_id")
    restrict_to_sites(connection, "site", site="id")
    enable(connection, "api_key")
    enable(connection, "audit")
    enable(connection, "user_grant")
    connection.execute(sa.text(f'GRANT SELECT ON "event_horizon" TO {API}'))
    connection.execute(sa.text(f'GRANT SELECT, INSERT, UPDATE, DELETE ON "user_account" TO {API}'))
    # Users are seen by those who may see one of their grants; who makes one gives it a grant in the same transaction.
    connection.execute(sa.text('ALTER TABLE "user_account" ENABLE ROW LEVEL SECURITY'))
    seen = f"{is_set(SETTING, EVERYTHING)} OR id IN (SELECT user_id FROM user_grant)"  # noqa: S608 - our own names
    made = f"NOT {is_set(SETTING, '')}"
    connection.execute(
        sa.text(f'CREATE POLICY "user_account_scope" ON "user_account" TO {API} USING ({seen}) WITH CHECK ({made})')
    )


def _users() -> None:
    op.create_table(
        "user_account",
        sa.Column("id", sa.BigInteger, sa.Identity(), nullable=False),
        sa.Column("login", sa.Text, nullable=False),
        sa.Column("login_key", sa.Text, nullable=False),
        sa.Column("name", sa.Text, server_default="", nullable=False),
        sa.Column("enabled", sa.Boolean, server_default="true", nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("signed_in_at", INSTANT),
        sa.PrimaryKeyConstraint("id", name="user_account_pkey"),
        sa.UniqueConstraint("login_key", name="user_account_login_key_key"),
    )
    op.create_table(
        "user_password",
        sa.Column("user_id", sa.BigInteger, nullable=False),
        sa.Column("hash", sa.Text, nullable=False),
        sa.Column("changed_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("user_id", name="user_password_pkey"),
        _of_user("user_password"),
    )
    op.create_table(
        "user_grant",
        sa.Column("id", sa.BigInteger, sa.Identity(), nullable=False),
        sa.Column("user_id", sa.BigInteger, nullable=False),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("organisation_id", sa.BigInteger),
        sa.Column("site_id", sa.BigInteger),
        sa.PrimaryKeyConstraint("id", name="user_grant_pkey"),
        _of_user("user_grant"),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name="user_grant_organisation_id_fkey"),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name="user_grant_site_id_fkey", ondelete="CASCADE"),
        sa.UniqueConstraint(
            "user_id",
            "role",
            "organisation_id",
            "site_id",
            name="user_grant_user_id_role_organisation_id_site_id_key",
            postgresql_nulls_not_distinct=True,
        ),
        sa.CheckConstraint(ROLES, name="user_grant_role_check"),
        sa.CheckConstraint(SITE, name="user_grant_site_check"),
    )
    op.create_index("user_grant_user_id_idx", "user_grant", ["user_id"])
    op.create_index("user_grant_organisation_id_idx", "user_grant", ["organisation_id"])
    op.create_table(
        "user_session",
        sa.Column("token_hash", sa.LargeBinary, nullable=False),
        sa.Column("user_id", sa.BigInteger, nullable=False),
        sa.Column("csrf_token", sa.Text, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("seen_at", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.Column("peer", sa.Text, nullable=False),
        sa.Column("agent", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("token_hash", name="user_session_pkey"),
        _of_user("user_session"),
    )
    op.create_index("user_session_user_id_idx", "user_session", ["user_id"])
    op.create_index("user_session_expires_at_idx", "user_session", ["expires_at"])


def _of_user(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=f"{table}_user_id_fkey", ondelete="CASCADE")


def _keys() -> None:
    op.create_table(
        "api_key",
        sa.Column("id", sa.BigInteger, sa.Identity(), nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("prefix", sa.Text, nullable=False),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("organisation_id", sa.BigInteger),
        sa.Column("site_id", sa.BigInteger),
        sa.Column("created_by", sa.Text, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT),
        sa.Column("revoked_at", INSTANT),
        sa.Column("used_at", INSTANT),
        sa.PrimaryKeyConstraint("id", name="api_key_pkey"),
        sa.UniqueConstraint("prefix", name="api_key_prefix_key"),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name="api_key_organisation_id_fkey"),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name="api_key_site_id_fkey", ondelete="CASCADE"),
        sa.CheckConstraint(ROLES, name="api_key_role_check"),
        sa.CheckConstraint(SITE, name="api_key_site_check"),
    )
    op.create_index("api_key_organisation_id_id_idx", "api_key", ["organisation_id", "id"])
    op.create_table(
        "api_key_secret",
        sa.Column("key_id", sa.BigInteger, nullable=False),
        sa.Column("hash", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("key_id", name="api_key_secret_pkey"),
        sa.ForeignKeyConstraint(["key_id"], ["api_key.id"], name="api_key_secret_key_id_fkey", ondelete="CASCADE"),
    )


def _log() -> None:
    op.create_table(
        "audit",
        sa.Column("id", sa.BigInteger, sa.Identity(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("organisation_id", sa.BigInteger),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("user_id", sa.BigInteger),
        sa.Column("key_id", sa.BigInteger),
        sa.Column("peer", sa.Text, nullable=False),
        sa.Column("action", sa.Text, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("before", JSONB),
        sa.Column("after", JSONB),
        sa.PrimaryKeyConstraint("id", name="audit_pkey"),
    )
    op.create_index("audit_organisation_id_id_idx", "audit", ["organisation_id", "id"])
    op.create_index("audit_subject_id_idx", "audit", ["subject", "id"])
    op.create_table(
        "idempotency_key",
        sa.Column("id", sa.BigInteger, sa.Identity(), nullable=False),
        sa.Column("caller", sa.Text, nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("fingerprint", sa.LargeBinary, nullable=False),
        sa.Column("claimed_at", INSTANT, nullable=False),
        sa.Column("status", sa.SmallInteger),
        sa.Column("media_type", sa.Text),
        sa.Column("location", sa.Text),
        sa.Column("answer", sa.LargeBinary),
        sa.PrimaryKeyConstraint("id", name="idempotency_key_pkey"),
        sa.UniqueConstraint("caller", "key", name="idempotency_key_caller_key_key"),
    )
    op.create_index("idempotency_key_claimed_at_idx", "idempotency_key", ["claimed_at"])
