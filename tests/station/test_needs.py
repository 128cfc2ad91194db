"""Vehicles that talk: their needs are told, and the schedule they follow."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from msgspec import UNSET, structs

from forecourt.charging.ids import EvseId
from forecourt.charging.schedule import Period, RateUnit, Schedule
from forecourt.ocpp import v2
from forecourt.ocpp.versions import V21, V201, Version
from forecourt.station.config import EvseBuild
from forecourt.station.hardware.interface import Control
from forecourt.station.hardware.vehicle import Model, Vehicle
from tests.station.rig import Rig
from tests.station.test_smart_charging import accepted, amperes, profile, schedule


@pytest.fixture(params=[V201, V21], ids=str)
def version(request: pytest.FixtureRequest) -> Version:
    found: Version = request.param
    return found


def arrive(rig: Rig, departs_at: datetime | None = None) -> str:
    """A vehicle that talks is plugged in and authorized; the id of its transaction."""
    vehicle = Vehicle(Model(talks=True, ac_current_a=32), soc=0.5)
    vehicle.departs_at = departs_at
    rig.hardware.plug(vehicle)
    rig.time.advance(2)
    rig.hardware.swipe("TAG001")
    rig.time.advance(5)
    transaction = rig.station.bays[1].transaction  # type: ignore[index]
    assert transaction is not None
    return transaction.id


def test_K15_FR_01_FR_06_what_a_vehicle_needs_is_told_after_its_transaction_has_begun(version: Version) -> None:
    rig = Rig(version)
    departs_at = rig.time.now() + timedelta(hours=8)
    arrive(rig, departs_at)
    told = rig.last(v2.NotifyEVChargingNeeds)
    assert rig.names().index("TransactionEvent") < rig.names().index("NotifyEVChargingNeeds")
    needs = told.charging_needs
    assert (told.evse_id, told.timestamp) == (1, UNSET)
    assert (needs.requested_energy_transfer, needs.departure_time) == ("AC_three_phase", departs_at)
    assert needs.dc_charging_parameters is UNSET
    ac = needs.ac_charging_parameters
    assert isinstance(ac, v2.ACChargingParameters)
    # Half of 60 kWh, and what is lost on the way.
    assert (ac.energy_amount, ac.ev_min_current, ac.ev_max_current) == (Decimal(33_333), Decimal(6), Decimal(32))


def test_K15_FR_06_a_DC_vehicle_tells_what_it_can_take_and_has(version: Version) -> None:
    rig = Rig(version, built=(EvseBuild(kinds=("cCCS2",), phases=1, voltage_v=400, current_a=375, direct=True),))
    arrive(rig)
    needs = rig.last(v2.NotifyEVChargingNeeds).charging_needs
    assert (needs.requested_energy_transfer, needs.ac_charging_parameters) == ("DC", UNSET)
    dc = needs.dc_charging_parameters
    assert isinstance(dc, v2.DCChargingParameters)
    assert (dc.ev_max_power, dc.ev_energy_capacity) == (Decimal(120_000), Decimal(60_000))
    assert dc.state_of_charge == 50


def test_K15_FR_10_FR_19_the_schedule_that_is_followed_is_told_within_what_was_set(version: Version) -> None:
    rig = Rig(version)
    most = profile(schedule((0, 20), start=rig.time.now()), number=9, purpose="ChargingStationMaxProfile")
    accepted(rig, most, 0)
    transaction_id = arrive(rig)
    wanted = profile(schedule((0, 10), (600, 30), duration=1200), purpose="TxProfile", transaction_id=transaction_id)
    accepted(rig, wanted)
    rig.time.advance(2)
    assert amperes(rig) == 10
    told = rig.last(v2.NotifyEVChargingSchedule)
    assert told.evse_id == 1
    assert told.selected_charging_schedule_id == (1 if version is V21 else UNSET)
    first, second = told.charging_schedule.charging_schedule_period
    assert (first.start_period, first.limit) == (0, Decimal(10))
    assert abs(second.start_period - 600) < 20
    assert second.limit == 20


def test_K15_FR_10_what_is_told_ends_with_the_schedule(version: Version) -> None:
    rig = Rig(version)
    transaction_id = arrive(rig)
    rig.time.advance(40)
    accepted(rig, profile(schedule((0, 10), duration=100), purpose="TxProfile", transaction_id=transaction_id))
    rig.time.advance(2)
    told = rig.last(v2.NotifyEVChargingSchedule).charging_schedule
    # It has counted since the driver and the vehicle were there.
    assert isinstance(told.duration, int)
    assert 50 < told.duration < 60
    assert [period.limit for period in told.charging_schedule_period] == [10]
    rig.fresh()
    accepted(rig, profile(schedule((0, 12), duration=10), purpose="TxProfile", transaction_id=transaction_id))
    rig.time.advance(2)
    assert rig.of(v2.NotifyEVChargingSchedule) == []


def test_K17_FR_01_a_vehicle_that_changes_its_mind_is_told_of_again(version: Version) -> None:
    rig = Rig(version)
    arrive(rig)
    rig.time.advance(600)
    rig.hardware.renegotiate()
    rig.time.advance(2)
    first, second = rig.of(v2.NotifyEVChargingNeeds)
    before, after = first.charging_needs.ac_charging_parameters, second.charging_needs.ac_charging_parameters
    assert isinstance(before, v2.ACChargingParameters)
    assert isinstance(after, v2.ACChargingParameters)
    assert after.energy_amount < before.energy_amount


def test_K15_FR_15_FR_20_offline_the_default_holds_and_the_needs_are_told_afterwards(version: Version) -> None:
    rig = Rig(version)
    rig.set("AuthCtrlr.OfflineTxForUnknownIdEnabled", "true")
    accepted(rig, profile(schedule((0, 8))))
    rig.link.up = False
    rig.link.cut()
    rig.time.advance(5)
    arrive(rig)
    assert amperes(rig) == 8
    at = rig.time.now()
    rig.link.up = True
    rig.time.advance(100)
    (told,) = rig.of(v2.NotifyEVChargingNeeds)
    if version is V21:
        assert isinstance(told.timestamp, datetime)
        assert abs((at - told.timestamp).total_seconds()) < 10


def test_a_vehicle_that_does_not_talk_is_not_told_of(version: Version) -> None:
    rig = Rig(version)
    rig.session(seconds=60)
    transaction = rig.station.bays[1].transaction  # type: ignore[index]
    assert transaction is not None
    accepted(rig, profile(schedule((0, 10)), purpose="TxProfile", transaction_id=transaction.id))
    assert rig.of(v2.NotifyEVChargingNeeds) == []
    assert rig.of(v2.NotifyEVChargingSchedule) == []


TWENTY = Model(talks=True, control=Control.SCHEDULED, ac_current_a=32, discharge_w=10_000)


def of_20(rig: Rig, model: Model = TWENTY) -> tuple[Vehicle, str]:
    """A vehicle of ISO 15118-20 charges; its transaction."""
    vehicle = Vehicle(model, soc=0.5)
    rig.hardware.plug(vehicle)
    rig.time.advance(2)
    rig.hardware.swipe("TAG001")
    rig.time.advance(5)
    transaction = rig.station.bays[1].transaction  # type: ignore[index]
    assert transaction is not None
    return vehicle, transaction.id


def test_K18_FR_06_an_AC_vehicle_tells_powers_over_all_phases_and_that_it_could_give_back() -> None:
    rig = Rig(V21, built=(EvseBuild(bidirectional=True),))
    of_20(rig)
    needs = rig.last(v2.NotifyEVChargingNeeds).charging_needs
    assert (needs.requested_energy_transfer, needs.mobility_needs_mode) == ("AC_three_phase", "EVCC")
    assert needs.available_energy_transfer == ("AC_three_phase", "AC_BPT")
    told = needs.v2x_charging_parameters
    assert isinstance(told, v2.V2XChargingParameters)
    assert (told.min_charge_power, told.max_charge_power, told.max_discharge_power) == (
        Decimal(4140),
        Decimal(22_080),
        Decimal(10_000),
    )
    assert (told.max_charge_current, told.max_voltage) == (UNSET, UNSET)


def test_K18_FR_06_a_DC_vehicle_tells_currents_too() -> None:
    rig = Rig(V21, built=(EvseBuild(kinds=("cCCS2",), phases=1, voltage_v=400, current_a=375, direct=True),))
    of_20(rig, Model(talks=True, control=Control.DYNAMIC))
    needs = rig.last(v2.NotifyEVChargingNeeds).charging_needs
    assert (needs.requested_energy_transfer, needs.control_mode) == ("DC", "DynamicControl")
    assert needs.available_energy_transfer == ("DC",)
    told = needs.v2x_charging_parameters
    assert isinstance(told, v2.V2XChargingParameters)
    assert (told.min_charge_power, told.max_charge_power, told.max_discharge_power) == (
        Decimal(0),
        Decimal(120_000),
        UNSET,
    )
    assert (told.min_charge_current, told.max_charge_current, told.max_voltage) == (
        Decimal(0),
        Decimal(300),
        Decimal(400),
    )


def test_what_the_EVSE_cannot_do_is_not_available() -> None:
    rig = Rig(V21)
    of_20(rig)
    needs = rig.last(v2.NotifyEVChargingNeeds).charging_needs
    assert needs.available_energy_transfer == ("AC_three_phase",)


def test_in_2_0_1_it_tells_its_needs_as_one_of_ISO_15118_2() -> None:
    rig = Rig(V201)
    of_20(rig)
    needs = rig.last(v2.NotifyEVChargingNeeds).charging_needs
    assert (needs.v2x_charging_parameters, needs.control_mode) == (UNSET, UNSET)
    assert isinstance(needs.ac_charging_parameters, v2.ACChargingParameters)


@pytest.mark.parametrize(("control", "ends"), [(Control.SCHEDULED, True), (Control.DYNAMIC, True), (None, False)])
def test_K18_FR_23_K19_FR_16_a_refused_way_of_charging_ends_the_transaction(
    control: Control | None, ends: bool
) -> None:
    rig = Rig(V21)
    rig.answers[v2.NotifyEVChargingNeeds] = lambda request: v2.NotifyEVChargingNeedsResponse(status="Rejected")
    rig.hardware.plug(Vehicle(Model(talks=True, control=control), soc=0.5))
    rig.time.advance(2)
    rig.hardware.swipe("TAG001")
    rig.time.advance(5)
    last = rig.last(v2.TransactionEvent)
    assert (last.event_type == "Ended") is ends
    if ends:
        assert last.trigger_reason == "AbnormalCondition"
        assert last.transaction_info.stopped_reason == "ReqEnergyTransferRejected"


def three(rig: Rig, transaction_id: str, *limits: float) -> None:
    schedules = tuple(structs.replace(schedule((0, limit)), id=number) for number, limit in enumerate(limits, 1))
    wanted = profile(schedules[0], purpose="TxProfile", transaction_id=transaction_id)
    accepted(rig, structs.replace(wanted, charging_schedule=schedules))


def test_K15_FR_22_what_a_vehicle_chooses_limits_it_and_until_then_the_first_schedule_does() -> None:
    rig = Rig(V21)
    vehicle, transaction_id = of_20(rig)
    vehicle.choice = 2
    three(rig, transaction_id, 20, 16, 10)
    # It has chosen by now; another profile is another choice.
    rig.time.advance(2)
    assert amperes(rig) == 10
    assert rig.last(v2.NotifyEVChargingSchedule).selected_charging_schedule_id == 3
    vehicle.choice = 0
    three(rig, transaction_id, 18, 12)
    rig.time.advance(2)
    assert amperes(rig) == 18
    assert rig.last(v2.NotifyEVChargingSchedule).selected_charging_schedule_id == 1


def test_K16_FR_05_what_the_vehicle_says_it_will_take_is_told_and_limits_nothing() -> None:
    rig = Rig(V21)
    _, transaction_id = of_20(rig)
    three(rig, transaction_id, 20)
    rig.time.advance(2)
    own = Schedule(schedule_id=99, unit=RateUnit.A, periods=(Period(start_s=0, limit=Decimal(9)),))
    rig.station.scheduled(EvseId(1), 1, own)
    rig.time.advance(2)
    told = rig.last(v2.NotifyEVChargingSchedule)
    assert (told.selected_charging_schedule_id, told.charging_schedule.id) == (1, 1)
    assert [period.limit for period in told.charging_schedule.charging_schedule_period] == [9]
    assert amperes(rig) == 20


def test_K19_FR_10_whom_the_management_system_controls_has_nothing_to_say() -> None:
    rig = Rig(V21)
    _, transaction_id = of_20(rig, Model(talks=True, control=Control.DYNAMIC))
    three(rig, transaction_id, 12)
    own = Schedule(schedule_id=99, unit=RateUnit.A, periods=(Period(start_s=0, limit=Decimal(9)),))
    rig.station.scheduled(EvseId(1), 1, own)
    rig.time.advance(2)
    (period,) = rig.last(v2.NotifyEVChargingSchedule).charging_schedule.charging_schedule_period
    assert period.limit == 12


def test_a_schedule_that_was_not_offered_or_no_longer_is_nothing() -> None:
    rig = Rig(V21)
    _, transaction_id = of_20(rig)
    three(rig, transaction_id, 20, 10)
    rig.time.advance(2)
    rig.fresh()
    rig.station.scheduled(EvseId(1), 7)
    rig.time.advance(2)
    assert amperes(rig) == 20
    rig.hardware.unplug()
    rig.time.advance(2)
    rig.station.scheduled(EvseId(1), 2)
    rig.time.advance(2)
    assert rig.of(v2.NotifyEVChargingSchedule) == []
