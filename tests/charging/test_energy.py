from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forecourt.charging.energy import EnergyAccount, Figure, Source, recount
from forecourt.charging.measurands import EXPORT_INTERVAL, EXPORT_REGISTER, IMPORT_INTERVAL, IMPORT_REGISTER
from forecourt.charging.readings import Context, Location, Phase, Reading
from forecourt.charging.registers import Bounds, Point, Rule

START = datetime(2026, 11, 20, 12, tzinfo=UTC)
BOUNDS = Bounds(most_power_w=Decimal(22_000))


def when(minutes: float) -> datetime:
    return START + timedelta(minutes=minutes)


def r(minutes: float, value: float, measurand: str = IMPORT_REGISTER, **more: Any) -> Reading:
    return Reading(at=when(minutes), measurand=measurand, value=Decimal(str(value)), **more)


def fed(*meter_values: Reading | Sequence[Reading], account: EnergyAccount | None = None) -> EnergyAccount:
    result = account or EnergyAccount()
    for values in meter_values:
        result = result.read([values] if isinstance(values, Reading) else values, BOUNDS)
    return result


def imported(account: EnergyAccount, *, over: bool = True, preceding: Point | None = None) -> Figure:
    return account.figures(BOUNDS, over=over, preceding=preceding).imported


def rules(figure: Figure) -> list[Rule]:
    return [entry.rule for entry in figure.trail]


def test_a_1_6_transaction_is_meterStop_less_meterStart() -> None:
    account = EnergyAccount().begun(START, Decimal(1000), BOUNDS)
    account = fed(r(10, 2000), r(20, 3000), account=account).ended(when(30), Decimal(4200), BOUNDS)
    figure = imported(account)
    assert figure.energy_wh == 3200
    assert (figure.begin, figure.end) == (Point(START, Decimal(1000)), Point(when(30), Decimal(4200)))
    assert rules(figure) == [Rule.BEGIN_GIVEN]


def test_a_2_x_transaction_is_the_reading_at_its_end_less_that_at_its_begin() -> None:
    account = fed(
        r(0, 1000, context=Context.TRANSACTION_BEGIN), r(10, 2000), r(30, 4200, context=Context.TRANSACTION_END)
    )
    assert imported(account).energy_wh == 3200
    assert rules(imported(account)) == [Rule.BEGIN_GIVEN]


def test_while_it_runs_the_figure_is_what_has_flowed_so_far() -> None:
    begun = EnergyAccount().begun(START, Decimal(1000), BOUNDS)
    assert imported(begun, over=False).energy_wh == 0
    assert imported(fed(r(10, 2500), account=begun), over=False).energy_wh == 1500


def test_a_transaction_that_ends_at_the_very_reading_it_began_with_has_no_energy() -> None:
    account = EnergyAccount().begun(START, Decimal(1000), BOUNDS).ended(START, Decimal(1000), BOUNDS)
    assert imported(account).energy_wh == 0


def test_without_an_end_the_last_reading_counts() -> None:
    figure = imported(fed(r(10, 2500), account=EnergyAccount().begun(START, Decimal(1000), BOUNDS)))
    assert figure.energy_wh == 1500
    assert rules(figure)[-1] is Rule.END_FROM_LAST_READING


def test_with_nothing_after_the_begin_the_energy_is_unknown_and_not_zero() -> None:
    figure = imported(EnergyAccount().begun(START, Decimal(1000), BOUNDS))
    assert figure.energy_wh is None
    assert rules(figure)[-1] is Rule.END_MISSING


def test_with_the_end_alone_the_transaction_before_says_where_it_began() -> None:
    account = EnergyAccount().ended(when(30), Decimal(5000), BOUNDS)
    figure = imported(account, preceding=Point(when(-60), Decimal(1000)))
    assert (figure.energy_wh, figure.begin) == (Decimal(4000), Point(when(-60), Decimal(1000)))
    assert rules(figure)[-1] is Rule.BEGIN_FROM_PRECEDING


