from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from forecourt.charging.composite import Composite, Feed, Options, composite, station_composite
from forecourt.charging.ids import STATION, EvseId, ProfileId, TransactionId
from forecourt.charging.rates import Cap, Supply
from forecourt.charging.schedule import Installed, Kind, OperationMode, Period, Profile, Purpose, RateUnit, Schedule
from forecourt.charging.timing import Situation, Window

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
E1, E2 = EvseId(1), EvseId(2)
TX = TransactionId("tx")
CHARGING = Situation(transaction_id=TX, ready_at=NOW)
FEED = Feed(evse_id=E1, supply=Supply(Decimal(230)))
AMPS, WATTS = Options(unit=RateUnit.A), Options(unit=RateUnit.W)


def put(
    purpose: Purpose,
    *pairs: tuple[int, float],
    evse_id: int = 1,
    level: int = 0,
    number: int = 1,
    unit: RateUnit = RateUnit.A,
    duration_s: int | None = None,
    start: datetime = NOW,
    number_phases: int | None = None,
    phase_to_use: int | None = None,
    **more: Any,
) -> Installed:
    periods = tuple(
        Period(start_s=start_s, limit=Decimal(str(limit)), number_phases=number_phases, phase_to_use=phase_to_use)
        for start_s, limit in pairs
    )
    schedule = Schedule(schedule_id=1, unit=unit, periods=periods, start=start, duration_s=duration_s)
    profile = Profile(
        profile_id=ProfileId(number),
        stack_level=level,
        purpose=purpose,
        kind=Kind.ABSOLUTE,
        schedules=(schedule,),
        **more,
    )
    return Installed(profile=profile, evse_id=EvseId(evse_id))


def limits(result: Composite) -> list[tuple[int, float | None]]:
    return [(period.start_s, None if period.limit is None else float(period.limit)) for period in result.periods]


def combined(
    *installed: Installed,
    duration_s: int = 400,
    situation: Situation = CHARGING,
    options: Options = AMPS,
    feed: Feed = FEED,
    start: datetime = NOW,
) -> list[tuple[int, float | None]]:
    return limits(composite(installed, feed, Window(start, duration_s), situation, options))


MAX = put(Purpose.CHARGING_STATION_MAX, (0, 10), evse_id=0, duration_s=86_400, number=1)
DEFAULT = put(
    Purpose.TX_DEFAULT, (0, 6), (60, 10), (120, 8), (180, 15), (260, 8), duration_s=300, number=2
)  # fmt: skip
OF_TX = put(
    Purpose.TX, (0, 8), (50, 11), (140, 16), (200, 6), (240, 12), duration_s=260, number=3, transaction_id=TX
)  # fmt: skip


@pytest.mark.parametrize("passed_s", [0, 3])
def test_TC_K_41_CS_the_purposes_are_combined(passed_s: int) -> None:
    found = combined(MAX, DEFAULT, OF_TX, start=NOW + timedelta(seconds=passed_s))
    expected = [(0, 8), (50, 10), (200, 6), (240, 10), (260, 8), (300, 10)]
    assert found == [(max(0, start_s - passed_s), limit) for start_s, limit in expected]


def test_TC_066_CS_in_1_6_a_TxProfile_overrules_the_default_until_the_transaction_ends() -> None:
    until: dict[str, Any] = {"valid_from": NOW, "valid_to": NOW + timedelta(seconds=401)}
    default = replace(DEFAULT, profile=replace(DEFAULT.profile, **until))
    of_tx = replace(OF_TX, profile=replace(OF_TX.profile, **until))
    found = combined(MAX, default, of_tx, options=replace(AMPS, tx_profile_hides_default=True))
    assert found == [(0, 8), (50, 10), (200, 6), (240, 10)]


def test_once_the_TxProfile_is_no_longer_valid_the_default_counts_again_also_in_1_6() -> None:
    of_tx = replace(OF_TX, profile=replace(OF_TX.profile, valid_to=NOW + timedelta(seconds=20)))
    found = combined(MAX, DEFAULT, of_tx, options=replace(AMPS, tx_profile_hides_default=True), duration_s=100)
    assert found == [(0, 8), (20, 6), (60, 10)]


