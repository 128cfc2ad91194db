"""The device model of stations, reports under way, and what stations are wanted to be set to."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY

from forecourt.csms.store.scopes import enable

revision = "0004_provisioning"
down_revision = "0003_authorization"

INSTANT = sa.DateTime(timezone=True)


def _text(name: str) -> "sa.Column[str]":
    return sa.Column(name, sa.Text, server_default="", nullable=False)


def _named() -> "list[sa.Column[str] | sa.Column[int]]":
    return [
        sa.Column("path", sa.Text, nullable=False),
        sa.Column("attribute", sa.Text, nullable=False),
        sa.Column("organisation_id", sa.BigInteger, nullable=False),
        sa.Column("component", sa.Text, nullable=False),
        _text("component_instance"),
        sa.Column("evse_id", sa.BigInteger),
        sa.Column("connector_id", sa.BigInteger),
        sa.Column("variable", sa.Text, nullable=False),
        _text("variable_instance"),
    ]


def _of_station(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["station_id"], ["station.id"], name=f"{table}_station_id_fkey", ondelete="CASCADE")


def upgrade() -> None:
    """Build the tables of `blocks.provisioning`."""
    _variables()
    _progress()
    connection = op.get_bind()
    for table in ("variable", "wanted_variable", "provisioning", "report"):
        enable(connection, table)


def _variables() -> None:
    op.create_table(
        "variable",
        sa.Column("station_id", sa.BigInteger, nullable=False),
        *_named(),
        sa.Column("value", sa.Text),
        _text("mutability"),
        sa.Column("persistent", sa.Boolean),
        sa.Column("constant", sa.Boolean),
        _text("data_type"),
        _text("unit"),
        sa.Column("min_limit", sa.Numeric),
        sa.Column("max_limit", sa.Numeric),
        sa.Column("max_elements", sa.BigInteger),
        _text("values_list"),
        sa.Column("supports_monitoring", sa.Boolean),
        sa.Column("reported_at", INSTANT, nullable=False),
        sa.Column("missing_since", INSTANT),
        sa.PrimaryKeyConstraint("station_id", "path", "attribute", name="variable_pkey"),
        _of_station("variable"),
    )
    op.create_table(
        "wanted_variable",
        sa.Column("station_id", sa.BigInteger, nullable=False),
        *_named(),
        sa.Column("value", sa.Text, nullable=False),
        sa.Column("wanted_by", sa.Text, nullable=False),
        sa.Column("wanted_at", INSTANT, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        _text("reason"),
        sa.Column("failures", sa.Integer, server_default="0", nullable=False),
        sa.Column("checked_at", INSTANT),
        sa.Column("retry_at", INSTANT),
        sa.PrimaryKeyConstraint("station_id", "path", "attribute", name="wanted_variable_pkey"),
        _of_station("wanted_variable"),
        sa.CheckConstraint("state IN ('waiting', 'held', 'reboot', 'failed')", name="wanted_variable_state_check"),
    )


def _progress() -> None:
    op.create_table(
        "provisioning",
        sa.Column("station_id", sa.BigInteger, nullable=False),
        sa.Column("organisation_id", sa.BigInteger, nullable=False),
        sa.Column("decision", sa.Text),
        _text("decided_by"),
        sa.Column("decided_at", INSTANT),
        sa.Column("topology_drawn", sa.Boolean, server_default="false", nullable=False),
        sa.Column("inventory_at", INSTANT),
        _text("inventory_firmware"),
        sa.Column("asked_at", INSTANT),
        _text("failure"),
        sa.Column("failures", sa.Integer, server_default="0", nullable=False),
        sa.Column("retry_at", INSTANT),
        sa.PrimaryKeyConstraint("station_id", name="provisioning_pkey"),
        _of_station("provisioning"),
        sa.CheckConstraint("decision IN ('Accepted', 'Pending', 'Rejected')", name="provisioning_decision_check"),
    )
    op.create_index("provisioning_organisation_id_idx", "provisioning", ["organisation_id"])
    op.create_table(
        "report",
        sa.Column("station_id", sa.BigInteger, nullable=False),
        sa.Column("request_id", sa.BigInteger, nullable=False),
        sa.Column("organisation_id", sa.BigInteger, nullable=False),
        sa.Column("base", sa.Text, nullable=False),
        sa.Column("asked_at", INSTANT, nullable=False),
        sa.Column("heard_at", INSTANT),
        sa.Column("parts", ARRAY(sa.BigInteger), server_default="{}", nullable=False),
        sa.Column("last_part", sa.BigInteger),
        sa.Column("variables", sa.Integer, server_default="0", nullable=False),
        sa.Column("ended_at", INSTANT),
        _text("failure"),
        sa.PrimaryKeyConstraint("station_id", "request_id", name="report_pkey"),
        _of_station("report"),
    )
    op.create_index("report_open_idx", "report", ["asked_at"], postgresql_where=sa.text("ended_at IS NULL"))
