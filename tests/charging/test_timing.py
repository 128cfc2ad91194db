from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from forecourt.charging.ids import ProfileId, TransactionId
from forecourt.charging.schedule import Kind, Period, Profile, Purpose, RateUnit, Recurrency, Schedule
from forecourt.charging.timing import SECOND_US, Situation, Window, delayed, spans, validity
from forecourt.errors import Invalid

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
HOUR_S = 3600
DAY_S = 24 * HOUR_S
BERLIN = ZoneInfo("Europe/Berlin")
RUNNING = Situation(transaction_id=TransactionId("tx"), ready_at=NOW - timedelta(seconds=100))


def periods(*pairs: tuple[int, int]) -> tuple[Period, ...]:
    return tuple(Period(start_s=start_s, limit=Decimal(limit)) for start_s, limit in pairs)


def schedule(*pairs: tuple[int, int], start: datetime | None = NOW, **more: Any) -> Schedule:
    return Schedule(schedule_id=1, unit=RateUnit.A, periods=periods(*pairs), start=start, **more)


def profile(one: Schedule, kind: Kind = Kind.ABSOLUTE, **more: Any) -> Profile:
    return Profile(
        profile_id=ProfileId(1), stack_level=0, purpose=Purpose.TX_DEFAULT, kind=kind, schedules=(one,), **more
    )  # fmt: skip


