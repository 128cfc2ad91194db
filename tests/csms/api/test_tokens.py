"""Tokens through the API."""

from __future__ import annotations

from typing import Any

import pytest

from forecourt.csms.web.permissions import Role
from tests.csms.api.charging import announced, connected
from tests.csms.api.system import System

CARD = {"value": "04A1B2C3", "kind": "ISO14443", "visualNumber": "DE-8AA-001", "groupId": "FLEET"}


async def test_a_token_is_added_read_changed_blocked_and_removed(system: System) -> None:
    me = system.platform
    added = await me.ask("POST", "/tokens", json=CARD)
    assert added.status_code == 201
    token = added.json()
    assert {name: token[name] for name in CARD} == CARD
    path = f"/tokens/{token['id']}"
    assert added.headers["location"] == f"/api/v1{path}"
    assert await me.get(path) == token
    changed = await me.patch(
        path, {"validUntil": "2031-01-01T00:00:00Z", "maxConcurrent": None, "places": {"CP-1": [1], "CP-2": None}}
    )
    assert (changed["validUntil"], changed["maxConcurrent"]) == ("2031-01-01T00:00:00Z", None)
    assert changed["places"] == {"CP-1": [1], "CP-2": None}
    assert (changed["groupId"], changed["visualNumber"]) == ("FLEET", "DE-8AA-001")
    blocked = await me.post(f"{path}/block", {"reason": "stolen"}, 200)
    assert (blocked["blocked"], blocked["blockReason"]) == (True, "stolen")
    assert blocked["blockedAt"] is not None
    unblocked = await me.post(f"{path}/unblock", {}, 200)
    assert (unblocked["blocked"], unblocked["blockReason"], unblocked["blockedAt"]) == (False, "", None)
    await me.delete(path)
    assert await me.refused("GET", path) == (404, "token_unknown", [])
    assert await me.refused("PATCH", path, json={}) == (404, "token_unknown", [])
    happened = await system.rows("SELECT kind FROM event WHERE kind LIKE 'Token%' ORDER BY xid, id")
    assert [kind for (kind,) in happened] == [
        "TokenAdded",
        "TokenChanged",
        "TokenBlocked",
        "TokenUnblocked",
        "TokenRemoved",
    ]
    logged = await system.rows("SELECT action FROM audit ORDER BY id")
    assert [action for (action,) in logged] == [
        "token.added",
        "token.changed",
        "token.blocked",
        "token.unblocked",
        "token.removed",
    ]


async def test_a_secret_goes_in_and_never_comes_out(system: System) -> None:
    me = system.platform
    token = await me.post("/tokens", {"value": "73915", "kind": "KeyCode", "medium": "code"})
    assert token["value"] == "***"
    assert (await me.get("/tokens"))["items"] == [token]
    for parameter in ("search", "value"):
        assert (await me.get("/tokens", params={parameter: "73915"}))["items"] == []
    assert "73915" not in (await me.ask("GET", "/tokens/export")).text
    rows = await system.rows("SELECT before::text, after::text FROM audit")
    rows += await system.rows("SELECT data::text, '' FROM event")
    assert not any("73915" in text for row in rows for text in row if text)


async def test_a_list_is_filtered_searched_and_paged(system: System) -> None:
    me = system.platform
    for number in range(7):
        await me.post("/tokens", {"value": f"CARD{number}", "kind": "ISO14443", "visualNumber": f"No {number}"})
    app = await me.post("/tokens", {"value": "app%1", "medium": "app", "kind": "Central", "groupId": "Fleet"})
    await me.post(f"/tokens/{app['id']}/block", {}, 200)
    for parameters, expected in (
        ({"search": "card"}, 7),
        ({"search": "Card3"}, 1),
        ({"search": "ard"}, 0),
        ({"value": "card3"}, 1),
        ({"value": "CARD"}, 0),
        ({"search": "APP%"}, 1),
        ({"search": "No 4"}, 1),
        ({"search": "%"}, 0),
        ({"search": "\U0010ffff"}, 0),
        ({"blocked": "true"}, 1),
        ({"blocked": "false", "kind": "ISO14443"}, 7),
        ({"medium": "app"}, 1),
        ({"groupId": "FLEET"}, 1),
        ({"organisationId": system.csms.organisation}, 8),
        ({"organisationId": 4711}, 0),
    ):
        assert len((await me.get("/tokens", params=parameters))["items"]) == expected, parameters
    for sort in ("value", "-value", "id", "-changedAt"):
        found: list[int] = []
        more: dict[str, Any] = {}
        while True:
            page = await me.get("/tokens", params={"sort": sort, "limit": 3, **more})
            found += [one["id"] for one in page["items"]]
            if page["next"] is None:
                break
            more = {"cursor": page["next"]}
        assert len(found) == len(set(found)) == 8


