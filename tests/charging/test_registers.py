from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forecourt.charging.registers import LONGEST_TRAIL, Bounds, Entry, Point, Register, Rule, noted

START = datetime(2026, 11, 20, 12, tzinfo=UTC)
BOUNDS = Bounds(most_power_w=Decimal(22_000))
BLIND = Bounds()


def p(minutes: float, wh: float) -> Point:
    return Point(START + timedelta(minutes=minutes), Decimal(str(wh)))


def fed(*points: Point, bounds: Bounds = BOUNDS, register: Register | None = None) -> Register:
    if register is None:
        register, points = Register.opened(points[0], given=False), points[1:]
    for point in points:
        register = register.read(point, bounds)
    return register


def begun(point: Point) -> Register:
    return Register.opened(point, given=True)


def rules(register: Register) -> list[Rule]:
    return [entry.rule for entry in register.trail]


def test_the_energy_is_what_the_register_moved() -> None:
    register = begun(p(0, 1000))
    register = fed(p(10, 2000), p(20, 3500), register=register).ended(p(30, 5000), BOUNDS)
    assert (register.counted_wh, register.begin, register.last) == (Decimal(4000), p(0, 1000), p(30, 5000))
    assert (register.begin_given, register.end_given, register.readings) == (True, True, 4)
    assert rules(register) == [Rule.BEGIN_GIVEN]


def test_without_a_begin_the_first_reading_counts_as_begin() -> None:
    register = fed(p(5, 1000), p(10, 1500))
    assert (register.counted_wh, register.begin_given) == (Decimal(500), False)
    assert rules(register) == [Rule.BEGIN_FROM_FIRST_READING]


def test_the_same_reading_twice_counts_once() -> None:
    register = fed(p(0, 1000), p(10, 2000), p(10, 2000), p(10, 2000))
    assert (register.counted_wh, register.readings) == (Decimal(1000), 2)
    assert register.trail[-1] == Entry(Rule.DUPLICATE_IGNORED, p(10, 0).at, count=2, until=p(10, 0).at)


def test_a_late_reading_changes_nothing() -> None:
    register = fed(p(0, 1000), p(20, 3000), p(10, 2000), p(15, 99_999))
    assert register.counted_wh == 2000
    assert register.trail[-1] == Entry(Rule.LATE_IGNORED, p(10, 0).at, count=2, until=p(15, 0).at)


def test_a_late_reading_before_an_assumed_begin_becomes_the_begin() -> None:
    register = fed(p(10, 2000), p(20, 3000), p(0, 1000))
    assert (register.counted_wh, register.begin) == (Decimal(2000), p(0, 1000))
    assert rules(register)[-1] is Rule.BEGIN_FROM_EARLIER_READING


@pytest.mark.parametrize("early", [p(0, 5000), p(0, 2011)])
def test_a_late_reading_that_cannot_be_the_begin_does_not_become_it(early: Point) -> None:
    register = fed(p(10, 2000), p(20, 3000), early)
    assert (register.counted_wh, register.begin) == (Decimal(1000), p(10, 2000))


def test_a_late_reading_before_a_given_begin_changes_nothing() -> None:
    register = begun(p(10, 2000)).read(p(0, 1000), BOUNDS)
    assert (register.counted_wh, register.begin) == (Decimal(0), p(10, 2000))
    lower = fed(p(0, 1000), p(10, 2000)).begun(p(10, 1500), BOUNDS)
    assert (lower.counted_wh, lower.last) == (Decimal(0), p(10, 1500))


def test_a_small_step_back_does_not_count_and_the_highest_value_stands() -> None:
    register = fed(p(0, 1000), p(10, 2000.6), p(20, 2000), p(30, 2001))
    assert register.counted_wh == Decimal("1001.0")
    assert rules(register)[-1] is Rule.STEP_BACK_IGNORED


def test_an_outlier_is_dropped_when_the_next_reading_follows_from_the_one_before() -> None:
    for spike in (0, 900_000):
        register = fed(p(0, 10_000), p(10, 11_000), p(20, spike), p(30, 13_000))
        assert (register.counted_wh, register.suspect) == (Decimal(3000), None)
        assert register.trail[-1] == Entry(Rule.OUTLIER_DROPPED, p(20, 0).at, Decimal(spike))


