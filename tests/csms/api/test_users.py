"""Users through the API: who may add, change and remove whom."""

from __future__ import annotations

from typing import Any

import pytest

from forecourt.csms.web.permissions import Role
from tests.csms.api.system import Caller, System

PASSWORD = "a password of some length"
ADMINISTRATOR = {"role": "administrator"}


async def sign_in(system: System, login: str, password: str) -> int:
    """The status of an attempt to sign in; the session is not used."""
    answer = await system.client.post("/api/v1/session", json={"login": login, "password": password})
    system.client.cookies.clear()
    return answer.status_code


async def add(caller: Caller, login: str, *grants: dict[str, Any]) -> Any:
    """A user, added by a caller."""
    return await caller.post("/users", {"login": login, "grants": list(grants), "password": PASSWORD})


async def test_a_user_is_added_read_changed_and_removed(system: System) -> None:
    me, home = system.platform, system.csms.organisation
    site = (await me.post("/sites", {"name": "Depot"}))["id"]
    grants = [
        {"role": "operator", "organisationId": home},
        {"role": "technician", "organisationId": home, "siteId": site},
    ]
    added = await me.post("/users", {"login": "Mia", "name": "Mia M.", "grants": grants, "password": PASSWORD})
    assert added["password"] is None
    full = [{"siteId": None, **grant} for grant in grants]
    user = {name: value for name, value in added.items() if name != "password"}
    assert (user["login"], user["name"], user["enabled"], user["grants"]) == ("Mia", "Mia M.", True, full)
    path = f"/users/{user['id']}"
    assert await me.get(path) == user
    assert await sign_in(system, "mia", PASSWORD) == 201
    changed = await me.patch(path, {"name": "Mia", "grants": grants[1:]})
    assert (changed["name"], changed["grants"]) == ("Mia", full[1:])
    await me.delete(path)
    assert await me.refused("GET", path) == (404, "user_unknown", [])
    assert await sign_in(system, "mia", PASSWORD) == 401
    log = await system.rows(
        "SELECT action, organisation_id FROM audit WHERE subject = :path ORDER BY id", path=path[1:]
    )
    assert log == [(f"user.{what}", home) for what in ("added", "changed", "removed")]


async def test_a_password_that_nobody_chose_is_made_up_and_shown_once(system: System) -> None:
    body = {"login": "mia", "grants": [ADMINISTRATOR]}
    answer = await system.platform.ask("POST", "/users", json=body, headers={"Idempotency-Key": "one"})
    assert answer.headers["cache-control"] == "no-store"
    password = answer.json()["password"]
    assert await sign_in(system, "mia", password) == 201
    again = await system.platform.refused("POST", "/users", json=body, headers={"Idempotency-Key": "one"})
    assert again[:2] == (409, "idempotency_secret")
    await nothing_holds(system, password)


async def nothing_holds(system: System, secret: str) -> None:
    """No row of any table has a secret in it."""
    tables = await system.rows(
        "SELECT oid::regclass::text FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')"
    )
    escaped = "".join(f"{byte:02x}" for byte in secret.encode())
    for (table,) in tables:
        found = await system.rows(
            f"SELECT count(*) FROM {table} AS one WHERE one::text LIKE :secret OR one::text LIKE :escaped",
            secret=f"%{secret}%",
            escaped=f"%{escaped}%",
        )
        assert found == [(0,)], table


async def test_a_new_password_ends_what_began_with_the_old_one(system: System) -> None:
    user = await add(system.platform, "mia", ADMINISTRATOR)
    await sign_in(system, "mia", PASSWORD)
    assert await system.rows("SELECT count(*) FROM user_session") == [(1,)]
    made_up = await system.platform.post(f"/users/{user['id']}/password", {}, 200)
    assert made_up["login"] == "mia"
    assert await system.rows("SELECT count(*) FROM user_session") == [(0,)]
    assert (await sign_in(system, "mia", PASSWORD), await sign_in(system, "mia", made_up["password"])) == (401, 201)
    chosen = await system.platform.post(f"/users/{user['id']}/password", {"password": PASSWORD[::-1]}, 200)
    assert chosen["password"] is None
    assert await sign_in(system, "mia", PASSWORD[::-1]) == 201
    await nothing_holds(system, made_up["password"])


