"""The tables the store itself owns, and the catalogue every block's tables join.

A block declares its tables in its own `store.py` with this `metadata`, so that names of constraints are the same
everywhere and a test can hold what the migrations build against what is declared.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, DateTime, Identity, Index, Integer, LargeBinary, MetaData, Table, Text, text
from sqlalchemy.dialects.postgresql import JSONB, UUID
from sqlalchemy.dialects.postgresql.base import ischema_names
from sqlalchemy.types import UserDefinedType

NAMES = {
    "ix": "%(table_name)s_%(column_0_N_name)s_idx",
    "uq": "%(table_name)s_%(column_0_N_name)s_key",
    "ck": "%(table_name)s_%(constraint_name)s_check",
    "fk": "%(table_name)s_%(column_0_N_name)s_fkey",
    "pk": "%(table_name)s_pkey",
}

metadata = MetaData(naming_convention=NAMES)


class Xid8(UserDefinedType[int]):
    """PostgreSQL's transaction number that never wraps around."""

    cache_ok = True

    def get_col_spec(self, **_: object) -> str:
        return "XID8"


# How SQLAlchemy learns to recognise a type when it reads a schema back.
ischema_names["xid8"] = Xid8

# Facts, in the order of (xid, id) for their readers. `xid` is the writing transaction, filled by the database: a plain
# number is given out before its transaction commits, so reading by it alone skips what commits late.
event = Table(
    "event",
    metadata,
    Column("xid", Xid8, server_default=text("pg_current_xact_id()"), primary_key=True),
    Column("id", BigInteger, Identity(always=False), primary_key=True),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("kind", Text, nullable=False),
    Column("organisation_id", BigInteger),
    Column("station_id", BigInteger),
    Column("data", JSONB, nullable=False),
    # Events arrive in the order of time, so a summary of ranges is enough to find the old ones.
    Index("event_at_idx", "at", postgresql_using="brin"),
)
# Why a token was refused is looked up by the token, and by when.
_JUDGED = text("kind = 'TokenJudged'")
Index("event_judged_id_idx", event.c.id, postgresql_where=_JUDGED)
Index("event_judged_token_idx", event.c.data["token"].astext, event.c.id, postgresql_where=_JUDGED)
Index("event_judged_station_id_idx", event.c.station_id, event.c.id, postgresql_where=_JUDGED)

# How far each reader has come. `leased_until` keeps two processes from reading for the same one at once.
event_cursor = Table(
    "event_cursor",
    metadata,
    Column("name", Text, primary_key=True),
    Column("xid", Xid8, nullable=False),
    Column("id", BigInteger, nullable=False),
    Column("leased_by", Text),
    Column("leased_until", DateTime(timezone=True)),
)

# The last event that retention has removed. One row.
event_horizon = Table(
    "event_horizon",
    metadata,
    Column("single", Integer, primary_key=True, autoincrement=False),
    Column("xid", Xid8, nullable=False),
    Column("id", BigInteger, nullable=False),
)

# The last flush of each writer: what tells a writer whose connection broke during COMMIT whether it was committed.
journal_writer = Table(
    "journal_writer",
    metadata,
    Column("id", UUID(as_uuid=True), primary_key=True),
    Column("flush", BigInteger, nullable=False),
    # When it was opened or last said that it is there: what a killed process left behind is forgotten after some days.
    Column("opened_at", DateTime(timezone=True), nullable=False),
)

# Entries the schema refused, byte for byte as they were to be written.
refused_entry = Table(
    "refused_entry",
    metadata,
    Column("id", BigInteger, Identity(always=False), primary_key=True),
    Column("refused_at", DateTime(timezone=True), nullable=False),
    Column("key", Text),
    Column("sqlstate", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("table_name", Text, nullable=False),
    Column("column_name", Text, nullable=False),
    Column("constraint_name", Text, nullable=False),
    Column("entry", LargeBinary, nullable=False),
)
