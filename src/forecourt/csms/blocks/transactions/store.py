"""The tables of transactions and the only SQL about them; reading and writing records is `records`."""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    Numeric,
    PrimaryKeyConstraint,
    Sequence,
    Table,
    Text,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from forecourt.csms.store.rows import Absent, Latest, Once
from forecourt.csms.store.schema import metadata

NUMBERS: Final = Sequence("transaction_number", data_type=Integer, minvalue=1, metadata=metadata)
"""Where stations of 1.6 get their transaction ids from: positive, 32 bits, never twice, whatever the station."""

_OPEN: Final = text("ended_at IS NULL")


def _words(name: str) -> Column[str]:
    return Column(name, Text, nullable=False, server_default="")


def _energy(name: str) -> Column[object]:
    return Column(name, Numeric)


transaction = Table(
    "transaction",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("station_id", BigInteger, ForeignKey("station.id"), nullable=False),
    # Who operates the station.
    Column("organisation_id", BigInteger, nullable=False),
    # Who provides the token; null while none is known.
    Column("provider_id", BigInteger),
    # The station's own name of it; for 1.6 the number as text.
    Column("wire_id", Text, nullable=False),
    # Only where the station is given one.
    Column("number", Integer, unique=True),
    Column("evse_id", Integer),
    Column("connector_id", Integer),
    Column("token_id", BigInteger),
    _words("token_value"),
    # Without case, as it is compared.
    _words("token_key"),
    _words("token_kind"),
    _words("token_group"),
    # Empty while no token was presented; anything but Accepted is never billed.
    _words("verdict"),
    _words("verdict_reason"),
    _words("charging_state"),
    # As the station said it.
    Column("started_at", DateTime(timezone=True), nullable=False),
    # When we heard of it first.
    Column("received_at", DateTime(timezone=True), nullable=False),
    Column("last_at", DateTime(timezone=True), nullable=False),
    Column("ended_at", DateTime(timezone=True)),
    # 'station', or 'successor' where the station never said so and began another one there.
    _words("ended_by"),
    _words("stop_reason"),
    _words("stop_token"),
    _words("stop_right"),
    _energy("register_begin_wh"),
    _energy("register_end_wh"),
    _energy("energy_imported_wh"),
    _energy("energy_exported_wh"),
    Column("charging_s", BigInteger),
    Column("idle_s", BigInteger),
    # Gross. What it was to cost when it began stays with it.
    Column("cost", Numeric),
    Column("price_per_kwh", Numeric),
    _words("currency"),
    Column("remote_start_id", BigInteger),
    Column("reservation_id", BigInteger),
    Column("offline", Boolean, nullable=False, server_default="false"),
    # The station reckons the cost itself.
    Column("local_cost", Boolean, nullable=False, server_default="false"),
    Column("superseded", Boolean, nullable=False, server_default="false"),
    Column("first_seq_no", BigInteger),
    Column("last_seq_no", BigInteger),
    # Ranges of sequence numbers that have not come, [[from, to], ...].
    Column("missing", JSONB, nullable=False, server_default="[]"),
    Column("limits_wanted", JSONB(none_as_null=True)),
    Column("limits_offered", JSONB(none_as_null=True)),
    # When they were set: what the station said of limits before is no answer to it.
    Column("limits_at", DateTime(timezone=True)),
    Column("limits_told", JSONB(none_as_null=True)),
    Column("limits_confirmed", JSONB, nullable=False, server_default="[]"),
    Column("limits_reached", JSONB, nullable=False, server_default="[]"),
    Column("stops_asked", JSONB, nullable=False, server_default="[]"),
    # How each figure came about, and what is odd about it.
    Column("trail", JSONB, nullable=False, server_default="{}"),
    UniqueConstraint("station_id", "wire_id"),
    CheckConstraint("number > 0", name="number"),
    CheckConstraint("ended_by IN ('', 'station', 'successor')", name="ended_by"),
    Index("transaction_station_id_evse_id_started_at_idx", "station_id", "evse_id", "started_at"),
    # Lists: everybody's, one operator's, one station's, one token's, each by when it began.
    Index("transaction_started_at_id_idx", "started_at", "id"),
    Index("transaction_organisation_id_started_at_id_idx", "organisation_id", "started_at", "id"),
    Index("transaction_station_id_started_at_id_idx", "station_id", "started_at", "id"),
    Index("transaction_token_key_started_at_id_idx", "token_key", "started_at", "id"),
    Index("transaction_provider_id_started_at_idx", "provider_id", "started_at"),
    Index("transaction_open_station_idx", "station_id", postgresql_where=_OPEN),
    Index("transaction_open_token_idx", "token_key", postgresql_where=_OPEN),
    Index("transaction_token_id_started_at_id_idx", "token_id", "started_at", "id"),
)
# The few that run, and the few that were refused, among the many that are over.
Index(
    "transaction_open_started_at_idx",
    transaction.c.started_at,
    transaction.c.id,
    postgresql_where=_OPEN,
)
Index(
    "transaction_refused_started_at_idx",
    transaction.c.started_at,
    transaction.c.id,
    postgresql_where=text("verdict NOT IN ('', 'Accepted')"),
)
Index(
    "transaction_refused_station_idx",
    transaction.c.station_id,
    transaction.c.started_at,
    transaction.c.id,
    postgresql_where=text("verdict NOT IN ('', 'Accepted')"),
)
# What ended today, for the overview.
Index("transaction_ended_at_idx", transaction.c.ended_at, postgresql_where=text("ended_at IS NOT NULL"))
Index("transaction_open_group_idx", func.lower(transaction.c.token_group), postgresql_where=_OPEN)

