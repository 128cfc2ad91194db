"""Transactions: one record each, the events they are reckoned from, and how starts are known again."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from forecourt.csms.store.engine import API
from forecourt.csms.store.scopes import SETTING, enable, numbers_of

revision = "0006_transactions"
down_revision = "0005_security"

INSTANT = sa.DateTime(timezone=True)
OPEN = sa.text("ended_at IS NULL")


def _words(name: str) -> "sa.Column[str]":
    return sa.Column(name, sa.Text, server_default="", nullable=False)


def _flag(name: str) -> "sa.Column[bool]":
    return sa.Column(name, sa.Boolean, server_default="false", nullable=False)


def _list(name: str) -> "sa.Column[object]":
    return sa.Column(name, JSONB, server_default="[]", nullable=False)


def upgrade() -> None:
    """Build the tables of `blocks.transactions`."""
    op.execute("CREATE SEQUENCE transaction_number AS integer MINVALUE 1")
    _record()
    _events()
    connection = op.get_bind()
    for table in ("transaction", "transaction_event"):
        enable(connection, table)
    # Besides its station's operator, whoever provides the token sees a transaction.
    connection.execute(
        sa.text(
            f'CREATE POLICY "transaction_provider" ON "transaction" FOR SELECT TO {API}'
            f" USING (provider_id = ANY ({numbers_of(SETTING)}))"
        )
    )


def _record() -> None:
    op.create_table(
        "transaction",
        sa.Column("id", sa.BigInteger, sa.Identity(), nullable=False),
        sa.Column("station_id", sa.BigInteger, nullable=False),
        sa.Column("organisation_id", sa.BigInteger, nullable=False),
        sa.Column("provider_id", sa.BigInteger),
        sa.Column("wire_id", sa.Text, nullable=False),
        sa.Column("number", sa.Integer),
        sa.Column("evse_id", sa.Integer),
        sa.Column("connector_id", sa.Integer),
        sa.Column("token_id", sa.BigInteger),
        _words("token_value"),
        _words("token_key"),
        _words("token_kind"),
        _words("token_group"),
        _words("verdict"),
        _words("verdict_reason"),
        _words("charging_state"),
        sa.Column("started_at", INSTANT, nullable=False),
        sa.Column("received_at", INSTANT, nullable=False),
        sa.Column("last_at", INSTANT, nullable=False),
        sa.Column("ended_at", INSTANT),
        _words("ended_by"),
        _words("stop_reason"),
        _words("stop_token"),
        _words("stop_right"),
        sa.Column("register_begin_wh", sa.Numeric),
        sa.Column("register_end_wh", sa.Numeric),
        sa.Column("energy_imported_wh", sa.Numeric),
        sa.Column("energy_exported_wh", sa.Numeric),
        sa.Column("charging_s", sa.BigInteger),
        sa.Column("idle_s", sa.BigInteger),
        sa.Column("cost", sa.Numeric),
        sa.Column("price_per_kwh", sa.Numeric),
        _words("currency"),
        sa.Column("remote_start_id", sa.BigInteger),
        sa.Column("reservation_id", sa.BigInteger),
        _flag("offline"),
        _flag("local_cost"),
        _flag("superseded"),
        sa.Column("first_seq_no", sa.BigInteger),
        sa.Column("last_seq_no", sa.BigInteger),
        _list("missing"),
        sa.Column("limits_wanted", JSONB),
        sa.Column("limits_offered", JSONB),
        sa.Column("limits_at", INSTANT),
        sa.Column("limits_told", JSONB),
        _list("limits_confirmed"),
        _list("limits_reached"),
        _list("stops_asked"),
        sa.Column("trail", JSONB, server_default="{}", nullable=False),
        sa.PrimaryKeyConstraint("id", name="transaction_pkey"),
        sa.ForeignKeyConstraint(["station_id"], ["station.id"], name="transaction_station_id_fkey"),
        sa.UniqueConstraint("number", name="transaction_number_key"),
        sa.UniqueConstraint("station_id", "wire_id", name="transaction_station_id_wire_id_key"),
        sa.CheckConstraint("number > 0", name="transaction_number_check"),
        sa.CheckConstraint("ended_by IN ('', 'station', 'successor')", name="transaction_ended_by_check"),
    )
    for columns in (
        ["station_id", "evse_id", "started_at"],
        ["organisation_id", "started_at"],
        ["provider_id", "started_at"],
        ["token_id"],
    ):
        op.create_index(f"transaction_{'_'.join(columns)}_idx", "transaction", columns)
    op.create_index("transaction_open_station_idx", "transaction", ["station_id"], postgresql_where=OPEN)
    op.create_index("transaction_open_token_idx", "transaction", ["token_key"], postgresql_where=OPEN)
    op.create_index("transaction_open_group_idx", "transaction", [sa.text("lower(token_group)")], postgresql_where=OPEN)


def _events() -> None:
    op.create_table(
        "transaction_event",
        sa.Column("transaction_id", sa.BigInteger, nullable=False),
        sa.Column("seq_no", sa.BigInteger, nullable=False),
        sa.Column("take", sa.BigInteger, nullable=False),
        sa.Column("organisation_id", sa.BigInteger, nullable=False),
        sa.Column("what", sa.Text, nullable=False),
        sa.Column("trigger", sa.Text, nullable=False),
        sa.Column("station_time", INSTANT, nullable=False),
        sa.Column("received_at", INSTANT, nullable=False),
        sa.Column("offline", sa.Boolean, nullable=False),
        sa.Column("charging_state", sa.Text, nullable=False),
        sa.Column("time_spent_s", sa.BigInteger),
        sa.Column("details", JSONB),
        sa.PrimaryKeyConstraint("transaction_id", "seq_no", "take", name="transaction_event_pkey"),
    )
    op.create_table(
        "transaction_start",
        sa.Column("station_id", sa.BigInteger, nullable=False),
        sa.Column("connector", sa.BigInteger, nullable=False),
        sa.Column("id_tag", sa.Text, nullable=False),
        sa.Column("station_time", INSTANT, nullable=False),
        sa.Column("meter_start", sa.BigInteger, nullable=False),
        sa.Column("transaction_id", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint(
            "station_id", "connector", "id_tag", "station_time", "meter_start", name="transaction_start_pkey"
        ),
        sa.ForeignKeyConstraint(["transaction_id"], ["transaction.id"], name="transaction_start_transaction_id_fkey"),
    )
