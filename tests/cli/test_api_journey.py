"""The day of an operator through the API alone, with a virtual station behind each of the four doors."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any, Final

import msgspec
import pytest

from forecourt.cli.demo_stations import PATIENT, Make, Pace, stations
from forecourt.clock import SYSTEM
from forecourt.station.config import EvseBuild
from forecourt.station.fleet.habits import Habits, Uniform
from forecourt.station.scenario.play import Play, Result
from forecourt.station.scenario.script import read_scenario
from forecourt.station.setup import living
from tests.csms.api.sse import reading
from tests.csms.api.system import System

pytestmark = pytest.mark.asyncio(loop_scope="session")

ROOT: Final = Path(__file__).resolve().parent.parent.parent
LIMIT_S: Final = 30.0
NOBODY_COMES: Final = Pace(
    habits=Habits(
        first_s=Uniform(600, 700), stay_s=Uniform(600, 700), wants=Uniform(1, 1), hesitates_s=Uniform(0.01, 0.02)
    ),
    connected_s=PATIENT.connected_s,
    away_s=PATIENT.away_s,
    settings={**PATIENT.settings, "SampledDataCtrlr.TxUpdatedInterval": "1"},
)
DOORS: Final = {
    "1.6 JSON": Make(identity="CP-A", vendor="Acme", model="Wallbox", version="1.6", evses=(EvseBuild(),)),
    "1.6 SOAP": Make(identity="CP-B", vendor="Acme", model="Wallbox", version="1.6", soap=True, evses=(EvseBuild(),)),
    "2.0.1": Make(identity="CP-C", vendor="Acme", model="Wallbox", version="2.0.1", evses=(EvseBuild(),)),
    "2.1": Make(identity="CP-D", vendor="Acme", model="Wallbox", version="2.1", evses=(EvseBuild(),)),
}
CARD: Final = "04A1B2C3D4E5F6"


async def until(system: System, path: str, ready: str, wanted: object) -> dict[str, Any]:
    """Ask the API until a field is what it is to be."""
    async with asyncio.timeout(LIMIT_S):
        while (answer := await system.platform.get(path))[ready] != wanted:
            pass
    return dict(answer)


@pytest.mark.parametrize("door", DOORS)
async def test_onboard_start_watch_limit_and_read_the_record(system: System, tmp_path: Path, door: str) -> None:
    make, platform = DOORS[door], system.platform
    made = await platform.post("/stations", {"stationId": make.identity, "soapEnabled": make.soap})
    await platform.post("/tokens", {"value": CARD, "kind": "ISO14443"})
    key = made["id"]
    line = stations(
        [make],
        {make.identity: made["password"]},
        port=system.port,
        memory=tmp_path,
        seed=1,
        pace=NOBODY_COMES,
    )
    async with reading(platform, stationId=key) as live, line:
        await live.until_kind("StationBooted")
        shown = await until(system, f"/stations/{key}", "connected", True)
        assert (shown["vendor"], shown["version"]) == ("Acme", make.version)
        assert {"StartCharging", "Reset", "UnlockConnector"} <= set(shown["capabilities"])
        # Once it is idle.
        await live.until(lambda said: said.name == "message" and said.data["kind"] == "ConnectorChanged")

        begin = {"kind": "StartCharging", "arguments": {"token": {"value": CARD, "kind": "ISO14443"}, "evseId": 1}}
        command = await platform.post(f"/stations/{key}/commands", begin, params={"wait": 20})
        assert command["status"] == "accepted", command
        await live.until_kind("TransactionStarted")
        (running,) = (await platform.get("/transactions", params={"stationId": key}))["items"]
        assert (running["token"], running["verdict"], running["billable"]) == (CARD, "Accepted", True)
        # Somebody who watches sees the power without asking.
        await live.until(lambda said: said.name == "readings" and "Power" in str(said.data))

        path = f"/transactions/{running['id']}"
        limited = await platform.ask("PUT", f"{path}/limits", json={"energyWh": 3})
        assert limited.status_code == 200, limited.text
        await live.until_kind("TransactionEnded")
        record = await until(system, path, "stopReason", "Remote")
    assert record["limitsReached"] == ["energyWh"], record
    imported_wh = record["registerEndWh"] - record["registerBeginWh"]
    assert record["energyImportedWh"] == pytest.approx(imported_wh)
    assert imported_wh >= 1
    assert record["complete"], record
    assert record["trail"]["imported"], record
    exported = await platform.ask("GET", "/transactions/export", params={"stationId": key})
    assert exported.status_code == 200
    head, *lines = exported.text.strip().splitlines()
    assert len(lines) == 1
    assert CARD in lines[0]
    assert "energy" in head.lower()


async def test_a_scenario_that_is_written_down_starts_and_stops_through_the_api(system: System) -> None:
    platform, file = system.platform, ROOT / "examples/scenarios/remote.toml"
    made = await platform.post("/stations", {"stationId": "CS001"})
    await platform.post("/tokens", {"value": CARD, "kind": "ISO14443"})
    api = f"http://127.0.0.1:{system.csms.api_port}/api/v1"
    scenario = read_scenario(file, {"card": CARD, "api": api, "key": platform.key, "id": str(made["id"])})
    url = f"ws://127.0.0.1:{system.csms.port}/ocpp"
    setup = msgspec.structs.replace(scenario.station, url=url, password=made["password"])
    results: list[Result] = []
    async with living(setup, powered=False) as bench:
        good = await Play(scenario, bench, SYSTEM, seed=1, told=results.append).run()
    assert good, [one for one in results if one.message]
