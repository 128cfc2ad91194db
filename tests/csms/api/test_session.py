"""Signing in and out, and what a browser's session may do."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import httpx2
import pytest
from sqlalchemy import update

from forecourt.csms.accounts.store import user_session
from forecourt.csms.accounts.throttle import MOST_PER_LOGIN
from forecourt.csms.config import Api
from tests.csms.api.system import System

pytestmark = pytest.mark.usefixtures("fresh")

PASSWORD = "a-password-for-the-administrator"
RIGHT = {"login": "admin", "password": PASSWORD}


@pytest.fixture
def api_settings() -> Api:
    """Behind a proxy on this machine."""
    return Api(port=0, administrator_password=PASSWORD, trusted_proxies=("127.0.0.1",))


async def sign_in(system: System, **options: Any) -> httpx2.Response:
    """Sign in as the administrator; the client keeps the cookie."""
    answer = await system.client.post("/api/v1/session", json=RIGHT, **options)
    assert answer.status_code == 201, answer.text
    return answer


async def test_a_session_reads_changes_with_its_token_and_ends(system: System) -> None:
    client = system.client
    assert (await client.get("/api/v1/me")).status_code == 401
    token = (await sign_in(system)).json()["csrfToken"]
    me = (await client.get("/api/v1/me")).json()
    assert (me["name"], me["userId"], me["csrfToken"]) == ("admin", 1, token)
    assert "users.write" in me["permissions"]
    for headers in ({}, {"X-CSRF-Token": "wrong"}, {b"X-CSRF-Token": b"\xe4"}):
        refused = await client.post("/api/v1/sites", json={"name": "Depot"}, headers=headers)
        assert (refused.status_code, refused.json()["code"]) == (403, "csrf")
    made = await client.post("/api/v1/sites", json={"name": "Depot"}, headers={"X-CSRF-Token": token})
    assert made.status_code == 201
    assert await system.rows("SELECT actor, user_id FROM audit") == [("admin", 1)]
    cookie = client.cookies["forecourt"]
    assert (await client.delete("/api/v1/session", headers={"X-CSRF-Token": token})).status_code == 204
    assert "forecourt" not in client.cookies
    # Also for whoever kept the cookie.
    kept = await client.get("/api/v1/me", headers={"Cookie": f"forecourt={cookie}"})
    assert kept.status_code == 401


async def test_a_cookie_is_out_of_reach_for_scripts_and_other_sites(system: System) -> None:
    plain = (await sign_in(system)).headers["set-cookie"].lower()
    assert plain.startswith("forecourt=")
    assert {"httponly", "samesite=lax", "path=/"} <= set(plain.split("; "))
    assert "secure" not in plain
    secure = (
        await sign_in(system, headers={"X-Forwarded-Proto": "https", "X-CSRF-Token": await token_of(system)})
    ).headers
    kept = secure["set-cookie"].lower()
    assert kept.startswith("__host-forecourt=")
    assert {"secure", "httponly", "samesite=lax", "path=/"} <= set(kept.split("; "))


async def token_of(system: System) -> str:
    """The token against forgery of the session that the client has."""
    return str((await system.client.get("/api/v1/me")).json()["csrfToken"])


async def test_what_is_kept_of_a_session_does_not_open_it(system: System) -> None:
    await sign_in(system)
    cookie = system.client.cookies["forecourt"]
    [(kept,)] = await system.rows("SELECT encode(token_hash, 'hex') FROM user_session")
    system.client.cookies.clear()
    for shown in (kept, cookie[:-1], cookie + "A", "ä"):
        answer = await system.client.get("/api/v1/me", headers={b"Cookie": f"forecourt={shown}".encode("latin-1")})
        assert answer.status_code == 401


async def test_a_session_ends_when_it_is_not_used(system: System) -> None:
    await sign_in(system)
    async with system.csms.store.work() as work:
        seen_at = work.now - timedelta(minutes=10)
        await (await work.sql()).execute(
            update(user_session).values(seen_at=seen_at, expires_at=work.now + timedelta(1))
        )
    assert (await system.client.get("/api/v1/me")).status_code == 200
    [(left,)] = await system.rows("SELECT expires_at - seen_at FROM user_session")
    assert left == timedelta(days=14)
    async with system.csms.store.work() as work:
        await (await work.sql()).execute(update(user_session).values(expires_at=work.now))
    assert (await system.client.get("/api/v1/me")).status_code == 401


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"login": "admin", "password": "wrong"}, 401, "wrong_login"),
        ({"login": "nobody", "password": PASSWORD}, 401, "wrong_login"),
        ({"login": "admin", "password": ""}, 422, "invalid"),
        ({"login": "ad\0min", "password": PASSWORD}, 422, "invalid"),
        ({"login": "admin"}, 422, "invalid"),
        ({**RIGHT, "remember": True}, 422, "invalid"),
    ],
)
async def test_a_wrong_sign_in_is_refused(system: System, body: dict[str, object], status: int, code: str) -> None:
    answer = await system.client.post("/api/v1/session", json=body)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert "set-cookie" not in answer.headers
    assert await system.rows("SELECT count(*) FROM user_session") == [(0,)]
    assert await system.rows("SELECT count(*) FROM refused_entry") == [(0,)]


async def test_guessing_ends_soon_however_many_guess_at_once(system: System) -> None:
    async with asyncio.TaskGroup() as group:
        wrong = {"login": "admin", "password": "a guess"}
        tasks = [group.create_task(system.client.post("/api/v1/session", json=wrong)) for _ in range(20)]
    answers = [task.result() for task in tasks]
    assert sorted(answer.status_code for answer in answers) == [401] * MOST_PER_LOGIN + [429] * (20 - MOST_PER_LOGIN)
    [last] = [answer for answer in answers if answer.status_code == 429][-1:]
    assert 0 < int(last.headers["retry-after"]) <= 301
    late = await system.client.post("/api/v1/session", json=RIGHT)
    assert (late.status_code, late.json()["code"]) == (429, "too_many_attempts")


async def test_somebody_changes_their_own_password_and_other_sessions_end(system: System) -> None:
    token = (await sign_in(system)).json()["csrfToken"]
    elsewhere = system.client.cookies["forecourt"]
    system.client.cookies.clear()
    token = (await sign_in(system)).json()["csrfToken"]
    headers = {"X-CSRF-Token": token}
    path = "/api/v1/me/password"
    for body, status, code in (
        ({"current": "wrong", "password": PASSWORD[::-1]}, 403, "wrong_password"),
        ({"current": PASSWORD, "password": "short"}, 422, "invalid"),
    ):
        refused = await system.client.post(path, json=body, headers=headers)
        assert (refused.status_code, refused.json()["code"]) == (status, code)
    body = {"current": PASSWORD, "password": PASSWORD[::-1]}
    assert (await system.client.post(path, json=body, headers=headers)).status_code == 204
    assert (await system.client.get("/api/v1/me")).status_code == 200
    system.client.cookies.clear()
    other = await system.client.get("/api/v1/me", headers={"Cookie": f"forecourt={elsewhere}"})
    assert other.status_code == 401
    assert (await system.client.post("/api/v1/session", json=RIGHT)).status_code == 401
    assert await system.rows("SELECT action, actor FROM audit") == [("user.password_changed", "admin")]
    assert (await system.platform.refused("POST", "/me/password", json=body))[:2] == (403, "no_password")


async def test_the_address_of_a_caller_is_told_by_a_proxy_that_is_trusted(system: System) -> None:
    await system.platform.post("/sites", {"name": "Depot"}, headers={"X-Forwarded-For": "198.51.100.7"})
    assert await system.rows("SELECT peer FROM audit") == [("198.51.100.7",)]


async def test_somebody_finds_a_session_left_open_elsewhere_and_ends_it(system: System) -> None:
    client = system.client
    await sign_in(system, headers={"User-Agent": "on a train"})
    elsewhere = client.cookies["forecourt"]
    client.cookies.clear()
    csrf = {"X-CSRF-Token": (await sign_in(system, headers={"User-Agent": "at my desk"})).json()["csrfToken"]}
    here, there = (await client.get("/api/v1/me/sessions")).json()["items"]
    assert (here["agent"], here["current"], here["peer"]) == ("at my desk", True, "127.0.0.1")
    assert (there["current"], there["expiresAt"] > there["createdAt"]) == (False, True)
    assert (await client.delete("/api/v1/me/sessions")).status_code == 403
    assert (await client.delete("/api/v1/me/sessions", headers=csrf)).status_code == 204
    assert [one["current"] for one in (await client.get("/api/v1/me/sessions")).json()["items"]] == [True]
    client.cookies.clear()
    kept = await client.get("/api/v1/me", headers={"Cookie": f"forecourt={elsewhere}"})
    assert kept.status_code == 401
    assert await system.rows("SELECT action FROM audit") == [("user.sessions_ended",)]


async def test_a_key_has_no_sessions(system: System) -> None:
    assert (await system.platform.get("/me/sessions"))["items"] == []
    assert (await system.platform.refused("DELETE", "/me/sessions"))[:2] == (403, "no_sessions")
