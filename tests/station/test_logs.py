"""Logs: what is in them, how they are bounded, and an upload through failures, power cuts and lost connections."""

from __future__ import annotations

from datetime import timedelta

import pytest
from msgspec import UNSET

from forecourt.ocpp import v2, v16
from forecourt.ocpp.versions import V16, V21, V201
from forecourt.station import events
from forecourt.station.blocks.diagnostics.model import Kind
from forecourt.station.blocks.diagnostics.store import LINES, PAGES_KEPT, Log
from forecourt.station.blocks.security.actions import MOST_KEPT
from forecourt.station.link import Failed
from forecourt.station.running import Powered
from forecourt.station.transfers import Outcome
from tests.station.rig import Rig

URL = "https://files.example/logs/"


def log_of(rig: Rig, **more: object) -> v2.GetLogResponse:
    parameters = v2.LogParameters(remote_location=URL, **more)  # type: ignore[arg-type]
    answer: v2.GetLogResponse = rig.ask(
        v2.GetLog(log=parameters, log_type="DiagnosticsLog", request_id=5, retries=2, retry_interval=30)
    )
    return answer


def told(rig: Rig) -> list[tuple[str, object]]:
    return [(one.status, one.request_id) for one in rig.of(v2.LogStatusNotification)]


def test_the_diagnostics_log_says_what_happened_but_no_secret() -> None:
    rig = Rig(V201)
    rig.session()
    rig.hardware.break_down()
    rig.set("SecurityCtrlr.BasicAuthPassword", "0123456789abcdef")
    rig.time.advance(60)
    answer = log_of(rig)
    rig.time.advance(10)
    (sent,) = rig.transfers.sent
    assert (sent.url, sent.name) == (URL, answer.filename)
    text = sent.content.decode()
    for part in (
        "started, PowerUp",
        "connected, OCPP 2.0.1",
        "transaction",
        "BasicAuthPassword was set",
        "GroundFailure",
    ):
        assert part in text
    assert "0123456789abcdef" not in text
    assert all(line.startswith("2030-01-01T00:0") for line in text.splitlines())


def test_only_lines_between_the_timestamps_are_sent() -> None:
    rig = Rig(V201)
    begin = rig.station.now()
    rig.time.advance(3600)
    rig.session()
    middle = rig.station.now()
    rig.time.advance(3600)
    rig.hardware.break_down()
    log_of(rig, oldest_timestamp=begin + timedelta(minutes=5), latest_timestamp=middle)
    rig.time.advance(10)
    text = rig.transfers.sent[-1].content.decode()
    assert "transaction" in text
    assert "started" not in text
    assert "GroundFailure" not in text
    refused = log_of(rig, oldest_timestamp=rig.station.now() + timedelta(days=1))
    assert (refused.status, refused.filename) == ("Rejected", UNSET)


def test_a_log_is_bounded_and_outlives_the_power() -> None:
    rig = Rig(V201)
    log = rig.station.part(Log)
    for number in range(LINES * rig.build.log_pages * 2):
        rig.station.turn(lambda number=number: log.write(Kind.SECURITY, f"line {number}\nof many"))  # type: ignore[misc]
    pages = [key for key, _ in rig.powered.storage.items(PAGES_KEPT) if key.startswith("SecurityLog")]
    assert len(pages) == rig.build.log_pages
    rig.powered.cut_power()
    rig.powered.power_on()
    rig.time.advance(5)
    kept = rig.station.part(Log).read(Kind.SECURITY, None, None).splitlines()
    assert LINES * (rig.build.log_pages - 1) <= len(kept) <= LINES * rig.build.log_pages
    assert f"line {LINES * rig.build.log_pages * 2 - 1} of many" in kept[-2]
    assert "StartupOfTheDevice" in kept[-1]


def test_A04_FR_04_events_that_are_not_critical_are_in_the_security_log_too() -> None:
    rig = Rig(V201)
    rig.set("SecurityCtrlr.BasicAuthPassword", "0123456789abcdef")
    rig.time.advance(30)
    rig.ask(v2.GetLog(log=v2.LogParameters(remote_location=URL), log_type="SecurityLog", request_id=1))
    rig.time.advance(10)
    text = rig.transfers.sent[-1].content.decode()
    assert "StartupOfTheDevice" in text
    assert "ReconfigurationOfSecurityParameters" in text


def test_an_upload_is_tried_again_and_each_attempt_begins_an_interval_after_the_last() -> None:
    rig = Rig(V201)
    rig.transfers.failures = [Outcome.FAILED, Outcome.DENIED]
    rig.fresh()
    log_of(rig)
    rig.time.advance(40)
    assert (len(rig.transfers.asked), told(rig)) == (2, [("Uploading", 5)])
    rig.time.advance(30)
    assert (len(rig.transfers.asked), told(rig)) == (3, [("Uploading", 5), ("Uploaded", 5)])


@pytest.mark.parametrize(
    ("outcome", "status"),
    [
        (Outcome.FAILED, "UploadFailure"),
        (Outcome.DENIED, "PermissionDenied"),
        (Outcome.BAD_REQUEST, "BadMessage"),
        (Outcome.UNSUPPORTED, "NotSupportedOperation"),
    ],
)
def test_N01_FR_10_the_reason_of_the_last_failure_is_told(outcome: Outcome, status: str) -> None:
    rig = Rig(V21)
    rig.transfers.failures = [Outcome.FAILED, Outcome.FAILED, outcome]
    log_of(rig)
    rig.time.advance(100)
    assert told(rig) == [("Uploading", 5), (status, 5)]
    assert not rig.transfers.sent


