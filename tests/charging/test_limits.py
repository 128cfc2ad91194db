from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forecourt.charging.limits import (
    TRIGGER_REASONS,
    LimitKind,
    Limits,
    Observed,
    Pace,
    Reporting,
    Unobservable,
    confirmed,
    must_answer,
    next_stop,
    reached,
    supported_kinds,
    unobservable,
)
from forecourt.charging.quantities import Money
from forecourt.errors import Invalid

START = datetime(2026, 11, 20, 12, tzinfo=UTC)
NOW = START + timedelta(minutes=30)
AT_ONCE = timedelta(0)
ALL = Limits(energy_wh=Decimal(10_000), time_s=3600, cost=Money(Decimal(5), "EUR"), soc_percent=80)


def euros(amount: str) -> Money:
    return Money(Decimal(amount), "EUR")


def observed(energy_wh: str | None = None, **more: Any) -> Observed:
    energy = None if energy_wh is None else Decimal(energy_wh)
    return Observed(at=NOW, started_at=START, energy_wh=energy, **more)


def test_the_kinds_of_limits_are_those_that_are_set() -> None:
    assert ALL.kinds == set(LimitKind)
    assert Limits().kinds == set()
    assert Limits(time_s=0).kinds == {LimitKind.TIME}


def test_E16_FR_12_a_station_is_sent_only_what_it_supports() -> None:
    supported = {"maxEnergy", "maxSoC", "maxUnheardOf"}
    assert ALL.only(supported) == Limits(energy_wh=ALL.energy_wh, soc_percent=80)
    assert ALL.only(set()) == Limits()
    assert ALL.only({"maxCost", "maxTime"}) == Limits(cost=ALL.cost, time_s=3600)


@pytest.mark.parametrize(
    ("words", "kinds"),
    [
        (["maxCost", "maxEnergy", "maxLength", "maxSoC"], set(LimitKind)),
        (["maxTime", "maxUnheardOf"], {LimitKind.TIME}),
        ([], set()),
    ],
)
def test_the_limits_a_station_supports_are_read_from_its_list(words: list[str], kinds: set[LimitKind]) -> None:
    assert supported_kinds(words) == kinds


def test_E16_FR_04_the_lower_limit_counts() -> None:
    driver = Limits(energy_wh=Decimal(12_000), time_s=1800, cost=euros("4"))
    expected = Limits(energy_wh=Decimal(10_000), time_s=1800, cost=euros("4"), soc_percent=80)
    assert ALL.tightened_by(driver) == expected
    assert driver.tightened_by(ALL) == expected
    assert Limits().tightened_by(Limits()) == Limits()
    with pytest.raises(Invalid, match="currencies_differ"):
        ALL.tightened_by(Limits(cost=Money(Decimal(1), "USD")))


@pytest.mark.parametrize("soc_percent", [0, 100])
def test_a_battery_may_be_empty_or_full(soc_percent: int) -> None:
    assert Limits(soc_percent=soc_percent).kinds == {LimitKind.SOC}


@pytest.mark.parametrize("soc_percent", [-1, 101])
def test_a_state_of_charge_is_a_percentage(soc_percent: int) -> None:
    with pytest.raises(Invalid, match="soc_out_of_range"):
        Limits(soc_percent=soc_percent)


def test_E16_FR_03_and_13_a_limit_is_set_when_the_station_repeats_it_and_not_higher() -> None:
    echo = Limits(energy_wh=Decimal(10_000), time_s=3601, cost=euros("4.99"))
    assert confirmed(ALL, echo) == {LimitKind.ENERGY, LimitKind.COST}
    assert confirmed(ALL, Limits()) == set()
    assert confirmed(Limits(), ALL) == set()


def test_E16_FR_07_and_08_only_what_the_station_has_too_high_or_not_at_all_is_sent_again() -> None:
    reported = Limits(energy_wh=Decimal(9_000), time_s=3600, cost=euros("9"))
    assert must_answer(ALL, reported) == Limits(cost=ALL.cost, soc_percent=80)
    assert must_answer(Limits(), reported) == Limits()


