"""API keys through the API."""

from __future__ import annotations

from datetime import timedelta

import pytest

from forecourt.clock import SYSTEM
from forecourt.csms.web.permissions import Role
from tests.csms.api.system import Caller, System
from tests.csms.api.test_users import nothing_holds


async def test_a_key_is_shown_once_works_and_is_revoked(system: System) -> None:
    me, home = system.platform, system.csms.organisation
    answer = await me.ask("POST", "/api-keys", json={"name": "meter", "role": "viewer", "organisationId": home})
    assert (answer.status_code, answer.headers["cache-control"]) == (201, "no-store")
    made = answer.json()
    secret = made.pop("key")
    assert secret.startswith(made["prefix"] + "_")
    assert (made["role"], made["organisationId"], made["createdBy"]) == ("viewer", home, "local administrator")
    path = f"/api-keys/{made['id']}"
    assert await me.get(path) == made
    program = Caller(system.client, secret)
    assert (await program.get("/me"))["grants"] == [{"role": "viewer", "organisationId": home, "siteId": None}]
    assert (await me.get(path))["usedAt"] is not None
    assert (await program.refused("POST", "/sites", json={"name": "Depot"}))[:2] == (403, "not_allowed")
    await me.delete(path)
    assert (await program.refused("GET", "/me"))[:2] == (401, "key_not_valid")
    assert (await me.refused("DELETE", path))[:2] == (409, "key_revoked")
    assert (await me.get(path))["revokedAt"] is not None
    assert [key["id"] for key in (await me.get("/api-keys", params={"state": "revoked"}))["items"]] == [made["id"]]
    assert (await me.get("/api-keys", params={"state": "active"}))["items"] == []
    await nothing_holds(system, secret)
    log = await system.rows("SELECT action, organisation_id, after->>'prefix' FROM audit ORDER BY id")
    assert log == [("key.added", home, made["prefix"]), ("key.revoked", home, made["prefix"])]


async def test_a_key_ends_when_it_expires(system: System) -> None:
    body = {"name": "short", "role": "viewer", "expiresAt": (SYSTEM.now() + timedelta(hours=1)).isoformat()}
    made = await system.platform.post("/api-keys", body)
    program = Caller(system.client, made["key"])
    await program.get("/me")
    async with system.csms.store.work() as work:
        from sqlalchemy import update

        from forecourt.csms.accounts.store import api_key

        await (await work.sql()).execute(update(api_key).values(expires_at=work.now))
    assert (await program.refused("GET", "/me"))[:2] == (401, "key_expired")
    page = await system.platform.get("/api-keys", params={"state": "expired"})
    assert [key["name"] for key in page["items"]] == ["short"]


@pytest.mark.parametrize(
    ("change", "code", "path"),
    [
        ({"name": ""}, "invalid", "name"),
        ({"role": "driver"}, "invalid", "role"),
        ({"role": "king"}, "invalid", "role"),
        ({"siteId": 1}, "organisation_needed", "organisationId"),
        ({"organisationId": 99}, "organisation_unknown", "organisationId"),
        ({"organisationId": 1, "siteId": 99}, "site_unknown", "siteId"),
        ({"expiresAt": "2020-01-01T00:00:00Z"}, "expired_already", "expiresAt"),
        ({"expiresAt": "2090-01-01T00:00:00"}, "invalid", "expiresAt"),
        ({"expiresAt": "tomorrow"}, "invalid", "expiresAt"),
        ({"key": "mine"}, "invalid", "key"),
    ],
)
async def test_a_wrong_key_is_refused(system: System, change: dict[str, object], code: str, path: str) -> None:
    body = {"name": "key", "role": "viewer", **change}
    assert (await system.platform.refused("POST", "/api-keys", json=body))[1:] == (code, [path])
    assert await system.rows("SELECT count(*) FROM api_key") == [(0,)]


async def test_keys_of_another_organisation_are_not_there(system: System) -> None:
    home = system.csms.organisation
    made = await system.platform.post("/api-keys", {"name": "key", "role": "viewer", "organisationId": home})
    for_all = await system.platform.post("/api-keys", {"name": "key", "role": "viewer"})
    other = await system.caller(Role.ADMINISTRATOR, await system.organisation("Others", "OTH"))
    own = await other.get("/api-keys")
    assert [key["name"] for key in own["items"]] == ["administrator of a test"]
    for key in (made, for_all):
        for method in ("GET", "DELETE"):
            assert await other.refused(method, f"/api-keys/{key['id']}") == (404, "key_unknown", [])
    assert (await system.rows("SELECT count(*) FROM api_key WHERE revoked_at IS NOT NULL")) == [(0,)]


@pytest.mark.parametrize(
    ("shown", "code"),
    [
        ("Bearer", "key_not_valid"),
        ("Bearer nonsense", "key_not_valid"),
        ("Bearer " + "0" * 64, "key_not_valid"),
        ("Bearer fc_abcdefgh_" + "A" * 43, "key_not_valid"),
        ("Bearer \u00e4", "key_not_valid"),
        ("Basic YWRtaW46YWRtaW4=", "not_authenticated"),
    ],
)
async def test_what_is_no_key_of_ours_is_refused(system: System, shown: str, code: str) -> None:
    for path in ("/me", "/sites"):
        answer = await system.client.get(f"/api/v1{path}", headers={b"Authorization": shown.encode("latin-1")})
        assert (answer.status_code, answer.json()["code"]) == (401, code)
        assert answer.headers["www-authenticate"] == "Bearer"
