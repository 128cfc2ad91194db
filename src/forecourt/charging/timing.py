"""When which period of a profile runs: validity, kinds, recurrence, local time, random delays.

The result is in microseconds from the begin of the window that is looked at, so that everything above it is whole
numbers. Spans are half open: a period ends where the next begins.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta, tzinfo
from decimal import Decimal
from itertools import chain, repeat, zip_longest

from forecourt.charging.ids import ProfileId, TransactionId
from forecourt.charging.schedule import Kind, Period, Profile, Schedule
from forecourt.errors import Invalid

MICROSECOND = timedelta(microseconds=1)
SECOND_US = 1_000_000
ZONE_STEP_US = 6 * 3600 * SECOND_US


@dataclass(frozen=True, slots=True)
class Window:
    """From `start` (aware) for `duration_s` seconds."""

    start: datetime
    duration_s: int

    def __post_init__(self) -> None:
        if self.duration_s <= 0:
            raise Invalid("duration_not_positive", f"a window of {self.duration_s} s", {"duration": "must be positive"})

    @property
    def end_us(self) -> int:
        return self.duration_s * SECOND_US

    def offset_us(self, moment: datetime) -> int:
        return (moment - self.start) // MICROSECOND


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """What is going on at an EVSE, as far as schedules depend on it.

    `transaction_id` is the running transaction, None while there is none; then schedules are looked at as if one began
    with the window (K08.FR.06). `ready_at` is when driver and vehicle were there (K01.FR.42), None if that is still to
    come. `priority` says that priority charging is activated (K21, K22). `offline_since` is None while online. `zone`
    is the local time of the station. `delays_s` are the random delays drawn for the periods of a profile at the start
    of the transaction, one for each period after the first (K01.FR.93). `schedule_index` picks one of several schedules
    (K15.FR.22).
    """

    transaction_id: TransactionId | None = None
    ready_at: datetime | None = None
    priority: bool = False
    soc_percent: Decimal | None = None
    offline_since: datetime | None = None
    zone: tzinfo = UTC
    delays_s: Mapping[ProfileId, Sequence[int]] = field(default_factory=dict)
    schedule_index: int = 0


NO_TRANSACTION = Situation()


@dataclass(frozen=True, slots=True)
class Span:
    """`period` of `schedule` runs from `begin_us` until `end_us` of the window."""

    begin_us: int
    end_us: int
    schedule: Schedule
    period: Period


def validity(profile: Profile, window: Window, situation: Situation) -> tuple[int, int]:
    """From when until when, within the window, a profile is valid (begin >= end: not at all)."""
    begin_us, ends = 0, [window.end_us]
    if profile.valid_from is not None:
        begin_us = max(begin_us, window.offset_us(profile.valid_from))  # K01.FR.36
    if profile.valid_to is not None:
        ends.append(window.offset_us(profile.valid_to))  # K01.FR.37
    if profile.max_offline_s is not None and situation.offline_since is not None:
        gone = situation.offline_since + timedelta(seconds=profile.max_offline_s)  # K01.FR.101
        ends.append(window.offset_us(gone))
    return begin_us, min(ends)


def spans(profile: Profile, window: Window, situation: Situation) -> list[Span]:
    """The spans of the window in which `profile` says something, in order and without overlap.

    Gaps fall to a lower stack.
    """
    schedule = _schedule(profile, situation)
    periods = schedule.periods
    if situation.transaction_id is not None and profile.profile_id in situation.delays_s:  # none without one: K08.FR.06
        periods = delayed(schedule, situation.delays_s[profile.profile_id])
    found: list[Span] = []
    for run in _runs(profile, schedule, window, situation):
        for period, following in zip_longest(periods, periods[1:]):
            begin_us = max(run.from_us, run.start_us + period.start_s * SECOND_US)
            end_us = run.until_us
            if following is not None:
                end_us = min(end_us, run.start_us + following.start_s * SECOND_US)
            if begin_us < end_us:
                found.append(Span(begin_us, end_us, schedule, period))
    return found


def delayed(schedule: Schedule, delays_s: Iterable[int]) -> tuple[Period, ...]:
    """The periods, each but the first put off by its delay (K01.FR.92); a missing delay is 0, as of periods added
    since.

    One that would begin when the next has begun already, or the schedule has ended, is left out (K01.FR.97). Start and
    duration of the schedule stay as they are (K01.FR.94).
    """
    first, others = schedule.periods[:1], schedule.periods[1:]
    late = [period.start_s + delay_s for period, delay_s in zip(others, chain(delays_s, repeat(0)), strict=False)]
    kept: list[Period] = []
    next_s = schedule.duration_s
    for period, start_s in zip(reversed(others), reversed(late), strict=True):
        if next_s is None or start_s < next_s:
            kept.append(replace(period, start_s=start_s))
            next_s = start_s
    return *first, *reversed(kept)


def _schedule(profile: Profile, situation: Situation) -> Schedule:
    """The schedule of the wanted index, or the first where there are fewer (K15.FR.22)."""
    if situation.schedule_index < len(profile.schedules):
        return profile.schedules[situation.schedule_index]
    return profile.schedules[0]


@dataclass(frozen=True, slots=True)
class _Run:
    """One execution of a schedule: it starts at `start_us`, and counts from `from_us` until `until_us`."""

    start_us: int
    from_us: int
    until_us: int


def _runs(profile: Profile, schedule: Schedule, window: Window, situation: Situation) -> Iterator[_Run]:
    """The executions of a schedule that touch what is left of the window, in order."""
    from_us, until_us = validity(profile, window, situation)
    if from_us >= until_us:
        return
    if profile.kind is Kind.DYNAMIC:
        # K28.FR.13, 15: without an update within the duration the profile is not valid.
        if schedule.duration_s is not None and profile.updated_at is not None:
            until_us = min(until_us, window.offset_us(profile.updated_at) + schedule.duration_s * SECOND_US)
        yield _Run(from_us, from_us, until_us)
        return
    stretches = _anchors(profile, schedule, window, situation, from_us, until_us)
    every_us = None
    if profile.kind is Kind.RECURRING and profile.recurrency is not None:
        every_us = profile.recurrency.every_s * SECOND_US
    for anchor_us, begin_us, end_us in stretches:
        if every_us is None:
            yield _Run(anchor_us, begin_us, _end(anchor_us, schedule, None, end_us))
            continue
        # K01.FR.30: nothing runs before the first start; 1.6 5.16.4: what lies beyond the recurrence is not executed.
        start_us = anchor_us + max(0, (begin_us - anchor_us) // every_us) * every_us
        while start_us < end_us:
            yield _Run(start_us, begin_us, _end(start_us, schedule, every_us, end_us))
            start_us += every_us


def _end(start_us: int, schedule: Schedule, every_us: int | None, end_us: int) -> int:
    ends = [end_us]
    if schedule.duration_s is not None:
        ends.append(start_us + schedule.duration_s * SECOND_US)  # K01.FR.11, 12, 13
    if every_us is not None:
        ends.append(start_us + every_us)
    return min(ends)


def _anchors(
    profile: Profile, schedule: Schedule, window: Window, situation: Situation, from_us: int, until_us: int
) -> Iterator[tuple[int, int, int]]:
    """Where a schedule starts, and from when until when that holds: once, but for local time across a clock change."""
    if profile.kind is Kind.RELATIVE or schedule.start is None:
        # K01.FR.42. Who is not ready yet is taken to be so at once: the composite schedule is an expectation.
        ready_at = situation.ready_at if situation.transaction_id is not None else None
        yield window.offset_us(ready_at or window.start), from_us, until_us
    elif not schedule.use_local_time:
        yield window.offset_us(schedule.start), from_us, until_us
    else:
        face = schedule.start.replace(tzinfo=UTC)
        for begin_us, end_us, offset in _stretches(window, situation.zone, from_us, until_us):
            # K01.FR.91: after a clock change the schedule goes on at the new time; periods are skipped or repeated.
            yield window.offset_us(face - offset), begin_us, end_us


def _stretches(window: Window, zone: tzinfo, from_us: int, until_us: int) -> Iterator[tuple[int, int, timedelta]]:
    """The time from `from_us` until `until_us` cut where the offset of the zone changes."""

    def offset(at_us: int) -> timedelta:
        return (window.start + at_us * MICROSECOND).astimezone(zone).utcoffset() or timedelta(0)

    begin_us, current = from_us, offset(from_us)
    at_us = from_us
    while at_us < until_us:
        next_us = min(at_us + ZONE_STEP_US, until_us)
        if offset(next_us) != current:
            change_us = bisect_left(range(at_us, next_us), True, key=lambda us: offset(us) != current) + at_us
            yield begin_us, change_us, current
            begin_us, current = change_us, offset(change_us)
        at_us = next_us
    if begin_us < until_us:
        yield begin_us, until_us, current
