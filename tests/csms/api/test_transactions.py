"""Transactions through the API."""

from __future__ import annotations

import csv
from contextlib import AsyncExitStack
from datetime import datetime, timedelta
from typing import Any

import pytest

from forecourt.csms.blocks.transactions import api as transactions_api
from forecourt.csms.web.permissions import Role
from forecourt.ocpp.versions import V16, V21, Version
from tests.csms.api.charging import announced, card, connected
from tests.csms.api.system import System
from tests.journeys.driver import Driver
from tests.journeys.site import CARD, STRANGER

BOTH = [V16, V21]


async def charge(driver: Driver) -> None:
    """A session of 1500 Wh in 150 seconds, with readings on the way."""
    assert await driver.start(CARD, 1000) == "Accepted"
    for place in range(1, 6):
        await driver.meter(1000 + 200 * place, 20 * place)
    await driver.stop(CARD, 2500, 150)


@pytest.mark.parametrize("version", BOTH, ids=lambda version: version.name)
async def test_a_session_is_listed_and_explained(system: System, version: Version) -> None:
    station = await announced(system)
    await card(system)
    async with connected(system, version=version) as driver:
        await charge(driver)
    [listed] = (await system.platform.get("/transactions"))["items"]
    assert (listed["station"], listed["stationId"], listed["evseId"]) == ("CP-1", station.key, 1)
    assert (listed["token"], listed["verdict"], listed["billable"]) == (CARD, "Accepted", True)
    assert (listed["energyImportedWh"], listed["currency"]) == (1500, "")
    assert listed["endedAt"] is not None
    detail = await system.platform.get(f"/transactions/{listed['id']}")
    assert {name: detail[name] for name in listed} == listed
    assert (detail["registerBeginWh"], detail["registerEndWh"]) == (1000, 2500)
    assert (detail["complete"], detail["missing"], detail["remarks"], detail["limits"]) == (True, [], [], None)
    assert detail["trail"]["imported"], "how the amount came about"


@pytest.mark.parametrize("version", BOTH, ids=lambda version: version.name)
async def test_what_the_station_said_is_told_in_the_order_it_happened_in(system: System, version: Version) -> None:
    await announced(system)
    await card(system)
    async with connected(system, version=version) as driver:
        await charge(driver)
    [listed] = (await system.platform.get("/transactions"))["items"]
    events = (await system.platform.get(f"/transactions/{listed['id']}/events"))["items"]
    assert (events[0]["what"], events[-1]["what"]) == ("Started", "Ended")
    assert [event["at"] for event in events] == sorted(event["at"] for event in events)
    assert (events[0]["token"], events[0]["verdict"]) == (CARD, "Accepted")
    numbers = [event["seqNo"] for event in events]
    if version is V16:
        assert (set(numbers), events[0]["registerWh"], events[-1]["registerWh"]) == ({None}, 1000, 2500)
    else:
        assert numbers == list(range(len(numbers)))
    assert (await system.platform.ask("GET", "/transactions/4711/events")).status_code == 404


@pytest.mark.parametrize("version", BOTH, ids=lambda version: version.name)
async def test_meter_values_come_in_series_and_as_many_points_as_asked_for(system: System, version: Version) -> None:
    await announced(system)
    await card(system)
    async with connected(system, version=version) as driver:
        await charge(driver)
        began = driver.moment(0)
    [listed] = (await system.platform.get("/transactions"))["items"]
    path = f"/transactions/{listed['id']}/meter-values"
    [series] = (await system.platform.get(path))["series"]
    assert (series["measurand"], series["unit"], series["phase"]) == ("Energy.Active.Import.Register", "Wh", None)
    assert [point["value"] for point in series["points"] if 0 < point["value"] - 1000 < 1500] == [
        1200,
        1400,
        1600,
        1800,
        2000,
    ]
    assert series["reduced"] == "none"
    [thin] = (await system.platform.get(path, params={"maxPoints": 2}))["series"]
    assert (len(thin["points"]), thin["reduced"], thin["readings"]) == (2, "last", series["readings"])
    assert thin["points"][-1] == series["points"][-1]
    assert (await system.platform.get(path, params={"measurand": "SoC"})) == {"series": []}
    assert (await system.platform.get(path, params={"phase": "L1"})) == {"series": []}
    [at] = [datetime.fromisoformat(point["at"]) for point in series["points"] if point["value"] == 1200]
    assert at == began + timedelta(seconds=20)


