"""Certification cases of 2.0.1 for stations: smart charging. They are cases of 2.1 as well."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Literal

import pytest
from msgspec import UNSET
from msgspec.structs import replace

from forecourt.charging.ids import EvseId
from forecourt.charging.rates import Cap
from forecourt.charging.schedule import RateUnit
from forecourt.ocpp import v2
from forecourt.ocpp.versions import V21, V201, Version
from forecourt.station.device_model.table import Name
from tests.station.rig import Rig

Unit = Literal["A", "W"]
Periods = Sequence[tuple[int, int]]
DEVIATION_S = 10
"""<Configured max time deviation>."""


@pytest.fixture(params=[V201, V21], ids=str)
def version(request: pytest.FixtureRequest) -> Version:
    found: Version = request.param
    return found


@pytest.fixture
def rig(version: Version) -> Rig:
    return Rig(version, evses=2)


@pytest.fixture(params=["A", "W"])
def unit(request: pytest.FixtureRequest) -> Unit:
    found: Unit = request.param
    return found


def amount(unit: Unit, limit: int) -> Decimal:
    """<limit multiplier>: a thousand in W."""
    return Decimal(limit * (1 if unit == "A" else 1000))


def profile(
    periods: Periods = ((0, 6),),
    *,
    number: int = 1,
    unit: Unit = "A",
    purpose: Any = "TxDefaultProfile",
    level: int = 0,
    kind: Any = "Absolute",
    start: datetime | None = None,
    duration: int | None = None,
    schedule_more: dict[str, Any] | None = None,
    **more: Any,
) -> v2.ChargingProfile:
    schedule = v2.ChargingSchedule(
        id=number,
        charging_rate_unit=unit,
        start_schedule=UNSET if start is None else start,
        duration=UNSET if duration is None else duration,
        charging_schedule_period=tuple(
            v2.ChargingSchedulePeriod(start_period=at, limit=amount(unit, limit), number_phases=3)
            for at, limit in periods
        ),
        **(schedule_more or {}),
    )
    return v2.ChargingProfile(
        id=number,
        stack_level=level,
        charging_profile_purpose=purpose,
        charging_profile_kind=kind,
        charging_schedule=(schedule,),
        **more,
    )


def put(rig: Rig, found: v2.ChargingProfile, evse_id: int = 1) -> str:
    answer: v2.SetChargingProfileResponse = rig.ask(v2.SetChargingProfile(evse_id=evse_id, charging_profile=found))
    return answer.status


def reported(rig: Rig, *, evse_id: int | None = None, **criteria: Any) -> list[tuple[int, v2.ChargingProfile]]:
    """What is reported under these criteria, with the EVSE; nothing where the answer is NoProfiles."""
    rig.fresh()
    answer = rig.ask(
        v2.GetChargingProfiles(
            request_id=33,
            evse_id=UNSET if evse_id is None else evse_id,
            charging_profile=v2.ChargingProfileCriterion(**criteria),
        )
    )
    reports = rig.of(v2.ReportChargingProfiles)
    assert answer.status == ("Accepted" if reports else "NoProfiles")
    # K09.FR.01, 02
    assert all(report.request_id == 33 for report in reports)
    assert [report.tbc for report in reports] == [True] * (len(reports) - 1) + [UNSET] * bool(reports)
    return [(report.evse_id, one) for report in reports for one in report.charging_profile]


def clear(rig: Rig, number: int | None = None, **criteria: Any) -> str:
    answer: v2.ClearChargingProfileResponse = rig.ask(
        v2.ClearChargingProfile(
            charging_profile_id=UNSET if number is None else number,
            charging_profile_criteria=v2.ClearChargingProfileType(**criteria) if criteria else UNSET,
        )
    )
    return answer.status


def composite(rig: Rig, unit: Unit, duration: int, evse_id: int = 1) -> list[tuple[int, Decimal]]:
    """The periods of a composite schedule, after what every case checks of the rest."""
    asked = rig.time.now()
    ask = v2.GetCompositeSchedule(evse_id=evse_id, duration=duration, charging_rate_unit=unit)
    answer = rig.ask(ask)
    assert answer.status == "Accepted"
    assert answer.schedule.evse_id == evse_id
    assert answer.schedule.duration == duration
    assert answer.schedule.charging_rate_unit == unit
    assert abs((answer.schedule.schedule_start - asked).total_seconds()) <= DEVIATION_S
    return [(period.start_period, period.limit) for period in answer.schedule.charging_schedule_period]


def local_limit(unit: Unit, evses: int = 1) -> Decimal:
    """Of the rig's station: 32 A on three phases of 230 V at each EVSE."""
    return Decimal(32 * evses) if unit == "A" else Decimal(32 * 3 * 230 * evses)


