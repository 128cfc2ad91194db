"""Certification cases of 2.0.1 for stations about monitors of variables (block N)."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from msgspec import UNSET

from forecourt.ocpp import v2
from forecourt.ocpp.versions import V201
from tests.station.cases.test_station_201 import TAG, charging, put, rig, version
from tests.station.rig import Rig

__all__ = ["rig", "version"]

STATE = ("AvailabilityState", "ChargingStation", None)
STATE_1 = ("AvailabilityState", "EVSE", 1)
POWER = ("Power", "EVSE", 1)
THRESHOLD = ("OfflineThreshold", "OCPPCommCtrlr", None)
MOST_W = 3 * 230 * 32


def component(which: tuple[str, str, int | None]) -> v2.Component:
    return v2.Component(name=which[1], evse=UNSET if which[2] is None else v2.EVSE(id=which[2]))


def wanted(
    which: tuple[str, str, int | None], kind: Any = "Delta", value: Any = 1, severity: int = 5, number: Any = UNSET
) -> v2.SetMonitoringData:
    return v2.SetMonitoringData(
        id=number,
        value=value,
        type=kind,
        severity=severity,
        component=component(which),
        variable=v2.Variable(name=which[0]),
    )


def watch(rig: Rig, *data: v2.SetMonitoringData) -> tuple[v2.SetMonitoringResult, ...]:
    """SetVariableMonitoring; each result repeats what was asked (N04.FR.01, 02)."""
    results: tuple[v2.SetMonitoringResult, ...]
    results = rig.ask(v2.SetVariableMonitoring(set_monitoring_data=data)).set_monitoring_result
    assert [(one.type, one.severity, one.component, one.variable) for one in results] == [
        (one.type, one.severity, one.component, one.variable) for one in data
    ]
    for one in results:
        assert (one.status == "Accepted") is (one.status_info is UNSET)
    return results


def watched(rig: Rig, *data: v2.SetMonitoringData) -> list[int]:
    """The ids of monitors that are set."""
    results = watch(rig, *data)
    assert {one.status for one in results} == {"Accepted"}
    return [one.id for one in results if isinstance(one.id, int)]


def named(which: tuple[str, str, int | None], variable: bool = True) -> v2.ComponentVariable:
    name = v2.Variable(name=which[0]) if variable else UNSET
    return v2.ComponentVariable(component=component(which), variable=name)


def listed(rig: Rig, *asked: v2.ComponentVariable, criteria: Any = UNSET) -> list[v2.MonitoringData]:
    """GetMonitoringReport; the parts are in order and the last one says so. Nothing for EmptyResultSet."""
    rig.fresh()
    answer = rig.ask(
        v2.GetMonitoringReport(request_id=77, component_variable=asked or UNSET, monitoring_criteria=criteria)
    )
    parts = rig.of(v2.NotifyMonitoringReport)
    if not parts:
        assert answer.status == "EmptyResultSet"
        assert answer.status_info.reason_code == "NotFound"
        return []
    assert (answer.status, answer.status_info) == ("Accepted", UNSET)
    assert {part.request_id for part in parts} == {77}
    assert [part.seq_no for part in parts] == list(range(len(parts)))
    assert [part.tbc for part in parts] == [True] * (len(parts) - 1) + [False]
    return [data for part in parts for data in part.monitor or ()]


def settings(data: list[v2.MonitoringData]) -> list[v2.VariableMonitoring]:
    return [one for each in data for one in each.variable_monitoring]


def happened(rig: Rig, monitor_id: int | None = None) -> list[v2.EventData]:
    """All events that were told, of one monitor; every message is the first and last of its kind."""
    assert {told.seq_no for told in rig.of(v2.NotifyEvent)} <= {0}
    found = [one for told in rig.of(v2.NotifyEvent) for one in told.event_data]
    assert len({one.event_id for one in found}) == len(found)
    return [one for one in found if monitor_id in (None, one.variable_monitoring_id)]


def level(rig: Rig, severity: int) -> str:
    answer: v2.SetMonitoringLevelResponse = rig.ask(v2.SetMonitoringLevel(severity=severity))
    return answer.status


def base(rig: Rig, which: Any) -> None:
    answer = rig.ask(v2.SetMonitoringBase(monitoring_base=which))
    assert (answer.status, answer.status_info) == ("Accepted", UNSET)


def test_TC_N_01_CS_monitors_are_reported_by_kind(rig: Rig) -> None:
    watched(
        rig,
        wanted(POWER, "LowerThreshold", 1),
        wanted(POWER, "UpperThreshold", 5000),
        wanted(POWER, "Periodic", 900),
        wanted(THRESHOLD, "Delta", 5),
        wanted(THRESHOLD, "PeriodicClockAligned", 900),
    )
    kinds = {one.type for one in settings(listed(rig, criteria=("ThresholdMonitoring",)))}
    assert kinds == {"UpperThreshold", "LowerThreshold"}
    kinds = {one.type for one in settings(listed(rig, criteria=("ThresholdMonitoring", "DeltaMonitoring")))}
    assert kinds == {"UpperThreshold", "LowerThreshold", "Delta"}
    kinds = {one.type for one in settings(listed(rig, criteria=("DeltaMonitoring", "PeriodicMonitoring")))}
    assert kinds == {"Delta", "Periodic", "PeriodicClockAligned"}


def test_TC_N_02_CS_monitors_are_reported_by_variable(rig: Rig) -> None:
    watched(rig, wanted(STATE), wanted(STATE_1))
    found = listed(rig, named(STATE), named(STATE_1, variable=False))
    states = [one for one in found if one.variable.name == "AvailabilityState"]
    assert [one.component.name for one in states] == ["ChargingStation", "EVSE"]
    assert {one.type for one in settings(states)} == {"Delta"}
    assert {one.component.name for one in found} == {"ChargingStation", "EVSE"}


def test_TC_N_03_CS_monitors_are_reported_by_kind_and_variable(rig: Rig) -> None:
    watched(rig, wanted(POWER, "Periodic", 900), wanted(STATE), wanted(STATE_1))
    assert listed(rig, named(STATE), named(STATE_1), criteria=("ThresholdMonitoring",)) == []
    found = listed(rig, named(STATE), named(STATE_1), criteria=("DeltaMonitoring",))
    assert [one.component.name for one in found] == ["ChargingStation", "EVSE"]
    assert {one.type for one in settings(found)} == {"Delta"}


def test_TC_N_05_CS_every_base_of_monitors_is_set(rig: Rig) -> None:
    for which in ("All", "FactoryDefault", "HardWiredOnly"):
        base(rig, which)


def test_TC_N_06_CS_monitors_that_were_set_go_with_another_base(rig: Rig) -> None:
    watched(rig, wanted(STATE))
    (found,) = listed(rig, named(STATE))
    assert (found.component.name, found.variable.name) == ("ChargingStation", "AvailabilityState")
    assert [one.type for one in found.variable_monitoring] == ["Delta"]
    base(rig, "HardWiredOnly")
    assert listed(rig, named(STATE)) == []


def test_TC_N_08_CS_a_monitor_is_set(rig: Rig) -> None:
    watched(rig, wanted(STATE_1, severity=8))
    (found,) = listed(rig, named(STATE_1))
    assert (found.component.name, found.component.evse, found.variable.name) == (
        "EVSE",
        v2.EVSE(id=1),
        "AvailabilityState",
    )
    assert [one.type for one in found.variable_monitoring] == ["Delta"]


def test_TC_N_09_CS_several_monitors_are_set(rig: Rig) -> None:
    numbers = watched(rig, wanted(STATE_1, severity=8), wanted(STATE, severity=8))
    assert len(set(numbers)) == 2
    found = listed(rig, named(STATE_1), named(STATE))
    assert {one.component for one in found} == {component(STATE), component(STATE_1)}
    assert {(one.type, one.severity) for one in settings(found)} == {("Delta", 8)}


def test_TC_N_10_CS_several_monitors_of_one_variable_are_set(rig: Rig) -> None:
    numbers = watched(rig, wanted(STATE_1, severity=8), wanted(STATE_1, severity=7))
    assert len(set(numbers)) == 2


def test_TC_N_11_CS_a_monitor_of_a_component_that_is_not_there(rig: Rig) -> None:
    results = watch(rig, wanted(("AvailabilityState", "EVSE", 99)), wanted(("AvailabilityState", "Nothing", None)))
    assert [one.status for one in results] == ["UnknownComponent"] * 2
    assert {one.id for one in results} == {UNSET}


def test_TC_N_12_CS_a_difference_is_out_of_range(rig: Rig) -> None:
    (result,) = watch(rig, wanted(POWER, "Delta", -1))
    assert (result.status, result.id) == ("Rejected", UNSET)
    assert isinstance(result.status_info, v2.StatusInfo)
    assert result.status_info.reason_code == "ValueOutOfRange"


def test_TC_N_13_CS_a_threshold_is_out_of_range(rig: Rig) -> None:
    (result,) = watch(rig, wanted(POWER, "UpperThreshold", MOST_W + 1))
    assert (result.status, result.id) == ("Rejected", UNSET)
    assert isinstance(result.status_info, v2.StatusInfo)
    assert result.status_info.reason_code == "ValueOutOfRange"


def test_TC_N_15_CS_a_monitor_is_there_already(rig: Rig) -> None:
    first, second = watch(rig, wanted(STATE_1), wanted(STATE_1))
    assert (first.status, second.status) == ("Accepted", "Duplicate")
    assert isinstance(first.id, int)
    assert isinstance(second.status_info, v2.StatusInfo)
    assert second.status_info.reason_code == "InvalidValue"


def test_TC_N_16_CS_what_is_less_severe_is_not_told(rig: Rig) -> None:
    watched(rig, wanted(STATE_1, severity=8))
    assert level(rig, 7) == "Accepted"
    rig.hardware.plug()
    rig.time.advance(5)
    assert happened(rig) == []


def test_TC_N_17_CS_a_severity_is_out_of_range(rig: Rig) -> None:
    for severity in (10, -1) if rig.version is V201 else (10,):
        answer = rig.ask(v2.SetMonitoringLevel(severity=severity))
        assert (answer.status, answer.status_info.reason_code) == ("Rejected", "ValueOutOfRange")


def test_TC_N_18_CS_monitors_are_cleared(rig: Rig) -> None:
    numbers = watched(rig, wanted(STATE), wanted(STATE_1))
    results = rig.ask(v2.ClearVariableMonitoring(id=tuple(numbers))).clear_monitoring_result
    assert [(one.id, one.status, one.status_info) for one in results] == [(n, "Accepted", UNSET) for n in numbers]
    assert listed(rig, named(STATE), named(STATE_1)) == []


def test_TC_N_19_CS_there_is_no_monitor_to_clear(rig: Rig) -> None:
    missing = max(one.id for one in settings(listed(rig))) + 1
    (result,) = rig.ask(v2.ClearVariableMonitoring(id=(missing,))).clear_monitoring_result
    assert (result.id, result.status) == (missing, "NotFound")


def test_TC_N_20_CS_thresholds_are_exceeded(rig: Rig) -> None:
    base(rig, "All")
    (upper,) = watched(rig, wanted(POWER, "UpperThreshold", 1000))
    assert level(rig, 8) == "Accepted"
    rig.session(seconds=20)
    transaction_id = rig.of(v2.TransactionEvent)[0].transaction_info.transaction_id
    (alert,) = happened(rig, upper)
    assert (alert.trigger, alert.cleared, alert.transaction_id) == ("Alerting", UNSET, transaction_id)
    assert float(alert.actual_value) > 1000
    assert (alert.component, alert.variable.name) == (component(POWER), "Power")
    (lower,) = watched(rig, wanted(POWER, "LowerThreshold", 500))
    rig.fresh()
    rig.hardware.swipe(TAG)
    rig.time.advance(5)
    (over,) = happened(rig, upper)
    (below,) = happened(rig, lower)
    assert (over.trigger, over.cleared, float(over.actual_value) <= 1000) == ("Alerting", True, True)
    assert (below.trigger, below.cleared, float(below.actual_value) < 500) == ("Alerting", UNSET, True)
    for event in (over, below):
        assert event.event_notification_type == "CustomMonitor"
        assert event.transaction_id == transaction_id
        assert (event.component, event.variable.name) == (component(POWER), "Power")


def test_TC_N_21_CS_and_TC_G_20_CS_a_lock_that_fails_is_told_by_itself(rig: Rig) -> None:
    rig.hardware.jam_lock()
    rig.session(seconds=5)
    lock = next(one for one in happened(rig) if one.component.name == "ConnectorPlugRetentionLock")
    assert (lock.trigger, lock.variable.name, lock.actual_value) == ("Delta", "Problem", "true")
    assert lock.component.evse == v2.EVSE(id=1, connector_id=1)
    assert lock.event_notification_type == "HardWiredNotification"
    assert all(event.transaction_info.charging_state != "Charging" for event in rig.of(v2.TransactionEvent))


def offline_severity(rig: Rig, severity: int) -> None:
    rig.set("MonitoringCtrlr.OfflineQueuingSeverity", str(severity))


def test_TC_N_22_CS_what_happened_offline_is_told(rig: Rig) -> None:
    offline_severity(rig, 5)
    (number,) = watched(rig, wanted(STATE_1, severity=5))
    rig.link.up = False
    rig.link.cut()
    rig.hardware.plug()
    rig.time.advance(30)
    assert rig.heard == []
    rig.link.up = True
    rig.time.advance(600)
    told = happened(rig, number)[0]
    assert (told.trigger, told.actual_value) == ("Delta", "Occupied")
    assert (told.component, told.variable.name) == (component(STATE_1), "AvailabilityState")


def test_TC_N_23_CS_what_is_less_severe_and_happened_offline_is_not_told(rig: Rig) -> None:
    rig.set("TxCtrlr.TxStartPoint", "EVConnected")
    offline_severity(rig, 5)
    at_connector = v2.Component(name="Connector", evse=v2.EVSE(id=1, connector_id=1))
    watched(
        rig,
        wanted(STATE_1, severity=6),
        v2.SetMonitoringData(
            value=Decimal(1),
            type="Delta",
            severity=6,
            component=at_connector,
            variable=v2.Variable(name="AvailabilityState"),
        ),
    )
    rig.hardware.plug()
    rig.time.advance(2)
    assert [(one.trigger, one.actual_value) for one in happened(rig)] == [("Delta", "Occupied")] * 2
    assert {one.component for one in happened(rig)} == {component(STATE_1), at_connector}
    (begun,) = rig.of(v2.TransactionEvent)
    assert (begun.trigger_reason, begun.transaction_info.charging_state) == ("CablePluggedIn", "EVConnected")
    rig.fresh()
    rig.link.up = False
    rig.link.cut()
    rig.hardware.unplug()
    rig.time.advance(5)
    rig.hardware.plug()
    rig.time.advance(60)
    rig.link.up = True
    rig.time.advance(600)
    told = [event for event in rig.of(v2.TransactionEvent) if event.trigger_reason != "MeterValuePeriodic"]
    assert [(event.trigger_reason, event.transaction_info.charging_state) for event in told] == [
        ("EVCommunicationLost", "Idle"),
        ("CablePluggedIn", "EVConnected"),
    ]
    assert happened(rig) == []


def test_TC_N_24_CS_a_variable_is_told_again_and_again(rig: Rig) -> None:
    level(rig, 8)
    (number,) = watched(rig, wanted(POWER, "Periodic", 900))
    began = rig.time.now()
    rig.time.advance(3700)
    told = happened(rig, number)
    assert {(one.trigger, one.component, one.variable.name) for one in told} == {
        ("Periodic", component(POWER), "Power")
    }
    moments = [(one.timestamp - began).total_seconds() for one in told]
    assert len(moments) == 4
    assert all(later - earlier == pytest.approx(900, abs=1) for earlier, later in pairwise(moments))


def test_TC_N_37_CS_a_monitor_of_a_variable_that_is_not_there(rig: Rig) -> None:
    (result,) = watch(rig, wanted(("unknownVariable", "EVSE", None)))
    assert result.status == "UnknownVariable"


def test_TC_N_38_CS_a_kind_that_the_variable_does_not_support(rig: Rig) -> None:
    (result,) = watch(rig, wanted(STATE_1, "UpperThreshold"))
    assert result.status == "UnsupportedMonitorType"


def test_TC_N_39_CS_a_monitor_cannot_move_to_another_variable(rig: Rig) -> None:
    (number,) = watched(rig, wanted(STATE_1))
    (result,) = watch(rig, wanted(POWER, number=number))
    assert result.status == "Rejected"
    (kept,) = [one for one in listed(rig) if number in {each.id for each in one.variable_monitoring}]
    assert (kept.component, kept.variable.name) == (component(STATE_1), "AvailabilityState")
    assert [(one.value, one.type) for one in kept.variable_monitoring] == [(Decimal(1), "Delta")]


def test_TC_N_40_CS_a_monitor_is_replaced(rig: Rig) -> None:
    (number,) = watched(rig, wanted(STATE_1, severity=5))
    assert watched(rig, wanted(STATE_1, severity=4, number=number)) == [number]
    (found,) = listed(rig, named(STATE_1), criteria=("DeltaMonitoring",))
    assert (found.component.name, found.variable.name) == ("EVSE", "AvailabilityState")
    assert [(one.id, one.severity) for one in found.variable_monitoring] == [(number, 4)]


def test_TC_N_41_CS_monitors_as_they_left_the_factory(rig: Rig) -> None:
    base(rig, "FactoryDefault")
    problem = ("Problem", "ChargingStation", None)
    (found,) = listed(rig, named(problem))
    (before,) = found.variable_monitoring
    assert before.event_notification_type in (UNSET, "PreconfiguredMonitor")
    changed = wanted(problem, before.type, before.value, before.severity + 1, before.id)
    assert watched(rig, changed) == [before.id]
    (after,) = settings(listed(rig, named(problem)))
    assert (after.id, after.severity) == (before.id, before.severity + 1)
    base(rig, "FactoryDefault")
    assert settings(listed(rig, named(problem))) == [before]


def test_TC_N_43_CS_the_second_of_three_is_out_of_range(rig: Rig) -> None:
    results = watch(
        rig, wanted(POWER, "UpperThreshold", 1000), wanted(POWER, "Delta", -1), wanted(POWER, "LowerThreshold", 1)
    )
    assert [(one.status, one.type) for one in results] == [
        ("Accepted", "UpperThreshold"),
        ("Rejected", "Delta"),
        ("Accepted", "LowerThreshold"),
    ]


def test_TC_N_44_CS_a_hard_wired_monitor_is_not_cleared(rig: Rig) -> None:
    first = min(one.id for one in settings(listed(rig)))
    (result,) = rig.ask(v2.ClearVariableMonitoring(id=(first,))).clear_monitoring_result
    assert (result.id, result.status) == (first, "Rejected")


def test_TC_N_45_CS_a_number_has_changed_by_more_than_allowed(rig: Rig) -> None:
    (number,) = watched(rig, wanted(POWER, "Delta", 100))
    level(rig, 8)
    rig.session(seconds=20)
    told = happened(rig, number)[0]
    assert (told.trigger, told.component, told.variable.name) == ("Delta", component(POWER), "Power")


def test_TC_N_47_CS_all_monitors_are_reported(rig: Rig) -> None:
    watched(rig, wanted(STATE), wanted(STATE_1))
    found = [one for one in listed(rig) if one.variable.name == "AvailabilityState"]
    assert [one.component.name for one in found] == ["ChargingStation", "EVSE"]
    assert {one.type for one in settings(found)} == {"Delta"}


def test_TC_N_48_CS_a_variable_that_may_only_be_written_tells_no_value(rig: Rig) -> None:
    (number,) = watched(rig, wanted(("BasicAuthPassword", "SecurityCtrlr", None)))
    assert put(rig, "SecurityCtrlr", "BasicAuthPassword", "a-new-password-123").attribute_status == "Accepted"
    rig.time.advance(60)
    assert [one.actual_value for one in happened(rig, number)] == [""]


def test_TC_N_51_CS_a_changed_monitor_is_compared_at_once(rig: Rig) -> None:
    (number,) = watched(rig, wanted(POWER, "UpperThreshold", MOST_W - 1))
    level(rig, 8)
    charging(rig)
    assert happened(rig, number) == []
    assert watched(rig, wanted(POWER, "UpperThreshold", 0, number=number)) == [number]
    (told,) = happened(rig, number)
    assert (told.trigger, float(told.actual_value) > 0) == ("Alerting", True)


def test_TC_N_52_CS_a_monitor_that_is_removed_tells_no_more(rig: Rig) -> None:
    (number,) = watched(rig, wanted(POWER, "UpperThreshold", 0))
    level(rig, 8)
    rig.session(seconds=20)
    (told,) = happened(rig, number)
    assert (told.trigger, told.component, told.variable.name) == ("Alerting", component(POWER), "Power")
    (result,) = rig.ask(v2.ClearVariableMonitoring(id=(number,))).clear_monitoring_result
    assert (result.id, result.status) == (number, "Accepted")
    assert listed(rig, named(POWER), criteria=("ThresholdMonitoring",)) == []
    rig.fresh()
    rig.hardware.swipe(TAG)
    rig.time.advance(30)
    assert happened(rig, number) == []


def test_TC_N_53_CS_monitors_are_kept_over_a_reboot(rig: Rig) -> None:
    (number,) = watched(rig, wanted(POWER, "UpperThreshold", 1000))
    rig.powered.cut_power()
    rig.powered.power_on()
    rig.time.advance(10)
    found = settings(listed(rig, criteria=("ThresholdMonitoring",)))
    assert [(one.id, one.type) for one in found] == [(number, "UpperThreshold")]


def test_TC_N_56_CS_a_value_that_is_no_number_has_changed(rig: Rig) -> None:
    (number,) = watched(rig, wanted(STATE_1))
    level(rig, 8)
    rig.hardware.plug()
    rig.time.advance(2)
    (told,) = happened(rig, number)
    assert (told.trigger, told.component, told.variable.name) == ("Delta", component(STATE_1), "AvailabilityState")


def test_TC_N_61_CS_a_number_that_is_set_is_watched(rig: Rig) -> None:
    (number,) = watched(rig, wanted(THRESHOLD, "Delta", 1))
    assert put(rig, "OCPPCommCtrlr", "OfflineThreshold", "61").attribute_status == "Accepted"
    assert happened(rig) == []
    assert put(rig, "OCPPCommCtrlr", "OfflineThreshold", "62").attribute_status == "Accepted"
    assert [one.actual_value for one in happened(rig, number)] == ["62"]
