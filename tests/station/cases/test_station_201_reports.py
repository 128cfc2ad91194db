"""Certification cases of 2.0.1 for stations about reports, boots and what is told after being offline (block B)."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest
from msgspec import UNSET

from forecourt.ocpp import v2
from forecourt.ocpp.versions import V21, Version
from tests.station.cases.test_station_201 import (
    TAG,
    boots,
    charging,
    events,
    got,
    put,
    rig,
    service,
    statuses,
    version,
)
from tests.station.cases.test_station_201_more import away, prepare_back_off
from tests.station.rig import Rig

__all__ = ["rig", "version"]

LISTS = ("OptionList", "MemberList", "SequenceList")


def parts(rig: Rig, request: Any) -> list[v2.ReportData]:
    """The report that follows a request: parts in order, the last of which says so, each line with its characteristics."""
    rig.fresh()
    answer = rig.ask(request)
    rig.time.advance(5)
    assert (answer.status, answer.status_info) == ("Accepted", UNSET)
    told = rig.of(v2.NotifyReport)
    assert {part.request_id for part in told} == {request.request_id}
    assert [part.seq_no for part in told] == list(range(len(told)))
    assert [part.tbc for part in told] == [True] * (len(told) - 1) + [False]
    data = [line for part in told for line in part.report_data or ()]
    for line in data:
        assert isinstance(line.variable_characteristics, v2.VariableCharacteristics)
        if line.variable_characteristics.data_type in LISTS:
            assert line.variable_characteristics.values_list
    return data


def base(rig: Rig, which: Any) -> list[v2.ReportData]:
    return parts(rig, v2.GetBaseReport(request_id=3, report_base=which))


def report(rig: Rig, *named: v2.ComponentVariable, criteria: Any = UNSET) -> list[v2.ReportData]:
    return parts(rig, v2.GetReport(request_id=4, component_variable=named or UNSET, component_criteria=criteria))


def one(component: str, variable: str, evse: Any = UNSET, instance: Any = UNSET) -> v2.ComponentVariable:
    return v2.ComponentVariable(
        component=v2.Component(name=component, evse=evse), variable=v2.Variable(name=variable, instance=instance)
    )


def name(line: v2.ReportData) -> tuple[str, str, str]:
    return line.component.name, line.variable.name, line.variable.instance or ""


def required(version: Version, *, writable: bool = False) -> set[tuple[str, str, str]]:
    """What the specification requires of the profiles that the station claims."""
    text = (Path(__file__).parent.parent / "required_variables.csv").read_text(encoding="utf-8")
    rows = csv.DictReader(text.splitlines())
    return {
        (row["component"], row["variable"], row["instance"])
        for row in rows
        if (version is V21 or row["since"] == "2.0.1") and (not writable or row["writable"] == "yes")
    }


def test_TC_B_02_CS_a_station_waits_and_is_accepted(version: Version) -> None:
    rig = Rig(version, evses=2, start=False)
    boots(rig, "Pending", 300)
    rig.powered.power_on()
    rig.time.advance(5)
    result = put(rig, "OCPPCommCtrlr", "OfflineThreshold", "300")
    assert result.attribute_status == "Accepted"
    assert got(rig, "OCPPCommCtrlr", "OfflineThreshold").attribute_status == "Accepted"
    assert base(rig, "FullInventory")
    start = v2.RequestStartTransaction(id_token=v2.IdToken(id_token=TAG, type="ISO14443"), remote_start_id=1)
    assert rig.ask(start).status == "Rejected"
    rig.fresh()
    boots(rig, "Accepted", 300)
    assert rig.ask(v2.TriggerMessage(requested_message="BootNotification")).status == "Accepted"
    rig.time.advance(2)
    assert rig.of(v2.BootNotification)[0].reason == "Triggered"
    assert statuses(rig, 1) == statuses(rig, 2) == ["Available"]


WRONG = ["300.1", "true", "2030-01-01T00:00:00Z", "abc"]


def test_TC_B_11_CS_values_that_variables_cannot_have(rig: Rig) -> None:
    for value in ("300", *WRONG):
        result = put(rig, "OCPPCommCtrlr", "OfflineThreshold", value)
        assert result.attribute_status == ("Accepted" if value == "300" else "Rejected")
        assert put(rig, "SmartChargingCtrlr", "LimitChangeSignificance", value).attribute_status == "Rejected"
        result = put(rig, "AuthCtrlr", "AuthorizeRemoteStart", value)
        assert result.attribute_status == ("Accepted" if value == "true" else "Rejected")


def test_TC_B_12_CS_a_report_of_what_can_be_configured(rig: Rig, version: Version) -> None:
    lines = base(rig, "ConfigurationInventory")
    assert {line.variable_attribute[0].mutability for line in lines} <= {"ReadWrite", "WriteOnly"}
    assert required(version, writable=True) <= {name(line) for line in lines}


def test_TC_B_13_CS_a_report_of_everything(rig: Rig, version: Version) -> None:
    assert required(version) <= {name(line) for line in base(rig, "FullInventory")}


def test_TC_B_14_CS_a_summary_report(rig: Rig) -> None:
    rig.hardware.break_down(evse_id=2)
    rig.time.advance(1)
    lines = base(rig, "SummaryInventory")
    states = {name(line)[0] for line in lines if line.variable.name == "AvailabilityState"}
    assert states == {"ChargingStation", "EVSE", "Connector"}
    at = [line.component.evse for line in lines if name(line)[:2] == ("EVSE", "AvailabilityState")]
    assert at == [v2.EVSE(id=1), v2.EVSE(id=2)]
    problems = {
        line.component.evse: line.variable_attribute[0].value for line in lines if name(line)[:2] == ("EVSE", "Problem")
    }
    assert problems == {v2.EVSE(id=1): "false", v2.EVSE(id=2): "true"}


def test_TC_B_16_CS_a_report_by_a_criterion(rig: Rig) -> None:
    rig.set("AuthCacheCtrlr.Enabled", "false")
    enabled = {
        name(line)
        for line in base(rig, "FullInventory")
        if line.variable.name == "Enabled" and line.variable_attribute[0].value == "true"
    }
    lines = report(rig, criteria=("Enabled",))
    assert {(line.variable.name, line.variable_attribute[0].value) for line in lines} == {("Enabled", "true")}
    assert {name(line) for line in lines} == enabled
    for component, variable, _ in enabled:
        result = got(rig, component, variable)
        assert (result.attribute_status, result.attribute_value) == ("Accepted", "true")


def availability(line: v2.ReportData) -> None:
    """AvailabilityState as the specification describes it."""
    assert name(line)[:2] == ("EVSE", "AvailabilityState")
    characteristics = line.variable_characteristics
    assert isinstance(characteristics, v2.VariableCharacteristics)
    assert characteristics.data_type == "OptionList"
    assert characteristics.values_list == "Available,Occupied,Reserved,Unavailable,Faulted"
    (attribute,) = line.variable_attribute
    assert (attribute.mutability, attribute.type) == ("ReadOnly", "Actual")


EVSE_1 = v2.EVSE(id=1)


def test_TC_B_17_CS_a_report_by_variables(rig: Rig) -> None:
    (line,) = report(rig, one("EVSE", "AvailabilityState", EVSE_1))
    availability(line)
    assert line.component.evse == EVSE_1


def test_TC_B_18_CS_a_report_by_criteria_and_variables(rig: Rig) -> None:
    asked = one("EVSE", "AvailabilityState", EVSE_1)
    (line,) = report(rig, asked, criteria=("Available",))
    availability(line)
    assert line.component.evse == EVSE_1
    answer = rig.ask(v2.GetReport(request_id=4, component_variable=(asked,), component_criteria=("Problem",)))
    assert (answer.status, answer.status_info.reason_code) == ("EmptyResultSet", "NotFound")
    rig.hardware.break_down(evse_id=1)
    rig.time.advance(1)
    assert len(report(rig, asked, criteria=("Problem",))) == 1


def test_TC_B_23_CS_what_was_out_of_use_still_is_after_a_reset(rig: Rig) -> None:
    service(rig, "Inoperative", 1, 1)
    rig.fresh()
    assert rig.ask(v2.Reset(type="OnIdle")).status == "Accepted"
    rig.time.advance(10)
    assert rig.last(v2.BootNotification).reason == "RemoteReset"
    assert (statuses(rig, 1), statuses(rig, 2)) == (["Unavailable"], ["Available"])


def test_TC_B_25_CS_an_idle_evse_is_reset(rig: Rig) -> None:
    assert rig.ask(v2.Reset(type="OnIdle", evse_id=1)).status == "Accepted"
    assert got(rig, "OCPPCommCtrlr", "OfflineThreshold").attribute_status == "Accepted"


def test_TC_B_26_CS_an_evse_is_reset_when_its_transaction_is_over(rig: Rig) -> None:
    charging(rig)
    assert rig.ask(v2.Reset(type="OnIdle", evse_id=1)).status == "Scheduled"
    rig.time.advance(30)
    assert [event.event_type for event in events(rig) if event.event_type == "Ended"] == []
    rig.hardware.swipe(TAG)
    rig.time.advance(5)
    assert events(rig)[-1].event_type == "Ended"
    assert "BootNotification" not in rig.names()
    rig.hardware.unplug()
    rig.time.advance(2)
    rig.session(seconds=20)
    assert events(rig)[-1].transaction_info.charging_state == "Charging"


def test_TC_B_27_CS_an_evse_is_reset_at_once_and_its_transaction_ends(rig: Rig) -> None:
    charging(rig)
    assert rig.ask(v2.Reset(type="Immediate", evse_id=1)).status == "Accepted"
    (ended,) = events(rig)
    assert (ended.event_type, ended.trigger_reason) == ("Ended", "ResetCommand")
    assert ended.transaction_info.charging_state == "EVConnected"
    assert ended.transaction_info.stopped_reason == "ImmediateReset"


def test_TC_B_30_CS_a_station_that_is_not_accepted_answers_nothing(version: Version) -> None:
    rig = Rig(version, start=False)
    boots(rig, "Rejected", 300)
    rig.powered.power_on()
    rig.time.advance(5)
    assert rig.error(v2.GetBaseReport(request_id=1, report_base="FullInventory")) == "SecurityError"
    assert rig.names() == ["BootNotification"]


def test_TC_B_41_CS_a_station_is_reset_when_all_its_transactions_are_over(rig: Rig) -> None:
    for evse_id, tag in ((1, "TAG001"), (2, "TAG002")):
        rig.hardware.plug(evse_id=evse_id)
        rig.time.advance(2)
        rig.hardware.swipe(tag, evse_id=evse_id)
        rig.time.advance(15)
    assert rig.ask(v2.Reset(type="OnIdle")).status == "Scheduled"
    rig.fresh()
    rig.hardware.swipe("TAG001", evse_id=1)
    rig.time.advance(5)
    rig.hardware.unplug(evse_id=1)
    rig.time.advance(30)
    assert "BootNotification" not in rig.names()
    rig.fresh()
    rig.hardware.swipe("TAG002", evse_id=2)
    rig.time.advance(15)
    assert rig.last(v2.BootNotification).reason == "ScheduledReset"
    assert (statuses(rig, 1)[-1], statuses(rig, 2)[-1]) == ("Available", "Occupied")


@pytest.mark.parametrize(("case", "minimum_s", "told"), [(51, 62, True), (52, 30, False)])
def test_TC_B_51_CS_and_TC_B_52_CS_what_changed_offline_is_told(
    rig: Rig, case: int, minimum_s: int, told: bool
) -> None:
    """After a long time of every connector, after a short one of the connector that changed."""
    prepare_back_off(rig, minimum_s)
    rig.set("OCPPCommCtrlr.OfflineThreshold", "60")
    rig.fresh()
    rig.link.up = False
    rig.link.cut()
    rig.hardware.plug(evse_id=1)
    rig.time.advance(minimum_s - 1)
    assert rig.heard == []
    rig.link.up = True
    rig.time.advance(5)
    assert statuses(rig, 1) == ["Occupied"]
    assert statuses(rig, 2) == (["Available"] if told else [])


def test_TC_B_53_CS_everything_a_device_model_must_have(rig: Rig, version: Version) -> None:
    lines = base(rig, "FullInventory")
    assert required(version) <= {name(line) for line in lines}
    for line in lines:
        characteristics, attribute = line.variable_characteristics, line.variable_attribute[0]
        assert isinstance(characteristics, v2.VariableCharacteristics)
        if attribute.mutability == "WriteOnly":
            assert attribute.value is UNSET, name(line)
            continue
        assert isinstance(attribute.value, str), name(line)
        if characteristics.data_type in LISTS:
            allowed = set(str(characteristics.values_list).split(","))
            members = [attribute.value] if characteristics.data_type == "OptionList" else attribute.value.split(",")
            assert {member for member in members if member} <= allowed, name(line)


def test_TC_B_54_CS_a_report_by_variables_without_their_instances(rig: Rig) -> None:
    lines = report(rig, one("DeviceDataCtrlr", "ItemsPerMessage"))
    assert [name(line) for line in lines] == [
        ("DeviceDataCtrlr", "ItemsPerMessage", instance) for instance in ("GetReport", "GetVariables", "SetVariables")
    ]


def test_TC_B_55_CS_a_report_by_variables_with_their_instances(rig: Rig) -> None:
    (line,) = report(rig, one("DeviceDataCtrlr", "ItemsPerMessage", instance="GetReport"))
    assert name(line) == ("DeviceDataCtrlr", "ItemsPerMessage", "GetReport")


def test_TC_B_56_CS_a_report_by_variables_without_their_evses(rig: Rig) -> None:
    lines = report(rig, one("EVSE", "AvailabilityState"))
    assert [(name(line)[:2], line.component.evse) for line in lines] == [
        (("EVSE", "AvailabilityState"), v2.EVSE(id=number)) for number in (1, 2)
    ]


def test_TC_P_03_CS_data_of_a_vendor_inside_a_message_is_left_aside(rig: Rig) -> None:
    custom = {"vendorId": "org.example", "anything": [1, 2]}
    data = v2.SetVariableData(
        component=v2.Component(name="OCPPCommCtrlr", custom_data=custom),
        variable=v2.Variable(name="OfflineThreshold", custom_data=custom),
        attribute_value="200",
        attribute_type="Actual",
        custom_data=custom,
    )
    (result,) = rig.ask(v2.SetVariables(set_variable_data=(data,), custom_data=custom)).set_variable_result
    assert result.attribute_status == "Accepted"
    read = got(rig, "OCPPCommCtrlr", "OfflineThreshold", "Actual")
    assert (read.attribute_status, read.attribute_type, read.attribute_value) == ("Accepted", "Actual", "200")


def test_away_is_long_enough_to_be_measured(rig: Rig) -> None:
    prepare_back_off(rig, 10)
    assert away(rig) >= 10


def test_TC_B_15_CS_a_station_without_summaries(version: Version) -> None:
    rig = Rig(version, summaries=False)
    answer: v2.GetBaseReportResponse = rig.ask(v2.GetBaseReport(request_id=1, report_base="SummaryInventory"))
    assert (answer.status, answer.status_info) == ("NotSupported", v2.StatusInfo(reason_code="UnsupportedParam"))
    rig.time.advance(60)
    assert rig.of(v2.NotifyReport) == []
