from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forecourt.charging.rates import Allowance, Cap, Supply, allowance, capacity, unlimited
from forecourt.charging.schedule import LimitAtSoc, OperationMode, Period, RateUnit, Schedule
from forecourt.errors import Invalid

THREE = Supply(Decimal(230))
SINGLE = Supply(Decimal(230), phases=1)
DC = Supply(Decimal(400), direct=True)


def allowed(unit: RateUnit, supply: Supply, soc_percent: int | None = None, **fields: Any) -> Allowance:
    at_soc = fields.pop("limit_at_soc", None)
    period = Period(start_s=0, **fields)
    schedule = Schedule(schedule_id=1, unit=unit, periods=(period,), limit_at_soc=at_soc)
    return allowance(schedule, period, supply, None if soc_percent is None else Decimal(soc_percent))


@pytest.mark.parametrize(
    ("unit", "supply", "limit", "number_phases", "per_phase_a", "phases"),
    [
        (RateUnit.A, THREE, "16", None, "16", 3),  # K01.FR.51
        (RateUnit.A, THREE, "16", 1, "16", 1),
        (RateUnit.A, SINGLE, "16", 3, "16", 1),  # K01.FR.45: more phases than there are
        (RateUnit.W, THREE, "6900", None, "10", 3),  # K01.FR.49
        (RateUnit.W, THREE, "6900", 3, "10", 3),  # K01.FR.50
        (RateUnit.W, THREE, "2300", 1, "10", 1),
        (RateUnit.W, SINGLE, "6900", None, "10", 1),
        (RateUnit.W, SINGLE, "2300", 1, "10", 1),
        (RateUnit.W, DC, "50000", None, "125", 1),
        (RateUnit.W, DC, "50000", 3, "125", 1),
        (RateUnit.A, DC, "125", None, "125", 1),
    ],
)
def test_a_limit_is_spread_over_the_phases_of_its_period(
    unit: RateUnit, supply: Supply, limit: str, number_phases: int | None, per_phase_a: str, phases: int
) -> None:
    found = allowed(unit, supply, limit=Decimal(limit), number_phases=number_phases)
    assert (found.per_phase_a, found.phases) == (Fraction(per_phase_a), phases)


def test_of_limits_per_phase_the_lowest_counts_for_each() -> None:
    limits: dict[str, Any] = {"limit": Decimal(2300), "limit_l2": Decimal(1150), "limit_l3": Decimal(4600)}
    assert allowed(RateUnit.W, THREE, **limits) == Allowance(Fraction(5), 3)
    assert allowed(RateUnit.W, THREE, limit=Decimal(2300), limit_l2=Decimal(1150)) == Allowance(Fraction(5), 3)
    assert allowed(RateUnit.A, THREE, limit=Decimal(10), limit_l3=Decimal(6)) == Allowance(Fraction(6), 3)


def test_a_period_without_a_limit_limits_nothing_and_an_idle_one_allows_nothing() -> None:
    assert allowed(RateUnit.W, THREE, operation_mode=OperationMode.EXTERNAL_SETPOINT).per_phase_a is None
    assert allowed(RateUnit.W, THREE, operation_mode=OperationMode.IDLE).per_phase_a == 0
    assert allowed(RateUnit.W, THREE, limit=Decimal(9), operation_mode=OperationMode.IDLE).per_phase_a == 0


@pytest.mark.parametrize(
    ("soc_percent", "limit", "expected"),
    [(79, "16", "16"), (80, "16", "8"), (100, "16", "8"), (None, "16", "16"), (80, "6", "6"), (80, None, "8")],
)
def test_K01_FR_100_from_a_state_of_charge_on_a_lower_limit_counts(
    soc_percent: int | None, limit: str | None, expected: str
) -> None:
    found = allowed(
        RateUnit.A,
        THREE,
        soc_percent,
        limit=None if limit is None else Decimal(limit),
        limit_at_soc=LimitAtSoc(soc_percent=80, limit=Decimal(8)),
    )
    assert found.per_phase_a == Fraction(expected)


def test_K27_generation_without_a_limit_adds_nothing_whatever_caps_it() -> None:
    at_soc = LimitAtSoc(soc_percent=80, limit=Decimal(8))
    for limit, expected in ((None, None), (Decimal(16), 8), (Decimal(6), 6)):
        period = Period(start_s=0, limit=limit)
        schedule = Schedule(schedule_id=1, unit=RateUnit.A, periods=(period,), limit_at_soc=at_soc)
        assert capacity(schedule, period, THREE, Decimal(90)).per_phase_a == expected