def transferring(rig: Rig) -> str:
    """The reusable state EnergyTransferStarted; the id of the transaction."""
    rig.hardware.plug()
    rig.time.advance(2)
    rig.hardware.swipe("TAG001", evse_id=1)
    rig.time.advance(8)
    told = rig.last(v2.TransactionEvent)
    assert told.transaction_info.charging_state == "Charging"
    rig.fresh()
    return told.transaction_info.transaction_id


def test_TC_K_01_CS_a_default_profile_for_an_EVSE(rig: Rig, unit: Unit) -> None:
    wanted = profile(unit=unit, start=rig.time.now(), duration=300)
    assert put(rig, wanted) == "Accepted"
    assert reported(rig, charging_profile_id=(1,)) == [(1, wanted)]


def test_TC_K_02_CS_a_profile_of_a_transaction_where_none_runs(rig: Rig) -> None:
    wanted = profile(purpose="TxProfile", kind="Relative", transaction_id="UNKNOWN-TRANSACTION-ID")
    assert put(rig, wanted) == "Rejected"


def test_TC_K_03_CS_a_profile_for_the_station(rig: Rig, unit: Unit) -> None:
    wanted = profile(unit=unit, purpose="ChargingStationMaxProfile", start=rig.time.now(), duration=300)
    assert put(rig, wanted, 0) == "Accepted"
    assert reported(rig, charging_profile_id=(1,)) == [(0, wanted)]


def test_TC_K_04_CS_a_profile_is_replaced_by_one_of_its_id(rig: Rig, unit: Unit) -> None:
    assert put(rig, profile(((0, 6),), unit=unit, start=rig.time.now())) == "Accepted"
    wanted = profile(((0, 10),), unit=unit, start=rig.time.now())
    assert put(rig, wanted) == "Accepted"
    assert reported(rig, charging_profile_id=(1,)) == [(1, wanted)]


def test_TC_K_05_CS_a_profile_is_cleared_by_its_id(rig: Rig) -> None:
    assert put(rig, profile(start=rig.time.now())) == "Accepted"
    assert clear(rig, 1) == "Accepted"
    assert reported(rig, charging_profile_id=(1,)) == []


def test_TC_K_06_CS_a_profile_is_cleared_by_purpose_and_level(rig: Rig) -> None:
    assert put(rig, profile(start=rig.time.now(), level=2)) == "Accepted"
    transferring(rig)
    assert clear(rig, charging_profile_purpose="TxDefaultProfile", stack_level=2) == "Accepted"
    assert reported(rig, charging_profile_purpose="TxDefaultProfile", stack_level=2) == []


def test_TC_K_07_CS_no_profile_of_that_purpose_and_level_is_cleared(rig: Rig) -> None:
    assert put(rig, profile(start=rig.time.now(), level=1)) == "Accepted"
    assert clear(rig, charging_profile_purpose="ChargingStationMaxProfile", stack_level=0) == "Unknown"


def test_TC_K_08_CS_there_is_no_profile_to_clear(rig: Rig) -> None:
    assert clear(rig, 1) == "Unknown"


def test_TC_K_09_CS_a_default_profile_is_cleared_in_a_transaction(rig: Rig, unit: Unit) -> None:
    wanted = profile(unit=unit, start=rig.time.now(), duration=400 + DEVIATION_S)
    assert put(rig, wanted) == "Accepted"
    transferring(rig)
    assert composite(rig, unit, 300) == [(0, amount(unit, 6))]
    assert clear(rig, charging_profile_purpose="TxDefaultProfile") == "Accepted"
    assert composite(rig, unit, 300) == [(0, local_limit(unit))]


def test_TC_K_10_CS_a_default_profile_for_all_EVSEs(rig: Rig, unit: Unit) -> None:
    wanted = profile(unit=unit, start=rig.time.now(), duration=300)
    assert put(rig, wanted, 0) == "Accepted"
    assert reported(rig, charging_profile_id=(1,)) == [(0, wanted)]
    assert composite(rig, unit, 100, 1) == composite(rig, unit, 100, 2) == [(0, amount(unit, 6))]


