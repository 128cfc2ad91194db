"""The overview: counts of what is going on, of what the caller may see."""

from __future__ import annotations

from typing import Any

from forecourt.csms.web.permissions import Role
from forecourt.ocpp.versions import V201
from tests.csms.api import charging
from tests.csms.api.charger import add, connected
from tests.csms.api.system import System
from tests.journeys.driver import answer
from tests.journeys.site import CARD

NOBODY: dict[str, Any] = {
    "stations": {"total": 0, "connected": 0, "offline": 0, "never": 0, "faulted": 0, "pending": 0, "disabled": 0},
    "connectors": {},
    "sessions": {"active": 0, "begun": 0, "energyWh": 0.0},
    "sites": [],
    "commandsGoneWrong": 0,
    "commandsQueued": 0,
    "criticalSecurityEvents": 0,
    "certificatesExpiring": 0,
}


async def test_stations_and_connectors_are_counted_by_how_they_are(system: System) -> None:
    me = system.platform
    for name in ("CP", "GONE", "NEW"):
        await add(me, name)
    await add(me, "ASKS", registration="Pending")
    off = await add(me, "OFF")
    await me.patch(f"/stations/{off['id']}", {"enabled": False})
    async with connected(system, "GONE", V201) as gone:
        await gone.connector("Preparing", "Occupied")
    async with connected(system, "CP", V201) as there:
        await there.connector("Faulted", "Faulted")
        seen = await me.get("/overview")
    assert seen["stations"] == {
        "total": 5, "connected": 1, "offline": 1, "never": 3, "faulted": 1, "pending": 1, "disabled": 1,
    }  # fmt: skip
    assert seen["connectors"] == {"Faulted": 1, "Unknown": 1}


async def test_sessions_are_counted_with_their_energy_since_the_day_began(system: System) -> None:
    me = system.platform
    await charging.announced(system)
    await charging.card(system)
    async with charging.connected(system) as driver:
        await driver.start(CARD, 1000)
        seen = (await me.get("/overview"))["sessions"]
        later = await me.get("/overview", params={"since": "2099-01-01T00:00:00Z"})
        await driver.stop(CARD, 3500, 60)
        after = (await me.get("/overview"))["sessions"]
    assert (seen["active"], seen["begun"]) == (1, 1)
    assert (later["sessions"]["active"], later["sessions"]["begun"]) == (1, 0)
    assert after == {"active": 0, "begun": 1, "energyWh": 2500.0}


async def test_each_site_is_counted_with_its_stations_and_sessions(system: System) -> None:
    me = system.platform
    busy = (await me.post("/sites", {"name": "Busy"}))["id"]
    still = (await me.post("/sites", {"name": "Still"}))["id"]
    await me.post("/sites", {"name": "Empty"})
    await charging.announced(system, site=busy)
    await add(me, "STILL-1", siteId=still)
    await add(me, "NOWHERE")
    await charging.card(system)
    async with charging.connected(system) as driver:
        await driver.start(CARD, 1000)
        await driver.connector("Faulted", "Faulted")
        sites = (await me.get("/overview"))["sites"]
    assert sites == [
        {"siteId": busy, "total": 1, "connected": 1, "offline": 0, "faulted": 1, "activeSessions": 1},
        {"siteId": still, "total": 1, "connected": 0, "offline": 0, "faulted": 0, "activeSessions": 0},
    ]
    assert [one["siteId"] for one in (await me.get("/overview", params={"siteId": still}))["sites"]] == [still]


async def test_commands_that_went_wrong_or_wait_are_counted(system: System) -> None:
    me = system.platform
    station = await add(me)
    refusing = {"Reset": answer(V201, "Reset", status="Rejected")}
    async with connected(system, "CP", V201, refusing):
        await me.post(f"/stations/{station['id']}/commands", {"kind": "Reset"}, params={"wait": 10})
    await me.post(f"/stations/{station['id']}/commands", {"kind": "Reset"}, 202)
    seen = await me.get("/overview")
    assert (seen["commandsGoneWrong"], seen["commandsQueued"]) == (1, 1)


async def test_nobody_counts_what_is_not_theirs(system: System) -> None:
    site = (await system.platform.post("/sites", {"name": "Depot"}))["id"]
    await add(system.platform, "CP", siteId=site)
    await add(system.platform, "ELSEWHERE")
    other = await system.caller(Role.ADMINISTRATOR, await system.organisation("Others", "OTH"))
    watcher = await system.caller(Role.VIEWER, 1, site)
    assert {name: (await other.get("/overview"))[name] for name in NOBODY} == NOBODY
    assert (await watcher.get("/overview"))["stations"]["total"] == 1
    mine = await system.platform.get("/overview", params={"siteId": site})
    assert (mine["stations"]["total"], mine["sessions"]["active"], mine["commandsGoneWrong"]) == (1, 0, 0)
    assert (await system.platform.get("/overview"))["stations"]["total"] == 2


async def test_a_day_that_is_no_instant_is_refused(system: System) -> None:
    assert await system.platform.refused("GET", "/overview?since=today") == (422, "instant_invalid", ["since"])