@pytest.mark.parametrize(
    ("reporting", "expected"),
    [
        (
            Reporting(),
            {
                LimitKind.ENERGY: Unobservable.NO_ENERGY_READINGS,
                LimitKind.COST: Unobservable.NO_PRICE,
                LimitKind.SOC: Unobservable.NO_SOC_READINGS,
            },
        ),
        (
            Reporting(energy_every_s=0, price_known=True, soc_every_s=60),
            {LimitKind.ENERGY: Unobservable.NO_ENERGY_READINGS, LimitKind.COST: Unobservable.NO_ENERGY_READINGS},
        ),
        (
            Reporting(energy_every_s=901, price_known=True, soc_every_s=901),
            {
                LimitKind.ENERGY: Unobservable.READINGS_TOO_RARE,
                LimitKind.COST: Unobservable.READINGS_TOO_RARE,
                LimitKind.SOC: Unobservable.READINGS_TOO_RARE,
            },
        ),
        (
            Reporting(price_known=True, price_needs_energy=False, soc_every_s=60),
            {LimitKind.ENERGY: Unobservable.NO_ENERGY_READINGS},
        ),
        (Reporting(energy_every_s=900, price_known=True, soc_every_s=60), {}),
    ],
)
def test_a_limit_that_cannot_be_observed_is_refused_saying_why(
    reporting: Reporting, expected: dict[LimitKind, Unobservable]
) -> None:
    assert unobservable(ALL, reporting) == expected
    assert unobservable(Limits(time_s=1), reporting) == {}


def test_the_stop_is_sent_so_early_that_it_takes_effect_at_the_limit() -> None:
    seen = observed("8000", pace=Pace(power_w=Decimal(11_000)))
    stop = next_stop(Limits(energy_wh=Decimal(10_000)), seen, reaction=timedelta(seconds=20))
    assert stop is not None
    assert stop.kind is LimitKind.ENERGY
    assert stop.reached_at == NOW + timedelta(microseconds=654_545_454)  # 2 kWh at 11 kW
    assert stop.stop_at == stop.reached_at - timedelta(seconds=20)
    assert not stop.due(stop.stop_at - timedelta(microseconds=1))
    assert stop.due(stop.stop_at)


@pytest.mark.parametrize(
    ("limits", "seen", "kind"),
    [
        (Limits(time_s=1801), observed(), LimitKind.TIME),
        (Limits(cost=euros("5")), observed(cost=euros("4"), pace=Pace(cost_per_hour=euros("2"))), LimitKind.COST),
        (
            Limits(cost=euros("5")),
            observed(cost=euros("4"), pace=Pace(power_w=Decimal(1000), cost_per_kwh=euros("0.5"))),
            LimitKind.COST,
        ),
        (
            Limits(soc_percent=80),
            observed(soc_percent=Decimal("79.5"), pace=Pace(soc_per_hour=Decimal(10))),
            LimitKind.SOC,
        ),
        (
            ALL,
            observed("9999", cost=euros("1"), soc_percent=Decimal(10), pace=Pace(power_w=Decimal(3600))),
            LimitKind.ENERGY,
        ),
    ],
)
def test_whichever_limit_is_reached_first_decides(limits: Limits, seen: Observed, kind: LimitKind) -> None:
    stop = next_stop(limits, seen, reaction=AT_ONCE)
    assert stop is not None
    assert stop.kind is kind
    assert stop.stop_at > NOW
    assert reached(limits, seen) == set()


def test_the_cost_per_kWh_is_that_of_the_power_that_flows() -> None:
    pace = Pace(power_w=Decimal(1000), cost_per_kwh=euros("0.5"), cost_per_hour=euros("0.5"))
    stop = next_stop(Limits(cost=euros("5")), observed(cost=euros("3"), pace=pace), reaction=AT_ONCE)
    assert stop is not None
    assert stop.reached_at == NOW + timedelta(hours=2)


def test_of_limits_reached_together_the_kind_is_always_the_same() -> None:
    stop = next_stop(Limits(energy_wh=Decimal(0), cost=euros("0")), observed("0", cost=euros("0")), reaction=AT_ONCE)
    assert stop is not None
    assert stop.kind is LimitKind.COST


def test_E16_FR_09_a_time_limit_counts_from_the_start_of_the_transaction() -> None:
    stop = next_stop(Limits(time_s=600), observed(), reaction=AT_ONCE)
    assert stop is not None
    assert stop.reached_at == START + timedelta(minutes=10)


