"""Monitors of variables beyond the certification cases: what outlives the power, what waits, what is on by itself."""

from __future__ import annotations

from decimal import Decimal

import pytest
from msgspec import UNSET

from forecourt.ocpp import v2, v16
from forecourt.ocpp.versions import V16, V21, V201
from tests.station.cases.test_station_201_monitoring import (
    POWER,
    STATE_1,
    happened,
    level,
    listed,
    settings,
    wanted,
    watch,
    watched,
)
from tests.station.rig import Rig


def offline(rig: Rig) -> None:
    rig.link.up = False
    rig.link.cut()


def back(rig: Rig) -> None:
    rig.link.up = True
    rig.time.advance(600)


def test_N07_FR_04_what_waits_outlives_a_power_cut() -> None:
    rig = Rig(V201)
    rig.set("MonitoringCtrlr.OfflineQueuingSeverity", "5")
    (number,) = watched(rig, wanted(STATE_1, severity=5))
    offline(rig)
    rig.hardware.plug()
    rig.time.advance(5)
    rig.hardware.unplug()
    rig.time.advance(5)
    rig.powered.cut_power()
    rig.powered.power_on()
    back(rig)
    assert [one.actual_value for one in happened(rig, number)] == ["Occupied", "Available"]
    rig.fresh()
    rig.powered.cut_power()
    rig.powered.power_on()
    rig.time.advance(30)
    assert happened(rig, number) == []


def test_N07_FR_04_more_than_one_message_of_events_waits_in_order() -> None:
    rig = Rig(V201)
    rig.set("MonitoringCtrlr.OfflineQueuingSeverity", "5")
    (number,) = watched(rig, wanted(STATE_1, severity=5))
    offline(rig)
    for _ in range(15):
        rig.hardware.plug()
        rig.time.advance(3)
        rig.hardware.unplug()
        rig.time.advance(3)
    back(rig)
    found = happened(rig, number)
    assert [one.actual_value for one in found] == ["Occupied", "Available"] * 15
    assert [one.event_id for one in found] == sorted(one.event_id for one in found)
    assert len(rig.of(v2.NotifyEvent)) == 2


def test_N07_FR_14_a_threshold_that_is_kept_again_after_a_reboot_is_told() -> None:
    rig = Rig(V21)
    (number,) = watched(rig, wanted(POWER, "UpperThreshold", 1000, severity=2))
    rig.session(seconds=20)
    (alert,) = happened(rig, number)
    assert (alert.cleared, alert.severity) == (UNSET, 2)
    rig.fresh()
    rig.powered.cut_power()
    rig.time.advance(5)
    rig.powered.power_on()
    rig.time.advance(10)
    assert [one.cleared for one in happened(rig, number)] == [True]


def test_N08_FR_07_aligned_monitors_tell_at_whole_multiples_after_midnight() -> None:
    rig = Rig(V201)
    rig.time.advance(77)
    (number,) = watched(rig, wanted(POWER, "PeriodicClockAligned", 900))
    rig.time.advance(2000)
    moments = [one.timestamp for one in happened(rig, number)]
    assert len(moments) == 2
    assert {(moment.minute % 15, moment.second) for moment in moments} == {(0, 0)}


def test_a_meter_is_looked_at_while_it_runs() -> None:
    rig = Rig(V201)
    (number,) = watched(rig, wanted(POWER, "Delta", 500))
    rig.session(seconds=20)
    rig.fresh()
    rig.time.advance(6 * 3600)
    found = [float(one.actual_value) for one in happened(rig, number)]
    assert found[-1] == 0
    assert len(found) >= 2


def test_a_monitor_for_transactions_tells_only_during_one() -> None:
    rig = Rig(V201)
    asked = v2.SetMonitoringData(
        value=Decimal(60),
        type="Periodic",
        severity=5,
        transaction=True,
        component=v2.Component(name="EVSE", evse=v2.EVSE(id=1)),
        variable=v2.Variable(name="Power"),
    )
    (number,) = watched(rig, asked)
    rig.time.advance(200)
    assert happened(rig, number) == []
    rig.session(seconds=200)
    assert len(happened(rig, number)) >= 3


