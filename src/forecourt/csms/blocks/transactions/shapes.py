"""What transactions look like in the API: amounts of energy as numbers in Wh, money as exact text beside its currency."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Final, Literal
from uuid import UUID

import msgspec
from msgspec import Meta
from sqlalchemy import Row

from forecourt.charging.limits import LimitKind
from forecourt.csms.blocks.authorization.model import shown
from forecourt.csms.blocks.transactions.context import Transactions
from forecourt.csms.blocks.transactions.model import Fact, LimitsBody, LimitsData, Reference, Remark
from forecourt.csms.blocks.transactions.record import Record
from forecourt.csms.stations.model import Station
from forecourt.csms.stations.orders import Order
from forecourt.csms.stations.registry import Stations
from forecourt.csms.stations.sending import Sending
from forecourt.csms.store.work import Store
from forecourt.csms.web.texts import LINE

LIMITS: Final[dict[str, str]] = {
    LimitKind.ENERGY.value: "energyWh",
    LimitKind.TIME.value: "timeS",
    LimitKind.COST.value: "cost",
    LimitKind.SOC.value: "socPercent",
}
"""Kinds of limits as the API names them."""

LimitName = Literal["energyWh", "timeS", "cost", "socPercent"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TransactionParts:
    """What the routes are given. `stop` asks a station to stop a transaction in somebody's name."""

    store: Store
    stations: Stations
    sending: Sending
    block: Transactions
    stop: Callable[[Station, Reference, str], Awaitable[Order]]


class LimitsOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Limits of a transaction; null where there is none of a kind."""

    energy_wh: float | None
    time_s: int | None
    cost: str | None
    currency: str
    soc_percent: int | None


class TransactionOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A transaction, as in lists. `organisationId` operates the station, `providerId` provides the token.

    `billable` is false for one whose token was refused or that has none; `number` is what a station of 1.6 calls it.
    """

    id: int
    organisation_id: int
    provider_id: int | None
    station_id: int
    station: str
    site_id: int | None
    wire_id: str
    number: int | None
    evse_id: int | None
    connector_id: int | None
    token_id: int | None
    token: str
    token_kind: str
    verdict: str
    verdict_reason: str
    billable: bool
    charging_state: str
    started_at: datetime
    received_at: datetime
    last_at: datetime
    ended_at: datetime | None
    ended_by: str
    stop_reason: str
    register_begin_wh: float | None
    register_end_wh: float | None
    energy_imported_wh: float | None
    energy_exported_wh: float | None
    charging_s: int | None
    idle_s: int | None
    cost: str | None
    currency: str
    limits_reached: list[LimitName]


class RemarkOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Something odd about the record: a word for programs, a sentence for people."""

    remark: str
    meaning: str
    detail: str
    count: int | None


class TransactionDetail(TransactionOut, frozen=True, kw_only=True, rename="camel"):
    """A transaction with how its figures came about.

    `trail` has, for `imported` and `exported` energy, each step by which the amount was reckoned; `complete` is false while
    something is known to be missing. `limitsConfirmed` are those the station has taken over, the others are watched from here.
    """

    price_per_kwh: str | None
    local_cost: bool
    remote_start_id: int | None
    reservation_id: int | None
    offline: bool
    complete: bool
    missing: list[tuple[int, int]]
    limits: LimitsOut | None
    limits_told: LimitsOut | None
    limits_confirmed: list[LimitName]
    remarks: list[RemarkOut]
    trail: dict[str, list[dict[str, Any]]]


class TransactionEventOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Something a station said of a transaction. `seqNo` is null in a version that has none; `registerWh` is the meter beside the
    event, where the version has it there."""

    seq_no: int | None
    what: str
    at: datetime
    received_at: datetime
    trigger: str
    offline: bool
    charging_state: str
    token: str
    verdict: str
    verdict_reason: str
    stop_reason: str
    register_wh: float | None
    limits: LimitsOut | None
    remark: str


class TransactionEvents(msgspec.Struct, frozen=True, kw_only=True):
    """All that a station said of a transaction, in the order it happened in."""

    items: list[TransactionEventOut]


