"""When things were, where stations' clocks are wrong: ahead, astray, or put back in the middle of a transaction.

Nothing has happened after we heard of it, and what a station numbers later did not happen earlier. Where its times say
otherwise the moment we heard of something is taken instead. Records keep what the station said.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from forecourt.charging.readings import Reading
from forecourt.csms.blocks.transactions.model import Fact, moment

_SLACK: Final = timedelta(minutes=1)
_PUT_BACK: Final = timedelta(minutes=10)
"""A later event that is this much earlier was said by a clock that had been put back."""

_LONG_BEFORE: Final = timedelta(hours=1)
"""So long before its transaction no reading of it was taken."""


def in_order(fact: Fact) -> tuple[int, int]:
    """The key by which events are sorted: the number their station gave them."""
    return fact.seq_no, fact.take


@dataclass(frozen=True, slots=True)
class Reported:
    """The readings of one moment, and when we heard of them."""

    received_at: datetime
    readings: Sequence[Reading]


@dataclass(frozen=True, slots=True)
class Timeline:
    """The events in order, each with when it was to reckon with."""

    facts: Sequence[Fact]
    moments: Sequence[datetime]

    @classmethod
    def of(cls, facts: Sequence[Fact]) -> Timeline:
        """`facts` are in the order of their numbers."""
        moments: list[datetime] = []
        for fact in facts:
            at = moment(fact.at, fact.received_at)
            if moments and at < moments[-1] - _PUT_BACK:
                at = fact.received_at
            moments.append(max(at, moments[-1]) if moments else at)
        return cls(facts, moments)

    @property
    def began(self) -> datetime:
        return self.moments[0]

    def of_fact(self, fact: Fact) -> datetime:
        return self.moments[self.facts.index(fact)]

    @property
    def astray(self) -> list[Fact]:
        """The events whose time was not taken as it was said."""
        return [
            fact for fact, at in zip(self.facts, self.moments, strict=True) if not fact.at <= at <= fact.at + _SLACK
        ]

    def in_our_time(self, reported: Sequence[Reported]) -> list[Sequence[Reading]]:
        """Readings, those of a message moved by as much as its newest one has to be."""
        newest: dict[datetime, datetime] = {}
        for one in reported:
            for reading in one.readings:
                newest[one.received_at] = max(reading.at, newest.get(one.received_at, reading.at))
        moved: list[Sequence[Reading]] = []
        for one in reported:
            if not one.readings:
                continue
            said = newest[one.received_at]
            at = moment(said, one.received_at)
            if at < self.began - _LONG_BEFORE:
                at = one.received_at
            if at == said:
                moved.append(one.readings)
            else:
                moved.append([replace(reading, at=reading.at + (at - said)) for reading in one.readings])
        return moved