def test_TC_K_11_CS_a_profile_of_a_transaction_is_not_for_all_EVSEs(rig: Rig) -> None:
    assert put(rig, profile(purpose="TxProfile", kind="Relative"), 0) == "Rejected"


def test_TC_K_12_CS_a_unit_that_is_not_supported(rig: Rig) -> None:
    rig.station.model.set(Name("SmartChargingCtrlr", "RateUnit"), "A")
    assert put(rig, profile(unit="W", start=rig.time.now())) == "Rejected"


def test_TC_K_13_CS_a_profile_outlives_a_reset(rig: Rig, unit: Unit) -> None:
    wanted = profile(unit=unit, start=rig.time.now(), duration=300)
    assert put(rig, wanted) == "Accepted"
    assert rig.ask(v2.Reset(type="Immediate")).status == "Accepted"
    rig.time.advance(10)
    assert "BootNotification" in rig.names()
    assert reported(rig, charging_profile_id=(1,)) == [(1, wanted)]


def test_TC_K_14_CS_an_EVSE_that_is_not_there(rig: Rig) -> None:
    assert put(rig, profile(start=rig.time.now()), 3) == "Rejected"


def test_TC_K_15_CS_smart_charging_is_not_supported(rig: Rig) -> None:
    rig.set("SmartChargingCtrlr.Enabled", "false")
    ask = v2.SetChargingProfile(evse_id=1, charging_profile=profile(start=rig.time.now()))
    assert rig.error(ask) == "NotSupported"


def test_TC_K_16_CS_a_profile_of_another_transaction(rig: Rig) -> None:
    transferring(rig)
    wanted = profile(purpose="TxProfile", kind="Relative", transaction_id="UNKNOWN-TRANSACTION-ID")
    assert put(rig, wanted) == "Rejected"


@pytest.mark.parametrize("recurrency", ["Daily", "Weekly"])
def test_TC_K_19_CS_a_recurring_profile(rig: Rig, recurrency: str) -> None:
    wanted = profile(kind="Recurring", recurrency_kind=recurrency, start=rig.time.now(), duration=3600)
    assert put(rig, wanted) == "Accepted"


def test_TC_K_21_CS_a_profile_that_is_valid_later(rig: Rig, unit: Unit) -> None:
    begin = rig.time.now()
    wanted = profile(unit=unit, kind="Relative", valid_from=begin + timedelta(seconds=300))
    assert put(rig, wanted) == "Accepted"
    x = round((rig.time.now() - begin).total_seconds())
    assert composite(rig, unit, 400) == [(0, local_limit(unit)), (300 - x, amount(unit, 6))]


def test_TC_K_22_CS_a_profile_that_is_valid_no_longer(rig: Rig, unit: Unit) -> None:
    begin = rig.time.now()
    earlier = begin - timedelta(seconds=DEVIATION_S)
    wanted = profile(unit=unit, start=earlier, valid_from=earlier, valid_to=begin + timedelta(seconds=300))
    assert put(rig, wanted) == "Accepted"
    x = round((rig.time.now() - begin).total_seconds())
    assert composite(rig, unit, 400) == [(0, amount(unit, 6)), (300 - x, local_limit(unit))]


def test_TC_K_23_CS_a_schedule_that_starts_later(rig: Rig, unit: Unit) -> None:
    begin = rig.time.now()
    assert put(rig, profile(unit=unit, start=begin + timedelta(seconds=60))) == "Accepted"
    x = round((rig.time.now() - begin).total_seconds())
    assert composite(rig, unit, 300) == [(0, local_limit(unit)), (60 - x, amount(unit, 6))]


def test_TC_K_24_CS_several_profiles_are_cleared_by_purpose_and_level(rig: Rig) -> None:
    assert put(rig, profile(number=1, start=rig.time.now()), 1) == "Accepted"
    assert put(rig, profile(number=2, start=rig.time.now()), 2) == "Accepted"
    assert clear(rig, charging_profile_purpose="TxDefaultProfile", stack_level=0) == "Accepted"
    assert reported(rig, charging_profile_purpose="TxDefaultProfile", stack_level=0) == []


def test_TC_K_28_CS_a_default_profile_in_a_transaction(rig: Rig, unit: Unit) -> None:
    transferring(rig)
    begin = rig.time.now() - timedelta(seconds=DEVIATION_S)
    assert put(rig, profile(unit=unit, start=begin, duration=400 + DEVIATION_S)) == "Accepted"
    assert composite(rig, unit, 300) == [(0, amount(unit, 6))]


