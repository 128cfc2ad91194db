"""Tokens, their groups, whose tokens operators take, and what stations have on their local lists."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from forecourt.csms.store.scopes import enable

revision = "0003_authorization"
down_revision = "0002_stations"

INSTANT = sa.DateTime(timezone=True)
MODES = "mode IN ('kept', 'empty', 'left_alone')"


def _text(name: str) -> "sa.Column[str]":
    return sa.Column(name, sa.Text, server_default="", nullable=False)


def _owner(table: str, column: str = "organisation_id") -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], ["organisation.id"], name=f"{table}_{column}_fkey")


def upgrade() -> None:
    """Build the tables of `blocks.authorization`."""
    _tokens()
    _lists()
    connection = op.get_bind()
    for table in (
        "token_group",
        "token",
        "token_acceptance",
        "token_revision",
        "local_list_policy",
        "local_list",
        "local_list_entry",
    ):
        enable(connection, table)


def _tokens() -> None:
    op.create_table(
        "token_group",
        sa.Column("id", sa.BigInteger, sa.Identity(), nullable=False),
        sa.Column("organisation_id", sa.BigInteger, nullable=False),
        sa.Column("value", sa.Text, nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("master_pass", sa.Boolean, server_default="false", nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="token_group_pkey"),
        sa.UniqueConstraint("key", name="token_group_key_key"),
        sa.UniqueConstraint("organisation_id", "id", name="token_group_organisation_id_id_key"),
        _owner("token_group"),
        sa.CheckConstraint("char_length(value) BETWEEN 1 AND 20", name="token_group_value_check"),
    )
    op.create_table(
        "token",
        sa.Column("id", sa.BigInteger, sa.Identity(), nullable=False),
        sa.Column("organisation_id", sa.BigInteger, nullable=False),
        sa.Column("value", sa.Text, nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("medium", sa.Text, nullable=False),
        sa.Column("group_id", sa.BigInteger),
        _text("visual_number"),
        sa.Column("valid_from", INSTANT),
        sa.Column("valid_until", INSTANT),
        sa.Column("blocked", sa.Boolean, server_default="false", nullable=False),
        _text("block_reason"),
        sa.Column("blocked_at", INSTANT),
        _text("language"),
        _text("second_language"),
        _text("personal_message"),
        sa.Column("max_concurrent", sa.Integer, server_default="1"),
        sa.Column("concurrent_per_group", sa.Boolean, server_default="false", nullable=False),
        sa.Column("charging_priority", sa.SmallInteger, server_default="0", nullable=False),
        sa.Column("cache_life_s", sa.Integer),
        sa.Column("places", JSONB),
        sa.Column("evse_kinds", ARRAY(sa.Text)),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("changed_at", INSTANT, nullable=False),
        sa.Column("removed_at", INSTANT),
        sa.PrimaryKeyConstraint("id", name="token_pkey"),
        _owner("token"),
        sa.ForeignKeyConstraint(
            ["organisation_id", "group_id"],
            ["token_group.organisation_id", "token_group.id"],
            name="token_group_id_fkey",
        ),
        sa.CheckConstraint("max_concurrent >= 1", name="token_max_concurrent_check"),
        sa.CheckConstraint(
            "medium IN ('rfid', 'app', 'contract', 'code', 'payment', 'other')", name="token_medium_check"
        ),
        sa.CheckConstraint("valid_from < valid_until", name="token_validity_check"),
    )
    op.create_index("token_organisation_id_id_idx", "token", ["organisation_id", "id"])
    op.create_index("token_group_id_idx", "token", ["group_id"])
    op.create_index(
        "token_key_kind_idx",
        "token",
        ["key", sa.text("lower(kind)")],
        unique=True,
        postgresql_where=sa.text("removed_at IS NULL"),
    )
    op.create_table(
        "token_acceptance",
        sa.Column("organisation_id", sa.BigInteger, nullable=False),
        sa.Column("provider_id", sa.BigInteger, nullable=False),
        sa.Column("listed", sa.Boolean, server_default="true", nullable=False),
        sa.Column("since", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("organisation_id", "provider_id", name="token_acceptance_pkey"),
        _owner("token_acceptance"),
        _owner("token_acceptance", "provider_id"),
    )
    op.create_index("token_acceptance_provider_id_idx", "token_acceptance", ["provider_id"])


def _lists() -> None:
    op.create_table(
        "local_list_policy",
        sa.Column("organisation_id", sa.BigInteger, nullable=False),
        sa.Column("mode", sa.Text, nullable=False),
        sa.Column("media", ARRAY(sa.Text), nullable=False),
        sa.Column("refused_too", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("organisation_id", name="local_list_policy_pkey"),
        _owner("local_list_policy"),
        sa.CheckConstraint(MODES, name="local_list_policy_mode_check"),
    )
    op.create_table(
        "token_revision",
        sa.Column("organisation_id", sa.BigInteger, nullable=False),
        sa.Column("revision", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("organisation_id", name="token_revision_pkey"),
        _owner("token_revision"),
    )
    op.create_table(
        "local_list",
        sa.Column("station_id", sa.BigInteger, nullable=False),
        sa.Column("organisation_id", sa.BigInteger, nullable=False),
        sa.Column("mode", sa.Text),
        sa.Column("touched", sa.BigInteger, server_default="0", nullable=False),
        _text("seen"),
        sa.Column("next_change_at", INSTANT),
        sa.Column("wanted_version", sa.BigInteger, server_default="0", nullable=False),
        sa.Column("reported_version", sa.BigInteger),
        sa.Column("synced_version", sa.BigInteger),
        sa.Column("content_hash", sa.LargeBinary),
        sa.Column("entries", sa.Integer, server_default="0", nullable=False),
        sa.Column("left_out", sa.Integer, server_default="0", nullable=False),
        sa.Column("checked_at", INSTANT),
        sa.Column("synced_at", INSTANT),
        _text("failure"),
        sa.Column("failures", sa.Integer, server_default="0", nullable=False),
        sa.Column("failed_at", INSTANT),
        sa.Column("retry_at", INSTANT),
        sa.PrimaryKeyConstraint("station_id", name="local_list_pkey"),
        sa.ForeignKeyConstraint(["station_id"], ["station.id"], ondelete="CASCADE", name="local_list_station_id_fkey"),
        sa.CheckConstraint(MODES, name="local_list_mode_check"),
    )
    op.create_index("local_list_organisation_id_idx", "local_list", ["organisation_id"])
    op.create_table(
        "local_list_entry",
        sa.Column("station_id", sa.BigInteger, nullable=False),
        sa.Column("token_id", sa.BigInteger, nullable=False),
        sa.Column("organisation_id", sa.BigInteger, nullable=False),
        sa.Column("digest", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("station_id", "token_id", name="local_list_entry_pkey"),
        sa.ForeignKeyConstraint(
            ["station_id"],
            ["local_list.station_id"],
            ondelete="CASCADE",
            name="local_list_entry_station_id_fkey",
        ),
        sa.ForeignKeyConstraint(["token_id"], ["token.id"], name="local_list_entry_token_id_fkey"),
    )
