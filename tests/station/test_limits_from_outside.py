"""Limits that come otherwise than with a charging profile of a management system, and what 2.1 adds to those."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from msgspec import UNSET

from forecourt.charging.rates import Cap
from forecourt.charging.schedule import RateUnit
from forecourt.ocpp import v2
from forecourt.ocpp.versions import V21, V201, Version
from forecourt.station.hardware.vehicle import Model, Vehicle
from tests.station.rig import Rig
from tests.station.test_smart_charging import accepted, amperes, busy, profile, refusal, schedule


@pytest.fixture(params=[V201, V21], ids=str)
def version(request: pytest.FixtureRequest) -> Version:
    found: Version = request.param
    return found


def restrict(rig: Rig, amps: int | None) -> None:
    rig.hardware.restrict(None if amps is None else Cap(Decimal(amps), RateUnit.A))
    rig.time.advance(3)


def triggers(rig: Rig) -> list[str]:
    return [event.trigger_reason for event in rig.of(v2.TransactionEvent)]


def test_K11_K13_a_limit_of_an_energy_manager_is_followed_and_told(version: Version) -> None:
    rig = Rig(version, evses=2)
    busy(rig, 1)
    busy(rig, 2, "TAG002")
    rig.fresh()
    restrict(rig, 20)
    assert [amperes(rig, 1), amperes(rig, 2)] == [10, 10]
    told = rig.last(v2.NotifyChargingLimit)
    assert (told.charging_limit.charging_limit_source, told.charging_schedule) == ("EMS", UNSET)
    assert triggers(rig).count("ChargingRateChanged") == 2
    rig.fresh()
    restrict(rig, None)
    assert [amperes(rig, 1), amperes(rig, 2)] == [32, 32]
    assert rig.last(v2.ClearedChargingLimit).charging_limit_source == "EMS"
    assert triggers(rig).count("ChargingRateChanged") == 2


def test_K12_FR_01_FR_03_without_a_transaction_it_holds_for_the_next_one_and_may_be_told_whole(
    version: Version,
) -> None:
    rig = Rig(version)
    rig.set("SmartChargingCtrlr.NotifyChargingLimitWithSchedules", "true")
    restrict(rig, 10)
    (found,) = rig.last(v2.NotifyChargingLimit).charging_schedule  # type: ignore[misc]
    assert found.charging_schedule_period[0].limit == 10
    busy(rig)
    assert amperes(rig) == 10


def test_K11_FR_02_a_change_that_does_not_matter_is_not_told_but_followed(version: Version) -> None:
    rig = Rig(version)
    busy(rig)
    restrict(rig, 20)
    rig.fresh()
    restrict(rig, 19)
    assert amperes(rig) == 19
    assert rig.names() == []
    restrict(rig, 18)
    assert rig.names().count("NotifyChargingLimit") == 1


def test_a_limit_that_is_not_to_be_heeded_is_not(version: Version) -> None:
    rig = Rig(version)
    rig.set("SmartChargingCtrlr.ExternalControlSignalsEnabled", "false")
    busy(rig)
    rig.fresh()
    restrict(rig, 10)
    assert amperes(rig) == 32
    assert rig.of(v2.NotifyChargingLimit) == []


def test_a_limit_of_somebody_else_holds_without_smart_charging_and_without_power_and_is_told_afterwards(
    version: Version,
) -> None:
    rig = Rig(version)
    accepted(rig, profile(schedule((0, 8))))
    rig.set("SmartChargingCtrlr.Enabled", "false")
    rig.link.up = False
    rig.link.cut()
    restrict(rig, 12)
    rig.powered.cut_power()
    rig.link.up = True
    rig.time.advance(10)
    rig.powered.power_on()
    rig.time.advance(5)
    assert len(rig.of(v2.NotifyChargingLimit)) == 1
    busy(rig)
    assert amperes(rig) == 12


def test_what_limits_while_offline_is_told_when_online_again(version: Version) -> None:
    rig = Rig(version)
    rig.link.up = False
    rig.link.cut()
    rig.time.advance(5)
    restrict(rig, 12)
    rig.link.up = True
    rig.time.advance(100)
    assert len(rig.of(v2.NotifyChargingLimit)) == 1
    rig.link.up = False
    rig.link.cut()
    rig.time.advance(5)
    restrict(rig, None)
    rig.link.up = True
    rig.time.advance(100)
    assert len(rig.of(v2.ClearedChargingLimit)) == 1


def test_K10_FR_09_a_limit_of_somebody_else_is_not_cleared(version: Version) -> None:
    rig = Rig(version)
    restrict(rig, 12)
    assert rig.ask(v2.ClearChargingProfile(charging_profile_id=-1)).status == "Unknown"
    # K01.FR.81: nor replaced.
    assert refusal(rig, profile(schedule((0, 20)), number=-1), 0) == "InvalidProfileId"
    busy(rig)
    assert amperes(rig) == 12


# Dynamic profiles.


def dynamic(limit: int, **more: Any) -> v2.ChargingProfile:
    found = schedule((0, limit), **{name: more.pop(name) for name in ("duration",) if name in more})
    return profile(found, kind="Dynamic", **more)


def update(rig: Rig, limit: int, number: int = 1) -> v2.UpdateDynamicScheduleResponse:
    new = v2.ChargingScheduleUpdate(limit=Decimal(limit))
    answer: v2.UpdateDynamicScheduleResponse = rig.ask(
        v2.UpdateDynamicSchedule(charging_profile_id=number, schedule_update=new)
    )
    return answer


def test_K28_FR_06_FR_13_FR_14_a_dynamic_profile_is_updated_and_holds_for_its_duration_only() -> None:
    rig = Rig(V21)
    busy(rig)
    accepted(rig, dynamic(20, duration=60))
    rig.time.advance(3)
    assert amperes(rig) == 20
    rig.time.advance(40)
    assert update(rig, 10).status == "Accepted"
    rig.time.advance(40)
    assert amperes(rig) == 10
    rig.time.advance(25)
    assert amperes(rig) == 32
    assert update(rig, 12).status == "Accepted"
    rig.time.advance(3)
    assert amperes(rig) == 12
    rig.fresh()
    rig.ask(v2.GetChargingProfiles(request_id=1, charging_profile=v2.ChargingProfileCriterion()))
    (found,) = rig.last(v2.ReportChargingProfiles).charging_profile
    assert found.charging_schedule[0].charging_schedule_period[0].limit == 12
    assert found.dyn_update_time is not UNSET


def test_K28_FR_11_a_profile_that_is_not_dynamic_is_not_updated() -> None:
    rig = Rig(V21)
    accepted(rig, profile(schedule((0, 8))))
    for number in (1, 2):
        answer = update(rig, 10, number)
        assert answer.status == "Rejected"
        assert answer.status_info is not UNSET
        assert answer.status_info.reason_code == "InvalidProfile"


def test_K28_FR_08_FR_10_new_values_are_asked_for_at_the_interval() -> None:
    rig = Rig(V21)
    limits = iter((14, 12))

    def answer(request: Any) -> v2.PullDynamicScheduleUpdateResponse:
        new = v2.ChargingScheduleUpdate(limit=Decimal(next(limits)))
        return v2.PullDynamicScheduleUpdateResponse(status="Accepted", schedule_update=new)

    busy(rig)
    rig.answers[v2.PullDynamicScheduleUpdate] = answer
    accepted(rig, dynamic(20, dyn_update_interval=30))
    rig.time.advance(25)
    assert amperes(rig) == 20
    assert len(rig.of(v2.PullDynamicScheduleUpdate)) == 0
    rig.time.advance(10)
    assert amperes(rig) == 14
    assert len(rig.of(v2.PullDynamicScheduleUpdate)) == 1
    rig.time.advance(30)
    assert amperes(rig) == 12
    assert len(rig.of(v2.PullDynamicScheduleUpdate)) == 2
    # A refusal changes nothing, and is no reason to ask more often.
    refused = v2.PullDynamicScheduleUpdateResponse(status="Rejected")
    rig.answers[v2.PullDynamicScheduleUpdate] = lambda request: refused
    rig.time.advance(60)
    assert amperes(rig) == 12
    assert len(rig.of(v2.PullDynamicScheduleUpdate)) == 4
    accepted(rig, profile(schedule((0, 30)), number=2, level=1))
    assert len(rig.of(v2.PullDynamicScheduleUpdate)) == 4
    assert rig.ask(v2.ClearChargingProfile(charging_profile_id=1)).status == "Accepted"
    rig.time.advance(120)
    assert len(rig.of(v2.PullDynamicScheduleUpdate)) == 4


# Priority charging.


def use_priority(rig: Rig, transaction_id: str, *, on: bool = True) -> str:
    ask = v2.UsePriorityCharging(transaction_id=transaction_id, activate=on)
    answer: v2.UsePriorityChargingResponse = rig.ask(ask)
    rig.time.advance(2)
    return answer.status


def priority_told(rig: Rig) -> list[tuple[str, bool]]:
    return [(told.transaction_id, told.activated) for told in rig.of(v2.NotifyPriorityCharging)]


def test_K21_priority_charging_takes_the_place_of_other_profiles_of_the_transaction() -> None:
    rig = Rig(V21)
    accepted(rig, profile(schedule((0, 8))))
    transaction_id = busy(rig)
    assert use_priority(rig, "another") == "Rejected"
    assert use_priority(rig, transaction_id) == "NoProfile"
    accepted(rig, profile(schedule((0, 28)), number=2, purpose="PriorityCharging"), 0)
    rig.time.advance(2)
    assert amperes(rig) == 8
    assert use_priority(rig, transaction_id) == "Accepted"
    assert amperes(rig) == 28
    assert priority_told(rig) == [(transaction_id, True)]
    assert use_priority(rig, transaction_id, on=False) == "Accepted"
    assert amperes(rig) == 8
    assert priority_told(rig)[1:] == [(transaction_id, False)]
    assert use_priority(rig, transaction_id, on=False) == "Accepted"
    assert len(priority_told(rig)) == 2


def test_K22_priority_charging_by_the_button_is_told_when_online_again_and_ends_with_the_transaction() -> None:
    rig = Rig(V21)
    accepted(rig, profile(schedule((0, 8))))
    rig.hardware.hurry()
    assert rig.hardware.shown == ["No priority charging"]
    accepted(rig, profile(schedule((0, 28)), number=2, purpose="PriorityCharging"))
    transaction_id = busy(rig)
    rig.link.up = False
    rig.link.cut()
    rig.hardware.hurry()
    rig.time.advance(5)
    assert amperes(rig) == 28
    rig.link.up = True
    rig.time.advance(100)
    assert priority_told(rig) == [(transaction_id, True)]
    rig.hardware.swipe("TAG001")
    rig.time.advance(5)
    rig.hardware.swipe("TAG001")
    rig.time.advance(5)
    assert amperes(rig) == 8


# What else 2.1 has in a profile.


def test_K01_FR_100_above_a_state_of_charge_the_limit_is_lower() -> None:
    rig = Rig(V21)
    rig.hardware.plug(Vehicle(Model(ac_current_a=32, battery_wh=10_000), soc=0.7))
    rig.hardware.swipe("TAG001")
    rig.time.advance(5)
    capped = schedule((0, 30), limit_at_so_c=v2.LimitAtSoC(soc=75, limit=Decimal(10)))
    accepted(rig, profile(capped))
    rig.time.advance(3)
    assert amperes(rig) == 30
    rig.time.advance(180)
    vehicle = rig.hardware.vehicle_at()
    assert vehicle is not None
    assert vehicle.soc > 0.75
    assert amperes(rig) == 10


@pytest.mark.parametrize("gone", [False, True])
def test_K01_FR_101_FR_102_a_profile_may_hold_for_a_while_offline_only(gone: bool) -> None:
    rig = Rig(V21)
    busy(rig)
    lasting = profile(schedule((0, 20)), max_offline_duration=60, invalid_after_offline_duration=gone)
    accepted(rig, lasting)
    rig.link.up = False
    rig.link.cut()
    rig.time.advance(50)
    assert amperes(rig) == 20
    rig.time.advance(20)
    assert amperes(rig) == 32
    rig.link.up = True
    rig.time.advance(100)
    assert amperes(rig) == (32 if gone else 20)


def test_K01_FR_92_periods_are_put_off_by_a_random_delay_that_is_drawn_once() -> None:
    rig = Rig(V21)
    transaction_id = busy(rig)
    begin = rig.time.now()
    delayed = schedule((0, 10), (100, 20), start=begin, randomized_delay=60)
    accepted(rig, profile(delayed, purpose="TxProfile", transaction_id=transaction_id))
    ask = v2.GetCompositeSchedule(evse_id=1, duration=300, charging_rate_unit="A")
    starts = set()
    for _ in range(3):
        answer = rig.ask(ask).schedule
        first, second = answer.charging_schedule_period
        assert (first.limit, second.limit) == (10, 20)
        starts.add(round((answer.schedule_start - begin).total_seconds()) + second.start_period)
    (start,) = starts
    # The seed of the rig draws more than nothing.
    assert 100 < start <= 160
    rig.time.advance(start - 3 - 2)
    assert amperes(rig) == 10
    rig.time.advance(6)
    assert amperes(rig) == 20


def _mode(mode: Any, **more: Any) -> v2.ChargingSchedule:
    period = v2.ChargingSchedulePeriod(start_period=0, operation_mode=mode, **more)
    return v2.ChargingSchedule(id=1, charging_rate_unit="A", charging_schedule_period=(period,))


@pytest.mark.parametrize(
    ("wanted", "code"),
    [
        (_mode("ChargingOnly", limit=Decimal(10), evse_sleep=True), "InvalidSchedule"),
        (schedule((0, 10), (0, 11)), "InvalidSchedule"),
        (schedule(*((at, 10) for at in range(201))), "TooManyElements"),
        (_mode("Idle"), "InvalidOperationMode"),
        (_mode("CentralSetpoint", setpoint=Decimal(10)), "InvalidOperationMode"),
    ],
    ids=["sleep", "out of order", "too many periods", "idle", "setpoint"],
)
def test_what_cannot_be_followed_is_refused_with_its_reason(wanted: v2.ChargingSchedule, code: str) -> None:
    assert refusal(Rig(V21), profile(wanted)) == code
