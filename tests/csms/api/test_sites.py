"""Sites through the API: what every resource does, shown on the simplest one."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from forecourt.csms.web import repetitions
from forecourt.csms.web.permissions import Role
from tests.csms.api.system import System

PLACE = {"name": "Depot", "address": "Main street 1", "timeZone": "Europe/Berlin", "latitudeDegrees": 52.5}


async def test_a_site_is_added_read_changed_and_removed(system: System) -> None:
    me = system.platform
    added = await me.ask("POST", "/sites", json=PLACE)
    assert added.status_code == 201
    site = added.json()
    assert added.headers["location"] == f"/api/v1/sites/{site['id']}"
    assert {name: site[name] for name in PLACE} == PLACE
    assert await me.get(f"/sites/{site['id']}") == site
    changed = await me.patch(f"/sites/{site['id']}", {"latitudeDegrees": None, "name": "Yard"})
    assert changed == {**site, "latitudeDegrees": None, "name": "Yard"}
    await me.delete(f"/sites/{site['id']}")
    assert await me.refused("GET", f"/sites/{site['id']}") == (404, "site_unknown", [])
    happened = await system.rows("SELECT data->>'what' FROM event WHERE kind = 'SiteChanged' ORDER BY xid, id")
    assert happened == [("added",), ("changed",), ("removed",)]


async def test_every_change_is_on_the_audit_log_with_what_was_before(system: System) -> None:
    site = await system.platform.post("/sites", PLACE)
    await system.platform.patch(f"/sites/{site['id']}", {"name": "Yard"})
    rows = await system.rows("SELECT action, subject, actor, before->>'name', after->>'name' FROM audit ORDER BY id")
    subject = f"sites/{site['id']}"
    assert rows == [
        ("site.added", subject, "local administrator", None, "Depot"),
        ("site.changed", subject, "local administrator", "Depot", "Yard"),
    ]


@pytest.mark.parametrize(
    ("body", "code", "path"),
    [
        ({}, "invalid", "name"),
        ({"name": ""}, "invalid", "name"),
        ({"name": 7}, "invalid", "name"),
        ({"name": "A", "latitudeDegrees": 91}, "invalid", "latitudeDegrees"),
        ({"name": "A", "colour": "red"}, "invalid", "colour"),
        ({"name": "A\0"}, "invalid", "name"),
        ({"name": "A", "timeZone": "Mars/Base"}, "time_zone_unknown", "timeZone"),
        ({"name": "A", "organisationId": 4711}, "reference_unknown", "organisationId"),
        ([], "invalid", ""),
    ],
)
async def test_a_wrong_body_is_refused_with_the_path_of_what_is_wrong(
    system: System, body: object, code: str, path: str
) -> None:
    _, refusal, paths = await system.platform.refused("POST", "/sites", json=body)
    assert (refusal, paths) == (code, [path] if path else paths)
    assert await system.rows("SELECT count(*) FROM site") == [(0,)]
    assert await system.rows("SELECT count(*) FROM audit") == [(0,)]


@pytest.mark.parametrize("content", [b"{", b"\xff", b'{"name": "A"', b""])
async def test_what_is_no_json_is_refused(system: System, content: bytes) -> None:
    headers = {"Content-Type": "application/json"}
    status, *_ = await system.platform.refused("POST", "/sites", content=content, headers=headers)
    assert status in (400, 422)


async def test_lists_come_in_pages_and_each_thing_once(system: System) -> None:
    names = [f"Site {number:02}" for number in range(23)]
    for name in reversed(names):
        await system.platform.post("/sites", {"name": name})
    for sort, expected in (("name", names), ("-name", names[::-1]), ("id", names[::-1]), ("createdAt", names[::-1])):
        found: list[str] = []
        cursor: dict[str, Any] = {}
        while True:
            page = await system.platform.get("/sites", params={"sort": sort, "limit": 5, **cursor})
            assert len(page["items"]) <= 5
            found += [site["name"] for site in page["items"]]
            if page["next"] is None:
                break
            cursor = {"cursor": page["next"]}
        assert found == expected


async def test_a_search_takes_every_character_as_it_is(system: System) -> None:
    for name in ("50% off", "50 off", "a_b", "aXb", "back\\slash"):
        await system.platform.post("/sites", {"name": name})
    for text, expected in (
        ("50%", ["50% off"]),
        ("a_b", ["a_b"]),
        ("\\", ["back\\slash"]),
        ("OFF", ["50 off", "50% off"]),
    ):
        page = await system.platform.get("/sites", params={"search": text})
        assert [site["name"] for site in page["items"]] == expected


@pytest.mark.parametrize(
    ("parameters", "code", "path"),
    [
        ({"limit": 0}, "invalid", "limit"),
        ({"limit": 501}, "invalid", "limit"),
        ({"limit": "many"}, "invalid", "limit"),
        ({"cursor": "zzz"}, "cursor_invalid", "cursor"),
        ({"cursor": "WyJuYW1lIiwiXHUwMDAwIiwxXQ"}, "cursor_invalid", "cursor"),
        ({"cursor": "WyJuYW1lIiwxLDFd"}, "cursor_invalid", "cursor"),
        ({"sort": "labl"}, "sort_unknown", "sort"),
        ({"lmt": "x"}, "parameter_unknown", "lmt"),
        ({"organisationId": "one"}, "invalid", "organisationId"),
    ],
)
async def test_a_wrong_parameter_is_refused_by_name(
    system: System, parameters: dict[str, object], code: str, path: str
) -> None:
    assert await system.platform.refused("GET", "/sites", params=parameters) == (422, code, [path])


async def test_a_cursor_of_one_order_is_not_taken_in_another(system: System) -> None:
    for name in "AB":
        await system.platform.post("/sites", {"name": name})
    page = await system.platform.get("/sites", params={"sort": "name", "limit": 1})
    parameters = {"sort": "-name", "limit": 1, "cursor": page["next"]}
    assert await system.platform.refused("GET", "/sites", params=parameters) == (422, "cursor_invalid", ["cursor"])


async def test_a_change_for_another_state_is_refused(system: System) -> None:
    added = await system.platform.ask("POST", "/sites", json=PLACE)
    path, tag = f"/sites/{added.json()['id']}", added.headers["etag"]
    known = await system.platform.ask("GET", path, headers={"If-None-Match": tag})
    assert (known.status_code, known.content) == (304, b"")
    changed = await system.platform.ask("PATCH", path, json={"name": "Yard"}, headers={"If-Match": tag})
    assert changed.status_code == 200
    assert changed.headers["etag"] != tag
    stale = {"json": {"name": "Third"}, "headers": {"If-Match": tag}}
    assert (await system.platform.refused("PATCH", path, **stale))[:2] == (412, "changed_meanwhile")
    assert (await system.platform.refused("DELETE", path, headers={"If-Match": tag}))[0] == 412
    assert (await system.platform.get(path))["name"] == "Yard"


async def test_the_same_idempotency_key_does_it_once(system: System) -> None:
    headers = {"Idempotency-Key": "once"}
    first = await system.platform.ask("POST", "/sites", json=PLACE, headers=headers)
    again = await system.platform.ask("POST", "/sites", json=PLACE, headers=headers)
    assert (again.status_code, again.json()) == (first.status_code, first.json())
    assert again.headers["idempotency-replayed"] == "true"
    other = {"json": {"name": "Other"}, "headers": headers}
    assert await system.platform.refused("POST", "/sites", **other) == (
        409,
        "idempotency_key_used",
        ["Idempotency-Key"],
    )
    # Keys belong to whoever uses them.
    somebody = await system.caller(Role.OPERATOR, system.csms.organisation)
    assert (await somebody.ask("POST", "/sites", **other)).status_code == 201
    assert len((await system.platform.get("/sites"))["items"]) == 2


async def test_a_refusal_is_repeated_too_and_a_free_name_is_not(system: System) -> None:
    await system.platform.post("/sites", PLACE)
    for _ in range(2):
        answer = await system.platform.refused("POST", "/sites", json=PLACE, headers={"Idempotency-Key": "twice"})
        assert answer[:2] == (409, "already_there")


async def test_a_site_with_stations_stays(system: System) -> None:
    site = await system.platform.post("/sites", PLACE)
    await system.rows("SELECT 1")
    async with system.csms.store.work() as work:
        from forecourt.csms.stations import actions
        from forecourt.csms.stations.model import SiteKey

        await actions.add(work, wire_id="CP1", organisation=system.csms.organisation, site=SiteKey(site["id"]))
    assert (await system.platform.refused("DELETE", f"/sites/{site['id']}"))[:2] == (409, "in_use")


async def test_another_organisation_sees_nothing_and_changes_nothing(system: System) -> None:
    site = await system.platform.post("/sites", PLACE)
    theirs = await system.organisation("Others", "OTH")
    other = await system.caller(Role.ADMINISTRATOR, theirs)
    assert (await other.get("/sites"))["items"] == []
    path = f"/sites/{site['id']}"
    for method in ("GET", "DELETE"):
        assert await other.refused(method, path) == (404, "site_unknown", [])
    assert await other.refused("PATCH", path, json={"name": "Mine"}) == (404, "site_unknown", [])
    body = {"name": "Mine", "organisationId": system.csms.organisation}
    assert await other.refused("POST", "/sites", json=body) == (404, "organisation_unknown", ["organisationId"])
    assert (await other.post("/sites", {"name": "Mine"}))["organisationId"] == theirs


async def test_a_grant_for_a_site_ends_at_that_site(system: System) -> None:
    mine = await system.platform.post("/sites", {"name": "Mine"})
    await system.platform.post("/sites", {"name": "Not mine"})
    somebody = await system.caller(Role.OPERATOR, system.csms.organisation, mine["id"])
    assert [site["name"] for site in (await somebody.get("/sites"))["items"]] == ["Mine"]
    assert (await somebody.patch(f"/sites/{mine['id']}", {"address": "here"}))["address"] == "here"
    assert (await somebody.refused("POST", "/sites", json={"name": "New"}))[:2] == (403, "not_allowed")


async def test_of_many_requests_with_one_idempotency_key_one_is_done(system: System) -> None:
    options = {"json": PLACE, "headers": {"Idempotency-Key": "at once"}}
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(system.platform.ask("POST", "/sites", **options)) for _ in range(8)]
    answers = [task.result() for task in tasks]
    assert {answer.status_code for answer in answers} <= {201, 409}
    assert len({answer.json()["id"] for answer in answers if answer.status_code == 201}) == 1
    assert {answer.json()["code"] for answer in answers if answer.status_code == 409} <= {"idempotency_unfinished"}
    assert await system.rows("SELECT count(*) FROM site") == [(1,)]


async def test_what_failed_on_our_side_may_be_sent_again(system: System) -> None:
    headers = {"Idempotency-Key": "again"}
    await system.change("ALTER TABLE site RENAME TO elsewhere")
    failed = await system.platform.refused("POST", "/sites", json=PLACE, headers=headers)
    assert failed[:2] == (500, "internal_error")
    await system.change("ALTER TABLE elsewhere RENAME TO site")
    assert (await system.platform.ask("POST", "/sites", json=PLACE, headers=headers)).status_code == 201


@pytest.mark.parametrize("headers", [{}, {"Idempotency-Key": "large"}])
async def test_a_body_without_end_is_not_read_to_the_end(system: System, headers: dict[str, str]) -> None:
    content = b'{"name": "' + b"A" * (5 * 1024 * 1024) + b'"}'
    headers = {**headers, "Content-Type": "application/json"}
    refused = await system.platform.refused("POST", "/sites", content=content, headers=headers)
    assert refused[:2] == (413, "too_large")


async def test_a_key_that_is_none_is_refused(system: System) -> None:
    for key in ("", "A" * 256):
        answer = await system.platform.refused("POST", "/sites", json=PLACE, headers={"Idempotency-Key": key})
        assert answer == (422, "idempotency_key", ["Idempotency-Key"])


async def test_keys_are_forgotten_after_a_day(system: System) -> None:
    await system.platform.post("/sites", PLACE, headers={"Idempotency-Key": "once"})
    await repetitions.forget(system.csms.store)
    assert await system.rows("SELECT count(*) FROM idempotency_key") == [(1,)]
    await system.change("UPDATE idempotency_key SET claimed_at = claimed_at - interval '25 hours'")
    await repetitions.forget(system.csms.store)
    assert await system.rows("SELECT count(*) FROM idempotency_key") == [(0,)]
