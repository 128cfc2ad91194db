"""Certification cases of 1.6 for stations: smart charging."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any, Literal

import pytest
from msgspec import UNSET

from forecourt.charging.ids import EvseId
from forecourt.ocpp import v16
from tests.station.cases.test_station_16 import TAG, charging, remote_start, rig_of
from tests.station.rig import Rig

Unit = Literal["A", "W"]
Purpose = Literal["ChargePointMaxProfile", "TxDefaultProfile", "TxProfile"]
DEVIATION_S = 10
"""<Configured max time deviation>: how far in the past the schedules of the memory states start."""


@pytest.fixture(params=["A", "W"])
def unit(request: pytest.FixtureRequest) -> Unit:
    found: Unit = request.param
    return found


def amount(unit: Unit, limit: int) -> Decimal:
    """In W a limit is a thousand times what it is in A."""
    return Decimal(limit * (1 if unit == "A" else 1000))


def profile(
    rig: Rig,
    unit: Unit,
    periods: Sequence[tuple[int, int]],
    *,
    number: int = 1,
    purpose: Purpose = "TxDefaultProfile",
    level: int = 0,
    duration: int | None = 300,
    valid_s: int | None = None,
    **more: Any,
) -> v16.ChargingProfile:
    """An absolute profile that starts the configured deviation ago."""
    begin = rig.time.now() - timedelta(seconds=DEVIATION_S)
    if valid_s is not None:
        more |= {"valid_from": begin, "valid_to": begin + timedelta(seconds=valid_s)}
    return v16.ChargingProfile(
        charging_profile_id=number,
        stack_level=level,
        charging_profile_purpose=purpose,
        charging_profile_kind="Absolute",
        charging_schedule=v16.ChargingSchedule(
            duration=UNSET if duration is None else duration,
            start_schedule=begin,
            charging_rate_unit=unit,
            charging_schedule_period=tuple(
                v16.ChargingSchedulePeriod(start_period=start, limit=amount(unit, limit), number_phases=3)
                for start, limit in periods
            ),
        ),
        **more,
    )


def put(rig: Rig, found: v16.ChargingProfile, connector_id: int = 1) -> str:
    answer: v16.SetChargingProfileResponse = rig.ask(
        v16.SetChargingProfile(connector_id=connector_id, cs_charging_profiles=found)
    )
    return answer.status


def composite(rig: Rig, unit: Unit, duration: int) -> list[tuple[int, Decimal]]:
    """The periods of the composite schedule of connector 1, after what every case checks of the rest."""
    asked = rig.time.now()
    answer = rig.ask(v16.GetCompositeSchedule(connector_id=1, duration=duration, charging_rate_unit=unit))
    assert answer.status == "Accepted"
    assert answer.connector_id == 1
    assert answer.charging_schedule.duration == duration
    assert answer.charging_schedule.charging_rate_unit == unit
    assert abs((answer.schedule_start - asked).total_seconds()) <= DEVIATION_S
    return [(period.start_period, period.limit) for period in answer.charging_schedule.charging_schedule_period]


def local_limit(unit: Unit) -> Decimal:
    """Of the rig's station: 32 A on three phases of 230 V."""
    return Decimal(32) if unit == "A" else Decimal(32 * 3 * 230)


def test_TC_056_CS_a_default_profile_is_set(unit: Unit) -> None:
    rig = rig_of()
    assert put(rig, profile(rig, unit, [(0, 6)])) == "Accepted"
    told = composite(rig, unit, 300)
    assert told == [(0, amount(unit, 6)), (300 - DEVIATION_S - 1, local_limit(unit))]


def test_TC_057_CS_a_profile_is_set_for_a_running_transaction(unit: Unit) -> None:
    rig = rig_of()
    charging(rig)
    assert put(rig, profile(rig, unit, [(0, 6)], purpose="TxProfile", transaction_id=1)) == "Accepted"
    told = composite(rig, unit, 300)
    assert told == [(0, amount(unit, 6)), (300 - DEVIATION_S - 1, local_limit(unit))]
    # What the vehicle takes is what was set.
    rig.time.advance(2)
    power_w = rig.hardware.measure(EvseId(1)).power_w
    assert power_w == 6 * 3 * 230 if unit == "A" else 5_900 < power_w <= 6_000


def test_TC_058_1_CS_without_a_transaction_its_profile_is_refused() -> None:
    rig = rig_of()
    assert put(rig, profile(rig, "A", [(0, 6)], purpose="TxProfile", transaction_id=1)) == "Rejected"
    assert put(rig, profile(rig, "A", [(0, 6)], purpose="TxProfile")) == "Rejected"


def test_TC_058_2_CS_a_profile_of_another_transaction_is_refused() -> None:
    rig = rig_of()
    charging(rig)
    assert put(rig, profile(rig, "A", [(0, 6)], purpose="TxProfile", transaction_id=2)) == "Rejected"


def test_TC_082_CS_a_default_profile_is_set_for_a_running_transaction(unit: Unit) -> None:
    rig = rig_of()
    charging(rig)
    assert put(rig, profile(rig, unit, [(0, 6)])) == "Accepted"
    told = composite(rig, unit, 300)
    assert told == [(0, amount(unit, 6)), (300 - DEVIATION_S - 1, local_limit(unit))]