def test_a_register_that_starts_anew_counts_on_from_zero() -> None:
    register = fed(p(0, 10_000), p(10, 11_000), p(20, 500), p(30, 1500))
    assert register.counted_wh == 1000 + 500 + 1000
    assert register.trail[-1] == Entry(Rule.RESET_COUNTED, p(20, 0).at, Decimal(500))


def test_a_register_that_falls_back_to_what_cannot_be_energy_since_counts_from_there() -> None:
    register = fed(p(0, 900_000), p(10, 901_000), p(20, 500_000), p(30, 501_000))
    assert register.counted_wh == 2000
    assert register.trail[-1] == Entry(Rule.RESET_NOT_COUNTED, p(20, 0).at, Decimal(500_000))


def test_where_nobody_knows_what_could_flow_no_value_after_a_fall_is_counted() -> None:
    register = fed(p(0, 10_000), p(20, 500), p(30, 1500), bounds=BLIND)
    assert register.counted_wh == 1000
    assert rules(register)[-1] is Rule.RESET_NOT_COUNTED


def test_a_leap_ahead_is_left_out_and_counting_goes_on_from_there() -> None:
    register = fed(p(0, 10_000), p(10, 11_000), p(20, 500_000), p(30, 501_000))
    assert register.counted_wh == 2000
    assert register.trail[-1] == Entry(Rule.LEAP_LEFT_OUT, p(20, 0).at, Decimal(489_000))


def test_where_nobody_knows_what_could_flow_a_leap_is_believed() -> None:
    assert fed(p(0, 10_000), p(10, 500_000), bounds=BLIND).counted_wh == 490_000


def test_a_long_silence_makes_a_large_step_possible() -> None:
    assert fed(p(0, 0), p(120, 44_000)).counted_wh == 44_000
    assert fed(p(0, 0), p(110, 44_000)).counted_wh == 0


def test_nonsense_after_nonsense_leaves_the_last_good_reading_standing() -> None:
    register = fed(p(0, 10_000), p(10, 900_000), p(20, 5), p(30, 10_500))
    assert register.counted_wh == 500
    assert rules(register)[-2:] == [Rule.OUTLIER_DROPPED, Rule.OUTLIER_DROPPED]


def test_a_repeated_outlier_does_not_confirm_itself() -> None:
    register = fed(p(0, 10_000), p(10, 900_000), p(10, 900_000), p(20, 10_500))
    assert register.counted_wh == 500
    assert Rule.DUPLICATE_IGNORED in rules(register)


@pytest.mark.parametrize(
    ("last", "counted_wh", "rule"),
    [(p(20, 400), 1400, Rule.RESET_COUNTED), (p(20, 900_000), 1000, Rule.LEAP_LEFT_OUT)],
)
def test_when_the_transaction_is_over_a_suspect_is_taken_as_the_move_of_the_register(
    last: Point, counted_wh: int, rule: Rule
) -> None:
    register = fed(p(0, 10_000), p(10, 11_000), last)
    assert register.counted_wh == 1000
    settled = register.settled(BOUNDS)
    assert (settled.counted_wh, settled.suspect, settled.last) == (Decimal(counted_wh), None, last)
    assert rules(settled)[-1] is rule


def test_settling_without_a_suspect_changes_nothing() -> None:
    register = fed(p(0, 1), p(10, 2))
    assert register.settled(BOUNDS) == register


def test_a_begin_that_comes_after_the_first_reading_extends_what_was_counted() -> None:
    register = fed(p(10, 2000), p(20, 3000)).begun(p(0, 1000), BOUNDS)
    assert (register.counted_wh, register.begin, register.begin_given) == (Decimal(2000), p(0, 1000), True)
    assert rules(register)[-1] is Rule.BEGIN_GIVEN


