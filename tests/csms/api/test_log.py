"""The log through the API: messages, deviations, refused handshakes and security events."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from typing import Any

import pytest
import websockets

from forecourt.clock import SYSTEM
from forecourt.csms.web.permissions import Role
from forecourt.ocpp.versions import V16
from tests.csms.api.charger import add, connected
from tests.csms.api.system import System
from tests.journeys.driver import station
from tests.journeys.site import LIMIT_S


async def many(system: System, path: str, expected: int, **parameters: Any) -> list[dict[str, Any]]:
    """A list, once it has so many items."""
    found: list[dict[str, Any]] = []
    try:
        async with asyncio.timeout(LIMIT_S):
            while len(found := (await system.platform.get(path, params=parameters))["items"]) != expected:
                pass
    except TimeoutError:
        raise AssertionError(f"{path} {parameters}: {found}") from None
    return found


async def test_messages_are_found_by_station_time_action_and_text(system: System) -> None:
    site = await system.platform.post("/sites", {"name": "Depot"})
    one, two = await add(system.platform, "CP1", siteId=site["id"]), await add(system.platform, "CP2")
    async with connected(system, "CP1") as first, connected(system, "CP2"):
        await first.say("DataTransfer", vendor_id="Acme", data="100% sure")
        transfers = await many(system, "/messages", 1, action="DataTransfer", stationId=one["id"])
        (shown,) = transfers
        assert shown["request"] == {"vendorId": "Acme", "data": "100% sure"}
        assert shown["answer"] == {"status": "UnknownVendorId"}
        assert (shown["caller"], shown["version"], shown["error"]) == ("station", "1.6", "")
        boots = await many(system, "/messages", 2, action="BootNotification")
        assert [message["stationId"] for message in boots] == [two["id"], one["id"]]
        asked = await many(system, "/messages", 2, caller="csms", action="GetConfiguration")
        assert {message["stationId"] for message in asked} == {one["id"], two["id"]}
        assert await many(system, "/messages", 1, stationId=one["id"], search="100%") == transfers
        assert await many(system, "/messages", 0, stationId=one["id"], search="100_") == []
        since = (SYSTEM.now() - timedelta(hours=1)).isoformat()
        assert await many(system, "/messages", 1, search="100% SURE", **{"from": since}) == transfers
        assert await many(system, "/messages", 0, to=since) == []
        assert await many(system, "/messages", 1, siteId=site["id"], action="DataTransfer") == transfers
        assert await many(system, "/messages", 0, siteId=site["id"] + 1) == []
        assert len(await many(system, "/messages", 5, organisationId=system.csms.organisation)) == 5
        assert await many(system, "/messages", 0, organisationId=system.csms.organisation + 1) == []
        assert await many(system, "/messages", 1, messageId=shown["messageId"]) == transfers
        assert await many(system, "/messages", 0, failed=True) == []
        everything = await many(system, "/messages", 5)
    paged: list[dict[str, Any]] = []
    cursor: dict[str, Any] = {}
    while True:
        page = await system.platform.get("/messages", params={"limit": 2, **cursor})
        paged += page["items"]
        if page["next"] is None:
            break
        cursor = {"cursor": page["next"]}
    assert paged == everything
    assert paged == sorted(paged, key=lambda message: message["receivedAt"], reverse=True)


async def test_what_is_old_is_found_without_a_station_too(system: System) -> None:
    made = await add(system.platform)
    await system.csms.store.journal.tidy()
    async with system.csms.store.database.engine.begin() as connection:
        for days in (0.001, 3, 200):
            at = SYSTEM.now() - timedelta(days=days)
            values = f"'{at.isoformat()}', {made['id']}, {system.csms.organisation}, 'station', '1.6', 'm{days}'"
            await connection.exec_driver_sql(
                f"INSERT INTO message_log VALUES ({values}, 'Heartbeat', 'no json', '', '', 5)"
            )
    assert await many(system, "/messages", 0, to="0001-01-01T00:00:00Z") == []
    found = await many(system, "/messages", 3)
    assert [message["messageId"] for message in found] == ["m0.001", "m3", "m200"]
    assert (found[0]["request"], found[0]["answer"], found[0]["durationS"]) == ("no json", None, 0.000005)
    page = await system.platform.get("/messages", params={"limit": 1})
    rest = await system.platform.get("/messages", params={"limit": 5, "cursor": page["next"]})
    assert [message["messageId"] for message in rest["items"]] == ["m3", "m200"]


async def test_each_message_is_on_one_page_wherever_the_pieces_end_that_are_looked_through(system: System) -> None:
    made = await add(system.platform)
    await system.csms.store.journal.tidy()
    until = SYSTEM.now() - timedelta(hours=1)
    ago_s = (0.5, 0.5, 9.999999, 10, 10, 10.000001, 39, 40, 40, 40.000001, 130, 131, 3000, 86_400, 40_000_000)
    async with system.csms.store.database.engine.begin() as connection:
        for number, seconds in enumerate(ago_s):
            at = (until - timedelta(seconds=seconds)).isoformat()
            values = f"'{at}', {made['id']}, {system.csms.organisation}, 'station', '1.6', '{chr(122 - number)}'"
            await connection.exec_driver_sql(
                f"INSERT INTO message_log VALUES ({values}, 'Heartbeat', '{{}}', '{{}}', '', 5)"
            )
    expected = [chr(122 - number) for number in range(len(ago_s))]
    for limit in (1, 2, 4, len(ago_s) - 1, len(ago_s)):
        paged: list[str] = []
        asked = {"limit": limit, "to": until.isoformat()}
        while True:
            page = await system.platform.get("/messages", params=asked)
            paged += [message["messageId"] for message in page["items"]]
            if page["next"] is None:
                break
            asked["cursor"] = page["next"]
        assert paged == expected, limit
    since = (until - timedelta(seconds=41)).isoformat()
    page = await system.platform.get("/messages", params={"from": since, "to": until.isoformat()})
    assert [message["messageId"] for message in page["items"]] == expected[:10]


async def test_messages_are_exported_as_lines_of_json_with_the_same_filters(system: System) -> None:
    await add(system.platform, "CP1")
    two = await add(system.platform, "CP2")
    async with connected(system, "CP1"), connected(system, "CP2"):
        await many(system, "/messages", 2, action="BootNotification")
    for parameters in ({}, {"stationId": two["id"]}, {"caller": "station", "failed": "false"}, {"action": "Nothing"}):
        listed = (await system.platform.get("/messages", params=parameters))["items"]
        exported = await system.platform.ask("GET", "/messages/export", params=parameters)
        assert exported.headers["content-type"].startswith("text/x-ndjson")
        assert [json.loads(line) for line in exported.text.splitlines()] == listed, parameters
    refused = await system.platform.ask("GET", "/messages/export", params={"search": "x"})
    assert (refused.status_code, refused.json()["code"]) == (422, "search_too_wide")


@pytest.mark.parametrize("path", ["/messages", "/deviations", "/refused-handshakes", "/security-events"])
@pytest.mark.parametrize(
    ("parameters", "code", "at"),
    [
        ({"cursor": "AAAA"}, "cursor_invalid", "cursor"),
        ({"cursor": "WzEsMiwzLDRd"}, "cursor_invalid", "cursor"),
        ({"from": "yesterday"}, "instant_invalid", "from"),
        ({"to": "2030-01-01T00:00:00"}, "instant_without_zone", "to"),
        ({"limit": 0}, "invalid", "limit"),
        ({"colour": "red"}, "parameter_unknown", "colour"),
    ],
)
async def test_a_wrong_parameter_is_refused_by_name(
    system: System, path: str, parameters: dict[str, Any], code: str, at: str
) -> None:
    assert await system.platform.refused("GET", path, params=parameters) == (422, code, [at])


@pytest.mark.parametrize(
    "parameters",
    [{"search": "x"}, {"search": "x", "from": "2020-01-01T00:00:00Z"}],
)
async def test_a_search_through_everything_is_refused(system: System, parameters: dict[str, Any]) -> None:
    refused = await system.platform.refused("GET", "/messages", params=parameters)
    assert refused == (422, "search_too_wide", ["search"])


async def test_deviations_are_listed(system: System) -> None:
    made = await add(system.platform)
    async with connected(system) as driver:
        await driver.connection.send('[2,"x","Heartbeat",{"mood":"fine"}]')
        (shown,) = await many(system, "/deviations", 1, stationId=made["id"])
        assert (shown["action"], shown["path"], shown["version"]) == ("Heartbeat", "$.mood", "1.6")
        assert await many(system, "/deviations", 1, action="Heartbeat", kind=shown["kind"]) == [shown]
        assert await many(system, "/deviations", 0, action="BootNotification") == []


async def test_who_was_not_let_in_is_listed_and_a_known_one_is_a_security_event(system: System) -> None:
    site = await system.platform.post("/sites", {"name": "Depot"})
    made = await add(system.platform, "CP1", siteId=site["id"])
    other = await add(system.platform, "CP2")
    for name in ("CP1", "CP2", "CP9"):
        with pytest.raises(websockets.InvalidStatus):
            async with station(f"ws://127.0.0.1:{system.port}/ocpp", name, V16, password="x" * 20):
                pass
    listed = await many(system, "/refused-handshakes", 3)
    assert [(one["stationName"], one["reason"]) for one in listed] == [
        ("CP9", "unknown_station"),
        ("CP2", "wrong_password"),
        ("CP1", "wrong_password"),
    ]
    assert await many(system, "/refused-handshakes", 1, reason="unknown_station") == listed[:1]
    assert await many(system, "/refused-handshakes", 1, station="CP1") == listed[2:]
    events = await many(system, "/security-events", 2, type="FailedToAuthenticateAtCsms", source="csms")
    assert [one["stationId"] for one in events] == [other["id"], made["id"]]
    assert [one["station"] for one in events] == [other["stationId"], made["stationId"]]
    assert await many(system, "/security-events", 1, siteId=site["id"]) == events[1:]
    assert await many(system, "/security-events", 0, organisationId=system.csms.organisation + 1) == []
    assert await many(system, "/security-events", 1, stationId=made["id"], critical=False) == events[1:]
    # Bounds: the own organisation, and in it the own site.
    somebody = await system.caller(Role.TECHNICIAN, system.csms.organisation, site["id"])
    assert [one["stationName"] for one in (await somebody.get("/refused-handshakes"))["items"]] == ["CP1"]
    assert len((await somebody.get("/security-events"))["items"]) == 1
    stranger = await system.caller(Role.ADMINISTRATOR, await system.organisation("Others", "OTH"))
    for path in ("/messages", "/deviations", "/refused-handshakes", "/security-events"):
        assert (await stranger.get(path))["items"] == []
    viewer = await system.caller(Role.VIEWER, system.csms.organisation)
    assert (await viewer.refused("GET", "/messages"))[:2] == (403, "not_allowed")
