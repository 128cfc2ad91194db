"""Certification cases that are new in 2.1 for stations: schedules that vehicles of ISO 15118-20 agree on (K16, K17, K19, K20)."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from msgspec import UNSET

from forecourt.ocpp import v2
from forecourt.ocpp.versions import V21
from forecourt.station.config import EvseBuild
from forecourt.station.hardware.interface import Control
from forecourt.station.hardware.vehicle import Model, Vehicle
from tests.station.cases.test_station_201_contracts import charges, prepared
from tests.station.rig import Rig
from tests.station.test_smart_charging import accepted, amperes
from tests.station.vehicles import CONTRACT, judges


@pytest.fixture
def rig() -> Rig:
    rig = prepared(V21)
    judges(rig, "Accepted", "Accepted")
    return rig


def charging(rig: Rig, control: Control = Control.SCHEDULED) -> tuple[Vehicle, str]:
    """The reusable states up to EnergyTransferStarted with a vehicle of ISO 15118-20; its transaction."""
    vehicle = Vehicle(Model(talks=True, control=control), soc=0.3)
    vehicle.contract = CONTRACT
    rig.hardware.plug(vehicle)
    rig.time.advance(30)
    charges(rig)
    transaction = rig.station.bays[1].transaction  # type: ignore[index]
    assert transaction is not None
    rig.fresh()
    return vehicle, transaction.id


def sets(rig: Rig, transaction_id: str, **limits: float) -> None:
    """SetChargingProfile with schedules by id (`_1=8`)."""
    schedules = tuple(
        v2.ChargingSchedule(
            id=int(name.removeprefix("_")),
            charging_rate_unit="A",
            charging_schedule_period=(v2.ChargingSchedulePeriod(start_period=0, limit=Decimal(str(limit))),),
        )
        for name, limit in limits.items()
    )
    wanted = v2.ChargingProfile(
        id=1,
        stack_level=0,
        charging_profile_purpose="TxProfile",
        charging_profile_kind="Relative",
        transaction_id=transaction_id,
        charging_schedule=schedules,
    )
    accepted(rig, wanted)
    rig.time.advance(2)


def renegotiates(rig: Rig) -> v2.ChargingNeeds:
    rig.fresh()
    rig.hardware.renegotiate()
    rig.time.advance(1)
    told = rig.last(v2.NotifyEVChargingNeeds)
    assert told.evse_id == 1
    needs = told.charging_needs
    assert (needs.ac_charging_parameters, needs.dc_charging_parameters) == (UNSET, UNSET)
    assert needs.v2x_charging_parameters is not UNSET
    return needs


def taken(rig: Rig, schedule_id: int, limit: float) -> v2.ChargingSchedule:
    told = rig.last(v2.NotifyEVChargingSchedule)
    assert (told.evse_id, told.selected_charging_schedule_id) == (1, schedule_id)
    most = Decimal(str(limit))
    periods = told.charging_schedule.charging_schedule_period
    assert all(period.limit is not UNSET and period.limit <= most for period in periods)
    rig.time.advance(3)
    assert amperes(rig) == (most if most >= 6 else 0)
    return told.charging_schedule


def test_TC_K_113_CS_the_management_system_asks_for_another_schedule(rig: Rig) -> None:
    vehicle, transaction_id = charging(rig)
    vehicle.choice = 1
    sets(rig, transaction_id, _1=8, _2=7, _3=6)
    taken(rig, 2, 7)


def test_TC_K_114_CS_the_vehicle_asks_for_another_schedule(rig: Rig) -> None:
    vehicle, transaction_id = charging(rig)
    vehicle.choice = 1
    assert renegotiates(rig).control_mode == "ScheduledControl"
    sets(rig, transaction_id, _10=8, _11=7, _12=6)
    taken(rig, 11, 7)


def test_TC_K_115_CS_the_vehicle_is_controlled_dynamically(rig: Rig) -> None:
    _, transaction_id = charging(rig, Control.DYNAMIC)
    assert renegotiates(rig).control_mode == "DynamicControl"
    sets(rig, transaction_id, _10=8)
    told = taken(rig, 10, 8)
    assert told == v2.ChargingSchedule(
        id=10,
        charging_rate_unit="A",
        charging_schedule_period=(v2.ChargingSchedulePeriod(start_period=0, limit=Decimal(8)),),
    )


def test_TC_K_116_CS_other_needs_and_another_schedule(rig: Rig) -> None:
    vehicle, transaction_id = charging(rig)

    def wants(energy_wh: int, departs_at: datetime) -> Any:
        now = rig.hardware.vehicle_at(1)
        assert now is vehicle
        vehicle.target = (vehicle.energy_wh + energy_wh * vehicle.model.efficiency) / vehicle.model.battery_wh
        vehicle.departs_at = departs_at
        needs = renegotiates(rig)
        assert needs.control_mode == "ScheduledControl"
        assert needs.departure_time == departs_at
        assert isinstance(needs.v2x_charging_parameters, v2.V2XChargingParameters)
        return needs.v2x_charging_parameters.ev_target_energy_request

    now = rig.time.now()
    for energy_wh, hours, limit in ((5000, 2, 2.5), (10_000, 2, 5), (10_000, 5, 2)):
        assert wants(energy_wh, now + timedelta(hours=hours)) == energy_wh
        sets(rig, transaction_id, _10=limit)
        assert taken(rig, 10, limit).charging_schedule_period


def test_TC_Q_102_CS_charging_only_at_first_where_nothing_else_is_allowed() -> None:
    built = EvseBuild(kinds=("cCCS2",), phases=1, voltage_v=400, current_a=100, direct=True, bidirectional=True)
    rig = prepared(V21, built=(built,))
    judges(rig, "Accepted", "Accepted")
    vehicle = Vehicle(Model(talks=True, control=Control.SCHEDULED, dc_power_w=10_000, discharge_w=5_000), soc=0.3)
    vehicle.contract = CONTRACT
    rig.hardware.plug(vehicle)
    rig.time.advance(30)
    told = rig.last(v2.NotifyEVChargingNeeds)
    assert told.evse_id == 1
    needs = told.charging_needs
    assert (needs.requested_energy_transfer, needs.control_mode) == ("DC", "ScheduledControl")
    assert needs.available_energy_transfer == ("DC", "DC_BPT")
    parameters = needs.v2x_charging_parameters
    assert isinstance(parameters, v2.V2XChargingParameters)
    assert (parameters.max_charge_power, parameters.max_discharge_power) == (Decimal(10_000), Decimal(5_000))
    charges(rig)
