"""Limits of a session in energy, time, money and state of charge: who can watch them, when to stop, what to send.

A station with SupportedLimits enforces limits itself (E16); whatever it says, the management system watches each as a
backstop. It extrapolates from the last reading with the power then flowing, so that the stop takes effect when the
limit is reached and not a reporting interval later. A limit that nobody can observe is refused, saying why.

Not here: who set a limit and when it is sent (the transactions block), tariffs (a price per kWh and per hour is enough
to predict cost between two statements of it).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from enum import Enum, StrEnum, auto
from types import MappingProxyType
from typing import TypeVar

from forecourt.charging.quantities import Money
from forecourt.errors import Invalid


class LimitKind(StrEnum):
    """The words of SupportedLimits (Part 2, 2.8.1) and of TransactionLimitType."""

    COST = "maxCost"
    ENERGY = "maxEnergy"
    TIME = "maxTime"
    SOC = "maxSoC"


TRIGGER_REASONS: Mapping[LimitKind, str] = MappingProxyType(
    {
        LimitKind.COST: "CostLimitReached",
        LimitKind.ENERGY: "EnergyLimitReached",
        LimitKind.TIME: "TimeLimitReached",
        LimitKind.SOC: "SoCLimitReached",
    }
)
"""E16.FR.05, 06: what a station says when it has stopped at a limit."""


def supported_kinds(words: Iterable[str]) -> frozenset[LimitKind]:
    """The kinds that a value of SupportedLimits names; unknown words are passed over.

    For the time its list of values (2.8.1) says maxLength where everything else says maxTime: either is meant.
    """
    named = {"maxTime" if word == "maxLength" else word for word in words}
    return frozenset(kind for kind in LimitKind if kind in named)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a session may reach; None where nothing limits it. A negative limit is reached at once (E16.FR.10)."""

    energy_wh: Decimal | None = None
    time_s: int | None = None
    cost: Money | None = None
    soc_percent: int | None = None

    def __post_init__(self) -> None:
        if self.soc_percent is not None and not 0 <= self.soc_percent <= 100:
            raise Invalid("soc_out_of_range", f"{self.soc_percent} percent", {"socPercent": "0 to 100"})

    @property
    def kinds(self) -> frozenset[LimitKind]:
        return frozenset(kind for kind, name in _NAMES.items() if getattr(self, name) is not None)

    def only(self, kinds: Set[str]) -> Limits:
        """These limits without those of other kinds. What a station supports filters what it is sent (E16.FR.12)."""
        return Limits(
            energy_wh=self.energy_wh if LimitKind.ENERGY in kinds else None,
            time_s=self.time_s if LimitKind.TIME in kinds else None,
            cost=self.cost if LimitKind.COST in kinds else None,
            soc_percent=self.soc_percent if LimitKind.SOC in kinds else None,
        )

    def tightened_by(self, other: Limits) -> Limits:
        """The lower of both for each kind: a driver's limit never exceeds the one of the management system (E16.FR.04).

        Raises Invalid when costs are in different currencies.
        """
        costs = [limits.cost for limits in (self, other) if limits.cost is not None]
        return Limits(
            energy_wh=_lower(self.energy_wh, other.energy_wh),
            time_s=_lower(self.time_s, other.time_s),
            cost=(costs[0] if costs[0] <= costs[-1] else costs[-1]) if costs else None,
            soc_percent=_lower(self.soc_percent, other.soc_percent),
        )


_NAMES = MappingProxyType(
    {
        LimitKind.COST: "cost",
        LimitKind.ENERGY: "energy_wh",
        LimitKind.TIME: "time_s",
        LimitKind.SOC: "soc_percent",
    }
)


Number = TypeVar("Number", int, Decimal)


def _lower(one: Number | None, other: Number | None) -> Number | None:
    return min((value for value in (one, other) if value is not None), default=None)


def confirmed(asked: Limits, echoed: Limits) -> frozenset[LimitKind]:
    """Which limits a station has taken as set: those it repeats with `LimitSet` and not higher (E16.FR.03, 04, 13)."""
    kinds = asked.kinds & echoed.kinds
    return frozenset(
        kind for kind in kinds if asked.only({kind}).tightened_by(echoed.only({kind})) == echoed.only({kind})
    )


def must_answer(wanted: Limits, reported: Limits) -> Limits:
    """Of `wanted`, what has to be sent although the station reported limits of its own: those it is above or lacks.

    E16.FR.07, 08: a limit that is already low enough is not sent again.
    """
    low_enough = {
        kind
        for kind in wanted.kinds & reported.kinds
        if reported.only({kind}).tightened_by(wanted.only({kind})) == reported.only({kind})
    }
    return wanted.only(wanted.kinds - low_enough)


