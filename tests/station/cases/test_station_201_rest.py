"""Certification cases of 2.0.1 for stations that need several blocks at once: cached tokens, reservations, how far files are."""

from __future__ import annotations

import pytest
from msgspec import UNSET

from forecourt.ocpp import v2
from forecourt.ocpp.versions import Version
from tests.station.cases.test_station_201 import TAG, charging, events, rig, statuses, version
from tests.station.cases.test_station_201_control import MASTER, master, shown, trigger
from tests.station.cases.test_station_201_lists import asked, cached, token
from tests.station.cases.test_station_201_reservation import reserve
from tests.station.cases.test_station_201_sessions import plug, points, told
from tests.station.rig import Rig
from tests.station.updating import SIGNER, alarms, rig_of, update

__all__ = ["rig", "version"]


def test_TC_C_13_CS_a_token_from_the_cache_and_no_cable_yet(rig: Rig) -> None:
    points(rig, start="Authorized")
    cached(rig)
    shown(rig, TAG)
    assert asked(rig) == []
    assert told(rig) == [("Started", "Authorized", "Idle")]
    assert events(rig)[0].id_token == token()
    plug(rig)
    rig.time.advance(10)
    assert told(rig)[-1] == ("Updated", "ChargingStateChanged", "Charging")


def test_TC_C_14_CS_a_token_of_the_master_pass_from_the_cache_stops_a_transaction(rig: Rig) -> None:
    cached(rig, value="GUARD", group=MASTER)
    master(rig)
    charging(rig)
    shown(rig, "GUARD")
    assert asked(rig) == []
    (ended,) = events(rig)
    assert (ended.event_type, ended.trigger_reason, ended.id_token) == ("Ended", "StopAuthorized", token("GUARD"))
    assert ended.transaction_info.stopped_reason == "MasterPass"


def test_TC_C_100_CS_who_comes_too_late_does_not_charge(rig: Rig) -> None:
    rig.set("AuthCacheCtrlr.Enabled", "false")
    rig.set("TxCtrlr.EVConnectionTimeOut", "30")
    points(rig, start="Authorized", stop="Authorized")
    shown(rig, TAG)
    rig.time.advance(30)
    assert told(rig)[-1] == ("Ended", "EVConnectTimeout", "Idle")
    assert events(rig)[-1].transaction_info.stopped_reason == "Timeout"
    rig.fresh()
    plug(rig)
    rig.time.advance(30)
    assert events(rig) == []
    assert rig.hardware.measure(rig.station.bays[1].evse_id).import_wh == 0  # type: ignore[index]


def test_TC_B_24_CS_what_was_reserved_still_is_after_a_reset(rig: Rig) -> None:
    assert reserve(rig) == "Accepted"
    rig.fresh()
    assert rig.ask(v2.Reset(type="Immediate")).status == "Accepted"
    rig.time.advance(10)
    assert rig.last(v2.BootNotification).reason == "RemoteReset"
    assert (statuses(rig, 1)[-1], statuses(rig, 2)[-1]) == ("Reserved", "Available")


def logs(rig: Rig) -> list[str]:
    return [one.status for one in rig.of(v2.LogStatusNotification)]


def test_TC_F_16_CS_it_is_asked_for_how_far_a_log_is_and_it_is_on_its_way(rig: Rig) -> None:
    log = v2.LogParameters(remote_location="https://files.example/logs/")
    assert rig.link.ask(v2.GetLog(log=log, log_type="DiagnosticsLog", request_id=7)).status == "Accepted"  # type: ignore[union-attr]
    rig.time.advance(0.1)
    assert logs(rig) == ["Uploading"]
    answer = rig.link.ask(v2.TriggerMessage(requested_message="LogStatusNotification"))
    assert isinstance(answer, v2.TriggerMessageResponse)
    assert answer.status == "Accepted"
    rig.time.advance(0.1)
    assert logs(rig) == ["Uploading", "Uploading"]


@pytest.mark.parametrize("evse", [v2.EVSE(id=1), UNSET], ids=["17", "18"])
def test_TC_F_17_CS_and_TC_F_18_CS_it_is_asked_for_how_far_firmware_is_and_there_is_none(
    rig: Rig, evse: v2.EVSE
) -> None:
    assert trigger(rig, "FirmwareStatusNotification", evse) == "Accepted"
    assert [one.status for one in rig.of(v2.FirmwareStatusNotification)] == ["Idle"]


def test_TC_F_19_CS_it_is_asked_for_how_far_firmware_is_and_it_is_being_fetched(version: Version) -> None:
    rig = rig_of(version, evses=2)
    assert update(rig, retrieve_in_s=-7200, signature=SIGNER.sign(b"other firmware")) == "Accepted"
    assert [one.status for one in rig.of(v2.FirmwareStatusNotification)] == ["Downloading"]
    answer = rig.link.ask(v2.TriggerMessage(requested_message="FirmwareStatusNotification"))
    assert isinstance(answer, v2.TriggerMessageResponse)
    assert answer.status == "Accepted"
    rig.time.advance(0.1)
    assert [one.status for one in rig.of(v2.FirmwareStatusNotification)] == ["Downloading"] * 2
    rig.time.advance(60)
    assert [one.status for one in rig.of(v2.FirmwareStatusNotification)][2:] == ["Downloaded", "InvalidSignature"]
    assert alarms(rig) == ["InvalidFirmwareSignature"]
