"""Vehicles that give energy back: physics, setpoints, registers."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forecourt.charging.ids import EvseId
from forecourt.ocpp import v2
from forecourt.ocpp.versions import V21, V201
from forecourt.station.config import Build, EvseBuild
from forecourt.station.hardware.simulated import SimulatedHardware
from forecourt.station.hardware.vehicle import Model, Vehicle
from forecourt.station.timeline import VirtualTimeline
from tests.station.rig import Rig
from tests.station.test_smart_charging import accepted, profile, refusal, schedule

ONE = EvseId(1)
AC = EvseBuild(bidirectional=True)
DC = EvseBuild(kinds=("cCCS2",), phases=1, voltage_v=400, current_a=100, direct=True, bidirectional=True)
GIVING = Model(discharge_w=10_000, ac_current_a=16)


@settings(max_examples=60)
@given(
    built=st.sampled_from([AC, DC, EvseBuild(phases=1, bidirectional=True)]),
    phases=st.integers(1, 3),
    soc=st.floats(0.05, 1.0),
    offers=st.lists(st.tuples(st.integers(-50, 50), st.integers(1, 7200)), min_size=1, max_size=8),
)
def test_energy_is_neither_made_nor_lost(
    built: EvseBuild, phases: int, soc: float, offers: list[tuple[int, int]]
) -> None:
    time = VirtualTimeline()
    hardware = SimulatedHardware(Build(identity="X", evses=(built,)), time)
    vehicle = Vehicle(Model(battery_wh=20_000, discharge_w=10_000, ac_phases=phases), soc=soc)
    begin_wh = vehicle.energy_wh
    hardware.plug(vehicle)
    hardware.close_contactor(ONE)
    last = hardware.measure(ONE)
    for amperes, seconds in offers:
        hardware.offer(ONE, Decimal(amperes), built.phases)
        time.advance(seconds)
        now = hardware.measure(ONE)
        assert now.import_wh >= last.import_wh
        assert now.export_wh >= last.export_wh
        most_a = max(0, min(amperes, built.current_a)) * (1.001 if built.direct else 1)
        least_a = max(min(0, amperes), -built.current_a) * (1.001 if built.direct else 1)
        assert all(float(least_a) - 0.01 <= float(one) <= float(most_a) + 0.01 for one in now.currents_a)
        product_w = sum(float(volt * ampere) for volt, ampere in zip(now.voltages_v, now.currents_a, strict=True))
        assert product_w == pytest.approx(float(now.power_w), rel=2e-3, abs=2)
        last = now
    efficiency = vehicle.model.efficiency
    taken_wh, given_wh = float(last.import_wh) * efficiency, float(last.export_wh) / efficiency
    assert vehicle.energy_wh - begin_wh == pytest.approx(taken_wh - given_wh, abs=0.1)
    assert vehicle.energy_wh <= vehicle.model.battery_wh * (1 + 1e-6)
    if begin_wh > 0.1 * vehicle.model.battery_wh:
        assert vehicle.energy_wh >= 0.1 * vehicle.model.battery_wh * (1 - 1e-6)


def test_where_the_EVSE_cannot_take_it_back_nothing_is_given() -> None:
    time = VirtualTimeline()
    hardware = SimulatedHardware(Build(identity="X", evses=(EvseBuild(),)), time)
    hardware.plug(Vehicle(GIVING, soc=0.8))
    hardware.close_contactor(ONE)
    hardware.offer(ONE, Decimal(-10), 3)
    time.advance(600)
    assert hardware.measure(ONE).power_w == 0


def aiming(*setpoints_w: int, **more: Any) -> v2.ChargingSchedule:
    """Ten minutes at each."""
    return v2.ChargingSchedule(
        id=1,
        charging_rate_unit="W",
        charging_schedule_period=tuple(
            v2.ChargingSchedulePeriod(
                start_period=600 * number, setpoint=Decimal(one), operation_mode="CentralSetpoint", **more
            )
            for number, one in enumerate(setpoints_w)
        ),
    )


def arrived(rig: Rig) -> str:
    rig.hardware.plug(Vehicle(GIVING, soc=0.7))
    rig.time.advance(2)
    rig.hardware.swipe("TAG001")
    rig.time.advance(5)
    transaction = rig.station.bays[ONE].transaction
    assert transaction is not None
    return transaction.id


@pytest.fixture
def rig() -> Rig:
    return Rig(V21, built=(AC,))


def power_w(rig: Rig) -> Decimal:
    return rig.hardware.measure(ONE).power_w


def test_Q03_a_vehicle_follows_setpoints_both_ways_and_the_registers_say_so(rig: Rig) -> None:
    rig.set("SampledDataCtrlr.TxUpdatedInterval", "0")
    rig.set(
        "SampledDataCtrlr.TxEndedMeasurands",
        "Energy.Active.Import.Register,Energy.Active.Export.Register",
    )
    transaction_id = arrived(rig)
    rig.fresh()
    accepted(rig, profile(aiming(6_900, -6_900, 0), purpose="TxProfile", transaction_id=transaction_id))
    rig.time.advance(5)
    assert power_w(rig) == 6_900
    rig.time.advance(600)
    assert power_w(rig) == -6_900
    state = rig.station.bays[ONE].charging_state
    assert state == "Charging"
    rig.time.advance(600)
    assert power_w(rig) == 0
    changed = [event for event in rig.of(v2.TransactionEvent) if event.trigger_reason == "OperationModeChanged"]
    assert [event.transaction_info.operation_mode for event in changed] == ["CentralSetpoint"]
    rig.hardware.swipe("TAG001")
    rig.time.advance(2)
    ended = rig.last(v2.TransactionEvent)
    assert isinstance(ended.meter_value, tuple)
    readings = {sampled.measurand: sampled.value for value in ended.meter_value for sampled in value.sampled_value}
    assert float(readings["Energy.Active.Export.Register"]) == pytest.approx(1150, rel=0.02)
    assert float(readings["Energy.Active.Import.Register"]) == pytest.approx(1150, rel=0.06)


def test_K08_FR_08_a_setpoint_is_capped_by_limits_and_told_so(rig: Rig) -> None:
    transaction_id = arrived(rig)
    most = profile(schedule((0, 10), start=rig.time.now()), number=2, purpose="ChargingStationMaxProfile")
    accepted(rig, most, 0)
    wanted = aiming(9_200, -9_200, discharge_limit=Decimal(-2_300))
    assert refusal(rig, profile(wanted, purpose="TxProfile", transaction_id=transaction_id)) == "InvalidSchedule"
    # V2X.05 refuses a setpoint outside of the limits of its own period; those of others cap it.
    accepted(rig, profile(aiming(9_200, -9_200), purpose="TxProfile", transaction_id=transaction_id))
    rig.time.advance(3)
    assert power_w(rig) == 6_900
    ask = v2.GetCompositeSchedule(evse_id=1, duration=900, charging_rate_unit="W")
    first, second = rig.ask(ask).schedule.charging_schedule_period
    assert (first.operation_mode, first.setpoint, first.limit) == ("CentralSetpoint", Decimal(6_900), Decimal(6_900))
    assert (second.operation_mode, second.setpoint) == ("CentralSetpoint", Decimal(-9_200))
    rig.time.advance(600)
    # Rounded towards nothing, to a tenth of an ampere.
    assert power_w(rig) == Decimal("-13.3") * 3 * 230


def test_Q04_a_dynamic_setpoint_is_pushed(rig: Rig) -> None:
    transaction_id = arrived(rig)
    accepted(rig, profile(aiming(4_600), kind="Dynamic", purpose="TxProfile", transaction_id=transaction_id))
    rig.time.advance(3)
    assert power_w(rig) == pytest.approx(4_600, rel=Decimal("0.02"))
    for setpoint_w in (-2_300, 5_750):
        new = v2.ChargingScheduleUpdate(setpoint=Decimal(setpoint_w))
        ask = v2.UpdateDynamicSchedule(charging_profile_id=1, schedule_update=new)
        assert rig.ask(ask).status == "Accepted"
        rig.time.advance(3)
        assert power_w(rig) == pytest.approx(setpoint_w, rel=Decimal("0.03"))


def test_K01_FR_115_a_station_that_only_charges_refuses_setpoints() -> None:
    rig = Rig(V21)
    transaction_id = arrived(rig)
    wanted = profile(aiming(-4_600), purpose="TxProfile", transaction_id=transaction_id)
    assert refusal(rig, wanted) == "InvalidOperationMode"


def test_the_modes_of_a_station_are_told() -> None:
    for built, modes, transfers in (
        (AC, "ChargingOnly,CentralSetpoint,Idle", "AC_BPT,AC_three_phase"),
        (EvseBuild(), "ChargingOnly", "AC_three_phase"),
    ):
        rig = Rig(V201, built=(built,))
        for variable, value in (("SupportedOperationModes", modes), ("SupportedEnergyTransferModes", transfers)):
            data = v2.GetVariableData(
                component=v2.Component(name="V2XChargingCtrlr"), variable=v2.Variable(name=variable)
            )
            (result,) = rig.ask(v2.GetVariables(get_variable_data=(data,))).get_variable_result
            assert result.attribute_value == value