def test_within_takes_the_lower_current_and_K01_FR_140_the_fewer_phases() -> None:
    one, other = Allowance(Fraction(16), 1, 2), Allowance(Fraction(10), 3)
    assert one.within(other) == other.within(one) == Allowance(Fraction(10), 1, 2)
    assert unlimited(THREE).within(other) == other
    assert unlimited(THREE).within(unlimited(SINGLE)) == Allowance(None, 1)


CENTRAL: Any = {"operation_mode": OperationMode.CENTRAL_SETPOINT}


def test_V2X_02_a_setpoint_is_spread_as_a_limit_is_and_counts_in_its_mode_only() -> None:
    found = allowed(RateUnit.W, THREE, setpoint=Decimal(-6_900), discharge_limit=Decimal(-13_800), **CENTRAL)
    assert (found.per_phase_a, found.setpoint_a, found.discharge_a) == (None, Fraction(-10), Fraction(-20))
    assert found.mode is OperationMode.CENTRAL_SETPOINT
    assert allowed(RateUnit.A, THREE, limit=Decimal(16), setpoint=Decimal(-6)).setpoint_a is None


@pytest.mark.parametrize(
    ("setpoint", "limit", "discharge_limit", "aim"),
    [
        ("10", "6", None, 6),  # V2X.03
        ("10", "16", None, 10),
        ("10", None, None, 10),
        ("-10", "6", "-6", -6),  # V2X.04
        ("-10", None, "-16", -10),
        (None, "6", "-6", None),
    ],
)
def test_K08_FR_08_a_setpoint_is_capped(
    setpoint: str | None, limit: str | None, discharge_limit: str | None, aim: int | None
) -> None:
    said = {"setpoint": setpoint, "limit": limit, "discharge_limit": discharge_limit}
    numbers: dict[str, Any] = {name: Decimal(value) for name, value in said.items() if value is not None}
    assert allowed(RateUnit.A, THREE, **numbers, **CENTRAL).aim_a == aim


def test_within_keeps_setpoints_and_what_may_be_given_least_whichever_comes_first() -> None:
    aiming = allowed(RateUnit.A, THREE, setpoint=Decimal(-8), discharge_limit=Decimal(-16), **CENTRAL)
    limited = allowed(RateUnit.A, THREE, limit=Decimal(10), discharge_limit=Decimal(-6))
    both = Allowance(Fraction(10), 3, None, Fraction(-8), Fraction(-6), OperationMode.CENTRAL_SETPOINT)
    assert aiming.within(limited) == limited.within(aiming) == both
    assert both.plus(Allowance(Fraction(2), 3)).setpoint_a == -8


def test_more_is_added_only_to_what_is_limited() -> None:
    one = Allowance(Fraction(10), 3)
    assert one.plus(Allowance(Fraction(2), 1)) == Allowance(Fraction(12), 3)
    assert one.plus(unlimited(THREE)) == one
    assert unlimited(THREE).plus(one) == unlimited(THREE)


def test_a_cap_is_over_all_phases_of_the_supply() -> None:
    assert Cap(Decimal(22_080), RateUnit.W).allowance(THREE) == Allowance(Fraction(32), 3)
    assert Cap(Decimal(32), RateUnit.A).allowance(SINGLE) == Allowance(Fraction(32), 1)
    assert Cap(Decimal(50_000), RateUnit.W).allowance(DC) == Allowance(Fraction(125), 1)


@given(st.decimals(min_value=0, max_value=10**6, places=3), st.integers(1, 3), st.sampled_from([THREE, SINGLE, DC]))
def test_a_power_over_the_phases_there_are_comes_back_exactly(limit: Decimal, phases: int, supply: Supply) -> None:
    phases = min(phases, supply.lines)
    found = allowed(RateUnit.W, supply, limit=limit, number_phases=phases)
    assert found.power_w(supply) == Fraction(limit)
    assert unlimited(supply).power_w(supply) is None


@pytest.mark.parametrize(("voltage_v", "phases"), [(0, 3), (-230, 3), (230, 0), (230, 4)])
def test_a_supply_must_be_possible(voltage_v: int, phases: int) -> None:
    with pytest.raises(Invalid, match="supply_impossible"):
        Supply(Decimal(voltage_v), phases)
