"""The tool that spoils the station: what it changes, and why it leaves some things alone."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from forecourt.ocpp import v2
from tools.mutate import __main__ as tool
from tools.mutate.spoiling import HOW, senseless, swapped

AT = datetime(2030, 1, 1, tzinfo=UTC)


def test_a_status_becomes_another_and_nothing_else_changes() -> None:
    was = v2.StatusNotification(timestamp=AT, connector_status="Available", evse_id=1, connector_id=2)
    now = swapped(was)
    assert now.connector_status != "Available"
    assert (now.timestamp, now.evse_id, now.connector_id) == (was.timestamp, 1, 2)
    assert swapped(v2.HeartbeatResponse(current_time=AT)) == v2.HeartbeatResponse(current_time=AT)


def test_what_a_block_has_not_is_not_spoilt_and_said_why() -> None:
    left_alone = {(block, how): why for block in tool.blocks() for how in HOW if (why := senseless(block, how))}
    assert left_alone[("tariff", "drop")] == "it says nothing by itself"
    assert left_alone[("metering", "deaf")] == "it hears nothing"
    assert left_alone[("metering", "swap")] == "nothing it says or answers has a status"
    assert not [block for block in tool.blocks() if all((block, how) in left_alone for how in HOW)]


def test_nothing_is_noticed_by_tests_that_fail_anyway(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tool, "_run", lambda environment, selection=(): (1, "1 failed"))
    monkeypatch.setattr("sys.argv", ["mutate", "display"])
    with pytest.raises(SystemExit, match="with nothing spoilt"):
        tool.main()


def test_a_survivor_is_the_exit_status(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tool, "_run", lambda environment, selection=(): (0, "9 passed"))
    monkeypatch.setattr("sys.argv", ["mutate", "display"])
    with pytest.raises(SystemExit, match="nobody noticed: display/swap, display/drop, display/deaf"):
        tool.main()


def test_tests_that_cannot_be_collected_have_noticed_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tool, "_run", lambda environment, selection=(): (2, "1 error in 0.1s"))
    assert tool.survives("display", "drop")
    monkeypatch.setattr(tool, "_run", lambda environment, selection=(): (1, "1 failed, 3 passed in 2.0s"))
    assert not tool.survives("display", "drop")