async def test_filters_find_what_they_mean_and_nothing_else(system: System) -> None:
    site = (await system.platform.post("/sites", {"name": "Depot"}))["id"]
    first = await announced(system, "CP-1", site=site)
    await announced(system, "CP-2")
    await card(system)
    async with connected(system, "CP-1") as one, connected(system, "CP-2") as two:
        await charge(one)
        await one.start(CARD, 2500, 160)
        await two.start(STRANGER, 100, 10)
    page = await system.platform.get("/transactions", params={"sort": "id"})
    done, running, refused = [item["id"] for item in page["items"]]
    token = page["items"][0]["tokenId"]
    moment = page["items"][1]["startedAt"]
    for parameters, expected in (
        ({}, [done, running, refused]),
        ({"state": "active"}, [running, refused]),
        ({"state": "ended"}, [done]),
        ({"refused": "true"}, [refused]),
        ({"refused": "false"}, [done, running]),
        ({"stationId": first.key}, [done, running]),
        ({"siteId": site}, [done, running]),
        ({"siteId": site + 1}, []),
        ({"tokenId": token}, [done, running]),
        ({"token": STRANGER.lower()}, [refused]),
        ({"from": moment}, [running]),
        ({"to": moment}, [done, refused]),
        ({"organisationId": system.csms.organisation, "state": "active", "refused": "false"}, [running]),
        ({"organisationId": 4711}, []),
    ):
        for sort in ("id", "startedAt", "-startedAt"):
            found = await system.platform.get("/transactions", params={"sort": sort, **parameters})
            assert sorted(item["id"] for item in found["items"]) == expected, (sort, parameters)
        exported = await system.platform.ask("GET", "/transactions/export", params=parameters)
        rows = list(csv.DictReader(exported.text.splitlines()))
        assert sorted(int(row["id"]) for row in rows) == expected, parameters


@pytest.mark.parametrize("of_a_site", [False, True])
async def test_pages_of_any_order_hold_each_transaction_once(system: System, of_a_site: bool) -> None:
    site = (await system.platform.post("/sites", {"name": "Depot"}))["id"]
    for wire_id, place in (("CP-1", site), ("CP-2", site), ("CP-3", None if of_a_site else site)):
        await announced(system, wire_id, site=place)
    await card(system)
    counts = {"CP-1": 3, "CP-2": 2, "CP-3": 2 if of_a_site else 0}
    async with AsyncExitStack() as stack:
        for wire_id, count in counts.items():
            driver = await stack.enter_async_context(connected(system, wire_id))
            for number in range(count):
                await driver.start(CARD, 100 * number, 20 * number)
                await driver.stop(CARD, 100 * number + 50, 20 * number + 10)
    for sort in ("startedAt", "-startedAt", "id", "-id"):
        found: list[tuple[Any, int]] = []
        more: dict[str, Any] = {"siteId": site} if of_a_site else {}
        while True:
            page = await system.platform.get("/transactions", params={"sort": sort, "limit": 2, **more})
            found += [(item[sort.removeprefix("-")], item["id"]) for item in page["items"]]
            if page["next"] is None:
                break
            more |= {"cursor": page["next"]}
        assert len(set(found)) == len(found) == 5
        assert found == sorted(found, reverse=sort.startswith("-"))


