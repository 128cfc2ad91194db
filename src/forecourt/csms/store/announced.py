"""What an event is, and how it becomes a row. Reading them is `forecourt.csms.events`."""

from __future__ import annotations

from datetime import datetime

import msgspec

from forecourt.csms.store.rows import Row, Rows
from forecourt.csms.store.schema import event

ANNOUNCED = Rows(event, "at", "kind", "organisation_id", "station_id", "data", rank=100)

EVENTS = "events"
"""The subject that is woken when events were committed."""


class Event(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A fact, named in the past tense: `StationBooted`. Its fields travel as JSON, in camel case.

    A fact about a station carries `organisation_id` and `station_id` fields: they also become columns, by which readers
    filter and row-level security decides. Facts only; live readings are not events.
    """


def row_of(fact: Event, now: datetime) -> Row:
    """The row of `fact`, recorded at `now`. Raises `TypeError` for a field JSON cannot hold."""
    return (
        now,
        type(fact).__name__,
        getattr(fact, "organisation_id", None),
        getattr(fact, "station_id", None),
        msgspec.json.encode(fact).decode(),
    )
