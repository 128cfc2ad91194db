"""Certification cases of 1.6 for stations (OCTT, 2024-04-26), each named after its case: every step and validation of it."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest

from forecourt.ocpp import v16
from forecourt.ocpp.versions import V16
from tests.station.rig import ACCEPTED_16, Rig

TAG = "TAG001"


def rig_of(**more: Any) -> Rig:
    return Rig(V16, **more)


def statuses(rig: Rig, connector_id: int = 1) -> list[str]:
    return [told.status for told in rig.of(v16.StatusNotification) if told.connector_id == connector_id]


def charging(rig: Rig, token: str = TAG) -> None:
    """The reusable state Charging."""
    rig.session(token, seconds=20)
    assert statuses(rig)[-1] == "Charging"
    rig.fresh()


def invalid(request: Any) -> v16.StartTransactionResponse:
    return v16.StartTransactionResponse(transaction_id=77, id_tag_info=v16.IdTagInfo(status="Invalid"))


def offline(rig: Rig) -> None:
    rig.link.up = False
    rig.link.cut()
    rig.time.advance(5)
    rig.fresh()


def back(rig: Rig) -> None:
    rig.link.up = True
    rig.time.advance(900)


def remote_start(rig: Rig, **more: Any) -> str:
    answer: v16.RemoteStartTransactionResponse = rig.ask(v16.RemoteStartTransaction(id_tag=TAG, **more))
    return answer.status


def boots(status: str, interval: int) -> Callable[[Any], v16.BootNotificationResponse]:
    def answer(request: Any) -> v16.BootNotificationResponse:
        return v16.BootNotificationResponse(status=status, current_time=booted.time.now(), interval=interval)  # type: ignore[arg-type]

    booted = rig_of(start=False)
    return answer


def test_TC_001_CS_a_station_boots_tells_its_connectors_and_beats() -> None:
    rig = rig_of(start=False)
    rig.answers[v16.BootNotification] = boots("Rejected", 40)
    rig.powered.power_on()
    rig.time.advance(39)
    assert rig.names() == ["BootNotification"]
    rig.answers[v16.BootNotification] = boots("Accepted", 100)
    rig.time.advance(5)
    assert rig.names() == ["BootNotification"] * 2 + ["StatusNotification"] * 2
    assert statuses(rig, 0) == statuses(rig, 1) == ["Available"]
    moments = []
    for _ in range(400):
        before = len(rig.of(v16.Heartbeat))
        rig.time.advance(1)
        moments += [rig.time.monotonic()] * (len(rig.of(v16.Heartbeat)) - before)
    assert len(moments) >= 3
    assert all(abs(later - earlier - 100) <= 1 for earlier, later in pairwise(moments))


def test_TC_002_CS_a_pending_station_is_configured_and_boots_again() -> None:
    rig = rig_of(start=False)
    rig.answers[v16.BootNotification] = boots("Pending", 30)
    rig.powered.power_on()
    rig.time.advance(5)
    assert len(rig.ask(v16.GetConfiguration()).configuration_key) > 20
    rig.set("MeterValueSampleInterval", "15")
    assert rig.names() == ["BootNotification"]
    rig.answers[v16.BootNotification] = boots("Accepted", 50)
    rig.time.advance(26)
    assert rig.names()[:4] == ["BootNotification"] * 2 + ["StatusNotification"] * 2
    assert statuses(rig, 0) == statuses(rig, 1) == ["Available"]
    rig.time.advance(51)
    assert len(rig.of(v16.Heartbeat)) == 1


def test_TC_003_CS_a_session_begins_with_the_cable() -> None:
    rig = rig_of()
    rig.hardware.plug()
    rig.time.advance(2)
    assert statuses(rig) == ["Preparing"]
    rig.hardware.swipe(TAG)
    rig.time.advance(5)
    assert rig.last(v16.Authorize).id_tag == TAG
    assert rig.last(v16.StartTransaction).id_tag == TAG
    assert statuses(rig) == ["Preparing", "Charging"]
    assert rig.names().index("Authorize") < rig.names().index("StartTransaction")


def test_TC_004_1_CS_a_session_begins_with_the_token() -> None:
    rig = rig_of()
    rig.hardware.swipe(TAG)
    rig.time.advance(2)
    assert statuses(rig) == ["Preparing"]
    assert not rig.of(v16.StartTransaction)
    rig.hardware.plug()
    rig.time.advance(5)
    assert len(rig.of(v16.StartTransaction)) == 1
    assert statuses(rig) == ["Preparing", "Charging"]


def test_TC_004_2_CS_nobody_plugs_in() -> None:
    rig = rig_of()
    rig.set("ConnectionTimeOut", "20")
    rig.hardware.swipe(TAG)
    rig.time.advance(19)
    assert statuses(rig) == ["Preparing"]
    rig.time.advance(2)
    assert statuses(rig) == ["Preparing", "Available"]
    rig.hardware.plug()
    rig.time.advance(5)
    assert not rig.of(v16.StartTransaction)


def test_TC_005_1_CS_the_cable_is_pulled_from_the_vehicle_and_the_connector_unlocks() -> None:
    rig = rig_of()
    charging(rig)
    rig.hardware.unplug(cable_left=True)
    rig.time.advance(2)
    assert rig.last(v16.StopTransaction).reason == "EVDisconnected"
    assert statuses(rig) == ["Finishing"]
    rig.hardware.unplug()
    rig.time.advance(2)
    assert statuses(rig) == ["Finishing", "Available"]


def test_TC_005_3_CS_the_cable_is_pulled_from_the_vehicle_and_the_session_is_suspended() -> None:
    rig = rig_of()
    rig.set("StopTransactionOnEVSideDisconnect", "false")
    rig.set("UnlockConnectorOnEVSideDisconnect", "false")
    charging(rig)
    rig.hardware.unplug(cable_left=True)
    rig.time.advance(2)
    assert not rig.of(v16.StopTransaction)
    assert statuses(rig) == ["SuspendedEV"]
    assert rig.last(v16.StatusNotification).info == "EV side disconnected"
    assert rig.ask(v16.RemoteStopTransaction(transaction_id=1)).status == "Accepted"
    rig.time.advance(2)
    assert statuses(rig)[-1] == "Finishing"
    assert rig.last(v16.StopTransaction).reason == "Remote"


def test_a_vehicle_that_comes_back_to_a_suspended_session_charges_on() -> None:
    rig = rig_of()
    rig.set("StopTransactionOnEVSideDisconnect", "false")
    charging(rig)
    rig.hardware.unplug(cable_left=True)
    rig.time.advance(2)
    rig.hardware.plug()
    rig.time.advance(5)
    assert statuses(rig) == ["SuspendedEV", "Preparing", "Charging"]
    assert not rig.of(v16.StopTransaction)


def test_TC_007_CS_a_session_begins_with_a_token_from_the_cache() -> None:
    rig = rig_of()
    rig.set("LocalPreAuthorize", "true")
    rig.set("AuthorizationCacheEnabled", "true")
    rig.set("AuthorizeRemoteTxRequests", "true")
    rig.session(seconds=10)
    rig.hardware.swipe(TAG)
    rig.hardware.unplug()
    rig.time.advance(5)
    rig.fresh()
    rig.hardware.plug()
    rig.time.advance(2)
    assert statuses(rig) == ["Preparing"]
    assert remote_start(rig, connector_id=1) == "Accepted"
    rig.time.advance(5)
    assert not rig.of(v16.Authorize)
    assert rig.last(v16.StartTransaction).id_tag == TAG
    assert statuses(rig) == ["Preparing", "Charging"]


def test_TC_008_CS_a_session_begins_with_a_token_from_the_local_list() -> None:
    rig = rig_of()
    rig.set("LocalPreAuthorize", "true")
    rig.set("AuthorizationCacheEnabled", "false")
    rig.set("AuthorizeRemoteTxRequests", "true")
    assert rig.ask(v16.GetLocalListVersion()).list_version == 0
    entry = v16.AuthorizationData(id_tag=TAG, id_tag_info=ACCEPTED_16)
    sent = v16.SendLocalList(list_version=1, update_type="Full", local_authorization_list=(entry,))
    assert rig.ask(sent).status == "Accepted"
    rig.hardware.plug()
    rig.time.advance(2)
    assert statuses(rig) == ["Preparing"]
    assert remote_start(rig, connector_id=1) == "Accepted"
    rig.time.advance(5)
    assert not rig.of(v16.Authorize)
    assert len(rig.of(v16.StartTransaction)) == 1
    assert statuses(rig) == ["Preparing", "Charging"]


@pytest.mark.parametrize("asked", [True, False])
def test_TC_010_CS_a_session_is_started_from_afar_when_plugged_in(asked: bool) -> None:
    rig = rig_of()
    rig.set("AuthorizeRemoteTxRequests", str(asked).lower())
    rig.hardware.plug()
    rig.time.advance(2)
    assert statuses(rig) == ["Preparing"]
    assert remote_start(rig, connector_id=1) == "Accepted"
    rig.time.advance(5)
    assert len(rig.of(v16.Authorize)) == asked
    assert rig.last(v16.StartTransaction).id_tag == TAG
    assert statuses(rig) == ["Preparing", "Charging"]


@pytest.mark.parametrize("asked", [True, False])
def test_TC_011_1_CS_a_session_is_started_from_afar_before_plugging_in(asked: bool) -> None:
    rig = rig_of()
    rig.set("AuthorizeRemoteTxRequests", str(asked).lower())
    assert remote_start(rig, connector_id=1) == "Accepted"
    rig.time.advance(2)
    assert len(rig.of(v16.Authorize)) == asked
    assert statuses(rig) == ["Preparing"]
    rig.hardware.plug()
    rig.time.advance(5)
    assert len(rig.of(v16.StartTransaction)) == 1
    assert statuses(rig) == ["Preparing", "Charging"]


def test_TC_011_2_CS_a_session_is_started_from_afar_and_nobody_plugs_in() -> None:
    rig = rig_of()
    rig.set("ConnectionTimeOut", "20")
    assert remote_start(rig, connector_id=1) == "Accepted"
    rig.time.advance(10)
    assert statuses(rig) == ["Preparing"]
    rig.time.advance(15)
    assert statuses(rig) == ["Preparing", "Available"]


def test_TC_012_CS_a_session_is_stopped_from_afar() -> None:
    rig = rig_of()
    charging(rig)
    assert rig.ask(v16.RemoteStopTransaction(transaction_id=1)).status == "Accepted"
    rig.time.advance(2)
    assert rig.last(v16.StopTransaction).reason == "Remote"
    assert rig.last(v16.StopTransaction).transaction_id == 1
    assert statuses(rig) == ["Finishing"]


@pytest.mark.parametrize(("kind", "case"), [("Hard", "TC_013_CS"), ("Soft", "TC_014_CS")])
def test_TC_013_CS_and_TC_014_CS_a_reset_without_a_session_keeps_what_is_out_of_service(kind: Any, case: str) -> None:
    rig = rig_of(evses=2)
    assert rig.ask(v16.ChangeAvailability(connector_id=1, type="Inoperative")).status == "Accepted", case
    assert statuses(rig) == ["Unavailable"]
    rig.fresh()
    assert rig.ask(v16.Reset(type=kind)).status == "Accepted"
    rig.time.advance(10)
    assert rig.names()[0] == "BootNotification"
    assert [statuses(rig, n) for n in (0, 1, 2)] == [["Available"], ["Unavailable"], ["Available"]]
    assert rig.ask(v16.ChangeAvailability(connector_id=1, type="Operative")).status == "Accepted"
    assert statuses(rig)[-1] == "Available"


@pytest.mark.parametrize(("kind", "reason"), [("Hard", "HardReset"), ("Soft", "SoftReset")])
def test_TC_015_CS_and_TC_016_CS_a_reset_during_a_session(kind: Any, reason: str) -> None:
    rig = rig_of(evses=2)
    charging(rig)
    assert rig.ask(v16.Reset(type=kind)).status == "Accepted"
    rig.time.advance(10)
    assert rig.last(v16.StopTransaction).reason == reason
    assert rig.names().index("StopTransaction") < rig.names().index("BootNotification")
    assert statuses(rig)[0] == "Finishing"
    assert statuses(rig)[-1] in ("Finishing", "Preparing")
    assert statuses(rig, 2)[-1] == statuses(rig, 0)[-1] == "Available"


def test_TC_017_1_CS_an_idle_connector_is_unlocked() -> None:
    assert rig_of().ask(v16.UnlockConnector(connector_id=1)).status == "Unlocked"


def test_TC_018_1_CS_a_connector_is_unlocked_during_a_session() -> None:
    rig = rig_of()
    charging(rig)
    assert rig.ask(v16.UnlockConnector(connector_id=1)).status == "Unlocked"
    rig.time.advance(2)
    assert rig.last(v16.StopTransaction).reason == "UnlockCommand"
    assert statuses(rig) == ["Finishing"]
    rig.hardware.unplug()
    rig.time.advance(2)
    assert statuses(rig) == ["Finishing", "Available"]


def test_TC_021_CS_a_configuration_key_is_set() -> None:
    rig = rig_of()
    rig.set("MeterValueSampleInterval", "17")
    (found,) = rig.ask(v16.GetConfiguration(key=("MeterValueSampleInterval",))).configuration_key
    assert (found.key, found.value) == ("MeterValueSampleInterval", "17")


@pytest.mark.parametrize("verdict", ["Invalid", "Expired", "Blocked"])
def test_TC_023_CS_a_token_is_refused(verdict: Any) -> None:
    rig = rig_of()
    rig.set("LocalPreAuthorize", "true")
    rig.answers[v16.Authorize] = lambda request: v16.AuthorizeResponse(id_tag_info=v16.IdTagInfo(status=verdict))
    rig.session(seconds=30)
    assert rig.names() == ["StatusNotification", "Authorize"]
    assert statuses(rig) == ["Preparing"]


def test_TC_024_CS_the_lock_of_a_connector_fails() -> None:
    rig = rig_of()
    assert remote_start(rig, connector_id=1) == "Accepted"
    assert statuses(rig) == ["Preparing"]
    rig.hardware.jam_lock()
    rig.hardware.plug()
    rig.time.advance(30)
    assert statuses(rig) == ["Preparing", "Faulted"]
    assert rig.last(v16.StatusNotification).error_code == "ConnectorLockFailure"
    assert not rig.of(v16.StartTransaction)


def test_TC_026_CS_a_start_from_afar_at_an_occupied_connector_is_rejected() -> None:
    rig = rig_of()
    charging(rig)
    assert remote_start(rig, connector_id=1) == "Rejected"


def test_TC_027_CS_a_start_from_afar_at_connector_0_is_rejected() -> None:
    assert remote_start(rig_of(), connector_id=0) == "Rejected"


def test_TC_028_CS_a_stop_from_afar_of_an_unknown_transaction_is_rejected() -> None:
    rig = rig_of()
    charging(rig)
    assert rig.ask(v16.RemoteStopTransaction(transaction_id=4711)).status == "Rejected"
    assert not rig.of(v16.StopTransaction)


def test_TC_030_CS_a_connector_fails_to_unlock() -> None:
    rig = rig_of()
    rig.hardware.jam_lock()
    assert rig.ask(v16.UnlockConnector(connector_id=1)).status == "UnlockFailed"


def test_TC_031_CS_a_connector_that_is_not_there_is_not_unlocked() -> None:
    assert rig_of().ask(v16.UnlockConnector(connector_id=9)).status == "NotSupported"


def test_TC_032_2_CS_after_a_power_loss_the_session_is_ended() -> None:
    rig = rig_of()
    charging(rig)
    rig.powered.cut_power()
    rig.time.advance(60)
    rig.powered.power_on()
    rig.time.advance(5)
    assert rig.names()[0] == "BootNotification"
    assert statuses(rig, 0) == ["Available"]
    assert statuses(rig)[-1] in ("Preparing", "Finishing")
    assert rig.last(v16.StopTransaction).reason == "PowerLoss"
    assert rig.last(v16.StopTransaction).transaction_id == 1


def test_TC_034_CS_out_of_service_outlives_a_power_loss() -> None:
    rig = rig_of()
    assert rig.ask(v16.ChangeAvailability(connector_id=0, type="Inoperative")).status == "Accepted"
    assert statuses(rig, 0) == statuses(rig, 1) == ["Unavailable"]
    rig.powered.cut_power()
    rig.fresh()
    rig.powered.power_on()
    rig.time.advance(5)
    assert rig.names()[0] == "BootNotification"
    assert statuses(rig, 0) == statuses(rig, 1) == ["Unavailable"]


def test_TC_036_CS_readings_wait_while_the_connection_is_lost() -> None:
    rig = rig_of()
    rig.set("MeterValueSampleInterval", "10")
    charging(rig)
    offline(rig)
    rig.time.advance(60)
    back(rig)
    moments = [told.meter_value[0].timestamp for told in rig.of(v16.MeterValues)]
    assert len(moments) > 5
    assert {(later - earlier).total_seconds() for earlier, later in pairwise(moments)} == {10}


def known_offline(rig: Rig) -> None:
    entry = v16.AuthorizationData(id_tag=TAG, id_tag_info=ACCEPTED_16)
    sent = v16.SendLocalList(list_version=1, update_type="Full", local_authorization_list=(entry,))
    assert rig.ask(sent).status == "Accepted"
    rig.set("AllowOfflineTxForUnknownId", "true")
    offline(rig)


def test_TC_037_1_CS_a_session_begins_offline_with_a_valid_token() -> None:
    rig = rig_of()
    known_offline(rig)
    rig.session(seconds=20)
    assert rig.names() == []
    back(rig)
    assert rig.names()[0] == "StartTransaction"
    assert rig.station.bays[1].transaction is not None  # type: ignore[index]
    assert statuses(rig) == ["Charging"]


def test_TC_037_2_CS_a_session_begun_offline_with_an_invalid_token_is_suspended() -> None:
    rig = rig_of()
    rig.set("StopTransactionOnInvalidId", "false")
    known_offline(rig)
    rig.answers[v16.StartTransaction] = invalid
    rig.session(seconds=20)
    back(rig)
    assert statuses(rig) == ["Charging", "SuspendedEVSE"]
    assert not rig.of(v16.StopTransaction)


def test_TC_037_3_CS_a_session_begun_offline_with_an_invalid_token_ends() -> None:
    rig = rig_of()
    known_offline(rig)
    rig.answers[v16.StartTransaction] = invalid
    rig.session(seconds=20)
    back(rig)
    assert rig.last(v16.StopTransaction).reason == "DeAuthorized"
    assert statuses(rig) == ["Charging", "Finishing"]


def test_TC_038_CS_a_session_ends_offline() -> None:
    rig = rig_of()
    charging(rig)
    offline(rig)
    rig.hardware.swipe(TAG)
    rig.time.advance(20)
    assert rig.names() == []
    back(rig)
    assert rig.last(v16.StopTransaction).reason in (v16.StopTransaction.__struct_defaults__[0], "Local")
    assert statuses(rig) == ["Finishing"]


def test_TC_039_CS_a_session_begins_and_ends_offline() -> None:
    rig = rig_of()
    known_offline(rig)
    rig.session(seconds=30)
    rig.hardware.swipe(TAG)
    rig.hardware.unplug()
    rig.time.advance(10)
    back(rig)
    told = [name for name in rig.names() if name in ("StartTransaction", "StopTransaction")]
    assert told == ["StartTransaction", "StopTransaction"]
    assert rig.last(v16.StopTransaction).transaction_id == 1
    assert rig.last(v16.StopTransaction).reason in (v16.StopTransaction.__struct_defaults__[0], "Local")


def test_TC_040_1_CS_a_configuration_key_that_is_not_supported() -> None:
    assert rig_of().ask(v16.ChangeConfiguration(key="Testing", value="true")).status == "NotSupported"


def test_TC_040_2_CS_a_value_that_a_key_cannot_have() -> None:
    rig = rig_of()
    assert rig.ask(v16.ChangeConfiguration(key="MeterValueSampleInterval", value="-1")).status == "Rejected"


def test_TC_041_CS_nothing_begins_at_a_connector_with_a_fault() -> None:
    rig = rig_of()
    rig.hardware.break_down()
    rig.time.advance(2)
    assert statuses(rig) == ["Faulted"]
    rig.session(seconds=60)
    assert not rig.of(v16.StartTransaction)