@pytest.mark.parametrize(
    ("body", "code", "path"),
    [
        ({}, "invalid", "value"),
        ({"value": ""}, "invalid", "value"),
        ({"value": "A\0"}, "invalid", "value"),
        ({"value": " A"}, "token_invalid", "value"),
        ({"value": "A" * 21}, "token_invalid", "value"),
        ({"value": "A", "kind": "NoAuthorization", "medium": "other"}, "token_invalid", "kind"),
        ({"value": "A", "medium": "stone"}, "invalid", "medium"),
        ({"value": "A", "validFrom": "2030-01-01T00:00:00"}, "invalid", "validFrom"),
        (
            {"value": "A", "validFrom": "2031-01-01T00:00:00Z", "validUntil": "2030-01-01T00:00:00Z"},
            "token_invalid",
            "validUntil",
        ),
        ({"value": "A", "maxConcurrent": 0}, "invalid", "maxConcurrent"),
        ({"value": "A", "secondLanguage": "de"}, "token_invalid", "secondLanguage"),
        ({"value": "A", "language": "german"}, "token_invalid", "language"),
        ({"value": "A", "places": {"CP": []}}, "token_invalid", "places.CP"),
        ({"value": "A", "evseKinds": []}, "invalid", "evseKinds"),
        ({"value": "A", "colour": "red"}, "invalid", "colour"),
        ([], "invalid", ""),
    ],
)
async def test_a_wrong_body_is_refused_with_the_path_of_what_is_wrong(
    system: System, body: object, code: str, path: str
) -> None:
    assert await system.platform.refused("POST", "/tokens", json=body) == (422, code, [path])
    assert await system.rows("SELECT count(*) FROM token") == [(0,)]
    assert await system.rows("SELECT count(*) FROM audit") == [(0,)]


@pytest.mark.parametrize(
    ("parameters", "code", "path"),
    [
        ({"blocked": "perhaps"}, "invalid", "blocked"),
        ({"medium": "stone"}, "invalid", "medium"),
        ({"sort": "worth"}, "sort_unknown", "sort"),
        ({"cursor": "?"}, "cursor_invalid", "cursor"),
        ({"find": "A"}, "parameter_unknown", "find"),
        ({"search": "A" * 101}, "invalid", "search"),
    ],
)
async def test_a_wrong_parameter_is_refused_by_name(
    system: System, parameters: dict[str, object], code: str, path: str
) -> None:
    assert await system.platform.refused("GET", "/tokens", params=parameters) == (422, code, [path])


async def test_the_same_token_twice_and_a_changed_name_are_refused(system: System) -> None:
    me = system.platform
    token = await me.post("/tokens", CARD)
    assert await me.refused("POST", "/tokens", json={**CARD, "value": "04a1b2c3"}) == (409, "token_exists", ["value"])
    assert await me.refused("PATCH", f"/tokens/{token['id']}", json={"value": "X"}) == (422, "invalid", ["value"])
    stale = {"json": {"visualNumber": "2"}, "headers": {"If-Match": '"old"'}}
    assert (await me.refused("PATCH", f"/tokens/{token['id']}", **stale))[:2] == (412, "changed_meanwhile")


async def test_a_master_pass_is_a_group(system: System) -> None:
    me = system.platform
    group = await me._expect(200, "PUT", "/token-groups", json={"groupId": "POLICE", "masterPass": True})
    token = await me.post("/tokens", {"value": "112", "groupId": "police"})
    assert (token["groupId"], token["masterPass"]) == ("POLICE", True)
    assert (await me.get("/token-groups"))["items"] == [group]
    assert await me.refused("PUT", "/token-groups", json={"groupId": "", "masterPass": True}) == (
        422,
        "invalid",
        ["groupId"],
    )


async def test_what_was_exported_can_be_imported(system: System) -> None:
    me = system.platform
    await me.post(
        "/tokens", {**CARD, "maxConcurrent": None, "places": {"CP,1": [1, 2], "B": None}, "evseKinds": ["dc", "ac"]}
    )
    await me.post("/tokens", {"value": "=1+1", "personalMessage": 'say "hello"'})
    before = (await me.get("/tokens"))["items"]
    text = (await me.ask("GET", "/tokens/export")).text
    assert await me.post("/tokens/import", {"csv": text}, 200) == {
        "added": 0,
        "changed": 0,
        "unchanged": 2,
        "refused": [],
    }
    for one in before:
        await me.delete(f"/tokens/{one['id']}")
    assert (await me.post("/tokens/import", {"csv": text}, 200))["added"] == 2
    after = (await me.get("/tokens"))["items"]
    ours = {"id", "createdAt", "changedAt"}
    assert [{k: v for k, v in one.items() if k not in ours} for one in after] == [
        {k: v for k, v in one.items() if k not in ours} for one in before
    ]