def test_in_1_6_a_TxProfile_hides_the_default_from_the_moment_it_is_valid_whatever_its_schedule_says() -> None:
    over = replace(OF_TX.profile, valid_from=NOW + timedelta(seconds=30), valid_to=NOW + timedelta(seconds=40))
    over = replace(over, schedules=(replace(over.schedules[0], start=NOW - timedelta(days=1)),))
    found = combined(
        MAX, DEFAULT, replace(OF_TX, profile=over), options=replace(AMPS, tx_profile_hides_default=True), duration_s=60
    )
    assert found == [(0, 6), (30, 10), (40, 6)]


def test_TC_K_40_CS_and_TC_072_CS_stack_levels() -> None:
    low = put(Purpose.TX_DEFAULT, (0, 6), (100, 8), (200, 10), duration_s=400, number=1)
    high = put(Purpose.TX_DEFAULT, (0, 7), (100, 9), duration_s=150, number=2, level=1)
    for situation in (CHARGING, Situation()):
        found = combined(low, high, situation=situation, duration_s=350)
        assert found == [(0, 7), (100, 9), (150, 8), (200, 10)]


def test_TC_K_21_CS_before_validFrom_the_local_limit_counts() -> None:
    profile = put(Purpose.TX_DEFAULT, (0, 6), valid_from=NOW + timedelta(seconds=300))
    feed = replace(FEED, cap=Cap(Decimal(32), RateUnit.A))
    assert combined(profile, feed=feed, situation=Situation()) == [(0, 32), (300, 6)]


def test_TC_K_39_CS_without_profiles_only_the_hardware_limits() -> None:
    assert combined() == [(0, None)]
    assert combined(feed=replace(FEED, cap=Cap(Decimal(11_040), RateUnit.W))) == [(0, 16)]
    assert combined(feed=replace(FEED, cap=Cap(Decimal(16), RateUnit.A)), options=WATTS) == [(0, 11_040)]


def test_K02_FR_04_a_TxProfile_counts_for_its_transaction_only() -> None:
    other = put(Purpose.TX, (0, 7), transaction_id=TransactionId("another"), number=9)
    assert combined(DEFAULT, other, duration_s=50) == [(0, 6)]
    assert combined(DEFAULT, OF_TX, duration_s=50, situation=Situation()) == [(0, 6)]
    assert combined(DEFAULT, put(Purpose.TX, (0, 7), number=9), duration_s=50) == [(0, 7)]  # K05
    assert combined(DEFAULT, put(Purpose.TX, (0, 7), number=9, evse_id=2), duration_s=50) == [(0, 6)]


def test_K01_FR_14_a_default_of_the_station_counts_at_every_EVSE_and_one_of_the_EVSE_comes_first() -> None:
    of_station = put(Purpose.TX_DEFAULT, (0, 6), evse_id=0, number=1)
    of_evse = put(Purpose.TX_DEFAULT, (0, 16), evse_id=1, number=2, duration_s=100)
    assert combined(of_station) == [(0, 6)]
    assert combined(of_station, of_evse) == [(0, 16), (100, 6)]
    assert combined(of_station, of_evse, feed=replace(FEED, evse_id=E2)) == [(0, 6)]


def test_external_constraints_of_station_and_EVSE_both_limit() -> None:
    external = Purpose.CHARGING_STATION_EXTERNAL_CONSTRAINTS
    of_station = put(external, (0, 12), evse_id=0, number=-1, level=5)
    of_evse = put(external, (0, 9), evse_id=1, number=-2, duration_s=100)
    assert combined(of_station, of_evse) == [(0, 9), (100, 12)]


PRIORITY = put(Purpose.PRIORITY_CHARGING, (0, 16), number=5)


def test_K21_FR_04_activated_priority_charging_overrules_transaction_and_default_but_not_the_maximum() -> None:
    activated = replace(CHARGING, priority=True)
    assert combined(DEFAULT, OF_TX, PRIORITY, situation=activated) == [(0, 16)]
    assert combined(MAX, DEFAULT, OF_TX, PRIORITY, situation=activated) == [(0, 10)]
    assert combined(DEFAULT, OF_TX, PRIORITY) == combined(DEFAULT, OF_TX)  # K21.FR.07
    assert combined(DEFAULT, OF_TX, situation=activated) == combined(DEFAULT, OF_TX)  # K21.FR.01


