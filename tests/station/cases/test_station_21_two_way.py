"""Certification cases that are new in 2.1 for stations: more than charging, for vehicles that do not speak ISO 15118."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from forecourt.ocpp import v2
from forecourt.ocpp.versions import V21
from forecourt.station.config import EvseBuild
from tests.station.cases.test_station_201_smart import reported
from tests.station.rig import Rig
from tests.station.test_smart_charging import accepted, profile, refusal, schedule
from tests.station.test_two_way import arrived


@pytest.fixture
def rig() -> Rig:
    built = EvseBuild(kinds=("cChaoJi",), phases=1, voltage_v=400, current_a=100, direct=True, bidirectional=True)
    return Rig(V21, built=(built,))


def moded(mode: Any, **more: Any) -> v2.ChargingSchedule:
    period = v2.ChargingSchedulePeriod(start_period=0, operation_mode=mode, **more)
    return v2.ChargingSchedule(id=1, charging_rate_unit="W", charging_schedule_period=(period,))


def test_TC_K_101_CS_a_change_of_the_operation_mode_is_told(rig: Rig) -> None:
    periods = (
        v2.ChargingSchedulePeriod(start_period=0, limit=Decimal(10), operation_mode="ChargingOnly"),
        v2.ChargingSchedulePeriod(start_period=10, setpoint=Decimal(6), operation_mode="CentralSetpoint"),
    )
    found = v2.ChargingSchedule(id=1, charging_rate_unit="A", charging_schedule_period=periods)
    accepted(rig, profile(found), 0)
    arrived(rig)
    rig.time.advance(10)
    told = next(event for event in rig.of(v2.TransactionEvent) if event.trigger_reason == "OperationModeChanged")
    assert told.event_type == "Updated"
    assert told.transaction_info.operation_mode == "CentralSetpoint"


def test_TC_Q_110_CS_a_dynamic_profile_is_asked_for_in_a_transaction(rig: Rig) -> None:
    answered: list[datetime] = []

    def answer(request: Any) -> v2.PullDynamicScheduleUpdateResponse:
        answered.append(rig.time.now())
        new = v2.ChargingScheduleUpdate(limit=Decimal(6_000))
        return v2.PullDynamicScheduleUpdateResponse(status="Accepted", schedule_update=new)

    rig.answers[v2.PullDynamicScheduleUpdate] = answer
    arrived(rig)
    found = msgspec.structs.replace(schedule((0, 8_000), unit="W"), id=123)
    wanted = profile(found, number=123, kind="Dynamic", dyn_update_time=rig.time.now(), dyn_update_interval=30)
    accepted(rig, wanted, 0)
    rig.time.advance(30)
    assert rig.last(v2.PullDynamicScheduleUpdate).charging_profile_id == 123
    ((_, told),) = reported(rig, charging_profile_id=(123,))
    assert isinstance(told.dyn_update_time, datetime)
    assert abs((told.dyn_update_time - answered[0]).total_seconds()) < 1
    (only,) = told.charging_schedule
    assert only.id == 123
    assert only.charging_schedule_period[0].limit == 6_000


def test_TC_Q_126_CS_an_EVSE_that_cannot_sleep_is_idle_awake(rig: Rig) -> None:
    transaction_id = arrived(rig)
    rig.fresh()
    accepted(rig, profile(moded("Idle", evse_sleep=True), purpose="TxProfile", transaction_id=transaction_id))
    told = rig.of(v2.TransactionEvent)[0]
    assert told.event_type == "Updated"
    assert told.transaction_info.transaction_id == transaction_id
    assert told.evse_sleep is not True
    rig.time.advance(3)
    assert rig.last(v2.TransactionEvent).transaction_info.charging_state == "SuspendedEVSE"


@pytest.mark.parametrize(
    "values",
    [
        {"limit": 1, "limit_l2": 1, "limit_l3": 1},
        {"discharge_limit": -1, "discharge_limit_l2": -1, "discharge_limit_l3": -1},
        {"setpoint": 1, "setpoint_l2": 1, "setpoint_l3": 1},
        {"setpoint_reactive": 1, "setpoint_reactive_l2": 1, "setpoint_reactive_l3": 1},
    ],
    ids=["limits", "discharge limits", "setpoints", "reactive setpoints"],
)
def test_TC_Q_127_CS_who_is_idle_has_no_limits_and_no_setpoints(rig: Rig, values: dict[str, int]) -> None:
    transaction_id = arrived(rig)
    of_transaction: dict[str, Any] = {"purpose": "TxProfile", "transaction_id": transaction_id}
    numbers = {name: Decimal(value) for name, value in values.items()}
    assert refusal(rig, profile(moded("Idle", **numbers), **of_transaction)) == "InvalidSchedule"
    accepted(rig, profile(moded("Idle"), **of_transaction))
