"""What stations say of their EVSEs and connectors, and what was ordered of them."""

import sqlalchemy as sa
from alembic import op

from forecourt.csms.store.scopes import enable

revision = "0008_availability"
down_revision = "0007_metering"

INSTANT = sa.DateTime(timezone=True)
STATES = "status IN ('Available', 'Occupied', 'Reserved', 'Unavailable', 'Faulted')"


def upgrade() -> None:
    """Build the tables of `blocks.availability`."""
    _conditions()
    _orders()
    connection = op.get_bind()
    for table in ("evse", "connector", "wanted_availability"):
        op.create_index(f"{table}_organisation_id_idx", table, ["organisation_id"])
        enable(connection, table)


def _conditions() -> None:
    op.create_table(
        "evse",
        sa.Column("station_id", sa.BigInteger, nullable=False),
        sa.Column("evse_id", sa.BigInteger, nullable=False),
        *_condition(),
        sa.PrimaryKeyConstraint("station_id", "evse_id", name="evse_pkey"),
        _of_station("evse"),
        sa.CheckConstraint(STATES, name="evse_status_check"),
    )
    op.create_table(
        "connector",
        sa.Column("station_id", sa.BigInteger, nullable=False),
        sa.Column("evse_id", sa.BigInteger, nullable=False),
        sa.Column("connector_id", sa.BigInteger, nullable=False),
        *_condition(),
        sa.Column("plugged_in", sa.Boolean),
        sa.Column("charging", sa.Text),
        sa.PrimaryKeyConstraint("station_id", "evse_id", "connector_id", name="connector_pkey"),
        _of_station("connector"),
        sa.CheckConstraint(STATES, name="connector_status_check"),
    )


def _text(name: str) -> "sa.Column[str]":
    return sa.Column(name, sa.Text, nullable=False)


def _condition() -> "tuple[sa.schema.SchemaItem, ...]":
    return (
        sa.Column("organisation_id", sa.BigInteger, nullable=False),
        _text("status"),
        _text("wire_status"),
        _text("error_code"),
        _text("vendor_id"),
        _text("vendor_error_code"),
        _text("info"),
        sa.Column("station_time", INSTANT),
        sa.Column("received_at", INSTANT, nullable=False),
        sa.Column("changed_at", INSTANT, nullable=False),
    )


def _orders() -> None:
    op.create_table(
        "wanted_availability",
        sa.Column("station_id", sa.BigInteger, nullable=False),
        sa.Column("evse_id", sa.BigInteger, nullable=False),
        sa.Column("connector_id", sa.BigInteger, nullable=False),
        sa.Column("organisation_id", sa.BigInteger, nullable=False),
        sa.Column("operative", sa.Boolean, nullable=False),
        sa.Column("ordered_at", INSTANT, nullable=False),
        sa.Column("request_id", sa.Integer),
        sa.PrimaryKeyConstraint("station_id", "evse_id", "connector_id", name="wanted_availability_pkey"),
        _of_station("wanted_availability"),
    )
    op.create_index(
        "wanted_availability_pending_idx",
        "wanted_availability",
        ["station_id"],
        postgresql_where=sa.text("request_id IS NOT NULL"),
    )


def _of_station(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["station_id"], ["station.id"], name=f"{table}_station_id_fkey", ondelete="CASCADE")