@pytest.mark.parametrize("preceding", [None, Point(when(29), Decimal(1000)), Point(when(-60), Decimal(9000))])
def test_with_the_end_alone_and_no_fitting_transaction_before_the_energy_is_unknown(preceding: Point | None) -> None:
    figure = imported(EnergyAccount().ended(when(30), Decimal(5000), BOUNDS), preceding=preceding)
    assert figure.energy_wh is None
    assert rules(figure)[-1] is Rule.BEGIN_MISSING


def test_what_is_not_reported_is_unknown_and_not_zero() -> None:
    figures = EnergyAccount().figures(BOUNDS, over=True)
    assert figures.imported == figures.exported
    assert (figures.imported.energy_wh, rules(figures.imported)) == (None, [Rule.NOTHING_REPORTED])


def test_import_and_export_are_counted_apart() -> None:
    account = fed([r(0, 1000), r(0, 50, EXPORT_REGISTER)], [r(10, 1800), r(10, 250, EXPORT_REGISTER)])
    figures = account.figures(BOUNDS, over=True)
    assert (figures.imported.energy_wh, figures.exported.energy_wh) == (Decimal(800), Decimal(200))


def test_phases_are_added_up_where_no_overall_value_is_given() -> None:
    def three(minutes: float, each: float) -> list[Reading]:
        return [r(minutes, each, phase=phase) for phase in (Phase.L1, Phase.L2, Phase.L3)]

    account = fed(three(0, 100), three(10, 300))
    assert imported(account).energy_wh == 600
    with_overall = fed([*three(0, 100), r(0, 1000)], [*three(10, 300), r(10, 1700)])
    assert imported(with_overall).energy_wh == 700


def test_a_missing_phase_does_not_make_the_sum_jump() -> None:
    l1, l2 = {"phase": Phase.L1}, {"phase": Phase.L2}
    account = fed(
        [r(0, 100, **l1), r(0, 100, **l2)],
        [r(5, 200, **l1)],
        [r(10, 300, **l1), r(10, 300, **l2)],
        [r(11, 310, **l1)],
    )
    figure = imported(account)
    assert figure.energy_wh == 400
    assert figure.trail[0].detail == "Outlet L1+L2"


def test_readings_between_phases_are_no_energy() -> None:
    assert imported(fed(r(0, 1, phase=Phase.L1_L2))).energy_wh is None


def test_the_outlet_is_taken_before_the_inlet() -> None:
    account = fed([r(0, 9000, location=Location.INLET), r(0, 100)], [r(10, 9900, location=Location.INLET), r(10, 800)])
    figure = imported(account)
    assert figure.energy_wh == 700
    assert (figure.trail[0].rule, figure.trail[0].detail) == (Rule.TAKEN_FROM, "Outlet")


def test_a_source_with_two_readings_is_taken_before_a_better_one_with_a_single_reading() -> None:
    l1 = {"phase": Phase.L1}
    account = fed(r(1, 1010, **l1), r(10, 1500, **l1), account=EnergyAccount().begun(START, Decimal(1000), BOUNDS))
    assert imported(account, over=False).energy_wh == 490
    assert imported(account.ended(when(20), Decimal(1900), BOUNDS)).energy_wh == 900


@pytest.mark.parametrize("location", [Location.EV, Location.UPSTREAM])
def test_the_vehicle_and_what_lies_upstream_do_not_count(location: Location) -> None:
    assert imported(fed(r(0, 0, location=location), r(10, 500, location=location))).energy_wh is None


def test_other_measurands_are_passed_over() -> None:
    account = fed([r(0, 11_000, "Power.Active.Import"), r(0, 50, "SoC")])
    assert account == EnergyAccount()


def test_without_a_register_amounts_per_interval_are_added_up_once_each() -> None:
    account = fed(r(15, 500, IMPORT_INTERVAL), r(30, 700, IMPORT_INTERVAL), r(30, 700, IMPORT_INTERVAL))
    account = fed(r(20, 999, IMPORT_INTERVAL), account=account)
    figure = imported(account)
    assert figure.energy_wh == 1200
    assert rules(figure) == [Rule.INTERVALS_SUMMED, Rule.DUPLICATE_IGNORED, Rule.LATE_IGNORED]
    assert account.figures(BOUNDS, over=True).exported.energy_wh is None
    assert fed(r(15, 5, EXPORT_INTERVAL)).figures(BOUNDS, over=False).exported.energy_wh == 5


