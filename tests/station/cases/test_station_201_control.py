"""Certification cases of 2.0.1 for stations about tokens that are shown, orders from afar and triggers (blocks C, F, G)."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec import UNSET

from forecourt.charging.ids import EvseId
from forecourt.ocpp import v2
from forecourt.ocpp.versions import Version
from forecourt.station.blocks.transactions.master_pass import CHOICE_S
from tests.station.cases.test_station_201 import TAG, charging, events, rig, service, statuses, version
from tests.station.cases.test_station_201_lists import GROUP, asked, cached, entry, known, refused, says, token
from tests.station.cases.test_station_201_sessions import plug, points, remote, told
from tests.station.rig import Rig

__all__ = ["rig", "version"]

MASTER = v2.IdToken(id_token="MASTER", type="Central")


def shown(rig: Rig, value: str, *, evse_id: int | None = 1) -> None:
    rig.hardware.swipe(value, evse_id=evse_id)
    rig.time.advance(3)


@pytest.mark.parametrize(("case", "status"), [(2, "Invalid"), (6, "Blocked"), (7, "Expired"), (56, "Unknown")])
def test_TC_C_02_CS_and_TC_C_06_CS_and_TC_C_07_CS_and_TC_C_56_CS_a_token_is_refused(
    rig: Rig, case: int, status: str
) -> None:
    plug(rig)
    says(rig, status)
    shown(rig, "WRONG")
    rig.time.advance(30)
    assert [request.id_token for request in rig.of(v2.Authorize)] == [token("WRONG")]
    assert events(rig) == []


def test_TC_C_04_CS_another_token_does_not_stop_the_transaction(rig: Rig) -> None:
    says(rig, "Accepted", GROUP)
    charging(rig)
    says(rig, "Accepted")
    shown(rig, "OTHER")
    rig.time.advance(30)
    assert asked(rig) == ["OTHER"]
    assert [one for one in events(rig) if one.id_token is not UNSET or one.event_type == "Ended"] == []


def test_TC_C_39_CS_another_token_of_the_group_stops_the_transaction(rig: Rig) -> None:
    says(rig, "Accepted", GROUP)
    rig.session(seconds=20)
    assert asked(rig) == [TAG]
    first = events(rig)[0]
    assert (first.event_type, first.trigger_reason, first.id_token) == ("Started", "Authorized", token())
    rig.fresh()
    shown(rig, "OTHER")
    assert asked(rig) == ["OTHER"]
    (ended,) = events(rig)
    assert (ended.event_type, ended.trigger_reason, ended.id_token) == ("Ended", "StopAuthorized", token("OTHER"))


def test_TC_C_42_CS_a_token_of_the_group_that_is_refused_does_not_stop_the_transaction(rig: Rig) -> None:
    says(rig, "Accepted", GROUP)
    charging(rig)
    says(rig, "Invalid", GROUP)
    shown(rig, "OTHER")
    rig.time.advance(20)
    assert asked(rig) == ["OTHER"]
    assert events(rig) == []


def master(rig: Rig) -> None:
    rig.set("AuthCtrlr.MasterPassGroupId", "MASTER")


def test_TC_C_45_CS_a_token_of_the_master_pass_starts_nothing(rig: Rig) -> None:
    master(rig)
    says(rig, "Accepted", MASTER)
    shown(rig, "GUARD")
    assert asked(rig) == ["GUARD"]
    plug(rig)
    rig.time.advance(20)
    assert events(rig) == []


def guarded(rig: Rig) -> None:
    """Two transactions run, and a master pass has just been shown."""
    master(rig)
    for evse_id, value in ((1, "TAG001"), (2, "TAG002")):
        rig.hardware.plug(evse_id=evse_id)
        rig.time.advance(2)
        shown(rig, value, evse_id=evse_id)
    rig.time.advance(10)
    rig.fresh()
    says(rig, "Accepted", MASTER)
    shown(rig, "GUARD", evse_id=None)
    assert asked(rig) == ["GUARD"]


def test_TC_C_49_CS_a_master_pass_stops_all_transactions(rig: Rig) -> None:
    guarded(rig)
    assert [one.event_type for one in events(rig)] == ["Ended", "Ended"]
    assert {one.transaction_info.stopped_reason for one in events(rig)} == {"MasterPass"}
    assert [one.id_token for one in events(rig)] == [token("GUARD")] * 2


def with_menu(version: Version) -> Rig:
    """A station with keys at its display, where a master pass is to choose."""
    rig = Rig(version, evses=2, menu=True)
    guarded(rig)
    assert events(rig) == []
    assert rig.hardware.choices == (1, 2)
    return rig


def ended_by_guard(rig: Rig) -> list[int]:
    """At which EVSEs the pass has ended a transaction, each told with it once."""
    ends = [one for one in events(rig) if one.event_type == "Ended"]
    assert {one.transaction_info.stopped_reason for one in ends} <= {"MasterPass"}
    assert [one.id_token for one in events(rig) if one.id_token is not UNSET] == [token("GUARD")] * len(ends)
    return [one.evse.id for one in ends if one.evse is not UNSET]


def leave(rig: Rig, evse_id: int) -> None:
    """To ParkingBayUnoccupied."""
    rig.fresh()
    rig.hardware.unplug(evse_id=evse_id)
    rig.time.advance(3)
    assert statuses(rig, evse_id) == ["Available"]
    assert events(rig) == []


def test_TC_C_47_CS_a_master_pass_stops_all_transactions_at_a_display(version: Version) -> None:
    rig = with_menu(version)
    rig.hardware.choose_at(1, 2)
    rig.time.advance(3)
    assert ended_by_guard(rig) == [1, 2]
    leave(rig, 1)
    leave(rig, 2)


def test_TC_C_48_CS_a_master_pass_stops_a_chosen_transaction_at_a_display(version: Version) -> None:
    rig = with_menu(version)
    rig.hardware.choose_at(1)
    rig.time.advance(3)
    assert ended_by_guard(rig) == [1]
    leave(rig, 1)
    assert rig.station.bays[EvseId(2)].transaction is not None


def test_C16_who_chooses_nothing_in_time_has_nothing_stopped(version: Version) -> None:
    rig = with_menu(version)
    rig.time.advance(CHOICE_S)
    rig.hardware.choose_at(1, 2)
    rig.time.advance(3)
    assert ended_by_guard(rig) == []


def test_C16_only_what_could_be_chosen_is_stopped_and_only_once(version: Version) -> None:
    rig = with_menu(version)
    rig.hardware.choose_at()
    rig.hardware.choose_at(1, 2)
    rig.time.advance(3)
    assert ended_by_guard(rig) == []


@pytest.mark.parametrize("from_afar", [False, True])
def test_TC_C_57_CS_a_refused_token_in_the_cache_is_not_asked_about(rig: Rig, from_afar: bool) -> None:
    cached(rig, "Invalid")
    rig.set("AuthCacheCtrlr.DisablePostAuthorize", "true")
    not_asked(rig, from_afar)


@pytest.mark.parametrize("from_afar", [False, True])
def test_TC_C_58_CS_a_refused_token_on_the_local_list_is_not_asked_about(rig: Rig, from_afar: bool) -> None:
    known(rig, entry(status="Invalid"))
    rig.set("LocalAuthListCtrlr.DisablePostAuthorize", "true")
    not_asked(rig, from_afar)


def not_asked(rig: Rig, from_afar: bool) -> None:
    if from_afar:
        rig.set("AuthCtrlr.AuthorizeRemoteStart", "true")
        rig.fresh()
        remote(rig)
        plug(rig)
    else:
        refused(rig)
    rig.time.advance(20)
    assert asked(rig) == []
    assert events(rig) == []


def test_TC_E_52_CS_a_token_nobody_knows_is_not_asked_about(rig: Rig) -> None:
    rig.set("AuthCtrlr.DisableRemoteAuthorization", "true")
    refused(rig, "STRANGER")
    assert asked(rig) == []


@pytest.mark.parametrize("asks", [False, True])
def test_TC_F_01_CS_and_TC_F_02_CS_and_TC_F_03_CS_it_is_started_from_afar(rig: Rig, asks: bool) -> None:
    rig.set("AuthCtrlr.AuthorizeRemoteStart", "true" if asks else "false")
    points(rig)
    plug(rig)
    assert remote(rig) == "Accepted"
    assert asked(rig) == ([TAG] if asks else [])
    first = events(rig)[0]
    assert (first.event_type, first.trigger_reason, first.id_token) == ("Started", "RemoteStart", token())
    assert first.transaction_info.remote_start_id == 7
    rig.time.advance(10)
    assert told(rig)[-1] == ("Updated", "ChargingStateChanged", "Charging")


def test_TC_F_04_CS_it_is_started_from_afar_and_nobody_plugs_in(rig: Rig) -> None:
    rig.set("TxCtrlr.EVConnectionTimeOut", "30")
    points(rig, start="Authorized")
    assert remote(rig) == "Accepted"
    rig.time.advance(30)
    assert (told(rig)[-1][0], told(rig)[-1][1]) == ("Ended", "EVConnectTimeout")
    rig.fresh()
    assert remote(rig) == "Accepted"
    assert told(rig) == [("Started", "RemoteStart", "Idle")]


def unlock(rig: Rig, evse_id: int = 1, connector_id: int = 1) -> str:
    answer: v2.UnlockConnectorResponse = rig.ask(v2.UnlockConnector(evse_id=evse_id, connector_id=connector_id))
    return answer.status


def test_TC_F_05_CS_a_connector_with_a_transaction_is_not_unlocked(rig: Rig) -> None:
    charging(rig)
    assert unlock(rig) == "OngoingAuthorizedTransaction"


def test_TC_F_06_CS_a_connector_is_unlocked(rig: Rig) -> None:
    plug(rig)
    assert unlock(rig) == "Unlocked"


def test_TC_F_07_CS_a_connector_without_a_cable_is_unlocked(rig: Rig) -> None:
    assert unlock(rig) == "Unlocked"


def test_TC_F_10_CS_a_connector_that_is_not_there_is_not_unlocked(rig: Rig) -> None:
    assert unlock(rig, 1, 9) == "UnknownConnector"


def trigger(rig: Rig, what: Any, evse: Any = UNSET) -> str:
    rig.fresh()
    answer: v2.TriggerMessageResponse = rig.ask(v2.TriggerMessage(requested_message=what, evse=evse))
    return answer.status


@pytest.mark.parametrize("evse", [v2.EVSE(id=1), UNSET])
def test_TC_F_11_CS_and_TC_F_12_CS_meter_values_are_asked_for(rig: Rig, evse: Any) -> None:
    assert trigger(rig, "MeterValues", evse) == "Accepted"
    assert [message.evse_id for message in rig.of(v2.MeterValues)] == ([1, 2] if evse is UNSET else [1])
    for message in rig.of(v2.MeterValues):
        assert message.meter_value[0].sampled_value[0].context == "Trigger"


@pytest.mark.parametrize("evse", [v2.EVSE(id=1), UNSET])
def test_TC_F_13_CS_and_TC_F_14_CS_transactions_are_asked_for(rig: Rig, evse: Any) -> None:
    for evse_id, value in ((1, "TAG001"), (2, "TAG002")):
        rig.hardware.plug(evse_id=evse_id)
        rig.time.advance(2)
        shown(rig, value, evse_id=evse_id)
    rig.time.advance(10)
    assert trigger(rig, "TransactionEvent", evse) == "Accepted"
    assert [one.evse.id for one in events(rig) if one.evse is not UNSET] == ([1, 2] if evse is UNSET else [1])
    for one in events(rig):
        assert (one.trigger_reason, one.transaction_info.charging_state) == ("Trigger", "Charging")
        assert isinstance(one.meter_value, tuple)
        assert one.meter_value[0].sampled_value[0].context == "Trigger"


def test_TC_F_15_CS_it_is_asked_for_how_far_a_log_is_and_there_is_none(rig: Rig) -> None:
    assert trigger(rig, "LogStatusNotification") == "Accepted"
    assert [message.status for message in rig.of(v2.LogStatusNotification)] == ["Idle"]


@pytest.mark.parametrize(("taken", "status"), [(False, "Available"), (True, "Occupied")])
def test_TC_F_23_CS_and_TC_F_24_CS_the_state_of_a_connector_is_asked_for(rig: Rig, taken: bool, status: str) -> None:
    if taken:
        plug(rig)
    assert trigger(rig, "StatusNotification", v2.EVSE(id=1, connector_id=1)) == "Accepted"
    assert statuses(rig, 1) == [status]
    assert statuses(rig, 2) == []


def test_TC_F_26_CS_a_boot_is_asked_for_of_a_station_that_is_accepted(rig: Rig) -> None:
    assert trigger(rig, "BootNotification") == "Rejected"
    assert rig.names() == []


def test_TC_F_27_CS_a_message_is_asked_for_that_is_not_implemented(rig: Rig) -> None:
    assert trigger(rig, "SignCombinedCertificate") == "NotImplemented"


@pytest.mark.parametrize("place", [(1,), (), (1, 1)], ids=["evse", "station", "connector"])
def test_TC_G_09_CS_and_TC_G_12_CS_and_TC_G_15_CS_in_use_that_was(rig: Rig, place: tuple[int, ...]) -> None:
    assert service(rig, "Operative", *place) == "Accepted"
    assert trigger(rig, "StatusNotification", v2.EVSE(id=1, connector_id=1)) == "Accepted"
    assert statuses(rig, 1) == ["Available"]


@pytest.mark.parametrize("place", [(1,), (), (1, 1)], ids=["evse", "station", "connector"])
def test_TC_G_10_CS_and_TC_G_13_CS_and_TC_G_16_CS_out_of_use_that_was(rig: Rig, place: tuple[int, ...]) -> None:
    assert service(rig, "Inoperative", *place) == "Accepted"
    assert statuses(rig, 1) == ["Unavailable"]
    assert service(rig, "Inoperative", *place) == "Accepted"
    assert trigger(rig, "StatusNotification", v2.EVSE(id=1, connector_id=1)) == "Accepted"
    assert statuses(rig, 1) == ["Unavailable"]


@pytest.mark.parametrize("busy", [False, True], ids=["idle", "with a transaction"])
def test_TC_B_28_CS_and_TC_B_29_CS_an_EVSE_that_cannot_be_reset_alone(version: Version, busy: bool) -> None:
    rig = Rig(version, evses=2, resets_evses=False)
    if busy:
        charging(rig)
    assert may_be_reset(rig) == "false"
    answer: v2.ResetResponse = rig.ask(v2.Reset(type="OnIdle", evse_id=1))
    assert answer.status == "Rejected"
    rig.fresh()
    rig.time.advance(60)
    assert not events(rig) or events(rig)[-1].event_type == "Updated"
    assert not rig.of(v2.StatusNotification)


def may_be_reset(rig: Rig) -> object:
    asked = v2.GetVariableData(
        component=v2.Component(name="EVSE", evse=v2.EVSE(id=1)), variable=v2.Variable(name="AllowReset")
    )
    (result,) = rig.ask(v2.GetVariables(get_variable_data=(asked,))).get_variable_result
    return result.attribute_value
