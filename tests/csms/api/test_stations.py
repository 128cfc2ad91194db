"""Stations through the API: added with what to enter at the charger, found, changed, sent away and removed."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
import websockets

from forecourt.csms.stations import api as stations_api
from forecourt.csms.web.permissions import Role
from forecourt.ocpp.versions import V16, V201, Version
from tests.csms.api.charger import add, connected
from tests.csms.api.system import System
from tests.journeys.driver import station
from tests.journeys.site import LIMIT_S, PASSWORD


async def test_a_station_is_added_with_what_to_enter_at_it_and_comes_in_with_that(system: System) -> None:
    answer = await system.platform.ask("POST", "/stations", json={"stationId": "DE-1", "name": "Gate"})
    made = answer.json()
    assert answer.status_code == 201
    assert answer.headers["location"] == f"/api/v1/stations/{made['id']}"
    assert answer.headers["cache-control"] == "no-store"
    assert made["url"] == f"ws://127.0.0.1:{system.port}/ocpp/DE-1"
    assert len(made["password"]) == 40
    url = made["url"].rpartition("/")[0]
    async with station(url, "DE-1", V16, password=made["password"]) as driver:
        await driver.boot()
        await driver.connector("Charging", "Occupied")
        shown = await system.platform.get(f"/stations/{made['id']}")
        assert "password" not in shown
        assert (shown["connected"], shown["version"], shown["vendor"]) == (True, "1.6", "Acme")
        assert "Reset" in shown["capabilities"]
        assert "GetTransactionStatus" not in shown["capabilities"]
        (connector,) = shown["connectors"]
        assert (connector["evseId"], connector["connectorId"], connector["status"]) == (1, 1, "Occupied")
        assert connector["unknownSince"] is None
    audit = await system.rows("SELECT after FROM audit WHERE action = 'station.added'")
    assert made["password"] not in str(audit)


async def test_the_address_of_a_station_is_one_it_can_be_given_literally(system: System) -> None:
    made = await add(system.platform, "DE 1/ä", securityProfile=2)
    assert made["url"] == f"wss://127.0.0.1:{system.port}/ocpp/DE%201%2F%C3%A4"
    assert made["password"] == PASSWORD
    none = await system.platform.post("/stations", {"stationId": "CP3", "securityProfile": 3})
    assert none["password"] is None


async def test_an_idempotency_key_never_keeps_the_password(system: System) -> None:
    headers = {"Idempotency-Key": "once"}
    made = (await system.platform.ask("POST", "/stations", json={"stationId": "CP"}, headers=headers)).json()
    again = await system.platform.refused("POST", "/stations", json={"stationId": "CP"}, headers=headers)
    assert again[:2] == (409, "idempotency_secret")
    kept = await system.rows("SELECT convert_from(coalesce(answer, ''), 'utf8') FROM idempotency_key")
    assert made["password"] not in str(kept)


@pytest.mark.parametrize(
    ("body", "code", "path"),
    [
        ({}, "invalid", "stationId"),
        ({"stationId": ""}, "invalid", "stationId"),
        ({"stationId": "a:b"}, "invalid", "stationId"),
        ({"stationId": "a\n"}, "invalid", "stationId"),
        ({"stationId": "x" * 49}, "invalid", "stationId"),
        ({"stationId": "A", "password": "short"}, "invalid", "password"),
        ({"stationId": "A", "password": "é" * 20}, "invalid", "password"),
        ({"stationId": "A", "securityProfile": 4}, "invalid", "securityProfile"),
        ({"stationId": "A", "securityProfile": 3, "password": PASSWORD}, "password_not_used", "password"),
        ({"stationId": "A", "siteId": 4711}, "site_unknown", "siteId"),
        ({"stationId": "A", "assumedVersion": "1.5"}, "invalid", "assumedVersion"),
        ({"stationId": "A", "registration": "Maybe"}, "invalid", "registration"),
        ({"stationId": "A", "colour": "red"}, "invalid", "colour"),
        ({"stationId": "A", "soapAddress": "a b"}, "invalid", "soapAddress"),
    ],
)
async def test_a_wrong_body_is_refused_with_the_path_of_what_is_wrong(
    system: System, body: dict[str, Any], code: str, path: str
) -> None:
    assert await system.platform.refused("POST", "/stations", json=body) == (422, code, [path])
    assert await system.rows("SELECT count(*) FROM station") == [(0,)]
    assert len(system.csms.stations) == 0


async def test_an_id_is_taken_whoever_has_it(system: System) -> None:
    await add(system.platform)
    assert (await system.platform.refused("POST", "/stations", json={"stationId": "CP"}))[:2] == (
        409,
        "station_id_taken",
    )
    other = await system.caller(Role.OPERATOR, await system.organisation("Others", "OTH"))
    assert (await other.refused("POST", "/stations", json={"stationId": "CP"}))[0] == 409


async def test_the_list_is_filtered_sorted_and_paged(system: System) -> None:
    site = await system.platform.post("/sites", {"name": "Depot"})
    for number in range(7):
        more = {"siteId": site["id"]} if number < 2 else {"name": f"gate {number}"}
        await add(system.platform, f"CP{number}", **more)
    async with connected(system, "CP3", V201) as driver:
        await driver.connector("Faulted", "Faulted")

        async def found(**parameters: Any) -> list[str]:
            page = await system.platform.get("/stations", params=parameters)
            return [one["stationId"] for one in page["items"]]

        everyone = [f"CP{number}" for number in range(7)]
        assert await found() == everyone
        assert await found(sort="-stationId") == everyone[::-1]
        assert await found(siteId=site["id"]) == ["CP0", "CP1"]
        assert await found(search="GATE 4") == ["CP4"]
        assert await found(search="p5") == ["CP5"]
        assert await found(search="nowhere") == []
        assert await found(stationId="CP5") == ["CP5"]
        assert await found(stationId="cp5") == await found(stationId="CP") == []
        assert await found(connected=True) == await found(vendor="Acme") == await found(version="2.0.1") == ["CP3"]
        assert await found(state="Faulted") == ["CP3"]
        assert await found(state="Available") == await found(enabled=False) == await found(registration="Pending") == []
        assert await found(model="Wallbox", vendor="Acme", securityProfile=1) == ["CP3"]
        paged: list[str] = []
        cursor: dict[str, Any] = {}
        while True:
            page = await system.platform.get("/stations", params={"limit": 3, "sort": "name", **cursor})
            paged += [one["stationId"] for one in page["items"]]
            if page["next"] is None:
                break
            cursor = {"cursor": page["next"]}
        assert paged == everyone


async def test_a_search_knows_at_once_what_a_station_is_called_and_finds_what_its_caller_may_see(
    system: System,
) -> None:
    site = await system.platform.post("/sites", {"name": "Depot"})
    made = await add(system.platform, siteId=site["id"], name="North")
    await add(system.platform, "CP2", name="Northern")
    foreign = await system.organisation("Others", "OTH")
    callers = {
        "the platform": system.platform,
        "its organisation": await system.caller(Role.VIEWER, system.csms.organisation),
        "its site": await system.caller(Role.VIEWER, system.csms.organisation, site["id"]),
        "others": await system.caller(Role.VIEWER, foreign),
    }

    async def found(text: str) -> dict[str, list[str]]:
        pages = {who: await caller.get("/stations", params={"search": text}) for who, caller in callers.items()}
        return {who: [one["stationId"] for one in page["items"]] for who, page in pages.items()}

    both = {"the platform": ["CP", "CP2"], "its organisation": ["CP", "CP2"], "its site": ["CP"], "others": []}
    assert await found("nORTH") == both
    one = {who: [name for name in names if name == "CP"] for who, names in both.items()}
    async with connected(system, "CP", V201) as driver:
        identity = {"vendor_name": "Acme", "model": "Wallbox", "serial_number": "SN-4711"}
        await driver.say("BootNotification", reason="PowerUp", charging_station=identity)
        await system.platform.patch(f"/stations/{made['id']}", {"name": "South"})
        assert await found("sn-4711") == await found("south") == one
        assert "CP" not in (await found("north"))["the platform"]


async def test_a_text_that_very_many_are_called_by_is_found_in_pages(
    system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stations_api, "MANY", 2)
    everyone = [f"CP{number}" for number in range(5)]
    for name in everyone:
        await add(system.platform, name)
    first = await system.platform.get("/stations", params={"search": "cp", "limit": 3})
    rest = await system.platform.get("/stations", params={"search": "cp", "limit": 3, "cursor": first["next"]})
    assert [one["stationId"] for one in (*first["items"], *rest["items"])] == everyone


@pytest.mark.parametrize(
    ("parameters", "code", "path"),
    [
        ({"state": "Asleep"}, "invalid", "state"),
        ({"connected": "perhaps"}, "invalid", "connected"),
        ({"version": "1.5"}, "invalid", "version"),
        ({"siteId": 0}, "invalid", "siteId"),
        ({"vendr": "Acme"}, "parameter_unknown", "vendr"),
        ({"sort": "vendor"}, "sort_unknown", "sort"),
        ({"cursor": "AAAA"}, "cursor_invalid", "cursor"),
    ],
)
async def test_a_wrong_parameter_is_refused_by_name(
    system: System, parameters: dict[str, Any], code: str, path: str
) -> None:
    assert await system.platform.refused("GET", "/stations", params=parameters) == (422, code, [path])


async def test_a_change_takes_effect_at_once_and_a_disabled_station_is_sent_away(system: System) -> None:
    made = await add(system.platform)
    path = f"/stations/{made['id']}"
    async with connected(system) as driver:
        changed = await system.platform.patch(path, {"strict": True, "name": "Gate", "soapEnabled": True})
        assert (changed["strict"], changed["name"], changed["soapEnabled"]) == (True, "Gate", True)
        assert system.csms.stations.of_key(made["id"]).strict is True
        await system.platform.patch(path, {"enabled": False})
        async with asyncio.timeout(LIMIT_S):
            await driver.connection.wait_closed()
    with pytest.raises(websockets.InvalidStatus):
        async with connected(system):
            pass
    assert await system.platform.get(path) == {
        **await system.platform.get(path),
        "enabled": False,
        "name": "Gate",
        "strict": True,
    }
    assert (await system.platform.patch(path, {"enabled": True, "strict": None}))["strict"] is None
    async with connected(system):
        pass
    rows = await system.rows("SELECT before->'values'->>'name', after->'values'->>'name' FROM audit ORDER BY id")
    assert ("", "Gate") in rows


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"name": "a\nb"}, "name"),
        ({"enabled": "no"}, "enabled"),
        ({"stationId": "other"}, "stationId"),
        ({"siteId": 4711}, "siteId"),
        ({"securityProfile": -1}, "securityProfile"),
    ],
)
async def test_a_wrong_change_is_refused_and_changes_nothing(system: System, body: dict[str, Any], path: str) -> None:
    made = await add(system.platform)
    status, _, paths = await system.platform.refused("PATCH", f"/stations/{made['id']}", json=body)
    assert (status, paths) == (422, [path])
    assert await system.rows("SELECT count(*) FROM audit WHERE action = 'station.changed'") == [(0,)]


async def test_a_heartbeat_spoils_nobody_s_change_and_another_change_does(system: System) -> None:
    made = await add(system.platform)
    path = f"/stations/{made['id']}"
    tag = (await system.platform.ask("GET", path)).headers["etag"]
    async with connected(system) as driver:
        await driver.say("Heartbeat")
        known = await system.platform.ask("GET", path, headers={"If-None-Match": tag})
        assert known.status_code == 200
        await system.platform.patch(path, {"name": "A"}, headers={"If-Match": tag})
    stale = {"json": {"name": "B"}, "headers": {"If-Match": tag}}
    assert (await system.platform.refused("PATCH", path, **stale))[:2] == (412, "changed_meanwhile")
    assert (await system.platform.refused("DELETE", path, headers={"If-Match": tag}))[0] == 412


async def test_a_station_without_history_is_removed_and_one_with_a_history_stays(system: System) -> None:
    made = await add(system.platform)
    path = f"/stations/{made['id']}"
    await system.platform.delete(path)
    assert await system.platform.refused("GET", path) == (404, "station_unknown", [])
    assert len(system.csms.stations) == 0
    again = await add(system.platform)
    path = f"/stations/{again['id']}"
    await system.platform.post(f"{path}/commands", {"kind": "Reset"}, 202)
    assert (await system.platform.refused("DELETE", path))[:2] == (409, "in_use")
    assert len(system.csms.stations) == 1


async def test_another_organisation_neither_sees_nor_changes_it(system: System) -> None:
    made = await add(system.platform)
    other = await system.caller(Role.ADMINISTRATOR, await system.organisation("Others", "OTH"))
    path = f"/stations/{made['id']}"
    assert (await other.get("/stations"))["items"] == []
    for method, more in (("GET", {}), ("DELETE", {}), ("PATCH", {"json": {"name": "Mine"}})):
        assert await other.refused(method, path, **more) == (404, "station_unknown", [])
    body = {"stationId": "X", "organisationId": system.csms.organisation}
    assert (await other.refused("POST", "/stations", json=body))[:2] == (404, "organisation_unknown")


async def test_a_grant_for_a_site_reaches_the_stations_of_that_site(system: System) -> None:
    here, there = [await system.platform.post("/sites", {"name": name}) for name in ("Here", "There")]
    mine = await add(system.platform, "CP1", siteId=here["id"])
    other = await add(system.platform, "CP2", siteId=there["id"])
    somebody = await system.caller(Role.TECHNICIAN, system.csms.organisation, here["id"])
    assert [one["stationId"] for one in (await somebody.get("/stations"))["items"]] == ["CP1"]
    path = f"/stations/{mine['id']}"
    assert (await somebody.patch(path, {"name": "Gate"}))["name"] == "Gate"
    assert (await somebody.refused("GET", f"/stations/{other['id']}"))[0] == 404
    # It may neither take a station out of its site nor give it to one that it does not see.
    assert (await somebody.refused("PATCH", path, json={"siteId": None}))[:2] == (403, "not_allowed")
    assert (await somebody.refused("PATCH", path, json={"siteId": there["id"]}))[:2] == (422, "site_unknown")
    assert (await somebody.refused("POST", "/stations", json={"stationId": "CP3"}))[0] == 403


@pytest.mark.parametrize("version", [V16, V201], ids=lambda version: version.name)
async def test_capabilities_are_those_of_the_version_it_speaks(system: System, version: Version) -> None:
    made = await add(system.platform)
    path = f"/stations/{made['id']}"
    assert (await system.platform.get(path))["capabilities"] is None
    async with connected(system, version=version):
        pass
    kinds = {
        one["kind"] for one in (await system.platform.get("/command-kinds"))["items"] if version.name in one["versions"]
    }
    assert set((await system.platform.get(path))["capabilities"]) == kinds
