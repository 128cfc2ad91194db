"""The record of a transaction: what is fixed when it is heard of first, and what is reckoned from everything said since."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

import msgspec

from forecourt.charging.limits import LimitKind, Limits
from forecourt.charging.quantities import Money
from forecourt.charging.tokens import Token, Verdict
from forecourt.csms.blocks.authorization.model import shown
from forecourt.csms.blocks.transactions.events import TransactionFacts
from forecourt.csms.blocks.transactions.model import LimitsData, Reference, Remark, TransactionKey
from forecourt.csms.blocks.transactions.numbering import Range

STATION = "station"
SUCCESSOR = "successor"


class Summary(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What is reckoned from the events and readings: each field is a column of the record."""

    evse_id: int | None = None
    connector_id: int | None = None
    provider_id: int | None = None
    token_id: int | None = None
    token_value: str = ""
    token_key: str = ""
    token_kind: str = ""
    token_group: str = ""
    verdict: str = ""
    verdict_reason: str = ""
    charging_state: str = ""
    started_at: datetime
    last_at: datetime
    ended_at: datetime | None = None
    ended_by: str = ""
    stop_reason: str = ""
    stop_token: str = ""
    stop_right: str = ""
    register_begin_wh: Decimal | None = None
    register_end_wh: Decimal | None = None
    energy_imported_wh: Decimal | None = None
    energy_exported_wh: Decimal | None = None
    charging_s: int | None = None
    idle_s: int | None = None
    cost: Decimal | None = None
    remote_start_id: int | None = None
    reservation_id: int | None = None
    offline: bool = False
    local_cost: bool = False
    first_seq_no: int | None = None
    last_seq_no: int | None = None
    missing: tuple[Range, ...] = ()
    limits_told: LimitsData | None = None
    limits_confirmed: tuple[str, ...] = ()
    limits_reached: tuple[str, ...] = ()
    trail: dict[str, list[dict[str, Any]]]


class Record(Summary, frozen=True, kw_only=True, gc=False):
    """A transaction as it is on record. `received_at` is when we heard of it first."""

    id: TransactionKey
    station_id: int
    organisation_id: int
    wire_id: str
    number: int | None
    received_at: datetime
    price_per_kwh: Decimal | None
    currency: str
    superseded: bool
    limits_wanted: LimitsData | None
    limits_offered: LimitsData | None
    """Those of the wanted ones that the station observes itself, once it was told."""
    limits_at: datetime | None
    stops_asked: tuple[str, ...]
    """Kinds of limits for which we have asked the station to stop."""

    @property
    def ended(self) -> bool:
        return self.ended_at is not None

    @property
    def token(self) -> Token | None:
        return Token(self.token_value, self.token_kind) if self.token_value else None

    @property
    def billable(self) -> bool:
        return self.verdict == Verdict.ACCEPTED

    @property
    def price(self) -> Money | None:
        return None if self.price_per_kwh is None else Money(self.price_per_kwh, self.currency)

    @property
    def complete(self) -> bool:
        """Whether everything was heard, as far as can be told: the begin, the end if it is over, and no number is missing."""
        remarks = {entry["remark"] for entry in self.trail.get("record", ())}
        return not self.missing and remarks.isdisjoint(_INCOMPLETE)

    @property
    def reference(self) -> Reference:
        return Reference(self.id, self.wire_id, self.number, self.evse_id)

    @property
    def spent(self) -> Money | None:
        """What it costs, as far as that is known."""
        return None if self.cost is None else Money(self.cost, self.currency)

    def asked_to_stop(self, kinds: tuple[str, ...], reached: tuple[str, ...]) -> Record:
        """This record after the station was asked to stop for these kinds of limits."""
        return msgspec.structs.replace(self, stops_asked=kinds, limits_reached=reached)

    def updated(self, summary: Summary) -> Record:
        """This record with another summary."""
        return msgspec.structs.replace(self, **{name: getattr(summary, name) for name in _DERIVED})

    def same_for_people(self, other: Record) -> bool:
        """Whether nothing has changed that is announced while a transaction runs."""
        return all(getattr(self, name) == getattr(other, name) for name in _ANNOUNCED)


_INCOMPLETE = frozenset({Remark.BEGIN_NOT_HEARD.name, Remark.STOP_LOST.name})
_DERIVED = tuple(field.name for field in msgspec.structs.fields(Summary))
_ANNOUNCED = (
    "charging_state",
    "token_key",
    "token_kind",
    "verdict",
    "evse_id",
    "connector_id",
    "limits_wanted",
    "limits_confirmed",
    "limits_reached",
)


def plain(limits: Limits | None) -> dict[str, Decimal]:
    """Limits by their kind, for events."""
    if limits is None:
        return {}
    values = {
        LimitKind.ENERGY: limits.energy_wh,
        LimitKind.TIME: None if limits.time_s is None else Decimal(limits.time_s),
        LimitKind.COST: None if limits.cost is None else limits.cost.amount,
        LimitKind.SOC: None if limits.soc_percent is None else Decimal(limits.soc_percent),
    }
    return {kind.value: value for kind, value in values.items() if value is not None}


def facts_of(record: Record) -> dict[str, Any]:
    """The fields of every event about a transaction."""
    wanted = record.limits_wanted
    given: dict[str, Any] = {
        "transaction_id": record.id,
        "token": shown(record.token_value, record.token_kind),
        "billable": record.billable,
        "limits_wanted": plain(None if wanted is None else wanted.limits),
        "complete": record.complete,
    }
    for field in msgspec.structs.fields(TransactionFacts):
        if field.name not in given:
            given[field.name] = getattr(record, field.name)
    return given