# What stations said, event by event. The number is the station's; for 1.6, which has none, one of `model.AT_BEGIN`,
# `ON_THE_WAY`, `AT_END`. `take` is 0, or tells events apart that a station gave the same number. No constraint refers to
# the transaction: checking it would cost more than the row.
transaction_event = Table(
    "transaction_event",
    metadata,
    Column("transaction_id", BigInteger, nullable=False),
    Column("seq_no", BigInteger, nullable=False),
    Column("take", BigInteger, nullable=False),
    Column("organisation_id", BigInteger, nullable=False),
    Column("what", Text, nullable=False),
    Column("trigger", Text, nullable=False),
    Column("station_time", DateTime(timezone=True), nullable=False),
    Column("received_at", DateTime(timezone=True), nullable=False),
    Column("offline", Boolean, nullable=False),
    Column("charging_state", Text, nullable=False),
    Column("time_spent_s", BigInteger),
    # `model.Details`; null where there are none.
    Column("details", JSONB(none_as_null=True)),
    PrimaryKeyConstraint("transaction_id", "seq_no", "take"),
)

# By what a StartTransaction is known again, so that a station that asks once more is given the same number.
transaction_start = Table(
    "transaction_start",
    metadata,
    Column("station_id", BigInteger, nullable=False),
    Column("connector", BigInteger, nullable=False),
    Column("id_tag", Text, nullable=False),
    Column("station_time", DateTime(timezone=True), nullable=False),
    Column("meter_start", BigInteger, nullable=False),
    Column("transaction_id", BigInteger, ForeignKey("transaction.id"), nullable=False),
    PrimaryKeyConstraint("station_id", "connector", "id_tag", "station_time", "meter_start"),
)

# Limits that a transaction is to begin with, kept until it does: by the number of its remote start or, where there is none,
# by its token.
transaction_promise = Table(
    "transaction_promise",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("station_id", BigInteger, ForeignKey("station.id", ondelete="CASCADE"), nullable=False),
    Column("remote_start_id", BigInteger),
    Column("token_key", Text, nullable=False),
    Column("evse_id", Integer),
    Column("limits", JSONB, nullable=False),
    Column("promised_at", DateTime(timezone=True), nullable=False),
    Index("transaction_promise_station_id_idx", "station_id"),
)

_EVENT_COLUMNS: Final = (
    "transaction_id",
    "seq_no",
    "take",
    "organisation_id",
    "what",
    "trigger",
    "station_time",
    "received_at",
    "offline",
    "charging_state",
    "time_spent_s",
    "details",
)
EVENT: Final = Once(transaction_event, *_EVENT_COLUMNS, unique=["transaction_id", "seq_no", "take"])
"""The guard of every event that has a unit of work of its own."""

STATE: Final = Absent(transaction_event, *_EVENT_COLUMNS)
"""An event that came along with something else: a charging state that 1.6 tells in a StatusNotification."""

RUNNING: Final = Latest(
    transaction,
    key=["id"],
    columns=[
        "charging_state",
        "last_at",
        "last_seq_no",
        "missing",
        "register_begin_wh",
        "register_end_wh",
        "energy_imported_wh",
        "energy_exported_wh",
        "cost",
    ],
    unless_older="last_at",
)
"""How far a running transaction has come. Written now and then: everything in it can be reckoned from the rest."""
