"""The simulated hardware: voltage, current, power, energy and state of charge agree with each other."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise

import pytest

from forecourt.charging.ids import EvseId
from forecourt.ocpp import v2, v16
from forecourt.ocpp.versions import V16, V201
from forecourt.station.config import Build, EvseBuild
from forecourt.station.hardware.simulated import SimulatedHardware
from forecourt.station.hardware.vehicle import Model, Vehicle
from forecourt.station.timeline import VirtualTimeline
from tests.station.rig import Rig

ONE = EvseId(1)
THREE_PHASES = EvseBuild()
DIRECT = EvseBuild(kinds=("cCCS2",), phases=1, voltage_v=400, current_a=375, direct=True, bidirectional=True)


def running(built: EvseBuild, vehicle: Vehicle) -> tuple[SimulatedHardware, VirtualTimeline]:
    time = VirtualTimeline()
    hardware = SimulatedHardware(Build(identity="X", evses=(built,)), time)
    hardware.plug(vehicle)
    hardware.close_contactor(ONE)
    time.advance(1)
    return hardware, time


@pytest.mark.parametrize(
    ("built", "vehicle", "power_w"),
    [
        (THREE_PHASES, Vehicle(soc=0.2), 11_040),
        (THREE_PHASES, Vehicle(Model(ac_phases=1, ac_current_a=32), soc=0.2), 7_360),
        (EvseBuild(current_a=10), Vehicle(soc=0.2), 6_900),
        (DIRECT, Vehicle(soc=0.2), 120_000),
    ],
    ids=["three phases", "one phase", "less offered", "direct"],
)
def test_what_flows_is_voltage_times_current_and_reaches_the_battery_less_the_losses(
    built: EvseBuild, vehicle: Vehicle, power_w: int
) -> None:
    hardware, time = running(built, vehicle)
    begin = hardware.measure(ONE)
    assert begin.power_w == power_w
    product_w = sum(
        (volt * ampere for volt, ampere in zip(begin.voltages_v, begin.currents_a, strict=True)), Decimal(0)
    )
    assert product_w == pytest.approx(begin.power_w, rel=Decimal("0.001"))
    battery_wh = vehicle.energy_wh
    time.advance(360)
    end = hardware.measure(ONE)
    energy_wh = float(end.import_wh - begin.import_wh)
    assert energy_wh == pytest.approx(power_w / 10, rel=1e-3)
    assert vehicle.energy_wh - battery_wh == pytest.approx(energy_wh * 0.9, rel=1e-3)
    assert end.soc_percent == pytest.approx(Decimal(vehicle.soc * 100), abs=Decimal("0.1"))


def test_fast_charging_tapers_and_ends_when_the_battery_is_full() -> None:
    vehicle = Vehicle(soc=0.78)
    hardware, time = running(DIRECT, vehicle)
    powers = []
    for _ in range(120):
        powers.append(hardware.measure(ONE).power_w)
        time.advance(60)
    assert powers[0] == 120_000
    assert all(later <= earlier for earlier, later in pairwise(powers))
    assert powers[-1] == 0
    assert vehicle.soc == pytest.approx(1.0)


def test_nothing_flows_below_the_least_current_of_the_vehicle() -> None:
    hardware, time = running(THREE_PHASES, Vehicle(soc=0.2))
    hardware.offer(ONE, Decimal(5), 3)
    time.advance(2)
    assert hardware.measure(ONE).power_w == 0


def test_a_vehicle_that_can_gives_energy_back_to_a_register_of_its_own() -> None:
    hardware, time = running(DIRECT, Vehicle(Model(discharge_w=10_000), soc=0.8))
    before = hardware.measure(ONE)
    hardware.offer(ONE, Decimal(-50), 1)
    time.advance(3601)
    after = hardware.measure(ONE)
    assert after.power_w == -10_000
    assert float(after.export_wh - before.export_wh) == pytest.approx(10_000, rel=1e-2)
    assert after.import_wh - before.import_wh < 1_000


def test_a_full_vehicle_suspends_the_session() -> None:
    rig = Rig(V16)
    rig.hardware.plug(Vehicle(soc=0.99))
    rig.hardware.swipe("TAG001")
    rig.time.advance(3600)
    told = [status.status for status in rig.of(v16.StatusNotification)]
    assert told == ["Preparing", "Charging", "SuspendedEV"]
    rig.hardware.swipe("TAG001")
    rig.time.advance(2)
    start, stop = rig.last(v16.StartTransaction), rig.last(v16.StopTransaction)
    # One percent of the battery, and what is lost on the way.
    assert stop.meter_stop - start.meter_start == pytest.approx(600 / 0.9, abs=2)


def test_J01_readings_by_the_clock_outside_of_a_transaction_say_so() -> None:
    rig = Rig(V201, evses=2)
    rig.set("AlignedDataCtrlr.Interval", "60")
    rig.time.advance(61)
    told = rig.of(v2.MeterValues)
    assert {message.evse_id for message in told} == {1, 2}
    assert {value.context for message in told for one in message.meter_value for value in one.sampled_value} == {
        "Sample.Clock"
    }
    assert all(one.timestamp.second == 0 for message in told for one in message.meter_value)