def stretched(unit: Unit, began_s: float, rig: Rig, periods: Sequence[tuple[int, int]]) -> list[tuple[int, Decimal]]:
    """Periods as the cases write them, (100 - x): x is what has passed since `began_s`."""
    x = round(rig.time.monotonic() - began_s) + DEVIATION_S
    return [(max(0, start - x), amount(unit, limit)) for start, limit in periods]


def test_TC_066_CS_a_composite_schedule_of_several_purposes(unit: Unit) -> None:
    rig = rig_of()
    charging(rig)
    most = profile(rig, unit, [(0, 10)], number=1, purpose="ChargePointMaxProfile", duration=86_400)
    assert put(rig, most, 0) == "Accepted"
    periods = [(0, 6), (60, 10), (120, 8), (180, 15), (260, 8)]
    assert put(rig, profile(rig, unit, periods, number=2, duration=300, valid_s=401)) == "Accepted"
    periods = [(0, 8), (50, 11), (140, 16), (200, 6), (240, 12)]
    began_s = rig.time.monotonic()
    of_transaction = profile(
        rig, unit, periods, number=3, purpose="TxProfile", duration=260, valid_s=401, transaction_id=1
    )
    assert put(rig, of_transaction) == "Accepted"
    wanted = stretched(unit, began_s, rig, [(0, 8), (50, 10), (200, 6), (240, 10)])
    assert composite(rig, unit, 400) == wanted


def test_TC_067_CS_profiles_are_cleared(unit: Unit) -> None:
    rig = rig_of()
    first = profile(rig, unit, [(0, 6), (60, 8), (200, 10)], number=1, level=1, duration=400)
    assert put(rig, first) == "Accepted"
    began_s = rig.time.monotonic()
    assert put(rig, profile(rig, unit, [(0, 7), (100, 9)], number=2, duration=400, valid_s=401)) == "Accepted"
    most = profile(
        rig, unit, [(0, 11), (200, 12)], number=3, purpose="ChargePointMaxProfile", duration=86_400, valid_s=401
    )
    assert put(rig, most, 0) == "Accepted"
    assert rig.ask(v16.ClearChargingProfile(id=1)).status == "Accepted"
    wanted = stretched(unit, began_s, rig, [(0, 7), (100, 9)])
    assert composite(rig, unit, 350) == wanted
    clear = v16.ClearChargingProfile(charging_profile_purpose="TxDefaultProfile", stack_level=0)
    assert rig.ask(clear).status == "Accepted"
    # The third profile began a second after the second.
    wanted = stretched(unit, began_s + 1, rig, [(0, 11), (200, 12)])
    assert composite(rig, unit, 350) == wanted
    assert rig.ask(v16.ClearChargingProfile()).status == "Accepted"
    assert composite(rig, unit, 350) == [(0, local_limit(unit))]
    assert rig.ask(v16.ClearChargingProfile()).status == "Unknown"


def test_TC_072_CS_profiles_are_stacked(unit: Unit) -> None:
    rig = rig_of()
    first = profile(rig, unit, [(0, 6), (100, 8), (200, 10)], number=1, duration=400, valid_s=401)
    assert put(rig, first) == "Accepted"
    second = profile(rig, unit, [(0, 7), (100, 9)], number=2, level=1, duration=150, valid_s=401)
    began_s = rig.time.monotonic()
    assert put(rig, second) == "Accepted"
    told = composite(rig, unit, 350)
    x = round(rig.time.monotonic() - 1 - began_s) + DEVIATION_S
    assert told == [
        (0, amount(unit, 7)),
        (100 - x, amount(unit, 9)),
        (150 - x, amount(unit, 8)),
        # The first profile began a second before the second.
        (200 - x - 1, amount(unit, 10)),
    ]


def test_TC_059_CS_a_remote_start_with_a_profile(unit: Unit) -> None:
    rig = rig_of()
    rig.hardware.plug()
    rig.time.advance(2)
    wanted = profile(rig, unit, [(0, 6)], purpose="TxProfile", duration=None)
    assert remote_start(rig, connector_id=1, charging_profile=wanted) == "Accepted"
    rig.time.advance(10)
    assert rig.last(v16.StartTransaction).id_tag == TAG
    assert rig.last(v16.StatusNotification).status == "Charging"
    assert composite(rig, unit, 300) == [(0, amount(unit, 6))]
    # It is gone with its transaction.
    rig.hardware.swipe(TAG)
    rig.time.advance(5)
    assert composite(rig, unit, 300) == [(0, local_limit(unit))]


@pytest.mark.parametrize("purpose", ["ChargePointMaxProfile", "TxDefaultProfile"])
def test_TC_060_CS_a_remote_start_with_a_profile_of_another_purpose_is_refused(purpose: Purpose) -> None:
    rig = rig_of()
    rig.hardware.plug()
    rig.time.advance(2)
    wanted = profile(rig, "A", [(0, 6)], purpose=purpose)
    assert remote_start(rig, connector_id=1, charging_profile=wanted) == "Rejected"
    rig.time.advance(10)
    assert rig.of(v16.StartTransaction) == []
