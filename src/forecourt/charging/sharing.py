"""How a station divides what it may draw from the grid among the EVSEs that want some (K04).

Who came first is served first, and a share below what a vehicle needs at least is none: it would be of no use to it. What is
left over goes evenly to all who are served, up to what each may have.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True, slots=True)
class Demand:
    """What an EVSE may have at `most`, and can use at `least`; in one unit for all."""

    most: Fraction
    least: Fraction = Fraction(0)


def shares(total: Fraction, demands: Sequence[Demand]) -> list[Fraction]:
    """What each gets, in the order of `demands`, the first come first: together never more than `total`."""
    given = [Fraction(0)] * len(demands)
    left = total
    served: list[int] = []
    for index, demand in enumerate(demands):
        if demand.least <= demand.most and demand.least <= left:
            given[index] = demand.least
            left -= demand.least
            served.append(index)
    return _levelled(given, left, demands, served)


def _levelled(given: list[Fraction], left: Fraction, demands: Sequence[Demand], served: list[int]) -> list[Fraction]:
    """Raise the lowest of those served together until nothing is left or all have what they may have."""
    while left > 0:
        rising = [index for index in served if given[index] < demands[index].most]
        if not rising:
            break
        level = min(given[index] for index in rising)
        lowest = [index for index in rising if given[index] == level]
        steps = [demands[index].most for index in lowest] + [given[index] for index in rising if given[index] > level]
        step = min(min(steps) - level, left / len(lowest))
        for index in lowest:
            given[index] += step
        left -= step * len(lowest)
    return given
