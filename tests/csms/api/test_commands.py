"""Commands through the API: asked for, waited for, found again, cancelled; raw ones for experts."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID

import pytest

from forecourt.csms.web.permissions import Role
from forecourt.ocpp.versions import V16, V201, Version
from tests.csms.api.charger import add, connected
from tests.csms.api.system import Caller, System
from tests.journeys.driver import Driver, answer
from tests.journeys.site import CARD, LIMIT_S

RESET = {"kind": "Reset", "arguments": {"type": "Immediate"}}
SOON: dict[str, Any] = {"params": {"wait": 30}}


async def until(caller: Caller, command: dict[str, Any], *statuses: str) -> dict[str, Any]:
    """The command, once it has come so far."""
    async with asyncio.timeout(LIMIT_S):
        while True:
            found: dict[str, Any] = await caller.get(f"/commands/{command['id']}")
            if found["status"] in statuses:
                return found


@pytest.mark.parametrize("version", [V16, V201], ids=lambda version: version.name)
async def test_a_command_is_asked_for_and_answered_with_its_outcome(system: System, version: Version) -> None:
    made = await add(system.platform)
    async with connected(system, version=version) as driver:
        given = await system.platform.ask("POST", f"/stations/{made['id']}/commands", json=RESET, **SOON)
        assert given.status_code == 201
        told = given.json()
        assert given.headers["location"] == f"/api/v1/commands/{told['id']}"
        assert (told["status"], told["reason"], told["kind"]) == ("accepted", "Accepted", "Reset")
        assert told["arguments"] == {"type": "Immediate", "evseId": None}
        assert told["askedBy"] == "local administrator"
        asked = await driver.asked.next("Reset")
        assert asked == {"type": "Hard" if version is V16 else "Immediate"}
        assert await system.platform.get(f"/commands/{told['id']}") == told
    audit = await system.rows("SELECT subject, after->>'kind' FROM audit WHERE action = 'command.given'")
    assert audit == [(f"stations/{made['id']}", "Reset")]


async def test_a_refusal_of_the_station_is_an_outcome_and_no_problem(system: System) -> None:
    made = await add(system.platform)
    async with connected(system, answers={"Reset": answer(V16, "Reset", status="Rejected")}):
        told = await system.platform.post(f"/stations/{made['id']}/commands", RESET, 201, **SOON)
    assert (told["status"], told["reason"]) == ("refused", "Rejected")


async def test_a_command_to_an_absent_station_waits_and_arrives_when_it_is_back(system: System) -> None:
    made = await add(system.platform)
    path = f"/stations/{made['id']}"
    queued = await system.platform.post(f"{path}/commands", RESET, 202)
    assert queued["status"] == "queued"
    assert (await system.platform.get(path))["waitingCommands"] == 1
    async with connected(system) as driver:
        await driver.asked.next("Reset")
        assert (await until(system.platform, queued, "accepted"))["sentAt"] is not None
    assert (await system.platform.get(path))["waitingCommands"] == 0


async def test_a_command_is_on_the_audit_log_in_the_same_transaction(system: System) -> None:
    made = await add(system.platform)
    given = await system.platform.post(f"/stations/{made['id']}/commands", RESET, 202)
    both = "SELECT command.xmin = audit.xmin FROM command, audit WHERE audit.after->>'id' = command.id::text"
    assert await system.rows(f"{both} AND command.id = :id", id=given["id"]) == [(True,)]


async def test_a_command_that_cannot_be_stored_leaves_nothing_on_the_audit_log(system: System) -> None:
    made = await add(system.platform)
    body = {"action": "DataTransfer", "payload": {"vendorId": "us", "data": "\0"}}
    path = f"/stations/{made['id']}/raw-commands"
    assert (await system.platform.refused("POST", path, json=body))[:2] == (422, "command_not_storable")
    assert await system.rows("SELECT count(*) FROM command") == [(0,)]
    assert await system.rows("SELECT count(*) FROM audit WHERE action = 'command.given'") == [(0,)]


async def test_a_command_that_waits_too_long_expires(system: System) -> None:
    made = await add(system.platform)
    queued = await system.platform.post(f"/stations/{made['id']}/commands", {**RESET, "expiresInS": 1}, 202)
    assert (await until(system.platform, queued, "expired"))["reason"] == "the station did not connect in time"


async def test_a_command_that_waits_is_cancelled_and_one_that_has_ended_is_not(system: System) -> None:
    made = await add(system.platform)
    queued = await system.platform.post(f"/stations/{made['id']}/commands", RESET, 202)
    path = f"/commands/{queued['id']}/cancel"
    ended = await system.platform.post(path, None, 200)
    assert (ended["status"], ended["reason"]) == ("expired", "cancelled by local administrator")
    assert (await system.platform.refused("POST", path))[:2] == (409, "command_under_way")
    nothing = f"/commands/{UUID(int=1)}"
    assert (await system.platform.refused("POST", f"{nothing}/cancel"))[:2] == (404, "command_unknown")
    assert (await system.platform.refused("GET", nothing))[:2] == (404, "command_unknown")
    async with connected(system) as driver:
        await driver.say("Heartbeat")
        assert [name for name, _ in driver.asked.calls if name == "Reset"] == []


@pytest.mark.parametrize(
    ("body", "code", "path"),
    [
        ({}, "invalid", "kind"),
        ({"kind": "MakeCoffee"}, "command_kind_unknown", "kind"),
        ({"kind": "Reset", "arguments": {"type": "Gently"}}, "arguments_invalid", "arguments.type"),
        ({"kind": "Reset", "arguments": {"evse_id": 1}}, "arguments_invalid", "arguments.evse_id"),
        ({"kind": "Reset", "arguments": []}, "invalid", "arguments"),
        ({"kind": "Reset", "expiresInS": 0}, "invalid", "expiresInS"),
        ({"kind": "Reset", "expiresInS": 10**9}, "invalid", "expiresInS"),
        ({"kind": "Reset", "when": "now"}, "invalid", "when"),
        ({"kind": "SendRaw", "arguments": {}}, "command_is_raw", "kind"),
        ({"kind": "UnlockConnector"}, "arguments_invalid", "arguments.evseId"),
        ({"kind": "GetVariables", "arguments": {"variables": []}}, "variables_none", "arguments.variables"),
    ],
)
async def test_a_wrong_body_is_refused_and_nothing_is_recorded(
    system: System, body: dict[str, Any], code: str, path: str
) -> None:
    made = await add(system.platform)
    assert await system.platform.refused("POST", f"/stations/{made['id']}/commands", json=body) == (422, code, [path])
    assert await system.rows("SELECT count(*) FROM command") == [(0,)]
    assert await system.rows("SELECT count(*) FROM audit WHERE action = 'command.given'") == [(0,)]


async def test_what_is_not_in_the_stations_version_is_refused(system: System) -> None:
    made = await add(system.platform)
    async with connected(system):
        body = {"kind": "GetTransactionStatus"}
        refused = await system.platform.refused("POST", f"/stations/{made['id']}/commands", json=body)
        assert refused == (422, "not_in_this_version", ["kind"])
    assert await system.rows("SELECT count(*) FROM command") == [(0,)]
    assert await system.rows("SELECT count(*) FROM audit WHERE action = 'command.given'") == [(0,)]


async def test_nothing_is_asked_of_a_station_that_is_not_there_or_not_ones_own(system: System) -> None:
    made = await add(system.platform)
    other = await system.caller(Role.ADMINISTRATOR, await system.organisation("Others", "OTH"))
    for caller, key in ((system.platform, 4711), (other, made["id"])):
        path = f"/stations/{key}/commands"
        assert (await caller.refused("POST", path, json=RESET))[:2] == (404, "station_unknown")
    viewer = await system.caller(Role.VIEWER, system.csms.organisation)
    path = f"/stations/{made['id']}/commands"
    assert (await viewer.refused("POST", path, json=RESET))[:2] == (403, "not_allowed")
    given = await system.platform.post(path, RESET, 202)
    assert (await other.refused("GET", f"/commands/{given['id']}"))[0] == 404
    assert (await other.refused("POST", f"/commands/{given['id']}/cancel"))[0] == 404
    assert (await other.get("/commands"))["items"] == []
    assert [one["id"] for one in (await viewer.get("/commands"))["items"]] == [given["id"]]


async def test_the_list_is_filtered_and_paged_with_the_latest_first(system: System) -> None:
    one, two = await add(system.platform, "CP1"), await add(system.platform, "CP2")
    ids = []
    for number in range(5):
        station = one if number < 3 else two
        body = RESET if number != 1 else {"kind": "ClearCache"}
        ids.append((await system.platform.post(f"/stations/{station['id']}/commands", body, 202))["id"])
    await system.platform.post(f"/commands/{ids[0]}/cancel", None, 200)

    async def found(**parameters: Any) -> list[str]:
        return [each["id"] for each in (await system.platform.get("/commands", params=parameters))["items"]]

    assert await found() == ids[::-1]
    assert await found(sort="askedAt") == ids
    assert await found(stationId=two["id"]) == [ids[4], ids[3]]
    assert await found(kind="ClearCache") == [ids[1]]
    assert await found(status="expired") == [ids[0]]
    assert await found(askedBy="somebody else") == []
    third = (await system.platform.get(f"/commands/{ids[2]}"))["askedAt"]
    assert await found(**{"from": third}) == [ids[4], ids[3], ids[2]]
    assert await found(to=third) == [ids[1], ids[0]]
    page = await system.platform.get("/commands", params={"limit": 2})
    again = await system.platform.get("/commands", params={"limit": 2, "cursor": page["next"]})
    assert [each["id"] for each in page["items"] + again["items"]] == ids[:0:-1]


@pytest.mark.parametrize(
    ("parameters", "path"),
    [
        ({"status": "done"}, "status"),
        ({"kind": "MakeCoffee"}, "kind"),
        ({"from": "yesterday"}, "from"),
        ({"from": "2030-01-01T00:00:00"}, "from"),
        ({"bulkId": "7"}, "bulkId"),
        ({"stationId": -1}, "stationId"),
        ({"station": 1}, "station"),
        ({"cursor": "%"}, "cursor"),
        ({"sort": "kind"}, "sort"),
    ],
)
async def test_a_wrong_parameter_is_refused_by_name(system: System, parameters: dict[str, Any], path: str) -> None:
    status, _, paths = await system.platform.refused("GET", "/commands", params=parameters)
    assert (status, paths) == (422, [path])


@pytest.mark.parametrize("wait", ["-1", "61", "long"])
async def test_a_wrong_wait_is_refused(system: System, wait: str) -> None:
    made = await add(system.platform)
    path = f"/stations/{made['id']}/commands"
    assert await system.platform.refused("POST", path, json=RESET, params={"wait": wait}) == (422, "invalid", ["wait"])


async def test_the_same_idempotency_key_asks_the_station_once(system: System) -> None:
    made = await add(system.platform)
    path, headers = f"/stations/{made['id']}/commands", {"Idempotency-Key": "once"}
    first, again = [await system.platform.post(path, RESET, 202, headers=headers) for _ in range(2)]
    assert first == again
    assert await system.rows("SELECT count(*) FROM command") == [(1,)]


async def test_a_transaction_is_stopped_by_its_id_here(system: System) -> None:
    made, other = await add(system.platform), await add(system.platform, "CP2")
    stop = {"RemoteStopTransaction": answer(V16, "RemoteStopTransaction", status="Accepted")}
    async with connected(system, answers=stop) as driver:
        await driver.connector("Preparing", "Occupied")
        await driver.start(CARD, 1000)
        ((key, number),) = await system.rows("SELECT id, number FROM transaction")
        body = {"kind": "StopCharging", "arguments": {"transactionId": key}}
        told = await system.platform.post(f"/stations/{made['id']}/commands", body, 201, **SOON)
        assert told["status"] == "accepted"
        assert await driver.asked.next("RemoteStopTransaction") == {"transaction_id": number}
        refused = await system.platform.refused("POST", f"/stations/{other['id']}/commands", json=body)
        assert refused == (404, "transaction_unknown", ["arguments.transactionId"])


# Raw messages.


def clears(driver: Driver) -> list[dict[str, Any]]:
    return [arguments for name, arguments in driver.asked.calls if name == "ClearCache"]


async def test_any_message_of_the_version_is_sent_literally(system: System) -> None:
    made = await add(system.platform)
    path = f"/stations/{made['id']}/raw-commands"
    answers = {"ClearCache": answer(V16, "ClearCache", status="Accepted")}
    async with connected(system, answers=answers) as driver:
        told = await system.platform.post(path, {"action": "ClearCache"}, 201, **SOON)
        assert (told["kind"], told["status"]) == ("SendRaw", "accepted")
        assert told["result"] == {"status": "Accepted"}
        assert len(clears(driver)) == 1
        wrong = {"action": "ClearCache", "payload": {"hard": True}}
        assert (await system.platform.refused("POST", path, json=wrong))[:2] == (422, "payload_invalid")
        wrong = {"action": "ChangeAvailability", "payload": {"connectorId": "one", "type": "Operative"}}
        assert (await system.platform.refused("POST", path, json=wrong))[2] == ["payload.connectorId"]
        for action in ("BootNotification", "GetTransactionStatus", "MakeCoffee"):
            refused = await system.platform.refused("POST", path, json={"action": action})
            assert refused == (422, "action_not_in_this_version", ["action"])
        assert len(clears(driver)) == 1
    operator = await system.caller(Role.OPERATOR, system.csms.organisation)
    assert (await operator.refused("POST", path, json={"action": "ClearCache"}))[:2] == (403, "not_allowed")


async def test_the_secrets_of_a_command_are_nowhere(system: System) -> None:
    made = await add(system.platform)
    secret = "a-secret-of-the-network"
    profile = {
        "csmsUrl": "wss://x",
        "interface": "Wired0",
        "securityProfile": 2,
        "basicAuthPassword": secret,
    }
    body = {"kind": "SetNetworkProfile", "arguments": {"slot": 1, "profile": profile}}
    given = await system.platform.post(f"/stations/{made['id']}/commands", body, 202)
    assert given["arguments"]["profile"]["basicAuthPassword"] == "***"
    for table in ("command", "audit", "event"):
        assert secret not in str(await system.rows(f"SELECT row_to_json(t)::text FROM {table} t"))
