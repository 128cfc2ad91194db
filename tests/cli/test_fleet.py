"""`forecourt fleet`: in virtual time it tells the same twice; in real time it comes, charges and goes in good order."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from forecourt.cli.main import main
from forecourt.clock import SYSTEM
from forecourt.transport import serve, server_context
from tests.cli.csms import Csms
from tests.transport.authority import Authority

LIMIT_S = 60.0


def told(*arguments: str) -> dict[str, Any]:
    result = CliRunner().invoke(main, ["fleet", "--json", *arguments])
    assert result.exit_code == 0, result.output
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def test_a_day_of_twenty_stations_is_the_same_for_the_same_seed() -> None:
    one = told("--stations", "20", "--seed", "3", "--per-day", "6")
    assert one["stations"] == 20
    assert sum(one["versions"].values()) == 20
    assert one["calls_failed"] == 0
    assert one["hours"] == 24
    # At the end everybody has gone.
    assert one["transactions_ended"] == one["transactions_begun"] > 40
    assert one["energy_kwh"] > 200
    measured = {"took_s", "answers_per_s", "virtual_time_factor"}
    again, other = told("--stations", "20", "--seed", "3", "--per-day", "6"), told("--stations", "20", "--seed", "4")
    assert {name: value for name, value in one.items() if name not in measured} == {
        name: value for name, value in again.items() if name not in measured
    }
    assert other["answers"] != one["answers"]


def test_networks_that_go_away_lose_no_transaction() -> None:
    calm, foul = (told("--stations", "30", "--per-day", "6", "--outages", number) for number in ("0", "20"))
    assert foul["transactions_begun"] == foul["transactions_ended"] > 50
    assert foul["answers"] != calm["answers"]


def test_a_share_of_nothing_leaves_a_version_out() -> None:
    assert set(told("--stations", "30", "--hours", "0.1", "--versions", "1.6=1,2.0.1=0")["versions"]) == {"1.6"}


def test_the_cards_of_the_drivers_are_printed_for_whoever_has_to_know_them() -> None:
    result = CliRunner().invoke(main, ["fleet", "--stations", "2", "--print-cards"])
    assert result.stdout.splitlines() == ["value,kind", "FC000001,ISO14443", "FC000002,ISO14443"]


@pytest.mark.parametrize(
    "wrong",
    [["--versions", "3.0=1"], ["--versions", "1.6=x"], ["--versions", "1.6=0"], ["--identities", "CS"]],
)
def test_what_cannot_be_is_refused_in_words(wrong: list[str]) -> None:
    result = CliRunner().invoke(main, ["fleet", *wrong])
    assert result.exit_code == 2
    assert wrong[0] in result.output


@pytest.mark.parametrize("secure", [False, True])
async def test_a_fleet_comes_charges_and_leaves_nothing_open(tmp_path: Path, *, secure: bool) -> None:
    csms, authority, root = Csms(), Authority.make(tmp_path), tmp_path / "root.pem"
    root.write_text(authority.roots, encoding="ascii")
    tls = server_context([authority.issue("server", "localhost")]) if secure else None
    async with serve("127.0.0.1", 0, handlers=csms.handlers, tls=tls) as server, asyncio.timeout(LIMIT_S):
        url = f"{'wss' if secure else 'ws'}://127.0.0.1:{server.port}/ocpp"
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "forecourt", "fleet", url, "--json", "--stations", "12", "--per-day", "50000"),
            *("--versions", "1.6=1,2.1=1", "--stay", "0.01", "--ca", str(root)),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        while csms.said["begun"] < 3:
            await SYSTEM.sleep(0)
        process.terminate()
        out, err = await process.communicate()
        assert process.returncode == 0, err
    summary = json.loads(out)
    assert csms.open == set()
    assert csms.said["BootNotification"] == 12 == summary["online_at_the_end"]
    assert summary["transactions_begun"] == summary["transactions_ended"] == csms.said["begun"]
    assert summary["calls_failed"] == 0
    assert 0 < summary["answer_ms_p50"] <= summary["answer_ms_p99"]