async def test_an_export_has_the_oldest_first_whenever_they_were_told(
    system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transactions_api, "_PER_PAGE", 2)
    await announced(system)
    await card(system)
    async with connected(system) as driver:
        for begun in (60, 20, 40, 0, 80):
            await driver.start(CARD, 1000, begun)
            await driver.stop(CARD, 1000, begun + 10)
    exported = await system.platform.ask("GET", "/transactions/export")
    told = [(row["startedAt"], int(row["id"])) for row in csv.DictReader(exported.text.splitlines())]
    assert len(told) == 5
    assert told == sorted(told)
    assert [key for _, key in told] != sorted(key for _, key in told)


async def test_what_a_stranger_chose_does_not_become_a_formula(system: System) -> None:
    await announced(system)
    async with connected(system) as driver:
        await driver.start("=1+1", 100)
    exported = await system.platform.ask("GET", "/transactions/export")
    assert exported.headers["content-type"].startswith("text/csv")
    assert "attachment" in exported.headers["content-disposition"]
    [row] = csv.DictReader(exported.text.splitlines())
    assert (row["token"], row["billable"], row["endedAt"]) == ("'=1+1", "false", "")


async def test_limits_are_set_reached_and_the_station_is_asked_to_stop(system: System) -> None:
    await announced(system)
    await card(system)
    async with connected(system) as driver:
        await driver.start(CARD, 1000)
        await driver.meter(1100, 30)
        await driver.meter(1200, 60)
        [listed] = (await system.platform.get("/transactions"))["items"]
        path = f"/transactions/{listed['id']}"
        limited = await system.platform._expect(200, "PUT", f"{path}/limits", json={"energyWh": 500})
        assert limited["limits"] == {
            "energyWh": 500,
            "timeS": None,
            "cost": None,
            "currency": "",
            "socPercent": None,
        } | {"currency": limited["limits"]["currency"]}
        await driver.meter(1600, 90)
        asked = await driver.asked.next("RemoteStopTransaction")
        assert asked["transaction_id"] == driver.transaction
        await driver.stop(None, 1600, 95, reason="Remote")
        detail = await system.platform.get(path)
        assert (detail["limitsReached"], detail["stopReason"]) == (["energyWh"], "Remote")
        assert await system.platform.refused("PUT", f"{path}/limits", json={"energyWh": 1}) == (
            409,
            "transaction_ended",
            [],
        )
    actions = await system.rows("SELECT action, after->>'energyWh' FROM audit WHERE action LIKE 'transaction%'")
    assert actions == [("transaction.limited", "500.0")]


@pytest.mark.parametrize(
    ("body", "code", "path", "flaw"),
    [
        ({"socPercent": 80}, "limit_not_observable", "socPercent", "limit_no_soc_readings"),
        ({"cost": "5.00"}, "limit_not_observable", "cost", "limit_no_price"),
        ({"energyWh": 0}, "invalid", "energyWh", "not_above"),
        ({"energyWh": "many"}, "invalid", "energyWh", "wrong_type"),
        ({"energyWh": 1e300}, "invalid", "energyWh", "too_large"),
        ({"timeS": 1.5}, "invalid", "timeS", "wrong_type"),
        ({"timeS": -1}, "invalid", "timeS", "too_small"),
        ({"cost": 5}, "invalid", "cost", "wrong_type"),
        ({"cost": "-5"}, "invalid", "cost", "wrong_form"),
        ({"cost": "5\n"}, "invalid", "cost", "wrong_form"),
        ({"socPercent": 101}, "invalid", "socPercent", "too_large"),
        ({"energy": 5}, "invalid", "energy", "field_unknown"),
        ([], "invalid", "", "wrong_type"),
    ],
)
async def test_a_wrong_limit_is_refused_and_changes_nothing(
    system: System, body: object, code: str, path: str, flaw: str
) -> None:
    await announced(system)
    await card(system)
    async with connected(system) as driver:
        await driver.start(CARD, 1000)
        [listed] = (await system.platform.get("/transactions"))["items"]
        where = f"/transactions/{listed['id']}/limits"
        assert await system.platform.refused("PUT", where, json=body) == (422, code, [path])
        [fault] = (await system.platform.ask("PUT", where, json=body)).json()["errors"]
        assert (fault["path"], fault["code"]) == (path, flaw)
    assert await system.rows("SELECT limits_wanted FROM transaction") == [(None,)]
    assert await system.rows("SELECT count(*) FROM audit") == [(0,)]


