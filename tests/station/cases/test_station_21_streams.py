"""Certification cases of 2.1 for stations about event streams and monitors of targets (N02, N11 to N15)."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from msgspec import UNSET

from forecourt.ocpp import v2
from forecourt.ocpp.versions import V21
from tests.station.cases.test_station_201 import TAG, put
from tests.station.cases.test_station_201_monitoring import (
    POWER,
    THRESHOLD,
    base,
    component,
    happened,
    listed,
    settings,
    wanted,
    watch,
    watched,
)
from tests.station.rig import Rig

OFFERED_W = 3 * 230 * 32


@pytest.fixture
def rig() -> Rig:
    rig = Rig(V21)
    base(rig, "All")
    takes(rig, "Accepted")
    return rig


def takes(rig: Rig, status: Any) -> None:
    rig.answers[v2.OpenPeriodicEventStream] = lambda request: v2.OpenPeriodicEventStreamResponse(status=status)


def asked(
    value: int = 1,
    *,
    number: Any = UNSET,
    interval: Any = 10,
    values: Any = 30,
    stream: bool = True,
    kind: Any = "Periodic",
) -> v2.SetMonitoringData:
    flow = v2.PeriodicEventStreamParams(interval=interval, values=values) if stream else UNSET
    return v2.SetMonitoringData(
        id=number,
        value=Decimal(value),
        type=kind,
        severity=5,
        component=component(POWER),
        variable=v2.Variable(name="Power"),
        periodic_event_stream=flow,
    )


def opened(rig: Rig) -> int:
    """A stream is set and opened; returns the id of its monitor. What was said until then is forgotten."""
    (number,) = watched(rig, asked())
    (opening,) = rig.of(v2.OpenPeriodicEventStream)
    constant = opening.constant_stream_data
    assert (constant.variable_monitoring_id, constant.params.interval, constant.params.values) == (number, 10, 30)
    rig.fresh()
    return number


def flows(rig: Rig) -> list[v2.NotifyPeriodicEventStream]:
    return rig.of(v2.NotifyPeriodicEventStream)


def test_TC_N_104_CS_monitors_of_changes_of_a_target_are_reported(rig: Rig) -> None:
    watched(rig, wanted(POWER, "TargetDeltaRelative", Decimal("0.1")))
    assert listed(rig, criteria=("ThresholdMonitoring",)) == []
    found = [one for one in settings(listed(rig, criteria=("DeltaMonitoring",))) if one.type != "Delta"]
    assert [one.type for one in found] == ["TargetDeltaRelative"]
    for one in settings(listed(rig)):
        assert one.event_notification_type is not UNSET


def test_TC_N_105_CS_a_variable_is_told_again_and_again_often(rig: Rig) -> None:
    number = opened(rig)
    streams = rig.ask(v2.GetPeriodicEventStream()).constant_stream_data
    assert [(one.id, one.variable_monitoring_id, one.params.interval, one.params.values) for one in streams] == [
        (number, number, 10, 30)
    ]
    rig.time.advance(21)
    assert [flow.id for flow in flows(rig)] == [number, number]
    assert all(len(flow.data) in (9, 10) for flow in flows(rig))
    assert happened(rig) == []
    rig.fresh()
    assert watched(rig, asked(number=number, stream=False)) == [number]
    rig.time.advance(20)
    names = [name for name in rig.names() if "Event" in name]
    assert names[:2] == ["NotifyPeriodicEventStream", "ClosePeriodicEventStream"]
    assert set(names[2:]) == {"NotifyEvent"}
    assert len(names[2:]) >= 19
    for event in happened(rig, number):
        assert (event.trigger, event.severity, event.component) == ("Periodic", 5, component(POWER))
    assert rig.last(v2.ClosePeriodicEventStream).id == number
    assert rig.ask(v2.GetPeriodicEventStream()).constant_stream_data is UNSET


def test_TC_N_106_CS_a_stream_of_events_is_rejected(rig: Rig) -> None:
    takes(rig, "Rejected")
    (number,) = watched(rig, asked())
    rig.time.advance(11)
    assert flows(rig) == []
    told = happened(rig, number)
    assert len(told) >= 10
    assert {(one.trigger, one.component, one.variable.name, one.severity) for one in told} == {
        ("Periodic", component(POWER), "Power", 5)
    }


def test_TC_N_108_CS_a_stream_of_events_is_closed(rig: Rig) -> None:
    number = opened(rig)
    (result,) = rig.ask(v2.ClearVariableMonitoring(id=(number,))).clear_monitoring_result
    assert result.status == "Accepted"
    rig.time.advance(20)
    assert [closing.id for closing in rig.of(v2.ClosePeriodicEventStream)] == [number]
    assert rig.names()[-1] == "ClosePeriodicEventStream"
    assert happened(rig) == []


def adjust(rig: Rig, number: int, **params: Any) -> str:
    asked = v2.AdjustPeriodicEventStream(id=number, params=v2.PeriodicEventStreamParams(**params))
    answer: v2.AdjustPeriodicEventStreamResponse = rig.ask(asked)
    return answer.status


def test_TC_N_109_CS_a_stream_of_events_is_adjusted(rig: Rig) -> None:
    (number,) = watched(rig, asked(values=UNSET))
    (opening,) = rig.of(v2.OpenPeriodicEventStream)
    assert opening.constant_stream_data.variable_monitoring_id == number
    assert opening.constant_stream_data.params.interval == 10
    rig.fresh()
    moments = flow_moments(rig, 31)
    assert [later - earlier for earlier, later in pairwise(moments)] == [pytest.approx(10, abs=0.2)] * 2
    assert adjust(rig, number, interval=15) == "Accepted"
    rig.fresh()
    moments = flow_moments(rig, 46)
    assert [later - earlier for earlier, later in pairwise(moments)] == [pytest.approx(15, abs=0.2)] * 2
    assert {flow.id for flow in flows(rig)} == {number}


def flow_moments(rig: Rig, seconds: int) -> list[float]:
    """When messages of streams come, for so long."""
    moments: list[float] = []
    for _ in range(seconds * 10):
        before = len(flows(rig))
        rig.time.advance(0.1)
        moments += [rig.time.monotonic()] * (len(flows(rig)) - before)
    return moments


def test_N14_a_stream_of_events_is_adjusted(rig: Rig) -> None:
    number = opened(rig)
    assert adjust(rig, number, interval=5, values=30) == "Accepted"
    rig.time.advance(21)
    assert len(flows(rig)) == 4
    rig.fresh()
    assert adjust(rig, number, values=3) == "Accepted"
    rig.time.advance(9)
    assert {len(flow.data) for flow in flows(rig)} == {3}
    (constant,) = rig.ask(v2.GetPeriodicEventStream()).constant_stream_data
    assert (constant.params.interval, constant.params.values) == (0, 3)
    assert adjust(rig, number, interval=0) == "Rejected"
    assert adjust(rig, number + 1, interval=5) == "Rejected"


def test_N15_FR_07_no_more_values_go_at_a_time_than_are_asked_for(rig: Rig) -> None:
    rig.set("MonitoringCtrlr.OfflineQueuingSeverity", "9")
    number = opened(rig)
    rig.link.up = False
    rig.link.cut()
    rig.time.advance(50)
    rig.link.up = True
    rig.time.advance(60)
    first = flows(rig)[0]
    assert (first.id, len(first.data)) == (number, 30)
    assert first.pending > 0
    assert [value.t for value in first.data[:2]] == [Decimal(0), Decimal(1)]
    later = [flow.basetime + timedelta(seconds=float(flow.data[0].t)) for flow in flows(rig)]
    assert later == sorted(later)


def test_N11_a_stream_is_opened_again_after_a_reboot(rig: Rig) -> None:
    number = opened(rig)
    rig.powered.cut_power()
    rig.powered.power_on()
    rig.time.advance(30)
    (opening,) = rig.of(v2.OpenPeriodicEventStream)
    assert opening.constant_stream_data.id == number
    assert flows(rig)


def test_a_stream_of_what_is_not_periodic_is_rejected(rig: Rig) -> None:
    (result,) = watch(rig, asked(100, kind="Delta"))
    assert result.status == "Rejected"


@pytest.mark.parametrize(("kind", "value"), [("TargetDelta", 5000), ("TargetDeltaRelative", Decimal("0.2"))])
def test_N07_FR_22_and_N07_FR_23_power_that_is_not_what_was_offered_is_told(rig: Rig, kind: str, value: Any) -> None:
    (number,) = watched(rig, wanted(POWER, kind, value))
    rig.session(seconds=30)
    alert = happened(rig, number)[0]
    assert (alert.trigger, alert.cleared) == ("Alerting", UNSET)
    assert abs(float(alert.actual_value) - OFFERED_W) > 4000
    rig.fresh()
    rig.hardware.swipe(TAG, evse_id=1)
    rig.time.advance(5)
    assert [(one.trigger, one.cleared) for one in happened(rig, number)] == [("Alerting", True)]


def test_what_has_no_target_cannot_differ_from_it(rig: Rig) -> None:
    (result,) = watch(rig, wanted(THRESHOLD, "TargetDelta", 1))
    assert result.status == "UnsupportedMonitorType"


def test_the_target_of_a_variable_is_read_and_not_set(rig: Rig) -> None:
    rig.session(seconds=20)
    data = v2.GetVariableData(component=component(POWER), variable=v2.Variable(name="Power"), attribute_type="Target")
    (result,) = rig.ask(v2.GetVariables(get_variable_data=(data,))).get_variable_result
    assert (result.attribute_status, float(result.attribute_value)) == ("Accepted", OFFERED_W)
    refused = v2.SetVariableData(
        component=component(POWER), variable=v2.Variable(name="Power"), attribute_type="Target", attribute_value="1"
    )
    (outcome,) = rig.ask(v2.SetVariables(set_variable_data=(refused,))).set_variable_result
    assert outcome.attribute_status == "Rejected"
    assert put(rig, "OCPPCommCtrlr", "OfflineThreshold", "1", "Target").attribute_status == "NotSupportedAttributeType"