def test_a_begin_that_is_the_first_reading_again_is_the_begin() -> None:
    register = fed(p(0, 1000)).begun(p(0, 1000), BOUNDS)
    assert (register.counted_wh, register.begin_given, register.readings) == (Decimal(0), True, 2)
    assert rules(register) == [Rule.BEGIN_FROM_FIRST_READING, Rule.BEGIN_GIVEN]


def test_a_begin_at_the_moment_of_the_last_reading_starts_anew_there() -> None:
    register = fed(p(0, 1000), p(10, 2000)).begun(p(10, 2000), BOUNDS)
    assert (register.counted_wh, register.begin) == (Decimal(0), p(10, 2000))


def test_a_begin_that_equals_the_reading_after_the_first_takes_off_what_lies_between() -> None:
    register = fed(p(0, 1000), p(5, 1000), p(10, 2000)).begun(p(5, 1000), BOUNDS)
    assert (register.counted_wh, register.begin) == (Decimal(1000), p(5, 1000))
    assert rules(register)[-1] is Rule.BEGIN_MOVED


def test_of_two_values_of_one_moment_the_later_counts_if_it_follows() -> None:
    assert fed(p(0, 1000), p(10, 2000), p(10, 2005)).counted_wh == 1005


@pytest.mark.parametrize(
    ("bounds", "minutes", "wh", "follows"),
    [
        (BOUNDS, 10, -10, True),
        (BOUNDS, 10, -10.1, False),
        (BOUNDS, 10, 4043, True),  # eleven minutes of 22 kW, and the tolerance
        (BOUNDS, 10, 4044, False),
        (BOUNDS, 0, 376, True),
        (BOUNDS, 0, 377, False),
        (Bounds(most_power_w=Decimal(3_600_000_000)), 59, 3_600_000_010, True),
        (Bounds(most_power_w=Decimal(3_600_000_000)), 59, 3_600_000_011, False),
        (BLIND, 0, 10**9, True),
        (BLIND, 0, -11, False),
    ],
)
def test_a_reading_follows_within_the_tolerance_and_what_could_have_flowed(
    bounds: Bounds, minutes: int, wh: float, follows: bool
) -> None:
    assert bounds.follows(p(0, 10_000), p(minutes, 10_000 + wh)) is follows


def test_a_second_begin_is_a_reading_like_any_other() -> None:
    register = begun(p(0, 1000)).begun(p(1, 1100), BOUNDS).begun(p(1, 1100), BOUNDS)
    assert (register.counted_wh, register.begin) == (Decimal(100), p(0, 1000))


def test_a_begin_in_another_measure_than_the_readings_is_kept_and_nothing_made_of_the_gap() -> None:
    register = fed(p(10, 5), p(20, 1005)).begun(p(0, 123_456), BOUNDS)
    assert (register.counted_wh, register.begin) == (Decimal(1000), p(0, 123_456))
    assert rules(register)[-1] is Rule.BEGIN_DOES_NOT_FIT


def test_a_begin_later_than_the_first_readings_takes_off_what_was_counted_before_it() -> None:
    register = fed(p(0, 1000), p(10, 2000), p(20, 3000)).begun(p(5, 1600), BOUNDS)
    assert (register.counted_wh, register.begin) == (Decimal(1400), p(5, 1600))
    assert register.trail[-1] == Entry(Rule.BEGIN_MOVED, p(5, 0).at, Decimal(-600))


def test_a_begin_later_than_every_reading_starts_anew() -> None:
    register = fed(p(0, 1000), p(10, 2000)).begun(p(15, 2100), BOUNDS)
    assert (register.counted_wh, register.last) == (Decimal(0), p(15, 2100))
    assert register.trail[-1] == Entry(Rule.BEGIN_MOVED, p(15, 0).at, Decimal(-1000))


def test_a_late_begin_that_contradicts_what_was_counted_does_not_fit() -> None:
    register = fed(p(0, 1000), p(10, 2000), p(20, 3000)).begun(p(5, 9000), BOUNDS)
    assert (register.counted_wh, register.begin) == (Decimal(2000), p(5, 9000))
    assert rules(register)[-1] is Rule.BEGIN_DOES_NOT_FIT