@pytest.mark.parametrize(
    "limits",
    [
        Limits(),
        Limits(energy_wh=Decimal(10_000)),
        Limits(cost=euros("5")),
        Limits(soc_percent=80),
    ],
)
def test_what_does_not_flow_or_is_not_known_reaches_no_limit(limits: Limits) -> None:
    assert next_stop(limits, observed("1", cost=euros("1"), soc_percent=Decimal(1)), reaction=AT_ONCE) is None
    assert next_stop(limits, observed(pace=Pace(power_w=Decimal(11_000))), reaction=AT_ONCE) is None


def test_a_limit_beyond_the_calendar_is_never_reached() -> None:
    seen = observed("0", pace=Pace(power_w=Decimal("0.000001")))
    assert next_stop(Limits(energy_wh=Decimal(10) ** 12, time_s=10**15), seen, reaction=AT_ONCE) is None


@pytest.mark.parametrize(
    ("limits", "kinds"),
    [
        (Limits(energy_wh=Decimal(-1)), {LimitKind.ENERGY}),
        (Limits(energy_wh=Decimal(500)), {LimitKind.ENERGY}),
        (Limits(energy_wh=Decimal(501)), set()),
        (Limits(cost=euros("-1"), soc_percent=42), {LimitKind.COST, LimitKind.SOC}),
        (Limits(time_s=1800), {LimitKind.TIME}),
        (Limits(time_s=1801), set()),
    ],
)
def test_E16_FR_10_a_limit_that_is_reached_already_is_due_at_once(limits: Limits, kinds: set[LimitKind]) -> None:
    seen = observed("500", cost=euros("0"), soc_percent=Decimal(42))
    assert reached(limits, seen) == kinds
    stop = next_stop(limits, seen, reaction=AT_ONCE)
    assert (stop is not None and stop.due(NOW)) is bool(kinds)


def test_E16_FR_19_a_coarse_meter_is_stopped_at_the_last_step_below_the_limit() -> None:
    limits = Limits(energy_wh=Decimal(2300))
    step_wh = Decimal(1000)
    assert reached(limits, observed("2000"), step_wh) == {LimitKind.ENERGY}
    assert reached(limits, observed("2000")) == set()
    assert reached(Limits(energy_wh=Decimal("2300.5")), observed("2300"), Decimal(1)) == {LimitKind.ENERGY}
    stop = next_stop(
        limits, observed("1000", pace=Pace(power_w=Decimal(1000))), reaction=AT_ONCE, energy_step_wh=step_wh
    )
    assert stop is not None
    assert stop.reached_at == NOW + timedelta(hours=1)


def test_a_price_in_another_currency_than_the_limit_is_refused() -> None:
    seen = observed(cost=euros("1"), pace=Pace(cost_per_hour=Money(Decimal(1), "USD")))
    with pytest.raises(Invalid, match="currencies_differ"):
        next_stop(Limits(cost=euros("5")), seen, reaction=AT_ONCE)


def test_every_kind_of_limit_has_its_trigger_reason() -> None:
    assert TRIGGER_REASONS.keys() == set(LimitKind)
    assert TRIGGER_REASONS[LimitKind.SOC] == "SoCLimitReached"


@given(
    st.decimals(min_value=1, max_value=10**6, places=1),
    st.decimals(min_value=0, max_value=10**5, places=1),
    st.decimals(min_value=1, max_value=400_000, places=1),
    st.integers(0, 60),
)
def test_under_a_steady_pace_the_limit_is_met_to_the_watt_second(
    left_wh: Decimal, so_far_wh: Decimal, power_w: Decimal, reaction_s: int
) -> None:
    limits = Limits(energy_wh=so_far_wh + left_wh)
    seen = replace(observed(), energy_wh=so_far_wh, pace=Pace(power_w=power_w))
    stop = next_stop(limits, seen, reaction=timedelta(seconds=reaction_s))
    assert stop is not None
    flows = stop.stop_at + timedelta(seconds=reaction_s) - NOW
    delivered_wh = so_far_wh + power_w * Decimal(flows // timedelta(microseconds=1)) / Decimal(3_600_000_000)
    assert limits.energy_wh is not None
    assert limits.energy_wh - Decimal("0.001") <= delivered_wh <= limits.energy_wh
