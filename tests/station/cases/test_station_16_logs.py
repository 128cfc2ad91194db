"""Certification cases of 1.6 for stations: diagnostics and the security log."""

from __future__ import annotations

from typing import Any

from forecourt.ocpp import v16
from tests.station.cases.test_station_16 import rig_of
from tests.station.rig import Rig


def diagnostics(rig: Rig) -> list[str]:
    return [told.status for told in rig.of(v16.DiagnosticsStatusNotification)]


def test_TC_045_1_CS_diagnostics_are_uploaded() -> None:
    rig = rig_of()
    location = "http://files.example/diagnostics/"
    answer = rig.ask(v16.GetDiagnostics(location=location))
    assert diagnostics(rig) == ["Uploading"]
    assert not rig.transfers.sent
    rig.time.advance(5)
    assert diagnostics(rig) == ["Uploading", "Uploaded"]
    (sent,) = rig.transfers.sent
    assert (sent.url, sent.name) == (location, answer.file_name)
    assert sent.content


def test_TC_045_2_CS_diagnostics_cannot_be_uploaded() -> None:
    rig = rig_of()
    rig.ask(v16.GetDiagnostics(location="ftp://127.0.0.1:21/files/failedLocation", retries=0))
    rig.time.advance(120)
    assert diagnostics(rig) == ["Uploading", "UploadFailed"]
    rig.fresh()
    rig.time.advance(400)
    assert "Heartbeat" in rig.names()


def test_TC_054_CS_messages_are_sent_when_they_are_asked_for() -> None:
    rig = rig_of()
    kinds: list[tuple[Any, type]] = [
        ("MeterValues", v16.MeterValues),
        ("Heartbeat", v16.Heartbeat),
        ("StatusNotification", v16.StatusNotification),
        ("DiagnosticsStatusNotification", v16.DiagnosticsStatusNotification),
    ]
    for asked, kind in kinds:
        rig.fresh()
        connector_id = {"connector_id": 1} if asked in ("MeterValues", "StatusNotification") else {}
        assert rig.ask(v16.TriggerMessage(requested_message=asked, **connector_id)).status == "Accepted"
        assert [type(message) for message in rig.heard] == [kind]
    assert diagnostics(rig) == ["Idle"]
    rig.fresh()
    answer = rig.ask(v16.TriggerMessage(requested_message="FirmwareStatusNotification"))
    if answer.status == "Accepted":
        assert rig.last(v16.FirmwareStatusNotification).status == "Idle"
    else:
        assert answer.status == "NotImplemented"


def test_TC_079_CS_the_security_log_is_uploaded() -> None:
    rig = rig_of()
    location = "https://files.example/security/"
    log = v16.LogParameters(remote_location=location)
    answer = rig.ask(v16.GetLog(log=log, log_type="SecurityLog", request_id=3))
    assert answer.status == "Accepted"
    rig.time.advance(5)
    assert [(told.status, told.request_id) for told in rig.of(v16.LogStatusNotification)] == [
        ("Uploading", 3),
        ("Uploaded", 3),
    ]
    (sent,) = rig.transfers.sent
    assert sent.url == location
    assert b"StartupOfTheDevice" in sent.content