class StopBody(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """A wish to end a transaction."""

    reason: Annotated[str, Meta(max_length=200, pattern=LINE, description="for the audit log")] = ""


class StopOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The command that asks the station to stop, and how far it has come. That the transaction is over says the transaction."""

    command_id: UUID
    transaction_id: int
    status: str
    reason: str


def row_out(row: Row[Any], station: str, site: int | None) -> TransactionOut:
    """A row of the list."""
    values = row._mapping
    return TransactionOut(
        **{name: values[name] for name in _PLAIN},
        station=station,
        site_id=site,
        token=shown(values["token_value"], values["token_kind"]),
        billable=values["verdict"] == "Accepted",
        register_begin_wh=_number(values["register_begin_wh"]),
        register_end_wh=_number(values["register_end_wh"]),
        energy_imported_wh=_number(values["energy_imported_wh"]),
        energy_exported_wh=_number(values["energy_exported_wh"]),
        cost=_money(values["cost"]),
        limits_reached=_limit_names(values["limits_reached"]),
    )


def detail_of(record: Record, station: str, site: int | None) -> TransactionDetail:
    """All there is to say of a transaction."""
    plain = {name: getattr(record, name) for name in (*_PLAIN, *_MORE)}
    return TransactionDetail(
        **plain,
        station=station,
        site_id=site,
        token=shown(record.token_value, record.token_kind),
        billable=record.billable,
        energy_imported_wh=_number(record.energy_imported_wh),
        energy_exported_wh=_number(record.energy_exported_wh),
        cost=_money(record.cost),
        limits_reached=_limit_names(record.limits_reached),
        register_begin_wh=_number(record.register_begin_wh),
        register_end_wh=_number(record.register_end_wh),
        price_per_kwh=_money(record.price_per_kwh),
        complete=record.complete,
        missing=list(record.missing),
        limits=_limits(record.limits_wanted, record.currency),
        limits_told=_limits(record.limits_told, record.currency),
        limits_confirmed=_limit_names(record.limits_confirmed),
        remarks=[_remark(entry) for entry in record.trail.get("record", ())],
        trail={name: steps for name, steps in record.trail.items() if name != "record"},
    )


def event_of(fact: Fact, currency: str) -> TransactionEventOut:
    """An event of a transaction; a secret token is left out."""
    details, token = fact.details, fact.details.token
    return TransactionEventOut(
        seq_no=None if fact.seq_no < 0 else fact.seq_no,
        what=fact.what.value,
        at=fact.at,
        received_at=fact.received_at,
        trigger=fact.trigger,
        offline=fact.offline,
        charging_state=fact.charging_state,
        token="" if token is None else shown(token.value, token.kind),
        verdict="" if token is None else token.verdict,
        verdict_reason="" if token is None else token.reason,
        stop_reason=details.stop_reason,
        register_wh=_number(details.register_wh),
        limits=_limits(details.limits, currency),
        remark=details.remark,
    )


def _remark(entry: dict[str, Any]) -> RemarkOut:
    name = entry["remark"]
    meaning = Remark[name].value if name in Remark.__members__ else ""
    return RemarkOut(remark=name, meaning=meaning, detail=str(entry.get("detail", "")), count=entry.get("count"))


def _limits(data: LimitsData | None, currency: str) -> LimitsOut | None:
    if data is None:
        return None
    return LimitsOut(
        energy_wh=_number(data.energy_wh),
        time_s=data.time_s,
        cost=_money(data.cost),
        currency=data.currency or currency,
        soc_percent=data.soc_percent,
    )


def _limit_names(kinds: Any) -> Any:
    return [LIMITS[kind] for kind in kinds if kind in LIMITS]


def _number(value: Decimal | None) -> float | None:
    return None if value is None else float(value)


def _money(value: Decimal | None) -> str | None:
    return None if value is None else f"{value:f}"


_PLAIN: Final = (
    "id",
    "organisation_id",
    "provider_id",
    "station_id",
    "wire_id",
    "number",
    "evse_id",
    "connector_id",
    "token_id",
    "token_kind",
    "verdict",
    "verdict_reason",
    "charging_state",
    "started_at",
    "received_at",
    "last_at",
    "ended_at",
    "ended_by",
    "stop_reason",
    "charging_s",
    "idle_s",
    "currency",
)
_MORE: Final = ("local_cost", "remote_start_id", "reservation_id", "offline")

__all__ = [
    "LIMITS",
    "LimitsBody",
    "LimitsOut",
    "RemarkOut",
    "StopBody",
    "StopOut",
    "TransactionDetail",
    "TransactionEventOut",
    "TransactionEvents",
    "TransactionOut",
    "TransactionParts",
    "detail_of",
    "event_of",
    "row_out",
]
