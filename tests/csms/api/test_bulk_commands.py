"""Commands to many stations through the API: twenty stations of which some refuse, some are away and some do not answer."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from typing import Any
from uuid import UUID

import pytest

from forecourt.csms.config import Gateway
from forecourt.csms.web.permissions import Role
from forecourt.ocpp.versions import V16, V201
from tests.csms.api.charger import add, connected
from tests.csms.api.system import System
from tests.journeys.driver import answer
from tests.journeys.site import LIMIT_S

RESET = {"kind": "Reset", "arguments": {"type": "Immediate"}}


@pytest.fixture
def gateway() -> Gateway:
    return Gateway(call_timeout_s=1.0)


def never() -> Any:
    """The answer of a station that does not answer."""
    return asyncio.Event().wait()


async def until(system: System, bulk: dict[str, Any], *, done: bool = False, **counts: int) -> dict[str, Any]:
    """The bulk command, once it has come so far: the last answer may come before all stations are noted as asked."""
    found: dict[str, Any] = {"counts": None}
    try:
        async with asyncio.timeout(LIMIT_S):
            while found["counts"] != counts or (done and not found["done"]):
                found = await system.platform.get(f"/bulk-commands/{bulk['id']}")
    except TimeoutError:
        raise AssertionError(f"{found} has not become {counts}, done: {done}") from None
    return found


async def test_twenty_stations_are_reset_and_each_is_accounted_for(system: System) -> None:
    made = [await add(system.platform, f"CP{number:02}") for number in range(20)]
    for one in made[18:]:
        await system.platform.patch(f"/stations/{one['id']}", {"enabled": False})
    refuses = {version: answer(version, "Reset", status="Rejected") for version in (V16, V201)}
    async with AsyncExitStack() as stack:
        drivers = []
        for number in range(14):
            version = V201 if number % 2 else V16
            answers = {"Reset": refuses[version]} if number < 4 else {"Reset": never} if number > 11 else {}
            drivers.append(await stack.enter_async_context(connected(system, f"CP{number:02}", version, answers)))
        given = await system.platform.post("/bulk-commands", {**RESET, "selection": {"all": True}}, 202)
        assert (given["total"], given["done"]) == (20, False)
        shown = await until(system, given, accepted=8, refused=4, unanswered=2, queued=4, skipped=2)
        assert shown["done"] is False
        for driver in drivers[:12]:
            assert [name for name, _ in driver.asked.calls].count("Reset") == 1
        path = f"/bulk-commands/{given['id']}"
        targets: list[dict[str, Any]] = []
        cursor: dict[str, Any] = {}
        while True:
            page = await system.platform.get(f"{path}/stations", params={"limit": 7, **cursor})
            targets += page["items"]
            if page["next"] is None:
                break
            cursor = {"cursor": page["next"]}
        assert [one["stationId"] for one in targets] == [one["id"] for one in made]
        assert {one["reason"] for one in targets[18:]} == {"station_disabled"}
        assert {one["commandReason"] for one in targets[:4]} == {"Rejected"}
        skipped = await system.platform.get(f"{path}/stations", params={"state": "skipped"})
        assert len(skipped["items"]) == 2
        refused = await system.platform.get(f"{path}/stations", params={"status": "refused"})
        assert len(refused["items"]) == 4
        commands = await system.platform.get("/commands", params={"bulkId": given["id"], "limit": 50})
        assert len(commands["items"]) == 18
    # One that was away comes back and is asked; what still waits is cancelled.
    async with connected(system, "CP14") as driver:
        await driver.asked.next("Reset")
        await until(system, given, accepted=9, refused=4, unanswered=2, queued=3, skipped=2)
    ended = await system.platform.post(f"{path}/cancel", None, 200)
    assert ended["counts"] == {"accepted": 9, "refused": 4, "unanswered": 2, "expired": 3, "skipped": 2}
    assert (ended["done"], ended["cancelledBy"]) == (True, "local administrator")
    listed = await system.platform.get("/bulk-commands", params={"kind": "Reset"})
    assert listed["items"] == [ended]


async def test_a_filter_selects_and_a_version_without_words_is_counted(system: System) -> None:
    site = await system.platform.post("/sites", {"name": "Depot"})
    here = [await add(system.platform, f"CP{number}", siteId=site["id"]) for number in range(2)]
    await add(system.platform, "CP9")
    async with connected(system, "CP0", V16), connected(system, "CP1", V201):
        body = {"kind": "GetTransactionStatus", "selection": {"filter": {"siteId": site["id"], "connected": True}}}
        given = await system.platform.post("/bulk-commands", body, 202)
        assert given["total"] == 2
        # The package knows no such call without a handler: it answers with an error.
        shown = await until(system, given, done=True, skipped=1, refused=1)
        assert shown["done"] is True
    targets = (await system.platform.get(f"/bulk-commands/{given['id']}/stations"))["items"]
    assert [(one["stationId"], one["state"], one["reason"]) for one in targets] == [
        (here[0]["id"], "skipped", "not_in_this_version"),
        (here[1]["id"], "asked", ""),
    ]


@pytest.mark.parametrize(
    ("body", "code", "path"),
    [
        ({}, "invalid", "selection"),
        ({"kind": "Reset"}, "invalid", "selection"),
        ({"kind": "Reset", "selection": {}}, "selection_of_what", "selection"),
        ({"kind": "Reset", "selection": {"stationIds": [1], "all": True}}, "selection_of_what", "selection"),
        ({"kind": "Reset", "selection": {"filter": {}}}, "selection_of_what", "selection.filter"),
        ({"kind": "Reset", "selection": {"stationIds": []}}, "invalid", "selection.stationIds"),
        ({"kind": "Reset", "selection": {"stationIds": [1, 4711]}}, "station_unknown", "selection.stationIds[1]"),
        ({"kind": "Reset", "selection": {"filter": {"vendor": "Nobody"}}}, "selection_empty", "selection"),
        ({"kind": "Reset", "selection": {"filter": {"colour": "red"}}}, "invalid", "selection.filter.colour"),
        ({"kind": "Reset", "selection": {"all": True}, "arguments": {"type": "x"}}, "arguments_invalid", "arguments.type"),
        ({"kind": "SendRaw", "selection": {"all": True}}, "command_is_raw", "kind"),
        ({"kind": "MakeCoffee", "selection": {"all": True}}, "command_kind_unknown", "kind"),
        (
            {"kind": "StopCharging", "selection": {"all": True}, "arguments": {"transactionId": 1}},
            "transaction_unknown",
            "arguments.transactionId",
        ),
    ],
)  # fmt: skip
async def test_a_wrong_body_is_refused_and_nothing_is_recorded(
    system: System, body: dict[str, Any], code: str, path: str
) -> None:
    await add(system.platform)
    status, told, paths = await system.platform.refused("POST", "/bulk-commands", json=body)
    assert status in (404, 422)
    assert (told, paths) == (code, [path])
    assert await system.rows("SELECT count(*) FROM bulk_command") == [(0,)]
    assert await system.rows("SELECT count(*) FROM job WHERE kind = 'commands.hand_out'") == [(0,)]


async def test_a_command_with_a_secret_is_not_given_to_many(system: System) -> None:
    await add(system.platform)
    profile = {"csmsUrl": "x", "interface": "Wired0", "securityProfile": 1, "basicAuthPassword": "a-long-password-x"}
    body = {
        "kind": "SetNetworkProfile",
        "arguments": {"slot": 1, "profile": profile},
        "selection": {"all": True},
    }
    assert await system.platform.refused("POST", "/bulk-commands", json=body) == (422, "bulk_secret", ["arguments"])


async def test_bulk_commands_end_where_the_callers_grants_end(system: System) -> None:
    site = await system.platform.post("/sites", {"name": "Depot"})
    mine = await add(system.platform, "CP1", siteId=site["id"])
    other = await add(system.platform, "CP2")
    somebody = await system.caller(Role.TECHNICIAN, system.csms.organisation, site["id"])
    named = {**RESET, "selection": {"stationIds": [mine["id"], other["id"]]}}
    assert await somebody.refused("POST", "/bulk-commands", json=named) == (
        422,
        "station_unknown",
        ["selection.stationIds[1]"],
    )
    given = await somebody.post("/bulk-commands", {**RESET, "selection": {"all": True}}, 202)
    assert given["total"] == 1
    everywhere = await system.platform.post("/bulk-commands", {**RESET, "selection": {"all": True}}, 202)
    assert everywhere["total"] == 2
    seen = await somebody.get(f"/bulk-commands/{everywhere['id']}")
    assert sum(seen["counts"].values()) == 1
    path = f"/bulk-commands/{everywhere['id']}/cancel"
    assert (await somebody.refused("POST", path))[:2] == (403, "not_allowed")
    assert (await somebody.post(f"/bulk-commands/{given['id']}/cancel", None, 200))["cancelledBy"] != ""
    stranger = await system.caller(Role.ADMINISTRATOR, await system.organisation("Others", "OTH"))
    assert (await stranger.get("/bulk-commands"))["items"] == []
    for method, what in (("GET", ""), ("GET", "/stations"), ("POST", "/cancel")):
        path = f"/bulk-commands/{everywhere['id']}{what}"
        assert (await stranger.refused(method, path))[:2] == (404, "bulk_command_unknown")
    viewer = await system.caller(Role.VIEWER, system.csms.organisation)
    assert (await viewer.refused("POST", "/bulk-commands", json=named))[0] == 403


async def test_a_bulk_command_that_is_not_there_is_not_found(system: System) -> None:
    path = f"/bulk-commands/{UUID(int=1)}"
    assert await system.platform.refused("GET", path) == (404, "bulk_command_unknown", [])
    assert await system.platform.refused("GET", "/bulk-commands/seven") == (404, "not_found", [])
    assert (await system.platform.refused("GET", "/bulk-commands", params={"kind": "x"}))[2] == ["kind"]