def test_amounts_of_two_rhythms_are_not_mixed() -> None:
    account = fed(
        [r(15, 500, IMPORT_INTERVAL), r(15, 1000, IMPORT_INTERVAL, context=Context.SAMPLE_CLOCK)],
        r(20, 100, IMPORT_INTERVAL),
    )
    assert imported(account).energy_wh in (600, 1000)
    assert imported(account).trail[0].detail in ("Outlet Sample.Periodic", "Outlet Sample.Clock")


def test_a_register_with_two_readings_is_taken_before_intervals_and_intervals_before_one_reading() -> None:
    account = fed([r(0, 1000), r(0, 1, IMPORT_INTERVAL)])
    assert imported(account).energy_wh == 1
    figure = imported(fed([r(10, 1400), r(10, 350, IMPORT_INTERVAL)], account=account))
    assert figure.energy_wh == 400
    assert figure.trail[0].rule is Rule.TAKEN_FROM


def test_a_suspect_last_reading_is_settled_when_the_transaction_is_over() -> None:
    account = fed(r(0, 10_000), r(10, 11_000), r(20, 300))
    assert imported(account, over=False).energy_wh == 1000
    assert imported(account, over=True).energy_wh == 1300


def test_a_source_has_words_and_better_ones_come_first() -> None:
    sources = [
        Source(Location.INLET),
        Source(Location.OUTLET, frozenset({Phase.L1})),
        Source(Location.OUTLET, frozenset({Phase.L1, Phase.L2, Phase.L3})),
        Source(Location.OUTLET),
        Source(Location.CABLE),
    ]
    assert [str(source) for source in sorted(sources, key=lambda source: source.rank)] == [
        "Outlet",
        "Outlet L1+L2+L3",
        "Outlet L1",
        "Cable",
        "Inlet",
    ]


READINGS = st.lists(
    st.builds(
        lambda minutes, value, measurand, phase: [r(minutes, value, measurand, phase=phase)],
        st.integers(0, 500),
        st.integers(0, 50_000),
        st.sampled_from([IMPORT_REGISTER, EXPORT_REGISTER, IMPORT_INTERVAL]),
        st.sampled_from([None, Phase.L1]),
    ),
    max_size=20,
)


@given(READINGS, st.data())
def test_counted_anew_the_energy_does_not_depend_on_the_order_of_arrival(
    values: list[list[Reading]], data: st.DataObject
) -> None:
    begin, end = Point(START, Decimal(100)), Point(when(600), Decimal(60_000))
    shuffled = data.draw(st.permutations(values))
    one = recount(BOUNDS, values, begin=begin, end=end).figures(BOUNDS, over=True)
    other = recount(BOUNDS, [[], *shuffled], begin=begin, end=end).figures(BOUNDS, over=True)
    assert one == other


@given(st.lists(st.tuples(st.integers(1, 60), st.integers(0, 366)), min_size=1, max_size=20), st.data())
def test_fed_as_they_come_sound_readings_give_the_same_as_counted_anew(
    steps: list[tuple[int, int]], data: st.DataObject
) -> None:
    minutes, wh, values = 0, 1000, []
    for pause, per_minute in steps:
        minutes, wh = minutes + pause, wh + pause * per_minute
        values.append([r(minutes, wh)])
    account = EnergyAccount().begun(START, Decimal(1000), BOUNDS)
    for one in data.draw(st.permutations(values)):
        account = account.read(one, BOUNDS)
    assert imported(account).energy_wh == wh - 1000
    assert imported(recount(BOUNDS, values, begin=Point(START, Decimal(1000)))).energy_wh == wh - 1000


def test_counted_anew_without_begin_and_end_the_readings_alone_count() -> None:
    assert imported(recount(BOUNDS, [[r(10, 1500)], [r(0, 1000)]])).energy_wh == 500
