"""From the readings of one energy register to the energy it counted, by stated rules that leave a trail.

A register should only ever run forwards (J02.FR.16). Real ones jump, fall back to zero, stand still, arrive late and
twice. The rules:

1. The energy is what the register moved forwards between readings, in the order of their time stamps.
2. A reading that does not follow from the last good one (it lies further back than `tolerance_wh`, or further ahead
   than `most_power_w` allows for the time between) is suspect and held until the next one. If the next follows from the
   last good one, the suspect was an outlier and is dropped. If the next follows from the suspect, the register moved:
   after a fall it counts from zero again, so the new value is energy if that much could have flowed, else nothing is
   counted; a leap ahead is never counted. If it follows from neither, the suspect is dropped and the next one is
   suspect.
3. When the transaction is over and a suspect is last, it is taken as the register's move.
4. Small steps back (rounding between whole and fractional Wh) do not count; the highest value stands.
5. The same reading twice counts once. A late reading changes nothing, except that one before a begin which is only the
   first reading known becomes the begin. Whoever has all readings counts them anew in order of time (`energy.recount`).

Nothing is ever counted that no reading shows; what cannot be known is left out and the trail says how much that was.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from enum import Enum

ZERO_WH = Decimal(0)
LONGEST_TRAIL = 32


class Rule(Enum):
    """What was done, as a sentence for people; programs use the name."""

    BEGIN_GIVEN = "The station said the register at the begin of the transaction."
    BEGIN_FROM_FIRST_READING = "No begin was said: the first reading counts as begin."
    BEGIN_FROM_EARLIER_READING = "A late reading, before the one that counted as begin, became the begin."
    BEGIN_FROM_PRECEDING = "Only the end is known: the end of the transaction before counts as begin."
    BEGIN_DOES_NOT_FIT = (
        "The begin does not fit the readings: what lies between it and the first reading is not counted."
    )
    BEGIN_MOVED = "The begin lies after the first readings: what was counted before it was taken off."
    END_FROM_LAST_READING = "No end was said: the last reading counts as end."
    BEGIN_MISSING = "Only the end is known, and nothing before it: the energy is unknown."
    END_MISSING = "Nothing is known after the begin: the energy is unknown."
    NOTHING_REPORTED = "The station reported no such energy."
    TAKEN_FROM = "The figure was taken from this source; there were others."
    INTERVALS_SUMMED = "There is no register: the amounts per interval were added up."
    STEP_BACK_IGNORED = "The register went back by less than the tolerance: its highest value stands."
    OUTLIER_DROPPED = "A reading followed neither from the one before nor was it confirmed by the one after: dropped."
    RESET_COUNTED = "The register fell back and started anew: its new value was counted as energy."
    RESET_NOT_COUNTED = (
        "The register fell back to a value that cannot be energy since: what flowed meanwhile is unknown."
    )
    LEAP_LEFT_OUT = "The register leapt ahead by more than could have flowed: the leap was left out."
    DUPLICATE_IGNORED = "The same reading came again."
    LATE_IGNORED = "A reading came late: the figure does not depend on it."


@dataclass(frozen=True, slots=True)
class Entry:
    """One step of how a figure came about: at `at`, concerning `wh`, and `count` times until `until`."""

    rule: Rule
    at: datetime | None
    wh: Decimal = ZERO_WH
    count: int = 1
    until: datetime | None = None
    detail: str = ""


Trail = tuple[Entry, ...]


def noted(trail: Trail, entry: Entry) -> Trail:
    """`trail` with one more entry.

    It stays short: repetitions, and what comes after `LONGEST_TRAIL`, are counted together.
    """
    fold = len(trail) >= LONGEST_TRAIL or entry.rule in (Rule.DUPLICATE_IGNORED, Rule.LATE_IGNORED)
    if fold:
        for index in range(len(trail) - 1, -1, -1):
            if trail[index].rule is entry.rule:
                folded = replace(
                    trail[index], wh=trail[index].wh + entry.wh, count=trail[index].count + 1, until=entry.at
                )
                return (*trail[:index], folded, *trail[index + 1 :])
    return (*trail, entry)


@dataclass(frozen=True, slots=True)
class Point:
    at: datetime
    wh: Decimal


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a register can do.

    `most_power_w` is the most that could ever flow there, with a margin; None where nobody knows: then no leap is
    noticed, and no value after a fall is counted.
    """

    most_power_w: Decimal | None = None
    tolerance_wh: Decimal = Decimal(10)
    slack: timedelta = timedelta(minutes=1)

    def possible(self, wh: Decimal, during: timedelta) -> bool:
        """Whether `wh` may have flowed in that time, clocks being what they are."""
        if self.most_power_w is None:
            return True
        hours = Decimal((during + self.slack) // timedelta(milliseconds=1)) / 3_600_000
        return wh <= self.most_power_w * hours + self.tolerance_wh

    def follows(self, before: Point, after: Point) -> bool:
        moved = after.wh - before.wh
        return moved >= -self.tolerance_wh and self.possible(moved, after.at - before.at)


@dataclass(frozen=True, slots=True)
class Register:
    """One register as far as it is known. It is opened with the first point heard of; every step gives a new value."""

    begin: Point
    last: Point
    counted_wh: Decimal = ZERO_WH
    begin_given: bool = False
    end_given: bool = False
    suspect: Point | None = None
    readings: int = 1
    trail: Trail = ()

    @classmethod
    def opened(cls, point: Point, *, given: bool) -> Register:
        """The first point: `given` says that the station called it the begin of the transaction."""
        rule = Rule.BEGIN_GIVEN if given else Rule.BEGIN_FROM_FIRST_READING
        return cls(point, point, begin_given=given)._noted(rule, point.at, point.wh)

    def begun(self, point: Point, bounds: Bounds) -> Register:
        """The station says only now where the transaction began. Its first word counts; more are plain readings."""
        if self.begin_given:
            return self.read(point, bounds)
        given = replace(self, begin=point, begin_given=True, readings=self.readings + 1)
        moved = self.begin.wh - point.wh
        if point.at <= self.begin.at and bounds.follows(point, self.begin):
            counted_wh = self.counted_wh + max(moved, ZERO_WH)
            return replace(given, counted_wh=counted_wh)._noted(Rule.BEGIN_GIVEN, point.at, point.wh)
        if point.at >= self.last.at:
            anew = replace(given, counted_wh=ZERO_WH, last=point, suspect=None)
            return anew._noted(Rule.BEGIN_MOVED, point.at, -self.counted_wh)
        if point.at > self.begin.at and 0 <= -moved <= self.counted_wh:
            return replace(given, counted_wh=self.counted_wh + moved)._noted(Rule.BEGIN_MOVED, point.at, moved)
        return given._noted(Rule.BEGIN_DOES_NOT_FIT, point.at, moved)

    def read(self, point: Point, bounds: Bounds) -> Register:
        """One more reading."""
        newest = self.suspect or self.last
        if point == newest:
            return self._noted(Rule.DUPLICATE_IGNORED, point.at)
        if point.at < newest.at:
            return self._late(point, bounds)
        more = replace(self, readings=self.readings + 1)
        if bounds.follows(self.last, point):
            if self.suspect is not None:
                more = more._dropped(self.suspect)
            return more._forward(self.last, point)
        if self.suspect is None:
            return replace(more, suspect=point)
        if bounds.follows(self.suspect, point):
            return more._moved(self.last, self.suspect, bounds)._forward(self.suspect, point)
        return replace(more._dropped(self.suspect), suspect=point)

    def ended(self, point: Point, bounds: Bounds) -> Register:
        """The station said that the transaction ended at this register.

        A reading like any other, but known as the end.
        """
        return replace(self.read(point, bounds), end_given=True)

    def settled(self, bounds: Bounds) -> Register:
        """The register when no more readings will come (rule 3)."""
        if self.suspect is None:
            return self
        return self._moved(self.last, self.suspect, bounds)

    def _late(self, point: Point, bounds: Bounds) -> Register:
        if point.at < self.begin.at and not self.begin_given and bounds.follows(point, self.begin):
            counted_wh = self.counted_wh + max(self.begin.wh - point.wh, ZERO_WH)
            earlier = replace(self, begin=point, counted_wh=counted_wh, readings=self.readings + 1)
            return earlier._noted(Rule.BEGIN_FROM_EARLIER_READING, point.at, point.wh)
        return self._noted(Rule.LATE_IGNORED, point.at)

    def _forward(self, last: Point, point: Point) -> Register:
        moved = point.wh - last.wh
        if moved < 0:
            held = replace(self, last=Point(point.at, last.wh))
            return held._noted(Rule.STEP_BACK_IGNORED, point.at, moved)
        return replace(self, last=point, counted_wh=self.counted_wh + moved)

    def _moved(self, last: Point, to: Point, bounds: Bounds) -> Register:
        moved = replace(self, last=to, suspect=None)
        if to.wh > last.wh:
            return moved._noted(Rule.LEAP_LEFT_OUT, to.at, to.wh - last.wh)
        if bounds.most_power_w is not None and to.wh >= 0 and bounds.possible(to.wh, to.at - last.at):
            counted = replace(moved, counted_wh=self.counted_wh + to.wh)
            return counted._noted(Rule.RESET_COUNTED, to.at, to.wh)
        return moved._noted(Rule.RESET_NOT_COUNTED, to.at, to.wh)

    def _dropped(self, suspect: Point) -> Register:
        return replace(self, suspect=None)._noted(Rule.OUTLIER_DROPPED, suspect.at, suspect.wh)

    def _noted(self, rule: Rule, at: datetime, wh: Decimal = ZERO_WH) -> Register:
        return replace(self, trail=noted(self.trail, Entry(rule, at, wh)))
