"""Certification cases of 2.0.1 for stations: logs that are uploaded (N01)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from msgspec import UNSET

from forecourt.ocpp import v2
from forecourt.station.transfers import Outcome
from tests.station.cases.test_station_201 import rig, version
from tests.station.rig import Rig

__all__ = ["rig", "version"]

LOCATION = "https://files.example/logs/"


def ask(rig: Rig, log_type: Any, request_id: int, **more: Any) -> v2.GetLogResponse:
    log = v2.LogParameters(remote_location=more.pop("location", LOCATION))
    answer: v2.GetLogResponse = rig.ask(v2.GetLog(log=log, log_type=log_type, request_id=request_id, **more))
    return answer


def told(rig: Rig) -> list[tuple[str, object]]:
    return [(one.status, one.request_id) for one in rig.of(v2.LogStatusNotification)]


def test_TC_N_25_CS_the_diagnostics_log_is_uploaded(rig: Rig) -> None:
    answer = ask(rig, "DiagnosticsLog", 7)
    assert answer.status == "Accepted"
    assert answer.filename
    assert told(rig) == [("Uploading", 7)]
    rig.time.advance(5)
    assert told(rig) == [("Uploading", 7), ("Uploaded", 7)]
    (sent,) = rig.transfers.sent
    assert (sent.url, sent.name) == (LOCATION, answer.filename)


@pytest.mark.parametrize("log_type", ["DiagnosticsLog", "SecurityLog"])
def test_TC_N_34_CS_a_log_cannot_be_had(rig: Rig, log_type: Any) -> None:
    """What there is no information of is a time before the station was."""
    log = v2.LogParameters(remote_location=LOCATION, latest_timestamp=rig.time.now() - timedelta(days=1))
    answer = rig.ask(v2.GetLog(log=log, log_type=log_type, request_id=7))
    assert (answer.status, answer.filename) == ("Rejected", UNSET)
    rig.time.advance(60)
    assert (told(rig), rig.transfers.sent) == ([], [])


def test_TC_N_26_CS_the_diagnostics_log_cannot_be_uploaded(rig: Rig) -> None:
    interval_s = 20
    rig.transfers.failures = [Outcome.FAILED] * 4
    answer = ask(rig, "DiagnosticsLog", 7, retries=3, retry_interval=interval_s, location=f"{LOCATION}nowhere/")
    assert answer.status == "Accepted"
    assert told(rig) == [("Uploading", 7)]
    began = rig.time.monotonic()
    while len(told(rig)) < 2:
        rig.time.advance(0.5)
    assert rig.time.monotonic() - began == pytest.approx(3 * interval_s, abs=4)
    rig.time.advance(5 * interval_s)
    assert told(rig) == [("Uploading", 7), ("UploadFailure", 7)]
    assert len(rig.transfers.asked) == 4


def test_TC_N_35_CS_the_security_log_is_uploaded(rig: Rig) -> None:
    assert ask(rig, "SecurityLog", 8).status == "Accepted"
    rig.time.advance(5)
    assert told(rig) == [("Uploading", 8), ("Uploaded", 8)]
    assert b"StartupOfTheDevice" in rig.transfers.sent[0].content


@pytest.mark.parametrize("log_type", ["DiagnosticsLog", "SecurityLog"])
def test_TC_N_36_CS_a_second_request_takes_the_place_of_the_first(rig: Rig, log_type: str) -> None:
    assert ask(rig, log_type, 1).status == "Accepted"
    assert told(rig) == [("Uploading", 1)]
    assert ask(rig, log_type, 2).status == "AcceptedCanceled"
    rig.time.advance(10)
    assert told(rig) == [("Uploading", 1), ("AcceptedCanceled", 1), ("Uploading", 2), ("Uploaded", 2)]
    assert len(rig.transfers.sent) == 1