async def test_a_line_that_cannot_be_taken_stops_none_of_the_rest(system: System) -> None:
    lines = [
        "value,kind,maxConcurrent,validUntil",
        "A1,ISO14443,2,2031-01-01T00:00:00Z",
        "A2,ISO14443,none,",
        "A3,ISO14443,1,yesterday",
        "A4,ISO14443",
        '"A5\nstill",ISO14443,,',
        "A1,ISO14443,1,",
        ",ISO14443,,",
        "A6,ISO14443,,",
    ]
    done = await system.platform.post("/tokens/import", {"csv": "\r\n".join(lines)}, 200)
    assert (done["added"], done["changed"], done["unchanged"]) == (2, 0, 0)
    assert [(one["line"], one["code"]) for one in done["refused"]] == [
        (3, "line_invalid"),
        (4, "line_invalid"),
        (5, "line_length"),
        (7, "line_invalid"),
        (8, "token_twice"),
        (9, "line_invalid"),
    ]
    assert [[(why["path"], why["code"], why["bound"]) for why in one["errors"]] for one in done["refused"]] == [
        [("maxConcurrent", "wrong_type", None)],
        [("validUntil", "wrong_form", None)],
        [],
        [("value", "wrong_form", None)],
        [("value", "token_twice", None)],
        [("value", "too_short", 1)],
    ]
    again = await system.platform.post("/tokens/import", {"csv": "value,kind,visualNumber\nA6,ISO14443,7"}, 200)
    assert (again["changed"], again["refused"]) == (1, [])


@pytest.mark.parametrize(
    ("csv", "code"),
    [
        ("", "invalid"),
        ("kind\nISO14443", "import_without_header"),
        ("value,value\nA,B", "import_without_header"),
        ("value,colour\nA,red", "import_column_unknown"),
        ('value\n"A', "import_unreadable"),
        ("value\n" + "A\n" * 10_001, "import_too_long"),
    ],
)
async def test_what_is_no_table_of_tokens_is_refused_whole(system: System, csv: str, code: str) -> None:
    assert await system.platform.refused("POST", "/tokens/import", json={"csv": csv}) == (422, code, ["csv"])
    assert await system.rows("SELECT count(*) FROM token") == [(0,)]


async def test_why_a_token_was_refused_is_told(system: System) -> None:
    me = system.platform
    token = await me.post("/tokens", CARD)
    await me.post(f"/tokens/{token['id']}/block", {"reason": "stolen"}, 200)
    station = await announced(system)
    async with connected(system) as driver:
        assert await driver.authorize(CARD["value"]) == "Blocked"
        assert await driver.authorize("NOBODY") == "Invalid"
        await me.post(f"/tokens/{token['id']}/unblock", {}, 200)
        assert await driver.authorize(CARD["value"]) == "Accepted"
    newest, unknown, first = (await me.get("/token-judgements"))["items"]
    assert (newest["verdict"], newest["tokenId"], newest["stationId"]) == ("Accepted", token["id"], station.key)
    assert newest["station"] == station.wire_id
    assert (unknown["token"], unknown["tokenId"], unknown["reason"]) == ("NOBODY", None, "not_known")
    assert (first["verdict"], first["reason"]) == ("Blocked", "blocked")
    for parameters, expected in (
        ({"refused": "true"}, [unknown, first]),
        ({"tokenId": token["id"]}, [newest, first]),
        ({"token": "NOBODY"}, [unknown]),
        ({"stationId": station.key, "refused": "false"}, [newest]),
        ({"stationId": 4711}, []),
    ):
        assert (await me.get("/token-judgements", params=parameters))["items"] == expected, parameters
    page = await me.get("/token-judgements", params={"limit": 2})
    rest = await me.get("/token-judgements", params={"limit": 2, "cursor": page["next"]})
    assert page["items"] + rest["items"] == [newest, unknown, first]
    outside = await system.caller(Role.ADMINISTRATOR, await system.organisation("Others", "OTH"))
    assert (await outside.get("/token-judgements"))["items"] == []


async def test_another_organisation_changes_none_of_our_tokens(system: System) -> None:
    token = await system.platform.post("/tokens", CARD)
    path = f"/tokens/{token['id']}"
    outside = await system.caller(Role.ADMINISTRATOR, await system.organisation("Others", "OTH"))
    for method, suffix, body in (
        ("GET", "", None),
        ("PATCH", "", {}),
        ("DELETE", "", None),
        ("POST", "/block", {}),
        ("POST", "/unblock", {}),
    ):
        options: dict[str, Any] = {} if body is None else {"json": body}
        assert await outside.refused(method, path + suffix, **options) == (404, "token_unknown", [])
    assert (await outside.get("/tokens"))["items"] == []
    home = {"organisationId": system.csms.organisation}
    assert (await outside.refused("POST", "/tokens", json={**CARD, "value": "B", **home}))[0] == 404
    assert (await outside.refused("POST", "/tokens/import", json={"csv": "value\nB", **home}))[0] == 404
    assert await system.platform.get(path) == token