def test_monitors_tell_nothing_while_monitoring_is_disabled() -> None:
    rig = Rig(V201)
    (number,) = watched(rig, wanted(STATE_1))
    rig.set("MonitoringCtrlr.Enabled", "false")
    rig.hardware.plug()
    rig.time.advance(2)
    assert happened(rig) == []
    (refused,) = watch(rig, wanted(POWER))
    assert refused.status == "Rejected"
    rig.set("MonitoringCtrlr.Enabled", "true")
    rig.time.advance(2)
    assert [one.actual_value for one in happened(rig, number)] == ["Occupied"]


def test_N05_what_was_not_severe_enough_is_told_when_it_is() -> None:
    rig = Rig(V201)
    (number,) = watched(rig, wanted(POWER, "UpperThreshold", 1000, severity=8))
    level(rig, 3)
    rig.session(seconds=20)
    assert happened(rig) == []
    level(rig, 9)
    assert [one.trigger for one in happened(rig, number)] == ["Alerting"]


@pytest.mark.parametrize("version", [V201, V21], ids=str)
def test_faults_are_told_by_themselves(version: object) -> None:
    rig = Rig(V201 if version is V201 else V21, evses=2)
    rig.hardware.break_down("GroundFailure", evse_id=2)
    rig.time.advance(2)
    wired, station = sorted(happened(rig), key=lambda one: one.variable_monitoring_id or 0)
    assert (wired.component.evse, wired.variable.name, wired.actual_value) == (v2.EVSE(id=2), "Problem", "true")
    assert (wired.event_notification_type, wired.tech_code) == ("HardWiredMonitor", "GroundFailure")
    assert (station.component.name, station.event_notification_type) == ("ChargingStation", "PreconfiguredMonitor")
    rig.fresh()
    rig.hardware.mend(evse_id=2)
    rig.time.advance(2)
    assert {one.actual_value for one in happened(rig)} == {"false"}


def test_N03_a_preconfigured_monitor_that_was_cleared_comes_back_with_a_base() -> None:
    rig = Rig(V201)
    number = max(one.id for one in settings(listed(rig)))
    (result,) = rig.ask(v2.ClearVariableMonitoring(id=(number,))).clear_monitoring_result
    assert result.status == "Accepted"
    rig.powered.cut_power()
    rig.powered.power_on()
    rig.time.advance(10)
    assert number not in {one.id for one in settings(listed(rig))}
    rig.ask(v2.SetMonitoringBase(monitoring_base="All"))
    assert number in {one.id for one in settings(listed(rig))}
    rig.ask(v2.SetMonitoringBase(monitoring_base="HardWiredOnly"))
    assert number not in {one.id for one in settings(listed(rig))}


def test_N03_FR_03_with_all_monitors_that_were_set_stay() -> None:
    rig = Rig(V201)
    (number,) = watched(rig, wanted(STATE_1))
    rig.ask(v2.SetMonitoringBase(monitoring_base="All"))
    assert number in {one.id for one in settings(listed(rig))}


def test_too_many_monitors_at_once_are_refused_as_a_whole() -> None:
    rig = Rig(V201)
    many = tuple(wanted(POWER, "UpperThreshold", n, 5) for n in range(51))
    assert rig.error(v2.SetVariableMonitoring(set_monitoring_data=many)) == "OccurrenceConstraintViolation"
    assert rig.error(v2.ClearVariableMonitoring(id=tuple(range(51)))) == "OccurrenceConstraintViolation"


def test_a_station_of_1_6_keeps_no_events() -> None:
    rig = Rig(V16)
    offline(rig)
    rig.hardware.break_down()
    rig.time.advance(5)
    back(rig)
    rig.hardware.mend()
    rig.time.advance(5)
    assert rig.of(v16.StatusNotification)
    assert "NotifyEvent" not in rig.names()
