"""More certification cases of 2.0.1 for stations: several variables, resets, back-off, what waits, orders of service."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec import UNSET

from forecourt.ocpp import v2
from tests.station.cases.test_station_201 import TAG, charging, events, got, put, rig, service, statuses, version
from tests.station.rig import Rig

__all__ = ["rig", "version"]


def test_TC_B_07_CS_several_variables_are_read(rig: Rig) -> None:
    rig.set("OCPPCommCtrlr.OfflineThreshold", "300")
    rig.set("AuthCtrlr.LocalAuthorizeOffline", "true")
    asked = tuple(
        v2.GetVariableData(
            component=v2.Component(name=component), variable=v2.Variable(name=variable), attribute_type="Actual"
        )
        for component, variable in (("OCPPCommCtrlr", "OfflineThreshold"), ("AuthCtrlr", "LocalAuthorizeOffline"))
    )
    results = rig.ask(v2.GetVariables(get_variable_data=asked)).get_variable_result
    assert [(one.component.name, one.variable.name, one.attribute_value) for one in results] == [
        ("OCPPCommCtrlr", "OfflineThreshold", "300"),
        ("AuthCtrlr", "LocalAuthorizeOffline", "true"),
    ]
    assert {(one.attribute_status, one.attribute_type, one.attribute_status_info) for one in results} == {
        ("Accepted", "Actual", UNSET)
    }


def test_TC_B_10_CS_several_variables_are_set(rig: Rig) -> None:
    told = (("OCPPCommCtrlr", "OfflineThreshold", "300"), ("AuthCtrlr", "LocalAuthorizeOffline", "true"))
    asked = tuple(
        v2.SetVariableData(
            component=v2.Component(name=component),
            variable=v2.Variable(name=variable),
            attribute_value=value,
            attribute_type="Actual",
        )
        for component, variable, value in told
    )
    results = rig.ask(v2.SetVariables(set_variable_data=asked)).set_variable_result
    assert [(one.component.name, one.variable.name) for one in results] == [row[:2] for row in told]
    assert {(one.attribute_status, one.attribute_type, one.attribute_status_info) for one in results} == {
        ("Accepted", "Actual", UNSET)
    }


def test_TC_B_21_CS_a_station_is_reset_when_its_transaction_is_over(rig: Rig) -> None:
    charging(rig)
    assert rig.ask(v2.Reset(type="OnIdle")).status == "Scheduled"
    rig.time.advance(30)
    rig.hardware.swipe(TAG)
    rig.time.advance(10)
    assert rig.last(v2.BootNotification).reason == "ScheduledReset"
    assert statuses(rig, 1)[-1] == "Occupied"
    assert statuses(rig, 2)[-1] == "Available"
    assert rig.last(v2.SecurityEventNotification).type in ("StartupOfTheDevice", "ResetOrReboot")


def test_TC_B_33_CS_reading_a_variable_that_is_not_there(rig: Rig) -> None:
    assert got(rig, "OCPPCommCtrlr", "UnknownVariable").attribute_status == "UnknownVariable"


def test_TC_B_35_CS_setting_a_component_that_is_not_there(rig: Rig) -> None:
    assert put(rig, "UnknownComponent", "OfflineThreshold", "1").attribute_status == "UnknownComponent"


def test_TC_B_36_CS_setting_a_variable_that_is_not_there(rig: Rig) -> None:
    assert put(rig, "OCPPCommCtrlr", "UnknownVariable", "1").attribute_status == "UnknownVariable"


def test_TC_B_37_CS_setting_an_attribute_that_is_not_there(rig: Rig) -> None:
    result = put(rig, "OCPPCommCtrlr", "OfflineThreshold", "1", "Target")
    assert (result.attribute_status, result.attribute_type) == ("NotSupportedAttributeType", "Target")


def away(rig: Rig) -> float:
    """How long the station stays away after the connection was closed."""
    began = rig.time.monotonic()
    rig.link.cut()
    for _ in range(4000):
        rig.time.advance(0.1)
        if rig.station.online:
            return rig.time.monotonic() - began
    raise AssertionError("it never came back")


def prepare_back_off(rig: Rig, minimum_s: int) -> None:
    rig.set("OCPPCommCtrlr.RetryBackOffRepeatTimes", "2")
    rig.set("OCPPCommCtrlr.RetryBackOffRandomRange", "0")
    rig.set("OCPPCommCtrlr.RetryBackOffWaitMinimum", str(minimum_s))
    rig.set("OCPPCommCtrlr.OfflineThreshold", str(minimum_s + 60))


def test_TC_B_57_CS_the_station_connects_again_after_the_connection_was_lost(rig: Rig) -> None:
    prepare_back_off(rig, 10)
    first_s = away(rig)
    assert 10 <= first_s <= 10.3
    rig.link.up = False
    rig.time.advance(0.1)
    began = rig.time.monotonic()
    rig.link.cut()
    rig.time.advance(10.5)
    rig.link.up = True
    rig.time.advance(10)
    assert not rig.station.online
    rig.time.advance(9.6)
    assert rig.station.connected_now
    assert rig.time.monotonic() - began == pytest.approx(30.1, abs=0.1)


def all_offline(told: list[v2.TransactionEvent]) -> None:
    """What was kept while the connection was away."""
    assert len(told) >= 3
    for event in told:
        assert (event.event_type, event.offline) == ("Updated", True)
        assert event.meter_value


def waiting_messages(rig: Rig, asked: Any, indicator: Any) -> None:
    """The connection is lost for a while; asked at the moment it is back, the station says that messages wait."""
    rig.set("SampledDataCtrlr.TxUpdatedInterval", "9")
    prepare_back_off(rig, 30)
    transaction_id = charging(rig)
    if asked:
        asked = v2.GetTransactionStatus(transaction_id=transaction_id)
    else:
        asked = v2.GetTransactionStatus()
    away(rig)
    back_at = rig.station.now()
    answer = rig.link.ask(asked)
    assert isinstance(answer, v2.GetTransactionStatusResponse)
    assert (answer.ongoing_indicator, answer.messages_in_queue) == (indicator, True)
    rig.time.advance(1)
    all_offline([event for event in events(rig) if event.timestamp < back_at])


def test_TC_E_29_CS_a_transaction_goes_on_and_messages_wait(rig: Rig) -> None:
    waiting_messages(rig, True, True)


def test_TC_E_33_CS_messages_wait(rig: Rig) -> None:
    waiting_messages(rig, None, UNSET)


def test_TC_E_30_CS_a_transaction_goes_on_and_no_message_waits(rig: Rig) -> None:
    answer = rig.ask(v2.GetTransactionStatus(transaction_id=charging(rig)))
    assert (answer.ongoing_indicator, answer.messages_in_queue) == (True, False)


def test_TC_E_32_CS_a_transaction_has_ended_and_no_message_waits(rig: Rig) -> None:
    transaction_id = charging(rig)
    rig.hardware.swipe(TAG)
    rig.hardware.unplug()
    rig.time.advance(5)
    answer = rig.ask(v2.GetTransactionStatus(transaction_id=transaction_id))
    assert (answer.ongoing_indicator, answer.messages_in_queue) == (False, False)


def test_TC_E_34_CS_no_message_waits(rig: Rig) -> None:
    answer = rig.ask(v2.GetTransactionStatus())
    assert (answer.ongoing_indicator, answer.messages_in_queue) == (UNSET, False)


def test_TC_E_40_CS_the_connection_is_lost_while_a_transaction_goes_on(rig: Rig) -> None:
    rig.set("SampledDataCtrlr.TxUpdatedInterval", "9")
    prepare_back_off(rig, 30)
    charging(rig)
    away(rig)
    back_at = rig.station.now()
    rig.time.advance(2)
    all_offline([event for event in events(rig) if event.timestamp < back_at])


def test_TC_G_05_CS_and_TC_G_06_CS_a_station_is_out_of_use_and_in_use_again(rig: Rig) -> None:
    assert service(rig, "Inoperative") == "Accepted"
    assert statuses(rig, 1) == statuses(rig, 2) == ["Unavailable"]
    assert service(rig, "Operative") == "Accepted"
    assert statuses(rig, 1) == statuses(rig, 2) == ["Unavailable", "Available"]


def test_TC_G_07_CS_and_TC_G_08_CS_a_connector_is_out_of_use_and_in_use_again(rig: Rig) -> None:
    assert service(rig, "Inoperative", 1, 1) == "Accepted"
    assert (statuses(rig, 1), statuses(rig, 2)) == (["Unavailable"], [])
    assert service(rig, "Operative", 1, 1) == "Accepted"
    assert statuses(rig, 1) == ["Unavailable", "Available"]


@pytest.mark.parametrize("place", [(), (1, 1)], ids=["station", "connector"])
def test_TC_G_14_CS_and_TC_G_17_CS_out_of_use_after_the_transaction(rig: Rig, place: tuple[int, ...]) -> None:
    charging(rig)
    assert service(rig, "Inoperative", *place) == "Scheduled"
    rig.time.advance(30)
    assert statuses(rig, 1) == []
    assert statuses(rig, 2) == ([] if place else ["Unavailable"])
    rig.hardware.swipe(TAG)
    rig.time.advance(2)
    assert events(rig)[-1].event_type == "Ended"
    assert statuses(rig, 1) == ["Unavailable"]


@pytest.mark.parametrize("place", [(), (1, 1)], ids=["station", "connector"])
def test_TC_G_19_CS_and_TC_G_21_CS_out_of_use_also_after_a_reboot(rig: Rig, place: tuple[int, ...]) -> None:
    assert service(rig, "Inoperative", *place) == "Accepted"
    rig.fresh()
    rig.powered.cut_power()
    rig.powered.power_on()
    rig.time.advance(5)
    assert rig.names()[0] == "BootNotification"
    assert statuses(rig, 1) == ["Unavailable"]
    assert statuses(rig, 2) == (["Available"] if place else ["Unavailable"])
    assert rig.last(v2.SecurityEventNotification).type in ("StartupOfTheDevice", "ResetOrReboot")
