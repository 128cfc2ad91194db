"""Whatever profiles come and go, no vehicle ever takes more than any limit allows, judged by an evaluator of its own."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, note, settings
from hypothesis import strategies as st
from msgspec import UNSET

from forecourt.charging.composite import Feed
from forecourt.charging.ids import STATION, EvseId, TransactionId
from forecourt.charging.rates import Cap, Supply
from forecourt.charging.schedule import Purpose, RateUnit
from forecourt.charging.timing import Situation
from forecourt.ocpp import v2
from forecourt.ocpp.versions import V21, V201, Version
from forecourt.station.blocks.smart_charging.model import Charging
from forecourt.station.hardware.vehicle import Model, Vehicle
from tests.charging.naive import allowed_a
from tests.station.rig import Rig

CAP = Cap(Decimal(32), RateUnit.A)
FEEDS = {EvseId(number): Feed(evse_id=EvseId(number), supply=Supply(Decimal(230)), cap=CAP) for number in (1, 2)}
GRID = Feed(evse_id=STATION, supply=Supply(Decimal(230)))
FRICTION_A = Fraction(1, 1000)
"""What rounding in the simulated meter may come to."""

Step = Callable[[Rig], object]


def waiting(seconds: int) -> Step:
    return lambda rig: rig.time.advance(seconds)


def coming(evse_id: int) -> Step:
    def come(rig: Rig) -> None:
        if rig.station.bays[EvseId(evse_id)].plugged is None:
            rig.hardware.plug(Vehicle(Model(ac_current_a=32, battery_wh=1_000_000), soc=0.2), evse_id=evse_id)
        rig.time.advance(1)
        rig.hardware.swipe(f"TAG{evse_id}", evse_id=evse_id)
        rig.time.advance(1)

    return come


def restricting(amperes: int | None, evse_id: int) -> Step:
    limit = None if amperes is None else Cap(Decimal(amperes), RateUnit.A)
    return lambda rig: rig.hardware.restrict(limit, evse_id=evse_id)


def clearing(number: int) -> Step:
    return lambda rig: rig.ask(v2.ClearChargingProfile(charging_profile_id=number))


def losing_power(rig: Rig) -> None:
    rig.powered.cut_power()
    rig.time.advance(7)
    rig.powered.power_on()
    rig.time.advance(6)


@st.composite
def setting(draw: st.DrawFn) -> Step:
    """Any profile; the station may refuse it."""
    purpose: Any = draw(st.sampled_from(["ChargingStationMaxProfile", "TxDefaultProfile", "TxProfile"]))
    evse_id = 0 if purpose == "ChargingStationMaxProfile" else draw(st.integers(1 if purpose == "TxProfile" else 0, 2))
    kind: Any = draw(st.sampled_from(["Absolute", "Recurring", "Relative"]))
    ago_s = draw(st.integers(-200, 400))
    unit: Any = draw(st.sampled_from(["A", "W"]))
    starts = [0, *sorted(draw(st.sets(st.integers(1, 400), max_size=3)))]
    most = 40 if unit == "A" else 25_000
    limits = [draw(st.integers(0, most)) for _ in starts]
    phases: Any = draw(st.sampled_from([UNSET, 1, 3]))
    duration = draw(st.one_of(st.just(UNSET), st.integers(10, 600)))
    number, level = draw(st.integers(1, 4)), draw(st.integers(0, 2))

    def put(rig: Rig) -> None:
        transaction = rig.station.bays[EvseId(evse_id)].transaction if purpose == "TxProfile" else None
        start = rig.time.now() - timedelta(seconds=ago_s)
        schedule = v2.ChargingSchedule(
            id=number,
            charging_rate_unit=unit,
            start_schedule=UNSET if kind == "Relative" else start,
            duration=duration,
            charging_schedule_period=tuple(
                v2.ChargingSchedulePeriod(start_period=at, limit=Decimal(limit), number_phases=phases)
                for at, limit in zip(starts, limits, strict=True)
            ),
        )
        note(f"{purpose} {number} at EVSE {evse_id}, level {level}, {kind} since {ago_s} s for {duration}, {unit}")
        note(f"  {list(zip(starts, limits, strict=True))} on {phases} phases")
        found = v2.ChargingProfile(
            id=number,
            stack_level=level,
            charging_profile_purpose=purpose,
            charging_profile_kind=kind,
            recurrency_kind="Daily" if kind == "Recurring" else UNSET,
            transaction_id=UNSET if transaction is None else transaction.id,
            charging_schedule=(schedule,),
        )
        rig.ask(v2.SetChargingProfile(evse_id=evse_id, charging_profile=found))

    return put


STEPS = st.lists(
    st.one_of(
        setting(),
        setting(),
        st.integers(1, 300).map(waiting),
        st.integers(1, 2).map(coming),
        st.integers(1, 4).map(clearing),
        st.builds(restricting, st.one_of(st.none(), st.integers(0, 40)), st.integers(0, 2)),
        st.just(losing_power),
    ),
    min_size=3,
    max_size=14,
)


def check(rig: Rig) -> bool:
    """Whether anything flows now, after having seen that it may."""
    station = rig.station
    installed = station.part(Charging).profiles.installed
    at = station.now()
    total_a = Fraction(0)
    for evse_id, feed in FEEDS.items():
        bay = station.bays[evse_id]
        running = None if bay.transaction is None else TransactionId(bay.transaction.id)
        situation = Situation(transaction_id=running, ready_at=bay.ready_at)
        limit_a, phases = allowed_a(installed, feed, at, at, situation)
        currents = rig.hardware.measure(evse_id).currents_a
        assert sum(current > 0 for current in currents) <= phases
        assert limit_a is not None
        assert all(Fraction(current) <= limit_a + FRICTION_A for current in currents)
        total_a += Fraction(max(currents))
    # K09.FR.05: a default profile at EVSE 0 is one for each EVSE, and limits the station as such no more than others do.
    of_station = [one for one in installed if one.profile.purpose is not Purpose.TX_DEFAULT]
    whole_a, _ = allowed_a(of_station, GRID, at, at, Situation())
    if whole_a is not None:
        assert total_a <= whole_a + FRICTION_A
    return total_a > 0


@pytest.mark.parametrize("version", [V201, V21], ids=str)
@settings(max_examples=40, deadline=None)
@given(steps=STEPS)
def test_no_vehicle_ever_takes_more_than_any_limit_allows(version: Version, steps: list[Step]) -> None:
    rig = Rig(version, evses=2)
    coming(1)(rig)
    coming(2)(rig)
    for step in steps:
        step(rig)
        for _ in range(40):
            check(rig)
            rig.time.advance(1)


def test_the_check_can_fail() -> None:
    rig = Rig(V21, evses=2)
    coming(1)(rig)
    rig.time.advance(5)
    assert check(rig)
    restricting(10, 0)(rig)
    assert check(rig)
    rig.hardware.offer(EvseId(1), Decimal(11), 3)
    with pytest.raises(AssertionError):
        check(rig)
