"""Charging profiles are followed: by the vehicle, at every boundary, over a loss of power, and never beyond a limit."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any, Literal

import pytest
from msgspec import UNSET

from forecourt.charging.ids import EvseId
from forecourt.ocpp import v2, v16
from forecourt.ocpp.versions import V16, V21, V201, Version
from forecourt.station.config import EvseBuild
from forecourt.station.hardware.vehicle import Model, Vehicle
from tests.station.rig import Rig
from tests.station.test_power_cut import Failing, PowerCut

VOLTS = 230
Unit = Literal["A", "W"]


def schedule(*periods: tuple[int, float], unit: Unit = "A", start: datetime | None = None, **more: Any) -> Any:
    return v2.ChargingSchedule(
        id=1,
        charging_rate_unit=unit,
        start_schedule=UNSET if start is None else start,
        charging_schedule_period=tuple(
            v2.ChargingSchedulePeriod(start_period=at, limit=Decimal(str(limit))) for at, limit in periods
        ),
        **more,
    )


def profile(
    found: v2.ChargingSchedule, *, number: int = 1, purpose: Any = "TxDefaultProfile", level: int = 0, **more: Any
) -> v2.ChargingProfile:
    kind = "Relative" if found.start_schedule is UNSET else "Absolute"
    return v2.ChargingProfile(
        id=number,
        stack_level=level,
        charging_profile_purpose=purpose,
        charging_profile_kind=more.pop("kind", kind),
        charging_schedule=(found,),
        **more,
    )


def put(rig: Rig, found: v2.ChargingProfile, evse_id: int = 1) -> v2.SetChargingProfileResponse:
    answer: v2.SetChargingProfileResponse = rig.ask(v2.SetChargingProfile(evse_id=evse_id, charging_profile=found))
    return answer


def accepted(rig: Rig, found: v2.ChargingProfile, evse_id: int = 1) -> None:
    answer = put(rig, found, evse_id)
    assert answer.status == "Accepted", answer


def refusal(rig: Rig, found: v2.ChargingProfile, evse_id: int = 1) -> str:
    answer = put(rig, found, evse_id)
    assert answer.status == "Rejected"
    assert answer.status_info is not UNSET
    return answer.status_info.reason_code


def amperes(rig: Rig, evse_id: int = 1) -> Decimal:
    """What flows on the first line."""
    return rig.hardware.measure(EvseId(evse_id)).currents_a[0]


def busy(rig: Rig, evse_id: int = 1, tag: str = "TAG001") -> str:
    """A session at an EVSE; the id of its transaction."""
    rig.hardware.plug(Vehicle(Model(ac_current_a=32)), evse_id=evse_id)
    rig.time.advance(2)
    rig.hardware.swipe(tag, evse_id=evse_id)
    rig.time.advance(10)
    transaction = rig.station.bays[EvseId(evse_id)].transaction
    assert transaction is not None
    return transaction.id


@pytest.fixture(params=[V201, V21], ids=str)
def version(request: pytest.FixtureRequest) -> Version:
    found: Version = request.param
    return found


def test_K01_FR_12_the_vehicle_follows_at_every_boundary(version: Version) -> None:
    rig = Rig(version)
    begin = rig.time.now()
    busy(rig)
    assert amperes(rig) == 32
    accepted(rig, profile(schedule((0, 10), (100, 16), (200, 0), (300, 6.5), start=begin, duration=400)))
    taken = {}
    while (at := (rig.time.now() - begin).total_seconds()) < 420:
        taken[at] = amperes(rig)
        rig.time.advance(1)
    # A limit that falls holds at once but for the moment that the vehicle takes; one that rises may be a little late.
    for at, limit in ((20, 10), (98, 10), (104, 16), (198, 16), (202, 0), (299, 0), (304, 6.5), (398, 6.5), (404, 32)):
        assert taken[at] == Decimal(str(limit)), at
    states = [event.transaction_info.charging_state for event in rig.of(v2.TransactionEvent)]
    assert states.count("SuspendedEVSE") >= 1
    assert states[-1] == "Charging"


def test_K01_FR_42_a_relative_schedule_starts_when_driver_and_vehicle_are_there(version: Version) -> None:
    rig = Rig(version)
    accepted(rig, profile(schedule((0, 8), (60, 20))))
    rig.time.advance(500)
    busy(rig)
    assert amperes(rig) == 8
    rig.time.advance(60)
    assert amperes(rig) == 20


def test_K01_FR_50_a_limit_in_W_is_spread_over_the_phases_of_its_period(version: Version) -> None:
    rig = Rig(version)
    busy(rig)
    accepted(rig, profile(schedule((0, 6_900), unit="W")))
    rig.time.advance(3)
    assert amperes(rig) == 10
    one_phase = v2.ChargingSchedulePeriod(start_period=0, limit=Decimal(2_300), number_phases=1)
    found = v2.ChargingSchedule(id=1, charging_rate_unit="W", charging_schedule_period=(one_phase,))
    accepted(rig, profile(found))
    rig.time.advance(3)
    assert rig.hardware.measure(EvseId(1)).currents_a == (Decimal(10), Decimal(0), Decimal(0))


def test_a_limit_in_W_holds_whatever_the_voltage_of_a_DC_vehicle() -> None:
    direct = EvseBuild(kinds=("cCCS2",), phases=1, voltage_v=500, current_a=300, direct=True)
    rig = Rig(V21, built=(direct,))
    busy(rig)
    assert rig.hardware.measure(EvseId(1)).power_w == 120_000
    accepted(rig, profile(schedule((0, 50_000), unit="W")))
    rig.time.advance(3)
    assert 49_900 < rig.hardware.measure(EvseId(1)).power_w <= 50_000
    accepted(rig, profile(schedule((0, 0), unit="W")))
    rig.time.advance(3)
    assert rig.hardware.measure(EvseId(1)).power_w == 0
    assert rig.last(v2.TransactionEvent).transaction_info.charging_state == "SuspendedEVSE"


def test_K04_FR_05_the_EVSEs_share_what_the_station_may_draw(version: Version) -> None:
    rig = Rig(version, evses=3)
    begin = rig.time.now()
    most = schedule((0, 40), start=begin)
    accepted(rig, profile(most, purpose="ChargingStationMaxProfile"), 0)
    busy(rig, 1)
    assert [amperes(rig, number) for number in (1, 2, 3)] == [32, 0, 0]
    busy(rig, 2, "TAG002")
    assert [amperes(rig, number) for number in (1, 2, 3)] == [20, 20, 0]
    accepted(rig, profile(schedule((0, 8)), number=2), 2)
    rig.time.advance(3)
    assert [amperes(rig, number) for number in (1, 2, 3)] == [32, 8, 0]
    busy(rig, 3, "TAG003")
    assert [amperes(rig, number) for number in (1, 2, 3)] == [16, 8, 16]
    accepted(rig, profile(schedule((0, 13), start=begin), purpose="ChargingStationMaxProfile"), 0)
    rig.time.advance(3)
    # For three there is not enough: who came last waits.
    assert [amperes(rig, number) for number in (1, 2, 3)] == [Decimal("6.5"), Decimal("6.5"), 0]
    rig.hardware.swipe("TAG001", evse_id=1)
    rig.time.advance(3)
    assert [amperes(rig, number) for number in (1, 2, 3)] == [0, Decimal("6.5"), Decimal("6.5")]


def test_K04_FR_02_the_connection_to_the_grid_has_a_fixed_limit(version: Version) -> None:
    rig = Rig(version, evses=2, grid_a=32)
    busy(rig, 1)
    busy(rig, 2, "TAG002")
    assert [amperes(rig, 1), amperes(rig, 2)] == [16, 16]
    asked = v2.GetCompositeSchedule(evse_id=0, duration=60, charging_rate_unit="A")
    (period,) = rig.ask(asked).schedule.charging_schedule_period
    assert period.limit == 32


def test_K01_FR_27_profiles_outlive_the_power_but_not_those_of_a_transaction(version: Version) -> None:
    rig = Rig(version, evses=2)
    begin = rig.time.now()
    accepted(rig, profile(schedule((0, 20), start=begin), purpose="ChargingStationMaxProfile", number=1), 0)
    accepted(rig, profile(schedule((0, 12)), number=2), 1)
    transaction_id = busy(rig)
    accepted(rig, profile(schedule((0, 7)), number=3, purpose="TxProfile", transaction_id=transaction_id))
    rig.powered.cut_power()
    rig.time.advance(10)
    rig.powered.power_on()
    rig.time.advance(5)
    rig.fresh()
    every = v2.GetChargingProfiles(request_id=5, charging_profile=v2.ChargingProfileCriterion())
    assert rig.ask(every).status == "Accepted"
    reports = rig.of(v2.ReportChargingProfiles)
    assert [(one.evse_id, one.tbc, [told.id for told in one.charging_profile]) for one in reports] == [
        (0, True, [1]),
        (1, UNSET, [2]),
    ]
    rig.hardware.swipe("TAG001", evse_id=1)
    rig.time.advance(5)
    assert amperes(rig) == 12


@pytest.mark.parametrize("version", [V16, V21], ids=str)
def test_power_may_fail_at_any_moment_of_setting_replacing_and_clearing(version: Version) -> None:
    """What has been accepted is there afterwards, and nothing else is."""

    def ask(rig: Rig, what: str, limit: int, number: int) -> Any:
        if version is V16 and what == "clear":
            return v16.ClearChargingProfile(id=number)
        if what == "clear":
            return v2.ClearChargingProfile(charging_profile_id=number)
        if version is V21:
            return v2.SetChargingProfile(
                evse_id=1, charging_profile=profile(schedule((0, limit)), number=number, level=number)
            )
        period = v16.ChargingSchedulePeriod(start_period=0, limit=Decimal(limit))
        found = v16.ChargingProfile(
            charging_profile_id=number,
            stack_level=number,
            charging_profile_purpose="TxDefaultProfile",
            charging_profile_kind="Absolute",
            charging_schedule=v16.ChargingSchedule(charging_rate_unit="A", charging_schedule_period=(period,)),
        )
        return v16.SetChargingProfile(connector_id=1, cs_charging_profiles=found)

    def limit_now(rig: Rig, storage: Failing) -> Decimal:
        storage.at, count, at = None, storage.count, storage.at
        asked: Any = v2.GetCompositeSchedule(evse_id=1, duration=60, charging_rate_unit="A")
        if version is V16:
            asked = v16.GetCompositeSchedule(connector_id=1, duration=60, charging_rate_unit="A")
        answer = rig.ask(asked)
        found = answer.charging_schedule if version is V16 else answer.schedule
        limit: Decimal = found.charging_schedule_period[0].limit
        storage.count, storage.at = count, at
        return limit

    steps = [("set", 10, 1), ("set", 8, 2), ("set", 9, 2), ("clear", 0, 2), ("clear", 0, 1)]
    limits = [32, 10, 8, 9, 10, 32]
    cut_at, done = 1, False
    while not done:
        storage = Failing()
        rig = Rig(version, storage=storage)
        storage.count, storage.at = 0, cut_at
        done = True
        for index, step in enumerate(steps):
            try:
                answer = rig.ask(ask(rig, *step))
                assert answer.status == "Accepted"
            except PowerCut:
                done = False
                rig.powered.cut_power()
                rig.time.advance(10)
                rig.powered.power_on()
                rig.time.advance(5)
                assert limit_now(rig, storage) in limits[index : index + 2]
                rig.ask(ask(rig, *step))
            assert limit_now(rig, storage) == limits[index + 1]
        cut_at += 1
    assert cut_at > len(steps)


def test_K01_FR_93_delays_are_drawn_for_a_transaction_that_goes_on_after_a_loss_of_power() -> None:
    rig = Rig(V21)
    rig.set("TxCtrlr.ResumptionTimeout", "600")
    begin = rig.time.now()
    accepted(rig, profile(schedule((0, 9), (3000, 12), start=begin, randomized_delay=500)))
    busy(rig)
    rig.powered.cut_power()
    rig.time.advance(30)
    rig.powered.power_on()
    rig.time.advance(60)
    found = rig.ask(v2.GetCompositeSchedule(evse_id=1, duration=5000, charging_rate_unit="A")).schedule
    _, second = found.charging_schedule_period
    since_s = (found.schedule_start - begin).total_seconds() + second.start_period
    assert 3002 < since_s <= 3502


def test_a_transaction_that_goes_on_after_a_loss_of_power_keeps_its_profile() -> None:
    rig = Rig(V21)
    rig.set("TxCtrlr.ResumptionTimeout", "600")
    rig.set("TxCtrlr.AllowEnergyTransferResumption", "true")
    transaction_id = busy(rig)
    accepted(rig, profile(schedule((0, 9), start=rig.time.now()), purpose="TxProfile", transaction_id=transaction_id))
    rig.powered.cut_power()
    rig.time.advance(30)
    rig.powered.power_on()
    rig.time.advance(60)
    transaction = rig.station.bays[EvseId(1)].transaction
    assert transaction is not None
    assert transaction.id == transaction_id
    assert amperes(rig) == 9
    rig.hardware.swipe("TAG001")
    rig.time.advance(3)
    every = v2.GetChargingProfiles(request_id=5, charging_profile=v2.ChargingProfileCriterion())
    assert rig.ask(every).status == "NoProfiles"