@pytest.mark.parametrize("version", BOTH, ids=lambda version: version.name)
async def test_a_transaction_is_stopped_through_the_station(system: System, version: Version) -> None:
    await announced(system)
    await card(system)
    async with connected(system, version=version) as driver:
        await driver.start(CARD, 1000)
        [listed] = (await system.platform.get("/transactions"))["items"]
        path = f"/transactions/{listed['id']}/stop"
        asked = await system.platform.post(path, {"reason": "closing time"}, 202, params={"wait": 20})
        assert (asked["status"], asked["transactionId"]) == ("accepted", listed["id"])
        assert await system.rows("SELECT kind, status FROM command WHERE id::text = :id", id=asked["commandId"]) == [
            ("StopCharging", "accepted")
        ]
        await driver.stop(None, 1500, 60, reason="Remote")
        assert await system.platform.refused("POST", path, json={}) == (409, "transaction_ended", [])
    done = await system.rows("SELECT actor, after->>'reason' FROM audit WHERE action = 'transaction.stopped'")
    assert done == [("local administrator", "closing time")]


@pytest.mark.parametrize(
    ("path", "parameters", "code", "fault"),
    [
        ("/transactions", {"state": "over"}, "invalid", "state"),
        ("/transactions", {"stationId": 0}, "invalid", "stationId"),
        ("/transactions", {"refused": "perhaps"}, "invalid", "refused"),
        ("/transactions", {"from": "yesterday"}, "instant_invalid", "from"),
        ("/transactions", {"from": "2026-01-01T00:00:00"}, "instant_without_zone", "from"),
        ("/transactions", {"cursor": "abc"}, "cursor_invalid", "cursor"),
        ("/transactions", {"sort": "startedat"}, "sort_unknown", "sort"),
        ("/transactions", {"statoinId": 1}, "parameter_unknown", "statoinId"),
        ("/transactions/export", {"limit": 1}, "parameter_unknown", "limit"),
        ("/transactions/export", {"to": "2026-01-01T00:00:00"}, "instant_without_zone", "to"),
        ("/transactions/1/meter-values", {"maxPoints": 1}, "invalid", "maxPoints"),
        ("/transactions/1/meter-values", {"phase": "L9"}, "invalid", "phase"),
    ],
)
async def test_a_wrong_parameter_is_refused_by_name(
    system: System, path: str, parameters: dict[str, object], code: str, fault: str
) -> None:
    assert await system.platform.refused("GET", path, params=parameters) == (422, code, [fault])


async def test_another_organisation_sees_and_stops_nothing(system: System) -> None:
    await announced(system)
    await card(system)
    outside = await system.caller(Role.ADMINISTRATOR, await system.organisation("Others", "OTH"))
    viewer = await system.caller(Role.VIEWER, system.csms.organisation)
    async with connected(system) as driver:
        await driver.start(CARD, 1000)
        [listed] = (await viewer.get("/transactions"))["items"]
        path = f"/transactions/{listed['id']}"
        assert (await outside.get("/transactions"))["items"] == []
        exported = await outside.ask("GET", "/transactions/export")
        assert len(exported.text.splitlines()) == 1
        for method, suffix in (("GET", ""), ("GET", "/meter-values"), ("PUT", "/limits"), ("POST", "/stop")):
            options: dict[str, Any] = {} if method == "GET" else {"json": {}}
            assert await outside.refused(method, path + suffix, **options) == (404, "transaction_unknown", [])
        assert (await viewer.refused("POST", f"{path}/stop", json={}))[:2] == (403, "not_allowed")
    assert await system.rows("SELECT count(*) FROM command") == [(0,)]
