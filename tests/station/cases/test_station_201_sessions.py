"""Certification cases of 2.0.1 for stations about how transactions begin and end (block E)."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from msgspec import UNSET

from forecourt.ocpp import v2
from forecourt.ocpp.versions import Version
from forecourt.station.config import EvseBuild
from forecourt.station.hardware.vehicle import Vehicle
from forecourt.station.link import Failed
from tests.station.cases.test_station_201 import TAG, charging, events, rig, statuses, version
from tests.station.cases.test_station_201_lists import GROUP, cached, offline, prepare_offline, says
from tests.station.rig import Rig

__all__ = ["rig", "version"]

DRIVER = v2.IdToken(id_token=TAG, type="ISO14443")


def points(rig: Rig, *, start: str = "", stop: str = "") -> None:
    """Readings on the way are left out: they are no part of these cases."""
    rig.set("SampledDataCtrlr.TxUpdatedInterval", "0")
    if start:
        rig.set("TxCtrlr.TxStartPoint", start)
    if stop:
        rig.set("TxCtrlr.TxStopPoint", stop)
    rig.fresh()


def told(rig: Rig) -> list[tuple[str, str, Any]]:
    return [(one.event_type, one.trigger_reason, one.transaction_info.charging_state) for one in events(rig)]


def swipe(rig: Rig) -> None:
    rig.hardware.swipe(TAG, evse_id=1)
    rig.time.advance(2)


def plug(rig: Rig) -> None:
    rig.hardware.plug()
    rig.time.advance(2)


def flow(rig: Rig) -> None:
    rig.time.advance(10)
    assert events(rig)[-1].transaction_info.charging_state == "Charging"


def whole(rig: Rig) -> None:
    """Numbers without a gap, one begin, one transaction."""
    assert [one.seq_no for one in events(rig)] == list(range(len(events(rig))))
    assert [one.event_type for one in events(rig)].count("Started") == 1
    assert len({one.transaction_info.transaction_id for one in events(rig)}) == 1


def test_TC_E_01_CS_and_TC_E_03_CS_it_begins_when_the_power_path_is_closed(rig: Rig) -> None:
    """The cable, then the token."""
    points(rig, start="PowerPathClosed")
    plug(rig)
    assert (statuses(rig), told(rig)) == (["Occupied"], [])
    swipe(rig)
    first = events(rig)[0]
    assert (first.event_type, first.trigger_reason, first.id_token) == ("Started", "Authorized", DRIVER)
    flow(rig)
    whole(rig)


def test_TC_E_02_CS_it_begins_when_energy_flows(rig: Rig) -> None:
    points(rig, start="EnergyTransfer")
    plug(rig)
    rig.hardware.swipe(TAG, evse_id=1)
    rig.time.advance(12)
    assert told(rig) == [("Started", "ChargingStateChanged", "Charging")]
    assert events(rig)[0].id_token == DRIVER


def test_TC_E_04_CS_it_begins_the_token_then_the_cable(rig: Rig) -> None:
    points(rig, start="PowerPathClosed")
    swipe(rig)
    assert told(rig) == []
    plug(rig)
    assert told(rig)[0] == ("Started", "CablePluggedIn", "EVConnected")
    assert events(rig)[0].id_token == DRIVER
    flow(rig)
    whole(rig)


def test_TC_E_05_CS_a_token_is_shown_and_nobody_plugs_in(rig: Rig) -> None:
    rig.set("AuthCacheCtrlr.Enabled", "false")
    rig.set("TxCtrlr.EVConnectionTimeOut", "30")
    points(rig, start="Authorized", stop="Authorized")
    swipe(rig)
    rig.time.advance(30)
    (_, ended) = events(rig)
    assert (ended.event_type, ended.trigger_reason) == ("Ended", "EVConnectTimeout")
    assert ended.transaction_info.stopped_reason == "Timeout"
    rig.fresh()
    swipe(rig)
    plug(rig)
    flow(rig)
    whole(rig)


def test_TC_E_06_CS_and_TC_E_15_CS_a_driver_stops_it(rig: Rig) -> None:
    points(rig, stop="Authorized")
    charging(rig)
    swipe(rig)
    (ended,) = events(rig)
    assert (ended.event_type, ended.trigger_reason, ended.id_token) == ("Ended", "StopAuthorized", DRIVER)
    assert ended.transaction_info.stopped_reason in ("Local", UNSET)
    assert ended.transaction_info.charging_state == "EVConnected"


def test_TC_E_07_CS_it_ends_when_a_driver_opens_the_power_path(rig: Rig) -> None:
    points(rig, stop="PowerPathClosed")
    charging(rig)
    swipe(rig)
    assert told(rig)[-1] == ("Ended", "StopAuthorized", "EVConnected")
    assert events(rig)[-1].transaction_info.stopped_reason in ("Local", UNSET)


def test_TC_E_08_CS_it_ends_when_energy_flows_no_more_after_the_token(rig: Rig) -> None:
    points(rig, stop="EnergyTransfer")
    charging(rig)
    swipe(rig)
    assert told(rig)[-1] == ("Ended", "StopAuthorized", "EVConnected")
    assert events(rig)[-1].transaction_info.stopped_reason in ("Local", UNSET)


def test_TC_E_09_CS_it_begins_when_the_vehicle_is_connected(rig: Rig) -> None:
    points(rig, start="EVConnected")
    plug(rig)
    assert told(rig) == [("Started", "CablePluggedIn", "EVConnected")]
    swipe(rig)
    assert ("Updated", "Authorized") in [row[:2] for row in told(rig)]
    flow(rig)
    whole(rig)


def test_TC_E_10_CS_it_begins_with_the_token(rig: Rig) -> None:
    points(rig, start="Authorized")
    swipe(rig)
    assert told(rig) == [("Started", "Authorized", "Idle")]
    assert events(rig)[0].id_token == DRIVER
    plug(rig)
    assert told(rig)[1] == ("Updated", "CablePluggedIn", "EVConnected")
    flow(rig)
    whole(rig)


def test_TC_E_11_CS_it_begins_with_signed_data(rig: Rig) -> None:
    rig.set("SampledDataCtrlr.SignReadings", "true")
    rig.set("SampledDataCtrlr.SignStartedReadings", "true")
    points(rig, start="DataSigned")
    swipe(rig)
    assert told(rig) == []
    plug(rig)
    assert statuses(rig) == ["Occupied"]
    assert told(rig)[0] == ("Started", "SignedDataReceived", "EVConnected")
    flow(rig)
    whole(rig)


def test_it_ends_with_signed_data(rig: Rig) -> None:
    rig.set("SampledDataCtrlr.SignReadings", "true")
    points(rig, stop="DataSigned")
    charging(rig)
    swipe(rig)
    assert told(rig) == [("Updated", "StopAuthorized", "EVConnected"), ("Ended", "SignedDataReceived", "EVConnected")]
    assert events(rig)[0].id_token == DRIVER
    assert events(rig)[-1].transaction_info.stopped_reason == "Local"


def test_TC_E_12_CS_it_begins_when_the_parking_bay_is_taken(rig: Rig) -> None:
    points(rig, start="ParkingBayOccupancy")
    rig.hardware.park()
    rig.time.advance(1)
    assert told(rig) == [("Started", "EVDetected", "Idle")]
    swipe(rig)
    assert told(rig)[1][:2] == ("Updated", "Authorized")
    plug(rig)
    assert told(rig)[2] == ("Updated", "CablePluggedIn", "EVConnected")
    flow(rig)
    whole(rig)


def remote(rig: Rig, evse_id: Any = 1) -> str:
    asked = v2.RequestStartTransaction(id_token=DRIVER, remote_start_id=7, evse_id=evse_id)
    answer: v2.RequestStartTransactionResponse = rig.ask(asked)
    return answer.status


def test_TC_E_13_CS_it_begins_with_a_start_from_afar(rig: Rig) -> None:
    points(rig, start="Authorized")
    assert remote(rig) == "Accepted"
    assert told(rig) == [("Started", "RemoteStart", "Idle")]
    assert events(rig)[0].transaction_info.remote_start_id == 7
    plug(rig)
    flow(rig)
    whole(rig)


def stopped_by_vehicle(rig: Rig) -> None:
    """EnergyTransferSuspended: the vehicle takes no more."""
    rig.hardware.plug(Vehicle(soc=0.9995))
    rig.time.advance(2)
    swipe(rig)
    for _ in range(600):
        rig.time.advance(5)
        if events(rig)[-1].transaction_info.charging_state != "Charging" and len(events(rig)) > 2:
            break


def suspended(rig: Rig) -> None:
    stopped_by_vehicle(rig)
    assert told(rig)[-1] == ("Updated", "ChargingStateChanged", "SuspendedEV")
    rig.fresh()


def test_TC_E_14_CS_it_ends_when_the_cable_is_pulled_from_the_station(rig: Rig) -> None:
    points(rig, stop="EVConnected")
    charging(rig)
    swipe(rig)
    assert told(rig)[-1] == ("Updated", "StopAuthorized", "EVConnected")
    rig.hardware.unplug()
    rig.time.advance(2)
    assert told(rig)[-1] == ("Ended", "EVCommunicationLost", "Idle")
    assert events(rig)[-1].transaction_info.stopped_reason == "Local"
    assert statuses(rig)[-1] == "Available"


def begun_offline(rig: Rig) -> None:
    prepare_offline(rig, unknown="true")
    cached(rig)
    offline(rig)
    rig.session(seconds=20)


def test_TC_E_16_CS_it_ends_because_the_token_is_refused(rig: Rig) -> None:
    points(rig, stop="PowerPathClosed,Authorized")
    begun_offline(rig)
    says(rig, "Invalid")
    rig.link.up = True
    rig.time.advance(200)
    kept = [one for one in events(rig) if one.offline is True]
    assert DRIVER in [one.id_token for one in kept]
    last = events(rig)[-1]
    assert (last.event_type, last.trigger_reason) == ("Ended", "Deauthorized")
    assert last.transaction_info.stopped_reason == "DeAuthorized"


@pytest.mark.parametrize("unlock", ["true", "false"])
def test_TC_E_17_CS_and_TC_E_24_CS_and_TC_E_25_CS_the_cable_is_pulled_from_the_vehicle_and_the_token_counts_no_more(
    rig: Rig, unlock: str
) -> None:
    rig.set("TxCtrlr.StopTxOnEVSideDisconnect", "true")
    rig.set("OCPPCommCtrlr.UnlockOnEVSideDisconnect", unlock)
    points(rig, stop="Authorized")
    suspended(rig)
    rig.hardware.unplug(cable_left=True)
    rig.time.advance(2)
    assert told(rig) == [("Ended", "EVCommunicationLost", "Idle")]
    assert events(rig)[0].transaction_info.stopped_reason == "EVDisconnected"
    if unlock == "false":
        swipe(rig)
    rig.hardware.unplug()
    rig.time.advance(2)
    assert statuses(rig)[-1] == "Available"


def test_TC_E_19_CS_it_ends_when_the_parking_bay_is_left(rig: Rig) -> None:
    points(rig, stop="ParkingBayOccupancy")
    rig.hardware.park()
    charging(rig)
    swipe(rig)
    rig.hardware.unplug()
    rig.time.advance(2)
    assert {row[0] for row in told(rig)} == {"Updated"}
    rig.hardware.park(there=False)
    rig.time.advance(2)
    assert told(rig)[-1] == ("Ended", "EVDeparted", "Idle")
    assert events(rig)[-1].transaction_info.stopped_reason == "Local"


@pytest.mark.parametrize("stop", ["EVConnected", "PowerPathClosed"])
def test_TC_E_20_CS_and_TC_E_37_CS_it_ends_when_the_vehicle_is_disconnected(rig: Rig, stop: str) -> None:
    rig.set("TxCtrlr.StopTxOnEVSideDisconnect", "false")
    points(rig, stop=stop)
    suspended(rig)
    rig.hardware.unplug(cable_left=True)
    rig.time.advance(2)
    assert told(rig) == [("Ended", "EVCommunicationLost", "Idle")]
    assert events(rig)[0].transaction_info.stopped_reason == "EVDisconnected"


def test_TC_E_21_CS_it_ends_with_a_stop_from_afar(rig: Rig) -> None:
    points(rig, stop="Authorized")
    transaction_id = charging(rig)
    assert rig.ask(v2.RequestStopTransaction(transaction_id=transaction_id)).status == "Accepted"
    (ended,) = events(rig)
    assert (ended.event_type, ended.trigger_reason) == ("Ended", "RemoteStop")
    assert ended.transaction_info.stopped_reason == "Remote"


def test_TC_E_35_CS_it_ends_when_the_power_path_is_opened_from_afar(rig: Rig) -> None:
    points(rig, stop="PowerPathClosed")
    transaction_id = charging(rig)
    assert rig.ask(v2.RequestStopTransaction(transaction_id=transaction_id)).status == "Accepted"
    assert "RemoteStop" in {one.trigger_reason for one in events(rig)}
    assert events(rig)[-1].event_type == "Ended"
    assert events(rig)[-1].transaction_info.stopped_reason == "Remote"


def test_TC_E_22_CS_it_ends_when_the_vehicle_takes_no_more(rig: Rig) -> None:
    points(rig, stop="EnergyTransfer")
    stopped_by_vehicle(rig)
    assert told(rig)[-1] == ("Ended", "ChargingStateChanged", "EVConnected")
    assert events(rig)[-1].transaction_info.stopped_reason == "StoppedByEV"


def lost(rig: Rig) -> None:
    """The vehicle has gone from a suspended transaction, which waits for it."""
    rig.set("OCPPCommCtrlr.UnlockOnEVSideDisconnect", "false")
    rig.set("TxCtrlr.StopTxOnEVSideDisconnect", "false")
    rig.set("TxCtrlr.EVConnectionTimeOut", "60")
    points(rig, stop="Authorized")
    suspended(rig)
    rig.hardware.unplug()
    rig.time.advance(2)
    assert told(rig) == [("Updated", "EVCommunicationLost", "Idle")]
    assert statuses(rig) == ["Available"]
    rig.fresh()


def test_TC_E_26_CS_the_cable_is_pulled_from_the_vehicle_and_comes_back(rig: Rig) -> None:
    lost(rig)
    plug(rig)
    rig.time.advance(5)
    assert told(rig) == [("Updated", "CablePluggedIn", "EVConnected"), ("Updated", "ChargingStateChanged", "Charging")]


def test_TC_E_27_CS_the_cable_is_pulled_from_the_vehicle_for_too_long(rig: Rig) -> None:
    lost(rig)
    rig.time.advance(60)
    assert told(rig) == [("Ended", "EVConnectTimeout", "Idle")]
    assert events(rig)[0].transaction_info.stopped_reason == "Timeout"


def test_TC_E_31_CS_its_status_when_it_has_ended_and_messages_wait(rig: Rig) -> None:
    prepare_offline(rig)
    transaction_id = charging(rig)
    offline(rig)
    swipe(rig)
    rig.hardware.unplug()
    rig.time.advance(40)
    rig.link.up = True
    while not rig.station.online:
        rig.time.advance(0.01)
    answer = rig.link.ask(v2.GetTransactionStatus(transaction_id=transaction_id))
    assert isinstance(answer, v2.GetTransactionStatusResponse)
    assert (answer.ongoing_indicator, answer.messages_in_queue) == (False, True)
    rig.time.advance(5)
    assert "StopAuthorized" in {one.trigger_reason for one in events(rig)}
    assert events(rig)[-1].event_type == "Ended"


def test_TC_E_38_CS_the_vehicle_is_not_ready(rig: Rig) -> None:
    points(rig)
    swipe(rig)
    rig.hardware.plug(Vehicle(soc=1.0))
    rig.time.advance(20)
    assert told(rig)[-1] == ("Updated", "ChargingStateChanged", "SuspendedEV")


@pytest.mark.parametrize(("case", "answer"), [(42, None), (51, Failed("InternalError"))])
def test_TC_E_42_CS_and_TC_E_51_CS_a_message_is_repeated_until_it_is_answered(
    rig: Rig, case: int, answer: Failed | None
) -> None:
    attempts = v2.SetVariableData(
        component=v2.Component(name="OCPPCommCtrlr"),
        variable=v2.Variable(name="MessageAttemptInterval", instance="TransactionEvent"),
        attribute_value="10",
    )
    rig.ask(v2.SetVariables(set_variable_data=(attempts,)))
    points(rig)
    charging(rig)
    moments: list[float] = []

    def second(request: v2.TransactionEvent) -> v2.TransactionEventResponse | Failed | None:
        moments.append(rig.time.monotonic())
        return answer if len(moments) == 1 else v2.TransactionEventResponse()

    rig.answers[v2.TransactionEvent] = second
    swipe(rig)
    rig.time.advance(300)
    assert len({one.seq_no for one in events(rig)}) == 1
    timeout_s = 30 if answer is None else 0
    assert [later - earlier for earlier, later in pairwise(moments)] == [pytest.approx(10 + timeout_s, abs=1)]


def test_TC_E_43_CS_it_begins_and_ends_offline(rig: Rig) -> None:
    begun_offline(rig)
    swipe(rig)
    rig.hardware.unplug()
    rig.time.advance(10)
    rig.link.up = True
    rig.time.advance(200)
    assert {one.offline for one in events(rig)} == {True}
    assert (told(rig)[0][0], told(rig)[-1][0]) == ("Started", "Ended")


def test_TC_E_44_CS_it_ends_offline(rig: Rig) -> None:
    prepare_offline(rig)
    charging(rig)
    offline(rig)
    swipe(rig)
    rig.hardware.unplug()
    rig.time.advance(10)
    rig.link.up = True
    rig.time.advance(200)
    assert {one.offline for one in events(rig)} == {True}
    assert "Ended" in {one.event_type for one in events(rig)}


def test_TC_E_45_CS_it_ends_offline_with_another_token_of_the_group(rig: Rig) -> None:
    prepare_offline(rig)
    cached(rig, value="TAG002", group=GROUP)
    says(rig, "Accepted", GROUP)
    charging(rig)
    offline(rig)
    rig.hardware.swipe("TAG002", evse_id=1)
    rig.time.advance(2)
    rig.hardware.unplug()
    rig.time.advance(10)
    rig.link.up = True
    rig.time.advance(200)
    assert {one.offline for one in events(rig)} == {True}
    assert "Ended" in {one.event_type for one in events(rig)}


def test_without_a_sensor_the_cable_tells_that_the_bay_is_taken(version: Version) -> None:
    rig = Rig(version, built=(EvseBuild(),))
    points(rig, start="ParkingBayOccupancy", stop="ParkingBayOccupancy")
    plug(rig)
    swipe(rig)
    flow(rig)
    swipe(rig)
    rig.hardware.unplug()
    rig.time.advance(2)
    assert (told(rig)[0][0], told(rig)[-1][0]) == ("Started", "Ended")
    whole(rig)