async def test_whoever_is_disabled_is_out_at_once(system: System) -> None:
    user = await add(system.platform, "mia", ADMINISTRATOR)
    await sign_in(system, "mia", PASSWORD)
    await system.platform.patch(f"/users/{user['id']}", {"enabled": False})
    assert await system.rows("SELECT count(*) FROM user_session") == [(0,)]
    assert await sign_in(system, "mia", PASSWORD) == 401
    await system.platform.patch(f"/users/{user['id']}", {"enabled": True})
    assert await sign_in(system, "mia", PASSWORD) == 201


@pytest.mark.parametrize(
    ("change", "code", "path"),
    [
        ({"login": ""}, "invalid", "login"),
        ({"login": "mia m"}, "invalid", "login"),
        ({"login": "m" * 129}, "invalid", "login"),
        ({"name": "\n"}, "invalid", "name"),
        ({"grants": []}, "invalid", "grants"),
        ({"grants": [{"role": "king"}]}, "invalid", "grants[0].role"),
        ({"grants": [{"role": "viewer", "organisationId": 0}]}, "invalid", "grants[0].organisationId"),
        ({"grants": [ADMINISTRATOR, ADMINISTRATOR]}, "named_twice", "grants"),
        ({"grants": [{"role": "viewer", "siteId": 1}]}, "organisation_needed", "grants[0].organisationId"),
        ({"grants": [{"role": "viewer", "organisationId": 99}]}, "organisation_unknown", "grants[0].organisationId"),
        ({"grants": [{"role": "viewer", "organisationId": 1, "siteId": 99}]}, "site_unknown", "grants[0].siteId"),
        ({"password": "short"}, "invalid", "password"),
        ({"admin": True}, "invalid", "admin"),
    ],
)
async def test_a_wrong_user_is_refused_and_nothing_is_written(
    system: System, change: dict[str, object], code: str, path: str
) -> None:
    body = {"login": "mia", "grants": [ADMINISTRATOR], **change}
    assert (await system.platform.refused("POST", "/users", json=body))[1:] == (code, [path])
    assert await system.rows("SELECT count(*) FROM user_account") == [(1,)]
    assert await system.rows("SELECT count(*) FROM audit") == [(0,)]


async def test_a_login_is_taken_whatever_its_case(system: System) -> None:
    await add(system.platform, "Mia", ADMINISTRATOR)
    body = {"login": "MIA", "grants": [ADMINISTRATOR]}
    assert await system.platform.refused("POST", "/users", json=body) == (409, "login_taken", ["login"])


async def test_somebody_is_left_who_administers_the_platform(system: System) -> None:
    me, home = system.platform, system.csms.organisation
    first = (await me.get("/users"))["items"][0]
    path = f"/users/{first['id']}"
    viewer = {"role": "viewer", "organisationId": home}
    wishes: tuple[tuple[str, object], ...] = (
        ("DELETE", None),
        ("PATCH", {"enabled": False}),
        ("PATCH", {"grants": [viewer]}),
    )
    for method, body in wishes:
        assert (await me.refused(method, path, json=body))[:2] == (409, "last_administrator")
    assert await me.get(path) == first
    await add(me, "mia", ADMINISTRATOR)
    await me.patch(path, {"grants": [viewer]})


async def test_an_administrator_of_an_organisation_manages_its_users_only(system: System) -> None:
    theirs = await system.organisation("Others", "OTH")
    other = await system.caller(Role.ADMINISTRATOR, theirs)
    mine = await add(system.platform, "mia", {"role": "viewer", "organisationId": system.csms.organisation})
    both = await add(
        system.platform,
        "ben",
        {"role": "viewer", "organisationId": system.csms.organisation},
        {"role": "viewer", "organisationId": theirs},
    )
    own = await add(other, "eve", {"role": "administrator", "organisationId": theirs})
    assert [user["login"] for user in (await other.get("/users"))["items"]] == ["ben", "eve"]
    # Of a user of both, either sees what was granted in its own.
    path = f"/users/{both['id']}"
    assert [grant["organisationId"] for grant in (await other.get(path))["grants"]] == [theirs]
    elsewhere = f"/users/{mine['id']}"
    attempts: list[tuple[str, str, object]] = [("GET", "", None), ("DELETE", "", None), ("POST", "/password", {})]
    for method, tail, body in [*attempts, ("PATCH", "", {})]:
        assert await other.refused(method, elsewhere + tail, json=body) == (404, "user_unknown", [])
    for method, tail, body in [*attempts[1:], ("PATCH", "", {"name": "B"}), ("PATCH", "", {"enabled": False})]:
        assert (await other.refused(method, path + tail, json=body))[:2] == (403, "granted_elsewhere")
    taken = await other.patch(path, {"grants": []})
    assert taken["grants"] == []
    assert (await other.refused("GET", path))[0] == 404
    assert [one["organisationId"] for one in (await system.platform.get(path))["grants"]] == [system.csms.organisation]
    assert (await other.refused("PATCH", f"/users/{own['id']}", json={"grants": []}))[1:] == ("no_grant", ["grants"])
    await other.delete(f"/users/{own['id']}")