def timeline(
    one: Profile, duration_s: int = 1000, situation: Situation | None = None, start: datetime = NOW
) -> list[tuple[int, int, int]]:
    """(begin, end, limit) in seconds; fails when a boundary is not a whole one."""
    found = spans(one, Window(start, duration_s), situation or Situation())
    result = []
    for span in found:
        assert span.begin_us % SECOND_US == span.end_us % SECOND_US == 0
        assert span.period.limit is not None
        result.append((span.begin_us // SECOND_US, span.end_us // SECOND_US, int(span.period.limit)))
    assert all(earlier[1] <= later[0] for earlier, later in pairwise(result))
    return result


def test_K01_FR_12_a_period_runs_until_the_next_one_and_the_last_until_the_duration_has_elapsed() -> None:
    one = profile(schedule((0, 6), (100, 10), (300, 16), duration_s=400))
    assert timeline(one) == [(0, 100, 6), (100, 300, 10), (300, 400, 16)]


def test_K01_FR_10_without_duration_the_last_period_runs_on() -> None:
    assert timeline(profile(schedule((0, 6), (100, 10)))) == [(0, 100, 6), (100, 1000, 10)]


def test_K01_FR_11_a_period_beyond_the_duration_is_not_executed() -> None:
    assert timeline(profile(schedule((0, 6), (100, 10), (400, 16), duration_s=100))) == [(0, 100, 6)]


def test_K01_FR_30_a_schedule_that_starts_in_the_future_limits_nothing_before() -> None:
    one = profile(schedule((0, 6), start=NOW + timedelta(seconds=700)))
    assert timeline(one) == [(700, 1000, 6)]
    daily = replace(one, kind=Kind.RECURRING, recurrency=Recurrency.DAILY)
    assert timeline(daily) == [(700, 1000, 6)]


def test_a_schedule_that_started_in_the_past_is_in_the_middle() -> None:
    assert timeline(profile(schedule((0, 6), (100, 10), start=NOW - timedelta(seconds=50)))) == [
        (0, 50, 6),
        (50, 1000, 10),
    ]
    assert timeline(profile(schedule((0, 6), start=NOW - timedelta(seconds=50), duration_s=50))) == []


@pytest.mark.parametrize(
    ("valid_from", "valid_to", "expected"),
    [
        (300, None, [(300, 1000, 10)]),
        (None, 300, [(0, 100, 6), (100, 300, 10)]),
        (50, 60, [(50, 60, 6)]),
        (-10, 0, []),
        (1000, None, []),
    ],
)
def test_K01_FR_36_and_37_a_profile_counts_from_validFrom_until_validTo(
    valid_from: int | None, valid_to: int | None, expected: list[tuple[int, int, int]]
) -> None:
    def moment(offset_s: int | None) -> datetime | None:
        return None if offset_s is None else NOW + timedelta(seconds=offset_s)

    one = profile(schedule((0, 6), (100, 10)), valid_from=moment(valid_from), valid_to=moment(valid_to))
    assert timeline(one) == expected


@pytest.mark.parametrize(("recurrency", "every_s"), [(Recurrency.DAILY, DAY_S), (Recurrency.WEEKLY, 7 * DAY_S)])
def test_a_recurring_schedule_starts_again_and_is_silent_between_duration_and_recurrence(
    recurrency: Recurrency, every_s: int
) -> None:
    one = profile(
        schedule((0, 6), (HOUR_S, 10), start=NOW - timedelta(seconds=every_s * 5), duration_s=2 * HOUR_S),
        Kind.RECURRING,
        recurrency=recurrency,
    )
    found = timeline(one, 2 * every_s)
    run = [(0, HOUR_S, 6), (HOUR_S, 2 * HOUR_S, 10)]
    assert found == run + [(begin + every_s, end + every_s, limit) for begin, end, limit in run]


def test_a_recurring_schedule_that_does_not_say_how_often_runs_once() -> None:
    assert timeline(profile(schedule((0, 6), duration_s=60), Kind.RECURRING), 8 * DAY_S) == [(0, 60, 6)]


def test_what_lies_beyond_the_recurrence_is_not_executed() -> None:
    one = profile(
        schedule((0, 6), (DAY_S, 10), start=NOW, duration_s=3 * DAY_S), Kind.RECURRING, recurrency=Recurrency.DAILY
    )
    assert timeline(one, 2 * DAY_S) == [(0, DAY_S, 6), (DAY_S, 2 * DAY_S, 6)]


def test_a_window_in_the_middle_of_a_recurrence_begins_there() -> None:
    one = profile(
        schedule((0, 6), (HOUR_S, 10), start=NOW - timedelta(hours=0.5)), Kind.RECURRING, recurrency=Recurrency.DAILY
    )
    assert timeline(one, DAY_S)[0] == (0, HOUR_S // 2, 6)


def test_K01_FR_42_a_relative_schedule_runs_from_the_moment_driver_and_vehicle_were_ready() -> None:
    one = profile(schedule((0, 6), (150, 10), start=None), Kind.RELATIVE)
    assert timeline(one, situation=RUNNING) == [(0, 50, 6), (50, 1000, 10)]
    assert timeline(one, situation=replace(RUNNING, ready_at=None)) == [(0, 150, 6), (150, 1000, 10)]


def test_K08_FR_06_without_a_transaction_a_relative_schedule_is_looked_at_as_if_it_began_now() -> None:
    one = profile(schedule((0, 6), (150, 10), start=None), Kind.RELATIVE)
    assert timeline(one, situation=replace(RUNNING, transaction_id=None)) == [(0, 150, 6), (150, 1000, 10)]


def test_an_absolute_schedule_of_1_6_without_a_start_runs_from_the_start_of_charging() -> None:
    one = profile(schedule((0, 6), (150, 10), start=None))
    assert timeline(one, situation=RUNNING) == [(0, 50, 6), (50, 1000, 10)]


def test_K28_FR_13_a_dynamic_profile_counts_until_its_last_update_is_too_old() -> None:
    one = profile(schedule((0, 6), start=None, duration_s=60), Kind.DYNAMIC, updated_at=NOW - timedelta(seconds=20))
    assert timeline(one) == [(0, 40, 6)]
    assert timeline(replace(one, updated_at=None)) == [(0, 1000, 6)]
    assert timeline(profile(schedule((0, 6), start=None), Kind.DYNAMIC, updated_at=NOW)) == [(0, 1000, 6)]


@pytest.mark.parametrize(("offline_for_s", "expected"), [(0, [(0, 300, 6)]), (200, [(0, 100, 6)]), (300, [])])
def test_K01_FR_101_offline_for_too_long_a_profile_is_not_valid(
    offline_for_s: int, expected: list[tuple[int, int, int]]
) -> None:
    one = profile(schedule((0, 6)), max_offline_s=300)
    offline = Situation(offline_since=NOW - timedelta(seconds=offline_for_s))
    assert timeline(one, situation=offline) == expected
    assert timeline(one) == [(0, 1000, 6)]  # K01.FR.102
    assert timeline(replace(one, max_offline_s=None), situation=offline) == [(0, 1000, 6)]  # K01.FR.103


def test_K01_FR_92_and_94_random_delays_move_the_begin_of_every_period_but_the_first() -> None:
    one = schedule((0, 1), (300, 2), (600, 3), duration_s=900)
    assert [period.start_s for period in delayed(one, [10, 20])] == [0, 310, 620]
    assert [period.start_s for period in delayed(one, [10])] == [0, 310, 600]
    assert [period.start_s for period in delayed(one, [10, 20, 30, 40])] == [0, 310, 620]


@pytest.mark.parametrize(
    ("delays_s", "kept"),
    [
        ([753, 123, 87], [(0, 0), (723, 2), (987, 3)]),  # the example of the errata
        ([300, 0, 0], [(0, 0), (600, 2), (900, 3)]),
        ([0, 0, 600], [(0, 0), (300, 1), (600, 2)]),  # the last would begin when the schedule has ended
        ([600, 500, 0], [(0, 0), (900, 3)]),
    ],
)
def test_K01_FR_97_a_period_that_would_begin_too_late_is_left_out(
    delays_s: list[int], kept: list[tuple[int, int]]
) -> None:
    one = schedule((0, 0), (300, 1), (600, 2), (900, 3), duration_s=1500)
    assert [(period.start_s, int(period.limit or 0)) for period in delayed(one, delays_s)] == kept


def test_random_delays_count_in_a_transaction_only() -> None:
    one = profile(schedule((0, 6), (100, 10)))
    delays = replace(RUNNING, delays_s={ProfileId(1): [30]})
    assert timeline(one, situation=delays) == [(0, 130, 6), (130, 1000, 10)]
    assert timeline(one, situation=replace(delays, transaction_id=None)) == [(0, 100, 6), (100, 1000, 10)]  # K08.FR.06
    assert timeline(one, situation=replace(delays, delays_s={ProfileId(2): [30]})) == timeline(one)


def test_K15_FR_22_one_of_several_schedules_is_looked_at() -> None:
    one = replace(profile(schedule((0, 6))), schedules=(schedule((0, 6)), schedule((0, 7))))
    assert [timeline(one, situation=Situation(schedule_index=index))[0][2] for index in (0, 1, 2)] == [6, 7, 6]


EVENING = profile(
    schedule((0, 6), (3 * HOUR_S, 32), start=datetime(2026, 1, 1, 17, tzinfo=UTC), use_local_time=True),
    Kind.RECURRING,
    recurrency=Recurrency.DAILY,
)


@pytest.mark.parametrize("day", [datetime(2026, 7, 1, tzinfo=BERLIN), datetime(2026, 12, 1, tzinfo=BERLIN)])
def test_K01_FR_90_in_local_time_a_daily_schedule_keeps_its_clock_time_in_summer_and_winter(day: datetime) -> None:
    found = timeline(EVENING, DAY_S, Situation(zone=BERLIN), day.astimezone(UTC))
    assert found == [(0, 17 * HOUR_S, 32), (17 * HOUR_S, 20 * HOUR_S, 6), (20 * HOUR_S, 24 * HOUR_S, 32)]


@pytest.mark.parametrize(
    ("day", "hours", "expected"),
    [
        # The night of 25 October 2026 has 25 hours: 02:00 to 03:00 comes twice.
        (datetime(2026, 10, 25, tzinfo=BERLIN), 25, [(0, 2, 1), (2, 3, 2), (3, 4, 2), (4, 25, 3)]),
        # That of 29 March 2026 has 23: 02:00 to 03:00 is left out.
        (datetime(2026, 3, 29, tzinfo=BERLIN), 23, [(0, 2, 1), (2, 23, 3)]),
    ],
)
def test_K01_FR_91_when_the_clocks_change_periods_are_repeated_or_skipped(
    day: datetime, hours: int, expected: list[tuple[int, int, int]]
) -> None:
    one = profile(
        schedule((0, 1), (2 * HOUR_S, 2), (3 * HOUR_S, 3), start=day.replace(tzinfo=UTC), use_local_time=True),
        Kind.RECURRING,
        recurrency=Recurrency.DAILY,
    )
    found = timeline(one, hours * HOUR_S, Situation(zone=BERLIN), day.astimezone(UTC))
    assert [(begin // HOUR_S, end // HOUR_S, limit) for begin, end, limit in found] == expected


def test_in_UTC_a_daily_schedule_keeps_its_distance_of_24_hours_across_a_clock_change() -> None:
    start = datetime(2026, 10, 24, 17, tzinfo=UTC)
    one = profile(schedule((0, 6), start=start, duration_s=HOUR_S), Kind.RECURRING, recurrency=Recurrency.DAILY)
    found = timeline(one, 3 * DAY_S, Situation(zone=BERLIN), start)
    assert [begin for begin, _, _ in found] == [0, DAY_S, 2 * DAY_S]


def test_a_clock_change_at_the_very_end_of_what_is_looked_at_changes_nothing() -> None:
    change = datetime(2026, 10, 25, 1, tzinfo=UTC)
    one = profile(schedule((0, 6), start=datetime(2026, 1, 1, tzinfo=UTC), use_local_time=True))
    assert timeline(one, HOUR_S, Situation(zone=BERLIN), change - timedelta(hours=1)) == [(0, HOUR_S, 6)]


def test_a_profile_without_periods_says_nothing() -> None:
    assert timeline(profile(replace(schedule((0, 6)), periods=()))) == []


@pytest.mark.parametrize("duration_s", [0, -1])
def test_a_window_has_a_duration(duration_s: int) -> None:
    with pytest.raises(Invalid, match="duration_not_positive"):
        Window(NOW, duration_s)


def test_validity_is_what_is_left_of_the_window() -> None:
    one = profile(schedule((0, 6)), valid_from=NOW + timedelta(seconds=10), valid_to=NOW + timedelta(days=9))
    assert validity(one, Window(NOW, 60), Situation()) == (10 * SECOND_US, 60 * SECOND_US)
