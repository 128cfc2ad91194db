"""Certification cases of 2.0.1 for stations (Part 6), each named after its case; the cases of 2.0.1 are cases of 2.1 as well."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import pairwise
from typing import Any, Literal

import pytest
from msgspec import UNSET

from forecourt.ocpp import v2
from forecourt.ocpp.versions import V21, V201, Version
from forecourt.station.link import Failed
from tests.station.rig import Rig

TAG = "TAG001"
Operation = Literal["Inoperative", "Operative"]


@pytest.fixture(params=[V201, V21], ids=str)
def version(request: pytest.FixtureRequest) -> Version:
    found: Version = request.param
    return found


@pytest.fixture
def rig(version: Version) -> Rig:
    return Rig(version, evses=2)


def statuses(rig: Rig, evse_id: int = 1) -> list[str]:
    return [told.connector_status for told in rig.of(v2.StatusNotification) if told.evse_id == evse_id]


def events(rig: Rig) -> list[v2.TransactionEvent]:
    return rig.of(v2.TransactionEvent)


def charging(rig: Rig) -> str:
    """The reusable state EnergyTransferStarted; returns the id of the transaction."""
    rig.session(seconds=20)
    assert events(rig)[-1].transaction_info.charging_state == "Charging"
    transaction_id = events(rig)[0].transaction_info.transaction_id
    rig.fresh()
    return transaction_id


def got(rig: Rig, component: str, variable: str, attribute: Any = UNSET) -> v2.GetVariableResult:
    data = v2.GetVariableData(
        component=v2.Component(name=component), variable=v2.Variable(name=variable), attribute_type=attribute
    )
    result: v2.GetVariableResult
    (result,) = rig.ask(v2.GetVariables(get_variable_data=(data,))).get_variable_result
    assert (result.component.name, result.variable.name) == (component, variable)
    return result


def put(
    rig: Rig, component: str, variable: str, value: str, attribute: Any = UNSET, instance: Any = UNSET
) -> v2.SetVariableResult:
    data = v2.SetVariableData(
        component=v2.Component(name=component),
        variable=v2.Variable(name=variable, instance=instance),
        attribute_value=value,
        attribute_type=attribute,
    )
    result: v2.SetVariableResult
    (result,) = rig.ask(v2.SetVariables(set_variable_data=(data,))).set_variable_result
    assert (result.component.name, result.variable.name) == (component, variable)
    return result


def service(rig: Rig, operation: Operation, evse_id: int | None = None, connector_id: int | None = None) -> str:
    place: Any = UNSET
    if evse_id is not None:
        place = v2.EVSE(id=evse_id, connector_id=UNSET if connector_id is None else connector_id)
    answer: v2.ChangeAvailabilityResponse = rig.ask(v2.ChangeAvailability(operational_status=operation, evse=place))
    return answer.status


def boots(rig: Rig, status: Any, interval: int) -> None:
    rig.answers[v2.BootNotification] = lambda request: v2.BootNotificationResponse(
        status=status, current_time=rig.time.now(), interval=interval
    )


def test_TC_B_01_CS_a_station_boots_and_is_accepted(version: Version) -> None:
    rig = Rig(version, evses=2, start=False)
    rig.powered.power_on()
    rig.time.advance(5)
    assert rig.names()[0] == "BootNotification"
    assert rig.last(v2.BootNotification).reason == "PowerUp"
    assert statuses(rig, 1) == statuses(rig, 2) == ["Available"]


def test_TC_B_03_CS_a_rejected_station_says_nothing_until_the_interval_is_over(version: Version) -> None:
    rig = Rig(version, evses=2, start=False)
    boots(rig, "Rejected", 30)
    rig.powered.power_on()
    rig.hardware.mend()
    rig.time.advance(29)
    assert rig.names() == ["BootNotification"]
    boots(rig, "Accepted", 300)
    rig.time.advance(5)
    assert rig.names()[:2] == ["BootNotification"] * 2
    assert statuses(rig, 1) == statuses(rig, 2) == ["Available"]


def test_TC_B_06_CS_a_variable_is_read(rig: Rig) -> None:
    rig.set("OCPPCommCtrlr.OfflineThreshold", "300")
    result = got(rig, "OCPPCommCtrlr", "OfflineThreshold", "Actual")
    assert (result.attribute_status, result.attribute_type, result.attribute_value) == ("Accepted", "Actual", "300")
    assert result.attribute_status_info is UNSET


def test_TC_B_09_CS_a_variable_is_set(rig: Rig) -> None:
    result = put(rig, "OCPPCommCtrlr", "OfflineThreshold", "300", "Actual")
    assert (result.attribute_status, result.attribute_type) == ("Accepted", "Actual")
    assert result.attribute_status_info is UNSET


@pytest.mark.parametrize("value", ["300.1", "true", "2030-01-01T00:00:00Z", "abc"])
def test_a_value_that_an_integer_cannot_have_is_rejected(rig: Rig, value: str) -> None:
    assert put(rig, "OCPPCommCtrlr", "OfflineThreshold", value).attribute_status == "Rejected"
    assert got(rig, "OCPPCommCtrlr", "OfflineThreshold").attribute_value == "60"


def test_TC_B_20_CS_an_idle_station_is_reset(rig: Rig) -> None:
    assert rig.ask(v2.Reset(type="OnIdle")).status == "Accepted"
    rig.time.advance(10)
    assert rig.names()[0] == "BootNotification"
    assert statuses(rig, 1) == statuses(rig, 2) == ["Available"]


def test_a_reset_on_idle_waits_for_the_transaction(rig: Rig) -> None:
    charging(rig)
    assert rig.ask(v2.Reset(type="OnIdle")).status == "Scheduled"
    rig.time.advance(60)
    assert "BootNotification" not in rig.names()
    rig.hardware.swipe(TAG)
    rig.time.advance(10)
    assert rig.last(v2.TransactionEvent).event_type == "Ended"
    assert rig.last(v2.BootNotification).reason == "ScheduledReset"


def test_TC_B_22_CS_a_station_is_reset_at_once_and_its_transaction_ends(rig: Rig) -> None:
    charging(rig)
    assert rig.ask(v2.Reset(type="Immediate")).status == "Accepted"
    rig.time.advance(10)
    (ended,) = events(rig)
    assert (ended.event_type, ended.trigger_reason) == ("Ended", "ResetCommand")
    assert ended.transaction_info.charging_state == "EVConnected"
    assert ended.transaction_info.stopped_reason == "ImmediateReset"
    assert ended.id_token is UNSET
    assert rig.last(v2.BootNotification).reason == "RemoteReset"
    assert statuses(rig, 1)[-1] == "Occupied"
    assert statuses(rig, 2)[-1] == "Available"


def test_TC_B_32_CS_reading_a_component_that_is_not_there(rig: Rig) -> None:
    assert got(rig, "UnknownComponent", "OfflineThreshold").attribute_status == "UnknownComponent"


def test_reading_a_variable_that_is_not_there(rig: Rig) -> None:
    assert got(rig, "OCPPCommCtrlr", "UnknownVariable").attribute_status == "UnknownVariable"


def test_TC_B_34_CS_reading_an_attribute_that_is_not_there(rig: Rig) -> None:
    result = got(rig, "OCPPCommCtrlr", "OfflineThreshold", "Target")
    assert (result.attribute_status, result.attribute_type) == ("NotSupportedAttributeType", "Target")


def test_setting_what_is_not_there(rig: Rig) -> None:
    assert put(rig, "UnknownComponent", "OfflineThreshold", "1").attribute_status == "UnknownComponent"
    assert put(rig, "OCPPCommCtrlr", "UnknownVariable", "1").attribute_status == "UnknownVariable"
    result = put(rig, "OCPPCommCtrlr", "OfflineThreshold", "1", "Target")
    assert result.attribute_status == "NotSupportedAttributeType"


def test_TC_B_39_CS_setting_a_variable_that_may_only_be_read(rig: Rig) -> None:
    result = put(rig, "OCPPCommCtrlr", "MessageTimeout", "99", instance="Default")
    assert result.attribute_status == "Rejected"
    assert result.variable.instance == "Default"


def test_TC_B_43_CS_a_network_profile_for_a_slot_that_is_not_there_is_rejected(rig: Rig) -> None:
    profile = v2.NetworkConnectionProfile(
        message_timeout=30,
        ocpp_csms_url="wss://example.com",
        ocpp_interface="Wired0",
        ocpp_transport="JSON",
        ocpp_version="OCPP20",
        security_profile=1,
    )
    asked = v2.SetNetworkProfile(configuration_slot=999, connection_data=profile)
    assert rig.ask(asked).status == "Rejected"


def test_TC_E_28_CS_the_status_of_a_transaction_that_is_not_there(rig: Rig) -> None:
    answer = rig.ask(v2.GetTransactionStatus(transaction_id="nobody-knows-it"))
    assert (answer.ongoing_indicator, answer.messages_in_queue) == (False, False)


def test_TC_E_39_CS_a_transaction_ends_because_nobody_plugs_in(rig: Rig) -> None:
    rig.set("TxCtrlr.TxStartPoint", "Authorized")
    rig.set("TxCtrlr.EVConnectionTimeOut", "20")
    rig.hardware.swipe(TAG, evse_id=1)
    rig.time.advance(2)
    assert [event.event_type for event in events(rig)] == ["Started"]
    rig.time.advance(20)
    ended = events(rig)[-1]
    assert (ended.event_type, ended.trigger_reason) == ("Ended", "EVConnectTimeout")
    assert ended.transaction_info.stopped_reason == "Timeout"
    rig.fresh()
    rig.hardware.plug()
    rig.time.advance(5)
    assert statuses(rig) == ["Occupied"]
    assert not events(rig)


def repeated(rig: Rig, answer: Any, timeout_s: int) -> None:
    rig.set("SampledDataCtrlr.TxUpdatedInterval", "0")
    attempts = v2.SetVariableData(
        component=v2.Component(name="OCPPCommCtrlr"),
        variable=v2.Variable(name="MessageAttemptInterval", instance="TransactionEvent"),
        attribute_value="10",
    )
    rig.ask(v2.SetVariables(set_variable_data=(attempts,)))
    charging(rig)
    rig.answers[v2.TransactionEvent] = answer
    rig.hardware.swipe(TAG)
    moments: list[float] = []
    for _ in range(300):
        before = len(events(rig))
        rig.time.advance(1)
        moments += [rig.time.monotonic()] * (len(events(rig)) - before)
    assert len(moments) == 3
    assert len({event.seq_no for event in events(rig)}) == 1
    waits = [later - earlier for earlier, later in pairwise(moments)]
    assert waits == [pytest.approx(10 * n + timeout_s, abs=1) for n in (1, 2)]
    assert not rig.station.outbox.holds()


def test_TC_E_41_CS_an_unanswered_message_is_repeated_as_often_as_allowed(rig: Rig) -> None:
    repeated(rig, lambda request: None, 30)


def test_TC_E_50_CS_a_message_answered_with_an_error_is_repeated_as_often_as_allowed(rig: Rig) -> None:
    repeated(rig, lambda request: Failed("InternalError"), 0)


def test_TC_F_08_CS_a_transaction_is_stopped_from_afar(rig: Rig) -> None:
    transaction_id = charging(rig)
    assert rig.ask(v2.RequestStopTransaction(transaction_id=transaction_id)).status == "Accepted"
    rig.time.advance(2)
    ended = events(rig)[-1]
    assert (ended.event_type, ended.trigger_reason) == ("Ended", "RemoteStop")
    assert ended.transaction_info.stopped_reason == "Remote"


def test_TC_F_09_CS_a_stop_from_afar_of_another_transaction_is_rejected(rig: Rig) -> None:
    charging(rig)
    assert rig.ask(v2.RequestStopTransaction(transaction_id="another")).status == "Rejected"
    assert not events(rig)


def test_TC_F_20_CS_a_heartbeat_is_asked_for(rig: Rig) -> None:
    assert rig.ask(v2.TriggerMessage(requested_message="Heartbeat")).status == "Accepted"
    assert rig.names() == ["Heartbeat"]


def test_TC_G_01_CS_and_TC_G_02_CS_a_connector_is_taken_and_free_again(rig: Rig) -> None:
    rig.hardware.plug()
    rig.time.advance(2)
    assert statuses(rig) == ["Occupied"]
    rig.hardware.unplug()
    rig.time.advance(2)
    assert statuses(rig) == ["Occupied", "Available"]


def test_TC_G_03_CS_and_TC_G_04_CS_an_evse_is_out_of_use_and_in_use_again(rig: Rig) -> None:
    assert service(rig, "Inoperative", 1) == "Accepted"
    assert (statuses(rig, 1), statuses(rig, 2)) == (["Unavailable"], [])
    assert service(rig, "Operative", 1) == "Accepted"
    assert (statuses(rig, 1), statuses(rig, 2)) == (["Unavailable", "Available"], [])


def test_TC_G_11_CS_an_evse_is_out_of_use_after_its_transaction(rig: Rig) -> None:
    charging(rig)
    assert service(rig, "Inoperative", 1) == "Scheduled"
    rig.time.advance(60)
    assert statuses(rig) == []
    rig.hardware.swipe(TAG)
    rig.time.advance(2)
    assert events(rig)[-1].event_type == "Ended"
    assert statuses(rig) == ["Unavailable"]


def test_TC_G_18_CS_an_evse_is_out_of_use_also_after_a_reboot(rig: Rig) -> None:
    assert service(rig, "Inoperative", 1) == "Accepted"
    assert statuses(rig, 1) == ["Unavailable"]
    rig.fresh()
    rig.powered.cut_power()
    rig.powered.power_on()
    rig.time.advance(5)
    assert (statuses(rig, 1), statuses(rig, 2)) == (["Unavailable"], ["Available"])


def test_TC_P_01_CS_data_of_an_unknown_vendor_is_not_accepted(rig: Rig) -> None:
    asked = v2.DataTransfer(vendor_id="org.openchargealliance.Test System", message_id="any")
    assert rig.ask(asked).status == "UnknownVendorId"


def test_a_report_of_everything_names_every_variable_once(rig: Rig) -> None:
    assert rig.ask(v2.GetBaseReport(request_id=5, report_base="FullInventory")).status == "Accepted"
    parts = rig.of(v2.NotifyReport)
    assert [part.seq_no for part in parts] == list(range(len(parts)))
    assert [part.tbc for part in parts] == [True] * (len(parts) - 1) + [False]
    named = [(repr(data.component), repr(data.variable)) for part in parts for data in part.report_data or ()]
    assert len(named) == len(set(named)) > 80


POINTS = ["EVConnected", "Authorized", "PowerPathClosed", "EnergyTransfer"]


@pytest.mark.parametrize("start", POINTS)
@pytest.mark.parametrize("stop", POINTS)
@pytest.mark.parametrize("cable_first", [True, False])
def test_every_start_and_stop_point_makes_one_whole_transaction(start: str, stop: str, cable_first: bool) -> None:
    """E01, E06: whatever begins and ends it, there is one begin, one end, and no number is missing."""
    rig = Rig(V201)
    rig.set("TxCtrlr.TxStartPoint", start)
    rig.set("TxCtrlr.TxStopPoint", stop)
    steps: list[Callable[[], None]] = [rig.hardware.plug, partial(rig.hardware.swipe, TAG)]
    for step in steps if cable_first else reversed(steps):
        step()
        rig.time.advance(15)
    rig.hardware.swipe(TAG)
    rig.time.advance(5)
    rig.hardware.unplug()
    rig.time.advance(5)
    kinds = [event.event_type for event in events(rig)]
    assert kinds[0] == "Started"
    assert kinds[-1] == "Ended"
    assert set(kinds[1:-1]) <= {"Updated"}
    assert [event.seq_no for event in events(rig)] == list(range(len(kinds)))
    assert len({event.transaction_info.transaction_id for event in events(rig)}) == 1
    token = [event.id_token for event in events(rig) if event.id_token is not UNSET]
    assert token