def test_K27_local_generation_comes_on_top_of_what_is_limited() -> None:
    default = put(Purpose.TX_DEFAULT, (0, 5000), unit=RateUnit.W)
    sun = put(Purpose.LOCAL_GENERATION, (0, 2000), (100, 1000), unit=RateUnit.W, number=7, duration_s=200)
    assert combined(default, sun, options=WATTS) == [(0, 7000), (100, 6000), (200, 5000)]
    assert combined(sun, options=WATTS) == [(0, None)]
    feed = replace(FEED, cap=Cap(Decimal(6500), RateUnit.W))
    assert combined(default, sun, options=WATTS, feed=feed) == [(0, 6500), (100, 6000), (200, 5000)]


def test_K01_FR_140_the_fewest_phases_count_and_power_follows() -> None:
    single = put(Purpose.TX_DEFAULT, (0, 16), number_phases=1, phase_to_use=2)
    station = put(Purpose.CHARGING_STATION_MAX, (0, 6900), evse_id=0, number=2, unit=RateUnit.W, number_phases=3)
    in_amps = composite([single, station], FEED, Window(NOW, 60), CHARGING, AMPS)
    assert in_amps.periods == (Period(start_s=0, limit=Decimal(10), number_phases=1, phase_to_use=2),)
    in_watts = composite([single, station], FEED, Window(NOW, 60), CHARGING, WATTS)
    assert in_watts.periods == (Period(start_s=0, limit=Decimal(2300), number_phases=1, phase_to_use=2),)


def test_a_conversion_is_rounded_down_to_the_digits_asked_for() -> None:
    default = put(Purpose.TX_DEFAULT, (0, 11_000), unit=RateUnit.W)
    assert combined(default) == [(0, 15.9)]
    assert combined(default, options=replace(AMPS, places=6)) == [(0, 15.942028)]
    assert combined(default, options=WATTS) == [(0, 11_000)]


def test_for_DC_phases_are_not_looked_at_and_not_told() -> None:
    feed = Feed(evse_id=E1, supply=Supply(Decimal(400), direct=True))
    default = put(Purpose.TX_DEFAULT, (0, 50_000), unit=RateUnit.W)
    result = composite([default], feed, Window(NOW, 60), CHARGING, AMPS)
    assert result.periods == (Period(start_s=0, limit=Decimal(125)),)


def test_a_change_within_a_second_counts_from_its_begin_if_it_is_downwards_and_from_its_end_if_upwards() -> None:
    odd = NOW - timedelta(milliseconds=400)
    assert combined(put(Purpose.TX_DEFAULT, (0, 6), (60, 10), start=odd), duration_s=100) == [(0, 6), (60, 10)]
    assert combined(put(Purpose.TX_DEFAULT, (0, 10), (60, 6), start=odd), duration_s=100) == [(0, 10), (59, 6)]
    short = put(Purpose.TX_DEFAULT, (0, 10), (60, 6), (61, 12), (62, 9), (63, 10), start=odd)
    assert combined(short, duration_s=100) == [(0, 10), (59, 6), (61, 9), (63, 10)]


def test_a_change_shorter_than_a_second_is_seen_all_the_same() -> None:
    flash = put(
        Purpose.TX_DEFAULT,
        (0, 3),
        number=2,
        level=1,
        valid_from=NOW + timedelta(seconds=10, milliseconds=200),
        valid_to=NOW + timedelta(seconds=10, milliseconds=700),
    )
    assert combined(put(Purpose.TX_DEFAULT, (0, 16)), flash) == [(0, 16), (10, 3), (11, 16)]


def test_a_change_that_ends_with_a_whole_second_does_not_last_longer() -> None:
    flash = put(
        Purpose.TX_DEFAULT,
        (0, 3),
        number=2,
        level=1,
        valid_from=NOW + timedelta(seconds=10, milliseconds=200),
        valid_to=NOW + timedelta(seconds=11),
    )
    assert combined(put(Purpose.TX_DEFAULT, (0, 16)), flash) == [(0, 16), (10, 3), (11, 16)]


def test_neighbours_that_say_the_same_are_one_period() -> None:
    assert combined(put(Purpose.TX_DEFAULT, (0, 6), (10, 6), (20, 8), (30, 8), (40, 6))) == [(0, 6), (20, 8), (40, 6)]


def test_a_period_without_a_limit_hides_lower_stacks() -> None:
    external = Period(start_s=0, operation_mode=OperationMode.EXTERNAL_SETPOINT)
    high = put(Purpose.TX_DEFAULT, (0, 1), number=2, level=1, duration_s=100)
    schedule = replace(high.profile.schedules[0], periods=(external,))
    high = replace(high, profile=replace(high.profile, schedules=(schedule,)))
    assert combined(put(Purpose.TX_DEFAULT, (0, 6)), high) == [(0, None), (100, 6)]


