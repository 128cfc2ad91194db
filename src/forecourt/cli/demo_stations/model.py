"""What a virtual station is made of: outlets, cars and what happens at them. No wire and no waiting."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import Enum, auto
from typing import Final, TypeAlias

LINE_VOLTAGE_V: Final = 230
DC_VOLTAGE_V: Final = 400
THREE_PHASES: Final = 3
_TAPER_FROM_PERCENT: Final = 70.0
"""Above this a battery takes less and less."""
_LEAST_SHARE: Final = 0.12


class State(Enum):
    """How an outlet is, in words that every version has words for."""

    AVAILABLE = auto()
    PLUGGED = auto()
    CHARGING = auto()
    SUSPENDED = auto()
    FINISHING = auto()
    FAULTED = auto()
    UNAVAILABLE = auto()


class Ending(Enum):
    """Why a session ended."""

    DRIVER = auto()
    CAR_FULL = auto()
    REMOTE = auto()
    REFUSED = auto()
    FAULT = auto()
    POWER_LOSS = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Make:
    """A station as it was bought. `max_w` is what each of its outlets can give."""

    identity: str
    vendor: str
    model: str
    version: str
    soap: bool = False
    dc: bool = False
    max_w: int
    outlets: int = 1
    site: str = ""
    name: str = ""
    flaps: bool = False
    """Whether its network goes away now and then."""
    announced: bool = True
    """Whether the management system is told of it beforehand."""
    firmware: str = "1.4.2"


@dataclass(slots=True)
class Car:
    """A car that wants to be charged up to `wanted_percent`."""

    capacity_wh: float
    max_w: float
    percent: float
    wanted_percent: float

    def power_w(self, offered_w: float) -> float:
        """What it takes of what is offered."""
        if self.percent >= self.wanted_percent:
            return 0.0
        share = 1.0
        if self.percent > _TAPER_FROM_PERCENT:
            share = max(_LEAST_SHARE, 1 - (self.percent - _TAPER_FROM_PERCENT) / (100 - _TAPER_FROM_PERCENT))
        return min(offered_w, self.max_w * share)

    def take(self, energy_wh: float) -> None:
        """Put energy into its battery."""
        self.percent = min(100.0, self.percent + 100 * energy_wh / self.capacity_wh)


def any_car(dice: random.Random, *, dc: bool) -> Car:
    """A car that comes by."""
    capacity_wh = dice.choice([40_000, 52_000, 64_000, 77_000, 82_000])
    percent = dice.uniform(8, 65)
    return Car(
        capacity_wh=capacity_wh,
        max_w=dice.choice([50_000, 100_000, 135_000, 170_000]) if dc else dice.choice([7_360, 11_040, 11_040, 22_080]),
        percent=percent,
        wanted_percent=min(100.0, percent + dice.uniform(6, 35 if dc else 12)),
    )


@dataclass(slots=True, kw_only=True)
class Session:
    """A transaction. `number` is what a management system of 1.6 calls it; `remote_start_id` is whose wish it was."""

    id: str
    outlet: int
    card: str
    began_at: datetime
    seq_no: int = 0
    number: int | None = None
    remote_start_id: int | None = None
    told_charging: bool = False

    def next_seq_no(self) -> int:
        """The number of its next event."""
        self.seq_no += 1
        return self.seq_no - 1


@dataclass(slots=True, kw_only=True)
class Outlet:
    """An EVSE with one connector. Its register only grows."""

    number: int
    register_wh: float = 0.0
    state: State = State.AVAILABLE
    operative: bool = True
    session: Session | None = None
    car: Car | None = None
    power_w: float = 0.0
    stop: Ending | None = None
    """That the session is to end, and why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """What the meter of an outlet shows. Current and voltage are per phase; there is one phase for DC."""

    register_wh: int
    power_w: int
    current_a: Decimal
    voltage_v: int
    phases: int
    soc_percent: int | None


def sample_of(outlet: Outlet, *, dc: bool) -> Sample:
    """What the meter of an outlet shows now."""
    voltage, phases = (DC_VOLTAGE_V, 1) if dc else (LINE_VOLTAGE_V, THREE_PHASES)
    return Sample(
        register_wh=int(outlet.register_wh),
        power_w=round(outlet.power_w),
        current_a=round(Decimal(outlet.power_w / voltage / phases), 1),
        voltage_v=voltage,
        phases=phases,
        soc_percent=round(outlet.car.percent) if dc and outlet.car is not None else None,
    )


# What a station has to tell. Facts about sessions are kept until they are told, those about states are not.


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """The state of an outlet has changed."""

    at: datetime
    outlet: int
    state: State


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """A session began."""

    at: datetime
    session: Session = field(repr=False)
    sample: Sample
    seq_no: int
    offline: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Metered:
    """A session goes on."""

    at: datetime
    session: Session = field(repr=False)
    sample: Sample
    seq_no: int
    offline: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """A session ended."""

    at: datetime
    session: Session = field(repr=False)
    sample: Sample
    seq_no: int
    offline: bool
    ending: Ending


Fact: TypeAlias = Shown | Begun | Metered | Ended