def test_an_upload_goes_on_after_a_power_cut() -> None:
    rig = Rig(V201)
    log_of(rig)
    rig.powered.cut_power()
    rig.time.advance(60)
    rig.fresh()
    assert not rig.transfers.sent
    rig.powered.power_on()
    rig.time.advance(10)
    assert told(rig)[-1] == ("Uploaded", 5)
    rig.powered.cut_power()
    rig.powered.power_on()
    rig.time.advance(60)
    assert len(rig.transfers.sent) == 1


def test_the_end_of_an_upload_is_told_when_the_connection_is_back() -> None:
    rig = Rig(V201)
    log_of(rig)
    rig.link.up = False
    rig.link.cut()
    rig.time.advance(60)
    assert told(rig) == [("Uploading", 5)]
    rig.link.up = True
    rig.time.advance(900)
    assert told(rig) == [("Uploading", 5), ("Uploaded", 5)]


def test_N01_FR_13_a_triggered_status_says_what_goes_on() -> None:
    rig = Rig(V201)
    asked = v2.TriggerMessage(requested_message="LogStatusNotification")
    assert rig.ask(asked).status == "Accepted"
    assert told(rig) == [("Idle", UNSET)]
    log_of(rig)
    rig.fresh()
    assert rig.ask(asked).status == "Accepted"
    assert ("Uploading", 5) in told(rig)


def test_a_station_that_transfers_no_files_refuses() -> None:
    rig = Rig(V201, start=False)
    rig.powered = Powered(rig.build, rig.time, rig.link, rig.hardware)
    rig.powered.power_on()
    rig.time.advance(5)
    assert log_of(rig).status == "Rejected"


def test_the_log_of_a_data_collector_is_not_there() -> None:
    rig = Rig(V21)
    asked = v2.GetLog(log=v2.LogParameters(remote_location=URL), log_type="DataCollectorLog", request_id=1)
    assert rig.ask(asked).status == "Rejected"


def test_of_1_6_each_upload_is_told_with_its_own_message() -> None:
    rig = Rig(V16)
    log = v16.LogParameters(remote_location=URL)
    first = rig.ask(v16.GetLog(log=log, log_type="DiagnosticsLog", request_id=9))
    assert first.status == "Accepted"
    assert rig.ask(v16.GetDiagnostics(location=URL)).file_name
    rig.time.advance(10)
    assert [one.status for one in rig.of(v16.LogStatusNotification)] == ["Uploading"]
    assert [one.status for one in rig.of(v16.DiagnosticsStatusNotification)] == ["Uploading", "Uploaded"]
    assert len(rig.transfers.sent) == 1


def raise_alarm(rig: Rig, kind: str) -> None:
    rig.station.turn(lambda: rig.station.announce(events.Incident(kind)))


def kinds(rig: Rig) -> list[str]:
    return [event.type for event in rig.of(v2.SecurityEventNotification)]


def test_A04_FR_02_security_events_wait_for_the_connection_and_outlive_the_power() -> None:
    rig = Rig(V201)
    rig.link.up = False
    rig.link.cut()
    rig.fresh()
    happened = rig.station.now()
    raise_alarm(rig, "TamperDetectionActivated")
    raise_alarm(rig, "InvalidMessages")
    rig.time.advance(120)
    rig.powered.cut_power()
    rig.link.up = True
    rig.powered.power_on()
    rig.time.advance(30)
    assert kinds(rig) == ["TamperDetectionActivated", "StartupOfTheDevice"]
    assert rig.of(v2.SecurityEventNotification)[0].timestamp == happened
    rig.powered.cut_power()
    rig.powered.power_on()
    rig.time.advance(30)
    assert kinds(rig).count("TamperDetectionActivated") == 1


def test_a_security_event_that_is_not_confirmed_goes_again_and_is_given_up_where_nobody_knows_it() -> None:
    rig = Rig(V201)
    rig.answers[v2.SecurityEventNotification] = lambda request: None
    raise_alarm(rig, "TamperDetectionActivated")
    rig.time.advance(5)
    rig.link.cut()
    rig.answers[v2.SecurityEventNotification] = lambda request: Failed("NotImplemented")
    rig.time.advance(60)
    assert kinds(rig) == ["TamperDetectionActivated"] * 4
    del rig.answers[v2.SecurityEventNotification]
    raise_alarm(rig, "MemoryExhaustion")
    rig.time.advance(5)
    assert kinds(rig)[4:] == ["MemoryExhaustion"]


def test_of_very_many_security_events_the_oldest_are_dropped() -> None:
    rig = Rig(V201)
    rig.link.up = False
    rig.link.cut()
    for _ in range(MOST_KEPT + 20):
        raise_alarm(rig, "MemoryExhaustion")
    raise_alarm(rig, "TamperDetectionActivated")
    rig.fresh()
    rig.link.up = True
    rig.time.advance(900)
    assert len(kinds(rig)) == MOST_KEPT
    assert kinds(rig)[-1] == "TamperDetectionActivated"