def test_the_result_says_what_it_is_about() -> None:
    result = composite([MAX], FEED, Window(NOW, 60), CHARGING, AMPS)
    assert (result.evse_id, result.start, result.duration_s, result.unit) == (E1, NOW, 60, RateUnit.A)


# The station as a whole

GRID = Feed(evse_id=STATION, supply=Supply(Decimal(230)))
FEEDS = [(FEED, CHARGING), (replace(FEED, evse_id=E2), Situation())]


def whole(
    *installed: Installed,
    grid: Feed = GRID,
    evses: Sequence[tuple[Feed, Situation]] = FEEDS,
    options: Options = AMPS,
) -> list[tuple[int, float | None]]:
    return limits(station_composite(installed, grid, evses, Window(NOW, 400), options))


def test_K08_FR_03_the_station_draws_what_its_EVSEs_may_draw_together() -> None:
    both = (put(Purpose.TX_DEFAULT, (0, 6), (100, 10)), put(Purpose.TX_DEFAULT, (0, 8), (200, 4), evse_id=2, number=2))
    assert whole(*both) == [(0, 14), (100, 18), (200, 14)]
    assert whole(*both, options=WATTS) == [(0, 9660), (100, 12_420), (200, 9660)]


def test_K04_FR_05_and_never_more_than_the_maximum_of_the_station_and_what_is_generated_there() -> None:
    default = put(Purpose.TX_DEFAULT, (0, 16), evse_id=0, number=2)
    sun = put(Purpose.LOCAL_GENERATION, (0, 3), evse_id=0, number=3, duration_s=100)
    assert whole(MAX, default) == [(0, 10)]
    assert whole(MAX, default, sun) == [(0, 13), (100, 10)]
    assert whole(default) == [(0, 32)]
    assert whole(default, grid=replace(GRID, cap=Cap(Decimal(20), RateUnit.A))) == [(0, 20)]


def test_where_one_EVSE_has_no_limit_only_those_of_the_station_are_known() -> None:
    assert whole(put(Purpose.TX_DEFAULT, (0, 6))) == [(0, None)]
    assert whole(put(Purpose.TX_DEFAULT, (0, 6)), MAX) == [(0, 10)]
    assert whole(MAX, evses=[]) == [(0, 10)]
    assert whole(evses=[]) == [(0, None)]


def test_DC_counts_by_its_power_at_the_grid_connection() -> None:
    dc = Feed(evse_id=E1, supply=Supply(Decimal(400), direct=True), cap=Cap(Decimal(69_000), RateUnit.W))
    assert whole(evses=[(dc, CHARGING)]) == [(0, 100)]
    assert whole(evses=[(dc, CHARGING)], options=WATTS) == [(0, 69_000)]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (AMPS, [("10", "10", None), ("10", "-14.4", "-16")]),
        (WATTS, [("6900", "6900", None), ("6900", "-10000", "-11040")]),
    ],
    ids=["A", "W"],
)
def test_K08_FR_08_setpoints_are_told_capped_by_the_limits_of_others(
    options: Options, expected: list[tuple[str, str, str | None]]
) -> None:
    periods = (
        Period(start_s=0, setpoint=Decimal(9_200), operation_mode=OperationMode.CENTRAL_SETPOINT),
        Period(
            start_s=100,
            setpoint=Decimal(-10_000),
            discharge_limit=Decimal(-11_040),
            operation_mode=OperationMode.CENTRAL_SETPOINT,
        ),
    )
    schedule = Schedule(schedule_id=1, unit=RateUnit.W, periods=periods, start=NOW)
    aiming = put(Purpose.TX, (0, 0))
    aiming = replace(aiming, profile=replace(aiming.profile, schedules=(schedule,)))
    most = put(Purpose.CHARGING_STATION_MAX, (0, 10), evse_id=0, number=2)
    found = composite([aiming, most], FEED, Window(NOW, 200), CHARGING, options)
    told = [(period.limit, period.setpoint, period.discharge_limit) for period in found.periods]
    assert told == [tuple(None if value is None else Decimal(value) for value in row) for row in expected]
    assert {period.operation_mode for period in found.periods} == {OperationMode.CENTRAL_SETPOINT}
