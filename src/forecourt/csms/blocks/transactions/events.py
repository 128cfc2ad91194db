"""What happened to transactions. Facts only, each whole in itself; secret token values are left out (C04.FR.04)."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from forecourt.csms.store.announced import Event


class TransactionFacts(Event, frozen=True, kw_only=True):
    """Everything about a transaction at the moment of the event.

    `organisation_id` is the station's operator, `provider_id` whose token it is. `billable` is False for one whose token
    was refused or that has none. `ended_by` is `station`, or `successor` where the station never said so; `complete` is
    False while events are known to be missing. Amounts of energy are None where they are not known.
    """

    organisation_id: int
    provider_id: int | None
    station_id: int
    transaction_id: int
    wire_id: str
    number: int | None
    evse_id: int | None
    connector_id: int | None
    token: str
    token_kind: str
    token_id: int | None
    verdict: str
    verdict_reason: str
    billable: bool
    charging_state: str
    started_at: datetime
    ended_at: datetime | None
    ended_by: str
    stop_reason: str
    energy_imported_wh: Decimal | None
    energy_exported_wh: Decimal | None
    register_begin_wh: Decimal | None
    register_end_wh: Decimal | None
    charging_s: int | None
    idle_s: int | None
    cost: Decimal | None
    currency: str
    limits_wanted: dict[str, Decimal]
    limits_confirmed: tuple[str, ...]
    limits_reached: tuple[str, ...]
    remote_start_id: int | None
    reservation_id: int | None
    offline: bool
    complete: bool


class TransactionStarted(TransactionFacts, frozen=True, kw_only=True):
    """A transaction was heard of for the first time."""


class TransactionUpdated(TransactionFacts, frozen=True, kw_only=True):
    """Its charging state, its token, its place or its limits are now these. Readings are no events."""


class TransactionEnded(TransactionFacts, frozen=True, kw_only=True):
    """It is over."""


class TransactionCorrected(TransactionFacts, frozen=True, kw_only=True):
    """After it was over, more came to be known, and the record is now this."""


class LimitSet(Event, frozen=True, kw_only=True):
    """A transaction has limits from now on: `by` is `csms`, or `station` when it said so or confirmed ours."""

    organisation_id: int
    station_id: int
    transaction_id: int
    by: str
    limits: dict[str, Decimal]


class LimitReached(Event, frozen=True, kw_only=True):
    """A limit was reached: `by` is `station` when it said so, `csms` when we are about to ask it to stop."""

    organisation_id: int
    station_id: int
    transaction_id: int
    by: str
    kind: str