@pytest.fixture
def two(rig: Rig) -> tuple[v2.ChargingProfile, v2.ChargingProfile]:
    """The memory state of the cases about reports: one for the station, one for EVSE 1, at levels of their own."""
    of_station = profile(number=1, purpose="ChargingStationMaxProfile", start=rig.time.now(), level=1)
    of_evse = profile(number=2, start=rig.time.now(), level=2)
    assert put(rig, of_station, 0) == "Accepted"
    assert put(rig, of_evse, 1) == "Accepted"
    return of_station, of_evse


Two = tuple[v2.ChargingProfile, v2.ChargingProfile]


def test_TC_K_29_CS_the_profiles_of_the_station_are_reported(rig: Rig, two: Two) -> None:
    assert reported(rig, evse_id=0) == [(0, two[0])]


def test_TC_K_30_CS_the_profiles_of_an_EVSE_are_reported(rig: Rig, two: Two) -> None:
    assert reported(rig, evse_id=1) == [(1, two[1])]


def test_TC_K_31_CS_all_profiles_are_reported(rig: Rig, two: Two) -> None:
    assert reported(rig) == [(0, two[0]), (1, two[1])]


def test_TC_K_32_CS_a_profile_is_reported_by_its_id(rig: Rig, two: Two) -> None:
    assert reported(rig, charging_profile_id=(1,)) == [(0, two[0])]


def test_TC_K_33_CS_profiles_are_reported_by_EVSE_and_level(rig: Rig, two: Two) -> None:
    assert reported(rig, evse_id=1, stack_level=2) == [(1, two[1])]
    assert reported(rig, evse_id=1, stack_level=1) == []


def test_TC_K_34_CS_profiles_are_reported_by_EVSE_and_source(rig: Rig, two: Two) -> None:
    assert reported(rig, evse_id=1, charging_limit_source=("CSO",)) == [(1, two[1])]
    assert reported(rig, evse_id=1, charging_limit_source=("EMS",)) == []


def test_TC_K_35_CS_profiles_are_reported_by_EVSE_and_purpose(rig: Rig, two: Two) -> None:
    transferring(rig)
    assert reported(rig, evse_id=1, charging_profile_purpose="TxDefaultProfile") == [(1, two[1])]


def test_TC_K_36_CS_profiles_are_reported_by_EVSE_purpose_and_level(rig: Rig, two: Two) -> None:
    assert reported(rig, evse_id=1, charging_profile_purpose="TxDefaultProfile", stack_level=2) == [(1, two[1])]


def remote_start(rig: Rig, wanted: v2.ChargingProfile) -> None:
    """From EVConnectedPreSession; AuthorizeRemoteStart is false."""
    rig.hardware.plug()
    rig.time.advance(2)
    rig.fresh()
    ask = v2.RequestStartTransaction(
        id_token=v2.IdToken(id_token="TAG001", type="ISO14443"),
        remote_start_id=5,
        evse_id=1,
        charging_profile=wanted,
    )
    assert rig.ask(ask).status == "Accepted"
    rig.time.advance(5)
    started, *_, last = rig.of(v2.TransactionEvent)
    assert started.trigger_reason == "RemoteStart"
    assert started.transaction_info.remote_start_id == 5
    assert last.transaction_info.charging_state == "Charging"


def test_TC_K_37_CS_a_remote_start_with_a_profile(rig: Rig, unit: Unit) -> None:
    wanted = profile(unit=unit, purpose="TxProfile", kind="Relative")
    remote_start(rig, wanted)
    transaction_id = rig.last(v2.TransactionEvent).transaction_info.transaction_id
    ((evse_id, found),) = reported(rig, charging_profile_id=(1,))
    assert evse_id == 1
    assert found.transaction_id == transaction_id
    assert found.charging_schedule == wanted.charging_schedule


def test_TC_K_38_CS_a_remote_start_ignores_a_profile_without_smart_charging(rig: Rig) -> None:
    rig.set("SmartChargingCtrlr.Enabled", "false")
    remote_start(rig, profile(purpose="TxProfile", kind="Relative"))
    assert rig.hardware.measure(EvseId(1)).currents_a[0] == 16