def test_the_trail_stays_short_and_still_counts_everything() -> None:
    trail: tuple[Entry, ...] = ()
    for minute in range(200):
        trail = noted(trail, Entry(Rule.OUTLIER_DROPPED, p(minute, 0).at, Decimal(1)))
    trail = noted(trail, Entry(Rule.LEAP_LEFT_OUT, p(300, 0).at, Decimal(7)))
    assert len(trail) == LONGEST_TRAIL + 1
    assert sum(entry.count for entry in trail) == 201
    assert sum(entry.wh for entry in trail) == 207
    assert trail[LONGEST_TRAIL - 1].until == p(199, 0).at


def test_beyond_the_longest_trail_each_rule_is_counted_in_its_own_last_entry() -> None:
    trail: tuple[Entry, ...] = ()
    for minute in range(100):
        rule = (Rule.OUTLIER_DROPPED, Rule.LEAP_LEFT_OUT, Rule.STEP_BACK_IGNORED)[minute % 3]
        trail = noted(trail, Entry(rule, p(minute, 0).at, Decimal(1)))
    assert len(trail) == LONGEST_TRAIL
    assert [sum(e.count for e in trail if e.rule is rule) for rule in {e.rule: 0 for e in trail}] == [34, 33, 33]
    assert [entry.count for entry in trail[:-3]] == [1] * (LONGEST_TRAIL - 3)


STEPS = st.lists(st.tuples(st.integers(1, 60), st.integers(0, 366)), min_size=1, max_size=30)


def forwards(steps: list[tuple[int, int]]) -> list[Point]:
    """A register that runs on, never faster than 22 kW."""
    minutes, wh, points = 0, 500, [p(0, 500)]
    for pause, per_minute in steps:
        minutes, wh = minutes + pause, wh + pause * per_minute
        points.append(p(minutes, wh))
    return points


@given(STEPS)
def test_of_a_register_that_runs_on_exactly_the_difference_is_counted(steps: list[tuple[int, int]]) -> None:
    points = forwards(steps)
    register = fed(*points)
    assert register.counted_wh == points[-1].wh - points[0].wh
    assert rules(register) == [Rule.BEGIN_FROM_FIRST_READING]


@given(STEPS, st.data())
def test_order_and_repetition_do_not_change_what_a_sound_register_counts(
    steps: list[tuple[int, int]], data: st.DataObject
) -> None:
    points = forwards(steps)
    begin, *others = points
    shuffled = data.draw(st.permutations(others + data.draw(st.lists(st.sampled_from(others)))))
    register = fed(*shuffled, register=begun(begin))
    assert register.counted_wh == points[-1].wh - begin.wh


@given(STEPS, st.integers(0, 30), st.sampled_from([-1_000_000, -1000, 10**8]))
def test_one_absurd_reading_in_between_is_not_counted(steps: list[tuple[int, int]], where: int, away_wh: int) -> None:
    points = forwards(steps)
    last = Point(points[-1].at + timedelta(minutes=1), points[-1].wh)
    where = 1 + where % len(points)
    before = points[where - 1]
    absurd = Point(before.at + timedelta(seconds=30), before.wh + away_wh)
    register = fed(*points[:where], absurd, *points[where:], last)
    assert register.counted_wh == last.wh - points[0].wh


@given(
    st.lists(
        st.tuples(st.integers(0, 10**4), st.decimals(min_value=0, max_value=10**6, places=1)), min_size=1, max_size=40
    )
)
def test_whatever_a_register_says_no_more_is_counted_than_could_have_flowed(
    readings: list[tuple[int, Decimal]],
) -> None:
    points = [p(minutes, float(wh)) for minutes, wh in readings]
    register = fed(*points).settled(BOUNDS)
    assert register.counted_wh >= 0
    span = max(point.at for point in points) - min(point.at for point in points)
    slack = len(points) * (BOUNDS.tolerance_wh + Decimal(22_000) / 60)
    assert register.counted_wh <= Decimal(22_000) * Decimal(span.total_seconds()) / 3600 + slack
    assert len(register.trail) <= LONGEST_TRAIL + len(Rule)
