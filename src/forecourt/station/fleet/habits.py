"""What people who charge do, as distributions; a visit is drawn whole, from a seed of its own.

So a visit does not depend on what happens at other stations, nor on the order in which things happen in real time.
"""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

from forecourt.station.hardware.vehicle import Model

DAY_S: Final = 86_400.0
HOURS_A_DAY: Final = 24


class Distribution(Protocol):
    """Numbers as they come, in the unit of whoever asks for them."""

    def draw(self, chance: random.Random) -> float:
        """One of them."""


@dataclass(frozen=True, slots=True)
class Uniform:
    """Every number between two equally often."""

    low: float
    high: float

    def draw(self, chance: random.Random) -> float:
        return chance.uniform(self.low, self.high)


@dataclass(frozen=True, slots=True)
class LogNormal:
    """Numbers whose logarithm is normal with standard deviation `sigma`: half of them below `median`, cut at both ends."""

    median: float
    sigma: float
    least: float
    most: float

    def draw(self, chance: random.Random) -> float:
        return min(self.most, max(self.least, chance.lognormvariate(math.log(self.median), self.sigma)))


class Arrivals(Protocol):
    """When the next one comes to a place that is free."""

    def wait_s(self, chance: random.Random, at: datetime) -> float:
        """Seconds from `at` until then."""


@dataclass(frozen=True, slots=True)
class After:
    """So long after the one before has gone."""

    pause_s: Distribution

    def wait_s(self, chance: random.Random, at: datetime) -> float:
        return self.pause_s.draw(chance)


@dataclass(frozen=True, slots=True)
class ByHour:
    """A Poisson process of `per_day` arrivals, spread over the hours of the day (UTC) by `weights`, of which 24 are needed."""

    per_day: float
    weights: tuple[float, ...] = (1.0,) * HOURS_A_DAY

    def wait_s(self, chance: random.Random, at: datetime) -> float:
        """By thinning: draw at the rate of the busiest hour, keep each with the share that its own hour has of that."""
        mean, busiest = sum(self.weights) / HOURS_A_DAY, max(self.weights)
        most_per_s = self.per_day / DAY_S * busiest / mean
        begin_s = at.hour * 3600 + at.minute * 60 + at.second
        waited_s = 0.0
        while True:
            waited_s += chance.expovariate(most_per_s)
            hour = int((begin_s + waited_s) % DAY_S // 3600)
            if chance.random() * busiest <= self.weights[hour]:
                return waited_s


COMMUTERS: Final = (
    0.2,
    0.1,
    0.1,
    0.1,
    0.2,
    0.5,
    1.2,
    2.4,
    2.6,
    1.8,
    1.2,
    1.1,
    1.3,
    1.2,
    1.0,
    1.1,
    1.5,
    2.2,
    2.4,
    1.8,
    1.2,
    0.8,
    0.5,
    0.3,
)
"""How many come in each hour of a day, against the mean: most before work and after it."""  # fmt: skip

VEHICLES: Final[tuple[tuple[float, Model], ...]] = (
    (0.30, Model(battery_wh=60_000, ac_phases=3, ac_current_a=16, dc_power_w=120_000)),
    (0.20, Model(battery_wh=77_000, ac_phases=3, ac_current_a=16, dc_power_w=170_000)),
    (0.15, Model(battery_wh=40_000, ac_phases=1, ac_current_a=32, dc_power_w=50_000)),
    (0.15, Model(battery_wh=52_000, ac_phases=3, ac_current_a=32, dc_power_w=100_000)),
    (0.10, Model(battery_wh=95_000, ac_phases=3, ac_current_a=16, dc_power_w=240_000)),
    (0.10, Model(battery_wh=12_000, ac_phases=1, ac_current_a=16, dc_power_w=0)),
)
"""Shares and kinds: five battery vehicles and a plug-in hybrid."""


@dataclass(frozen=True, slots=True)
class Visit:
    """One driver: his vehicle with its state of charge and the one he wants (0 to 1), his card, what he does in which order.

    `hesitates_s` passes between plugging in and the card, and between the card and pulling the cable; `stay_s` between
    arriving and leaving. `fault_s`: instead, the place is out of order for so long.
    """

    model: Model
    soc: float
    target: float
    card: str
    token_first: bool
    hesitates_s: float
    stay_s: float
    fault_s: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Habits:
    """What the drivers of a place have in common. Shares are 0 to 1.

    `first_s` is when the first one comes, by default as any other. `strangers` hold up cards that are not to be accepted.
    `patience_s` is how long a driver waits for his card to be accepted.
    """

    arrivals: Arrivals = ByHour(2.0, COMMUTERS)
    first_s: Distribution | None = None
    stay_s: Distribution = LogNormal(3 * 3600, 0.7, 600, 14 * 3600)
    soc: Distribution = Uniform(0.08, 0.7)
    wants: Distribution = Uniform(0.2, 0.9)
    """How much more, of a full battery; never more than full."""
    vehicles: tuple[tuple[float, Model], ...] = VEHICLES
    direct_only: bool = False
    """Only vehicles that can be charged with DC come."""
    hesitates_s: Distribution = Uniform(5, 30)
    patience_s: float = 60.0
    token_first: float = 0.3
    strangers: float = 0.01
    faults: float = 0.002
    fault_s: Distribution = Uniform(600, 7200)

    def visit(self, chance: random.Random, cards: Sequence[str], strangers: Sequence[str]) -> Visit:
        """Draw one."""
        vehicles = [pair for pair in self.vehicles if pair[1].dc_power_w > 0 or not self.direct_only]
        (model,) = chance.choices([model for _, model in vehicles], [share for share, _ in vehicles])
        soc = self.soc.draw(chance)
        unknown = bool(strangers) and chance.random() < self.strangers
        return Visit(
            model=model,
            soc=soc,
            target=min(1.0, soc + self.wants.draw(chance)),
            card=chance.choice(strangers if unknown else cards),
            token_first=chance.random() < self.token_first,
            hesitates_s=self.hesitates_s.draw(chance),
            stay_s=self.stay_s.draw(chance),
            fault_s=self.fault_s.draw(chance) if chance.random() < self.faults else None,
        )
