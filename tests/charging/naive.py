"""What is allowed at one instant, worked out the slow and obvious way: the yardstick for `forecourt.charging.composite`.

Written from the requirements alone, one instant at a time, sharing nothing with the code it judges but the value types.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from fractions import Fraction

from forecourt.charging.composite import Feed
from forecourt.charging.schedule import Installed, Kind, Period, Profile, Purpose, RateUnit, Recurrency, Schedule
from forecourt.charging.timing import Situation


def running_period(
    profile: Profile, at: datetime, window_start: datetime, situation: Situation
) -> tuple[Schedule, Period] | None:
    """The period of `profile` that runs at `at`, if any."""
    if profile.valid_from is not None and at < profile.valid_from:
        return None
    if profile.valid_to is not None and at >= profile.valid_to:
        return None
    if offline_too_long(profile, at, situation):
        return None
    index = situation.schedule_index if situation.schedule_index < len(profile.schedules) else 0
    schedule = profile.schedules[index]
    elapsed = elapsed_s(profile, schedule, at, window_start, situation)
    if elapsed is None or elapsed < 0:
        return None
    if schedule.duration_s is not None and elapsed >= schedule.duration_s:
        return None
    started = [period for period in schedule.periods if period.start_s <= elapsed]
    return (schedule, started[-1]) if started else None


def offline_too_long(profile: Profile, at: datetime, situation: Situation) -> bool:
    if situation.offline_since is None or profile.max_offline_s is None:
        return False
    return at - situation.offline_since >= timedelta(seconds=profile.max_offline_s)


def elapsed_s(
    profile: Profile, schedule: Schedule, at: datetime, window_start: datetime, situation: Situation
) -> Fraction | None:
    """How long the schedule has been running."""
    if profile.kind is Kind.DYNAMIC:
        return (
            seconds(at - profile.updated_at)
            if profile.updated_at is not None and at >= profile.updated_at
            else Fraction(0)
        )
    if profile.kind is Kind.RELATIVE:
        ready = situation.ready_at if situation.transaction_id is not None and situation.ready_at else window_start
        return seconds(at - ready)
    assert schedule.start is not None
    if schedule.use_local_time:
        clock_now = at.astimezone(situation.zone).replace(tzinfo=None)
        elapsed = seconds(clock_now - schedule.start.replace(tzinfo=None))
    else:
        elapsed = seconds(at - schedule.start)
    if profile.kind is Kind.RECURRING and elapsed >= 0:
        elapsed %= 24 * 3600 * (7 if profile.recurrency is Recurrency.WEEKLY else 1)
    return elapsed


def seconds(delta: timedelta) -> Fraction:
    return Fraction(delta // timedelta(microseconds=1), 1_000_000)


def per_phase_a(schedule: Schedule, period: Period, feed: Feed) -> Fraction | None:
    if period.limit is None:
        return None
    if schedule.unit is RateUnit.A:
        return Fraction(period.limit)
    phases = 1 if feed.supply.direct else (period.number_phases or 3)
    return Fraction(period.limit) / Fraction(feed.supply.voltage_v) / phases


def allowed_a(
    installed: Iterable[Installed],
    feed: Feed,
    at: datetime,
    window_start: datetime,
    situation: Situation,
    *,
    tx_profile_hides_default: bool = False,
) -> tuple[Fraction | None, int]:
    """The current per phase that is allowed at `at` (None: any), and the phases that may be used."""
    leading: dict[tuple[Purpose, bool], tuple[Schedule, Period]] = {}
    valid_tx = False
    for one in sorted(installed, key=lambda one: (one.profile.stack_level, one.evse_id != 0, one.profile.profile_id)):
        profile = one.profile
        if one.evse_id not in (0, feed.evse_id):
            continue
        if profile.purpose is Purpose.TX:
            if situation.transaction_id is None or profile.transaction_id not in (None, situation.transaction_id):
                continue
            valid_tx |= (
                (profile.valid_from is None or at >= profile.valid_from)
                and (profile.valid_to is None or at < profile.valid_to)
                and not offline_too_long(profile, at, situation)
            )
        found = running_period(profile, at, window_start, situation)
        if found is not None:
            apart = profile.purpose is Purpose.CHARGING_STATION_EXTERNAL_CONSTRAINTS and one.evse_id == 0
            leading[profile.purpose, apart] = found  # the later, the higher in the stack

    taken = [found for (purpose, _), found in leading.items() if purpose in ALWAYS]
    if situation.priority and (Purpose.PRIORITY_CHARGING, False) in leading:
        taken.append(leading[Purpose.PRIORITY_CHARGING, False])
    elif (Purpose.TX, False) in leading:
        taken.append(leading[Purpose.TX, False])
    elif (Purpose.TX_DEFAULT, False) in leading and not (tx_profile_hides_default and valid_tx):
        taken.append(leading[Purpose.TX_DEFAULT, False])

    lines = 1 if feed.supply.direct else feed.supply.phases
    phases = min([lines, *((period.number_phases or 3) for _, period in taken)]) if not feed.supply.direct else 1
    limits = [limit for schedule, period in taken if (limit := capped(schedule, period, feed, situation)) is not None]
    current = min(limits) if limits else None
    generation = leading.get((Purpose.LOCAL_GENERATION, False))
    if generation is not None and current is not None and generation[1].limit is not None:
        current += capped(*generation, feed, situation) or 0
    if feed.cap is not None:
        hardware = Fraction(feed.cap.limit)
        if feed.cap.unit is RateUnit.W:
            hardware /= Fraction(feed.supply.voltage_v) * lines
        current = hardware if current is None else min(current, hardware)
    return current, phases


ALWAYS = {Purpose.CHARGING_STATION_MAX, Purpose.CHARGING_STATION_EXTERNAL_CONSTRAINTS}


def capped(schedule: Schedule, period: Period, feed: Feed, situation: Situation) -> Fraction | None:
    limit = per_phase_a(schedule, period, feed)
    at_soc = schedule.limit_at_soc
    if at_soc is None or situation.soc_percent is None or situation.soc_percent < at_soc.soc_percent:
        return limit
    cap = Fraction(at_soc.limit)
    if schedule.unit is RateUnit.W:
        cap /= Fraction(feed.supply.voltage_v) * (1 if feed.supply.direct else (period.number_phases or 3))
    return cap if limit is None else min(limit, cap)