def test_TC_K_39_CS_a_composite_schedule_without_profiles(rig: Rig, unit: Unit) -> None:
    assert composite(rig, unit, 300, 0) == [(0, local_limit(unit, 2))]


def test_TC_K_40_CS_a_composite_schedule_of_stacked_profiles(rig: Rig, unit: Unit) -> None:
    start = rig.time.now() - timedelta(seconds=DEVIATION_S)
    lower = profile(((0, 6), (100, 8), (200, 10)), number=1, unit=unit, start=start, duration=400)
    upper = profile(((0, 7), (100, 9)), number=2, level=1, unit=unit, start=start, duration=150)
    assert put(rig, lower) == put(rig, upper) == "Accepted"
    x = round((rig.time.now() - start).total_seconds())
    assert composite(rig, unit, 350) == [
        (0, amount(unit, 7)),
        (100 - x, amount(unit, 9)),
        (150 - x, amount(unit, 8)),
        (200 - x, amount(unit, 10)),
    ]


def test_TC_K_41_CS_a_composite_schedule_of_several_purposes(rig: Rig, unit: Unit) -> None:
    transaction_id = transferring(rig)
    start = rig.time.now() - timedelta(seconds=DEVIATION_S)
    most = profile(((0, 10),), number=1, unit=unit, purpose="ChargingStationMaxProfile", start=start, duration=86_400)
    default_periods = ((0, 6), (60, 10), (120, 8), (180, 15), (260, 8))
    default = profile(default_periods, number=2, unit=unit, start=start, duration=300)
    of_transaction = profile(
        ((0, 8), (50, 11), (140, 16), (200, 6), (240, 12)),
        number=3,
        unit=unit,
        purpose="TxProfile",
        start=start,
        duration=260,
        transaction_id=transaction_id,
    )
    assert put(rig, most, 0) == put(rig, default) == put(rig, of_transaction) == "Accepted"
    x = round((rig.time.now() - start).total_seconds())
    assert composite(rig, unit, 400) == [
        (0, amount(unit, 8)),
        (50 - x, amount(unit, 10)),
        (200 - x, amount(unit, 6)),
        (240 - x, amount(unit, 10)),
        (260 - x, amount(unit, 8)),
        (300 - x, amount(unit, 10)),
    ]


def test_TC_K_42_CS_a_composite_schedule_in_a_unit_that_is_not_supported(rig: Rig) -> None:
    rig.station.model.set(Name("SmartChargingCtrlr", "RateUnit"), "A")
    answer = rig.ask(v2.GetCompositeSchedule(evse_id=0, duration=300, charging_rate_unit="W"))
    assert (answer.status, answer.schedule) == ("Rejected", UNSET)


def test_TC_K_47_CS_a_composite_schedule_of_an_EVSE_that_is_not_there(rig: Rig) -> None:
    answer = rig.ask(v2.GetCompositeSchedule(evse_id=3, duration=300, charging_rate_unit="A"))
    assert (answer.status, answer.schedule) == ("Rejected", UNSET)


def test_TC_K_52_CS_a_limit_of_somebody_else_is_reported(rig: Rig) -> None:
    rig.hardware.restrict(Cap(Decimal(20), RateUnit.A))
    rig.time.advance(2)
    ((evse_id, found),) = reported(rig, charging_profile_purpose="ChargingStationExternalConstraints")
    assert evse_id == 0
    assert found.charging_profile_purpose == "ChargingStationExternalConstraints"
    assert found.charging_schedule[0].charging_schedule_period[0].limit == 20


def test_TC_K_60_CS_a_profile_of_a_running_transaction(rig: Rig, unit: Unit) -> None:
    wanted = profile(unit=unit, purpose="TxProfile", kind="Relative", transaction_id=transferring(rig))
    assert put(rig, wanted) == "Accepted"
    assert reported(rig, charging_profile_id=(1,)) == [(1, wanted)]


def test_TC_P_04_CS_data_of_a_vendor_inside_a_profile_is_left_aside(rig: Rig) -> None:
    custom = {"vendorId": "org.example", "mood": "good"}
    plain = profile(duration=3600, unit="A", kind="Relative")
    (schedule,) = plain.charging_schedule
    (period,) = schedule.charging_schedule_period
    period = replace(period, custom_data=custom)
    schedule = replace(schedule, charging_schedule_period=(period,))
    assert put(rig, replace(plain, charging_schedule=(schedule,), custom_data=custom)) == "Accepted"
