"""Configuration through the API: what a station reports, what it is wanted to be set to, and whether it is accepted."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from forecourt.csms.web.permissions import Role
from forecourt.ocpp.versions import V16
from tests.csms.api.charger import add, connected
from tests.csms.api.system import System
from tests.journeys.driver import answer, station
from tests.journeys.site import LIMIT_S, PASSWORD

KEYS = [
    {"key": "HeartbeatInterval", "readonly": False, "value": "300"},
    {"key": "NumberOfConnectors", "readonly": True, "value": "2"},
    {"key": "AcmeMood", "readonly": False, "value": "fine"},
    {"key": "AuthorizationKey", "readonly": False, "value": "a-secret-of-the-station"},
]
INTERVAL = {"component": "OCPPCommCtrlr", "variable": "HeartbeatInterval"}


def reports(keys: list[dict[str, Any]]) -> dict[str, Callable[[], Any]]:
    """A station that has these settings, and takes every new one."""
    return {
        "GetConfiguration": lambda: answer(V16, "GetConfiguration", configuration_key=keys)(),
        "ChangeConfiguration": answer(V16, "ChangeConfiguration", status="Accepted"),
    }


async def variables(system: System, path: str, expected: int) -> list[dict[str, Any]]:
    """The variables of a station, once there are so many."""
    async with asyncio.timeout(LIMIT_S):
        while True:
            found: list[dict[str, Any]] = (await system.platform.get(path))["items"]
            if len(found) == expected:
                return found


async def test_what_a_station_reports_is_listed_found_and_paged(system: System) -> None:
    made = await add(system.platform)
    path = f"/stations/{made['id']}/variables"
    async with connected(system, answers=reports(KEYS)):
        everything = await variables(system, path, 4)
        names = [(one["component"], one["variable"], one["value"]) for one in everything]
        assert names == [
            ("ConfigurationKeys", "AcmeMood", "fine"),
            ("ConfigurationKeys", "NumberOfConnectors", "2"),
            ("OCPPCommCtrlr", "HeartbeatInterval", "300"),
            ("SecurityCtrlr", "BasicAuthPassword", "***"),
        ]

        async def found(**parameters: Any) -> list[str]:
            return [one["variable"] for one in (await system.platform.get(path, params=parameters))["items"]]

        assert await found(component="ocppcommctrlr") == ["HeartbeatInterval"]
        assert await found(variable="acmemood") == ["AcmeMood"]
        assert await found(search="FINE") == ["AcmeMood"]
        assert await found(writable=False) == ["NumberOfConnectors"]
        assert await found(evseId=1) == []
        page = await system.platform.get(path, params={"limit": 3})
        rest = await system.platform.get(path, params={"limit": 3, "cursor": page["next"]})
        assert page["items"] + rest["items"] == everything


@pytest.mark.parametrize(
    ("parameters", "path"),
    [
        ({"evseId": 0}, "evseId"),
        ({"writable": "perhaps"}, "writable"),
        ({"cursor": "AA"}, "cursor"),
        ({"key": "x"}, "key"),
    ],
)
async def test_a_wrong_parameter_is_refused_by_name(system: System, parameters: dict[str, Any], path: str) -> None:
    made = await add(system.platform)
    asked = f"/stations/{made['id']}/variables"
    status, _, paths = await system.platform.refused("GET", asked, params=parameters)
    assert (status, paths) == (422, [path])


async def test_a_wanted_value_is_set_checked_and_shown_and_no_longer_wanted(system: System) -> None:
    made = await add(system.platform)
    path = f"/stations/{made['id']}/wanted-variables"
    keys = [dict(one) for one in KEYS]
    async with connected(system, answers=reports(keys)) as driver:
        await variables(system, f"/stations/{made['id']}/variables", 4)
        body = {"values": [{**INTERVAL, "value": "60"}]}
        wanted = await system.platform.post(path, body, 202)
        assert [(one["value"], one["wantedBy"]) for one in wanted["items"]] == [("60", "local administrator")]
        assert await driver.asked.next("ChangeConfiguration") == {"key": "HeartbeatInterval", "value": "60"}
        # It reports another value still, so it does not have what is wanted.
        async with asyncio.timeout(LIMIT_S):
            while (now := (await system.platform.get(path))["items"][0])["state"] == "waiting":
                pass
        assert (now["state"], now["reason"]) == ("failed", "it reports '300'")
        shown = (await system.platform.get(f"/stations/{made['id']}/variables", params={"search": "Heartbeat"}))[
            "items"
        ]
        assert (shown[0]["wanted"], shown[0]["wantedState"]) == ("60", "failed")
    gone = await system.platform.post(path, {"values": [{**INTERVAL, "value": None}]}, 202)
    assert gone["items"] == []


@pytest.mark.parametrize(
    ("body", "code", "path"),
    [
        ({}, "invalid", "values"),
        ({"values": []}, "invalid", "values"),
        ({"values": [{**INTERVAL}]}, "invalid", "values[0].value"),
        ({"values": [{**INTERVAL, "value": 60}]}, "invalid", "values[0].value"),
        ({"values": [{**INTERVAL, "value": "x" * 2501}]}, "invalid", "values[0].value"),
        ({"values": [{**INTERVAL, "value": "1", "attribute": "Best"}]}, "invalid", "values[0].attribute"),
        (
            {"values": [{"component": "SecurityCtrlr", "variable": "BasicAuthPassword", "value": "x" * 20}]},
            "value_is_password",
            "values[0]",
        ),
        ({"values": [{"component": "A", "variable": "apnPassword", "value": "x"}]}, "wanted_secret", "values[0]"),
    ],
)
async def test_a_wrong_wish_is_refused_and_nothing_is_wanted(
    system: System, body: dict[str, Any], code: str, path: str
) -> None:
    made = await add(system.platform)
    asked = f"/stations/{made['id']}/wanted-variables"
    assert await system.platform.refused("POST", asked, json=body) == (422, code, [path])
    assert await system.rows("SELECT count(*) FROM wanted_variable") == [(0,)]


async def test_many_stations_are_wanted_to_be_set_to_the_same_and_each_tells_how_it_stands(system: System) -> None:
    one, two, three = [await add(system.platform, f"CP{number}") for number in (1, 2, 3)]
    refusing = {**reports(KEYS), "ChangeConfiguration": answer(V16, "ChangeConfiguration", status="Rejected")}
    taking = {**reports([{**KEYS[0], "value": "60"}]), "ChangeConfiguration": refusing["ChangeConfiguration"]}
    async with connected(system, "CP1", answers=taking), connected(system, "CP2", answers=refusing):
        await system.platform.post(
            f"/stations/{three['id']}/wanted-variables", {"values": [{**INTERVAL, "value": "5"}]}, 202
        )
        body = {
            "stationIds": [one["id"], two["id"], three["id"], one["id"]],
            "values": [{**INTERVAL, "value": "60"}],
        }
        begun = await system.platform.post("/wanted-variables", body, 202)
        assert (begun["stations"], begun["values"]) == (3, 1)
        batch = {"wantedAt": begun["wantedAt"]}
        expected = {"waiting": 1, "held": 1, "reboot": 0, "failed": 1}
        async with asyncio.timeout(LIMIT_S):
            while await system.platform.get("/wanted-variables/counts", params=batch) != expected:
                pass
    listed = (await system.platform.get("/wanted-variables", params=batch))["items"]
    states = [(item["station"], item["state"], item["reason"]) for item in listed]
    assert states == [("CP1", "held", ""), ("CP2", "failed", "Rejected"), ("CP3", "waiting", "")]
    failed = await system.platform.get("/wanted-variables", params={**batch, "state": "failed", "limit": 1})
    assert [item["stationId"] for item in failed["items"]] == [two["id"]]
    first = await system.platform.get("/wanted-variables", params={"variable": "heartbeatinterval", "limit": 2})
    rest = await system.platform.get(
        "/wanted-variables", params={"variable": "heartbeatinterval", "limit": 2, "cursor": first["next"]}
    )
    assert [item["station"] for item in first["items"] + rest["items"]] == ["CP1", "CP2", "CP3"]
    audited = (await system.platform.get("/audit", params={"action": "station.variables_wanted"}))["items"]
    assert len(audited) == 4
    kinds = await system.rows(
        "SELECT DISTINCT station_id FROM event WHERE kind = 'WantedConfigurationChanged' ORDER BY 1"
    )
    assert kinds == [(one["id"],), (two["id"],), (three["id"],)]


async def test_nothing_is_wanted_of_any_when_one_of_the_stations_is_not_ones_own(system: System) -> None:
    mine = await add(system.platform)
    others = await system.organisation("Others", "OTH")
    theirs = await add(system.platform, "CP2", organisationId=others)
    me = await system.caller(Role.TECHNICIAN, system.csms.organisation)
    body = {"stationIds": [mine["id"], theirs["id"]], "values": [{**INTERVAL, "value": "60"}]}
    refused = await me.refused("POST", "/wanted-variables", json=body)
    assert refused == (422, "station_unknown", ["stationIds[1]"])
    assert await system.rows("SELECT count(*) FROM wanted_variable") == [(0,)]
    await system.platform.post("/wanted-variables", body, 202)
    assert [item["station"] for item in (await me.get("/wanted-variables"))["items"]] == ["CP"]
    assert (await me.get("/wanted-variables/counts"))["waiting"] == 1


async def test_reports_are_listed_and_nothing_is_shown_to_others(system: System) -> None:
    made = await add(system.platform)
    other = await system.caller(Role.ADMINISTRATOR, await system.organisation("Others", "OTH"))
    assert (await system.platform.get(f"/stations/{made['id']}/reports"))["items"] == []
    for what in ("variables", "wanted-variables", "reports", "registration"):
        assert (await other.refused("GET", f"/stations/{made['id']}/{what}"))[:2] == (404, "station_unknown")
    body = {"values": [{**INTERVAL, "value": "60"}]}
    assert (await other.refused("POST", f"/stations/{made['id']}/wanted-variables", json=body))[0] == 404
    assert (await other.refused("PUT", f"/stations/{made['id']}/registration", json={"registration": "Rejected"}))[
        0
    ] == 404


# Acceptance.


async def test_a_station_that_waits_is_accepted_and_asked_to_boot(system: System) -> None:
    made = await add(system.platform, registration="Pending")
    path = f"/stations/{made['id']}/registration"
    trigger = {"TriggerMessage": answer(V16, "TriggerMessage", status="Accepted")}
    url = f"ws://127.0.0.1:{system.port}/ocpp"
    async with station(url, "CP", V16, trigger, password=PASSWORD) as driver:
        assert (await driver.boot()).status == "Pending"
        decided = await system.platform.ask("PUT", path, json={"registration": "Accepted"})
        assert decided.json()["decision"] == "Accepted"
        assert decided.json()["decidedBy"] == "local administrator"
        assert await driver.asked.next("TriggerMessage") == {"requested_message": "BootNotification"}
        assert (await driver.boot()).status == "Accepted"
        assert (await system.platform.get(path))["registration"] == "Accepted"


async def test_a_station_that_is_turned_away_is_sent_away(system: System) -> None:
    made = await add(system.platform)
    path = f"/stations/{made['id']}/registration"
    async with connected(system) as driver:
        turned = await system.platform.ask("PUT", path, json={"registration": "Rejected"})
        assert turned.json()["registration"] == "Rejected"
        async with asyncio.timeout(LIMIT_S):
            await driver.connection.wait_closed()
    held = await system.platform.ask("PUT", path, json={"registration": "Pending"})
    assert held.json()["decision"] == "Pending"
    assert await system.platform.refused("PUT", path, json={"registration": "Maybe"}) == (
        422,
        "invalid",
        ["registration"],
    )
    assert (await system.platform.refused("PUT", path, json={}))[2] == ["registration"]


# Passwords.


async def test_a_station_is_given_another_password_which_is_shown_once(system: System) -> None:
    made = await add(system.platform)
    path = f"/stations/{made['id']}/password"
    given = await system.platform.ask("POST", path, json={})
    assert given.headers["cache-control"] == "no-store"
    url = f"ws://127.0.0.1:{system.port}/ocpp"
    async with station(url, "CP", V16, password=given.json()["password"]) as driver:
        await driver.boot()
    own = "my-own-password-1"
    assert (await system.platform.post(path, {"password": own}, 200))["password"] == own
    async with station(url, "CP", V16, password=own) as driver:
        await driver.boot()
    for table in ("audit", "event", "station", "idempotency_key"):
        assert own not in str(await system.rows(f"SELECT row_to_json(t)::text FROM {table} t"))
    assert await system.platform.refused("POST", path, json={"password": "short"}) == (422, "invalid", ["password"])
    certificate = await system.platform.post("/stations", {"stationId": "CP3", "securityProfile": 3})
    refused = await system.platform.refused("POST", f"/stations/{certificate['id']}/password", json={})
    assert refused[:2] == (409, "no_password_in_use")