class Unobservable(Enum):
    """Why the management system cannot watch a limit."""

    NO_ENERGY_READINGS = auto()
    """The station sends no energy readings while a transaction runs."""
    READINGS_TOO_RARE = auto()
    """They come so seldom that a stop could miss the limit by more than is bearable."""
    NO_PRICE = auto()
    """Neither a price nor a running cost is known."""
    NO_SOC_READINGS = auto()
    """The station sends no state of charge (AC without ISO 15118 has none)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reporting:
    """What a station is known to send while a transaction runs; an interval of None or 0 means never (J 2.1)."""

    energy_every_s: int | None = None
    soc_every_s: int | None = None
    price_known: bool = False
    price_needs_energy: bool = True
    longest_interval_s: int = 900


def unobservable(limits: Limits, reporting: Reporting) -> dict[LimitKind, Unobservable]:
    """For each limit that cannot be watched, why. Time always can: it counts from the start (E16.FR.09)."""
    energy = _rhythm(reporting.energy_every_s, reporting.longest_interval_s, Unobservable.NO_ENERGY_READINGS)
    soc = _rhythm(reporting.soc_every_s, reporting.longest_interval_s, Unobservable.NO_SOC_READINGS)
    cost: Unobservable | None = Unobservable.NO_PRICE
    if reporting.price_known:
        cost = energy if reporting.price_needs_energy else None
    against = {LimitKind.ENERGY: energy, LimitKind.SOC: soc, LimitKind.COST: cost}
    return {kind: why for kind, why in against.items() if why is not None and kind in limits.kinds}


def _rhythm(every_s: int | None, longest_s: int, none_at_all: Unobservable) -> Unobservable | None:
    if not every_s:
        return none_at_all
    return Unobservable.READINGS_TOO_RARE if every_s > longest_s else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How fast a session runs: what flows now, and what that costs. Zero while nothing flows."""

    power_w: Decimal = Decimal(0)
    cost_per_kwh: Money | None = None
    cost_per_hour: Money | None = None
    soc_per_hour: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """A session at the moment `at` of its last reading. None where nothing is known of a quantity."""

    at: datetime
    started_at: datetime
    energy_wh: Decimal | None = None
    cost: Money | None = None
    soc_percent: Decimal | None = None
    pace: Pace = Pace()


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """When to send the stop so that it takes effect at the limit, and which limit that is."""

    kind: LimitKind
    reached_at: datetime
    stop_at: datetime

    def due(self, now: datetime) -> bool:
        return now >= self.stop_at


def next_stop(
    limits: Limits, observed: Observed, *, reaction: timedelta, energy_step_wh: Decimal = Decimal(0)
) -> Stop | None:
    """The limit that will be reached first, at the present pace; None if none will.

    `reaction` is how long a stop takes from the decision until the energy stops. Under a steady pace the overshoot is
    zero; it is at most what flows between two readings where the pace changed in between. Make the plan anew with every
    reading and keep one timer, for `stop_at`; a limit reached already is due at once (E16.FR.10).

    `energy_step_wh` is the granularity of the meter: the stop is at the last step below the limit (E16.FR.19).
    """
    moments = _moments(limits, observed, energy_step_wh)
    if not moments:
        return None
    kind, reached_at = min(moments.items(), key=lambda item: (item[1], item[0]))
    return Stop(kind=kind, reached_at=reached_at, stop_at=reached_at - reaction)


def reached(limits: Limits, observed: Observed, energy_step_wh: Decimal = Decimal(0)) -> frozenset[LimitKind]:
    """The limits that are reached or exceeded by what has been observed, without any prediction."""
    moments = _moments(limits, replace(observed, pace=Pace()), energy_step_wh)
    return frozenset(kind for kind, moment in moments.items() if moment <= observed.at)


def _moments(limits: Limits, observed: Observed, energy_step_wh: Decimal) -> dict[LimitKind, datetime]:
    """When each limit is reached at the present pace, as far as it is reached at all."""
    pace = observed.pace
    remaining: dict[LimitKind, tuple[Decimal, Decimal]] = {}
    if limits.energy_wh is not None and observed.energy_wh is not None:
        limit_wh = limits.energy_wh
        if energy_step_wh > 0:
            limit_wh -= limit_wh % energy_step_wh
        remaining[LimitKind.ENERGY] = limit_wh - observed.energy_wh, pace.power_w
    if limits.cost is not None and observed.cost is not None:
        remaining[LimitKind.COST] = (limits.cost - observed.cost).amount, _cost_per_hour(pace, limits.cost)
    if limits.soc_percent is not None and observed.soc_percent is not None:
        remaining[LimitKind.SOC] = limits.soc_percent - observed.soc_percent, pace.soc_per_hour
    moments: dict[LimitKind, datetime | None] = {}
    for kind, (left, per_hour) in remaining.items():
        if left <= 0:
            moments[kind] = observed.at
        elif per_hour > 0:
            moments[kind] = _after(observed.at, left / per_hour * 3600)
    if limits.time_s is not None:
        moments[LimitKind.TIME] = _after(observed.started_at, Decimal(limits.time_s))
    return {kind: moment for kind, moment in moments.items() if moment is not None}


def _after(at: datetime, seconds: Decimal) -> datetime | None:
    """`at` plus some seconds, never late; None when that is beyond the calendar."""
    try:
        return at + timedelta(microseconds=math.floor(seconds * 1_000_000))
    except OverflowError:
        return None


def _cost_per_hour(pace: Pace, limit: Money) -> Decimal:
    """Raises Invalid when a price is in another currency than the limit."""
    total = Money(Decimal(0), limit.currency)
    if pace.cost_per_kwh is not None:
        total += pace.cost_per_kwh.times(pace.power_w / 1000)
    if pace.cost_per_hour is not None:
        total += pace.cost_per_hour
    return total.amount
