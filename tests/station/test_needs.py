"""Vehicles that talk: their needs are told, and the schedule they follow."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from msgspec import UNSET

from forecourt.ocpp import v2
from forecourt.ocpp.versions import V21, V201, Version
from forecourt.station.config import EvseBuild
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