@pytest.mark.parametrize("grant", [{}, {"organisationId": 1}, {"organisationId": 1, "siteId": 1}])
async def test_nobody_grants_beyond_what_they_administer(system: System, grant: dict[str, int]) -> None:
    await system.platform.post("/sites", {"name": "Depot"})
    theirs = await system.organisation("Others", "OTH")
    other = await system.caller(Role.ADMINISTRATOR, theirs)
    own = await add(other, "eve", {"role": "viewer", "organisationId": theirs})
    attempt = {"role": "administrator", **grant}
    expected = (404, "organisation_unknown") if grant else (403, "not_allowed")
    at = ["grants[0].organisationId"]
    body = {"login": "mallory", "grants": [attempt]}
    assert await other.refused("POST", "/users", json=body) == (*expected, at)
    assert await other.refused("PATCH", f"/users/{own['id']}", json={"grants": [attempt]}) == (*expected, at)
    assert await other.refused("POST", "/api-keys", json={"name": "key", **attempt}) == (*expected, ["organisationId"])
    assert await system.rows("SELECT count(*) FROM user_grant WHERE user_id <> 1") == [(1,)]


async def test_users_are_found_by_role_organisation_and_name(system: System) -> None:
    home = system.csms.organisation
    await add(system.platform, "mia", {"role": "viewer", "organisationId": home})
    ben = await add(system.platform, "ben", {"role": "operator", "organisationId": home})
    await system.platform.patch(f"/users/{ben['id']}", {"enabled": False})
    for parameters, expected in (
        ({}, ["admin", "ben", "mia"]),
        ({"sort": "-createdAt"}, ["ben", "mia", "admin"]),
        ({"role": "viewer"}, ["mia"]),
        ({"organisationId": home}, ["ben", "mia"]),
        ({"organisationId": home, "role": "administrator"}, []),
        ({"enabled": False}, ["ben"]),
        ({"search": "MI"}, ["admin", "mia"]),
    ):
        page = await system.platform.get("/users", params=parameters)
        assert [user["login"] for user in page["items"]] == expected, parameters
    for name, value in (("role", "king"), ("enabled", "perhaps"), ("search", "\0")):
        answer = await system.platform.refused("GET", "/users", params={name: value})
        assert answer[0] == 422
        assert answer[2] in ([name], [])


async def test_a_change_for_another_state_of_a_user_is_refused(system: System) -> None:
    user = await add(system.platform, "mia", ADMINISTRATOR)
    path = f"/users/{user['id']}"
    tag = (await system.platform.ask("GET", path)).headers["etag"]
    await system.platform.patch(path, {"name": "M"}, headers={"If-Match": tag})
    stale = {"json": {"name": "N"}, "headers": {"If-Match": tag}}
    assert (await system.platform.refused("PATCH", path, **stale))[:2] == (412, "changed_meanwhile")


async def test_a_sign_in_spoils_nobodys_change_of_a_user(system: System) -> None:
    path = f"/users/{(await add(system.platform, 'mia', ADMINISTRATOR))['id']}"
    tag = (await system.platform.ask("GET", path)).headers["etag"]
    assert await sign_in(system, "mia", PASSWORD) == 201
    assert (await system.platform.get(path))["signedInAt"] is not None
    changed = await system.platform.patch(path, {"name": "Mia"}, headers={"If-Match": tag})
    assert changed["name"] == "Mia"
