"""Webhooks through the API."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from forecourt.csms.config import Webhooks
from forecourt.csms.web.permissions import Role
from tests.csms.api.charging import announced
from tests.csms.api.system import System
from tests.csms.feed.receiver import LIMIT_S, receiving

pytestmark = pytest.mark.usefixtures("fresh")

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
HOOK = {"name": "Billing", "url": "https://billing.example/hook", "kinds": ["SiteChanged"]}


@pytest.fixture
def webhook_settings() -> Webhooks:
    """Receivers of these tests are on this machine."""
    return Webhooks(private_networks=True, timeout_s=5.0)


async def test_a_webhook_is_added_told_changed_and_removed(system: System) -> None:
    me = system.platform
    async with receiving() as receiver:
        made = await me.ask("POST", "/webhooks", json={**HOOK, "url": receiver.url})
        assert made.status_code == 201
        assert made.headers["cache-control"] == "no-store"
        hook = made.json()
        assert hook.pop("secret").startswith("whsec_")
        path = f"/webhooks/{hook['id']}"
        assert await me.get(path) == hook
        await me.post("/sites", {"name": "Depot"})
        [told] = await receiver.until(1)
        assert (told.said["kind"], told.said["data"]["name"]) == ("SiteChanged", "Depot")
        changed = await me.patch(path, {"enabled": False, "secret": SECRET})
        assert changed["enabled"] is False
        await me.post("/sites", {"name": "Yard"})
        tag = (await me.ask("GET", path)).headers["etag"]
        await me.patch(path, {"enabled": True, "kinds": None}, headers={"If-Match": tag})
        later = await receiver.until(2)
        assert later[1].said["data"]["name"] == "Yard"
        await until_delivered(system, path, 2)
        assert (await me.refused("PATCH", path, json={"name": "Bills"}, headers={"If-Match": tag}))[0] == 412
        tag = (await me.ask("GET", path)).headers["etag"]
        before = (await me.get(path))["deliveredAt"]
        await me.post("/sites", {"name": "Mall"})
        await until_delivered(system, path, 3)
        # Deliveries are no change that anybody made.
        assert (await me.get(path))["deliveredAt"] > before
        await me.patch(path, {"name": "Bills"}, headers={"If-Match": tag})
        deliveries = (await me.get(f"{path}/deliveries", params={"outcome": "delivered"}))["items"]
        assert {(one["kind"], one["httpStatus"], one["attempt"]) for one in deliveries} == {("SiteChanged", 200, 1)}
        await me.delete(path)
    assert await me.refused("GET", path) == (404, "webhook_unknown", [])
    assert await system.rows("SELECT count(*) FROM webhook_secret") == [(0,)]
    rows = await system.rows(
        "SELECT action, before::text, after::text FROM audit WHERE action LIKE 'webhook%' ORDER BY id"
    )
    assert [row[0] for row in rows] == [
        "webhook.added",
        *["webhook.changed"] * 3,
        "webhook.removed",
    ]
    assert "whsec" not in str(rows)


async def until_delivered(system: System, path: str, count: int) -> None:
    async with asyncio.timeout(LIMIT_S):
        while len((await system.platform.get(f"{path}/deliveries"))["items"]) < count:
            pass


async def test_a_dead_letter_is_listed_sent_once_more_and_dropped(system: System) -> None:
    me = system.platform
    async with receiving(400) as receiver:
        hook = await me.post("/webhooks", {**HOOK, "url": receiver.url, "secret": SECRET})
        assert hook["secret"] == SECRET
        path = f"/webhooks/{hook['id']}"
        for name in ("Depot", "Yard"):
            await me.post("/sites", {"name": name})
        async with asyncio.timeout(LIMIT_S):
            while len(letters := (await me.get(f"{path}/dead-letters"))["items"]) < 2:
                pass
        second, first = letters
        assert (first["body"]["data"]["name"], first["error"], first["attempts"]) == ("Depot", "answered 400", 1)
        again = f"{path}/dead-letters/{first['id']}/redeliver"
        tried = await me.post(again, {}, 200)
        assert (tried["delivered"], tried["httpStatus"]) == (False, 400)
        [_, kept] = (await me.get(f"{path}/dead-letters"))["items"]
        assert kept["attempts"] == 2
        receiver.usual = 204
        assert (await me.post(again, {}, 200))["delivered"] is True
        assert receiver.got[-1].said == first["body"]
        assert await me.refused("POST", again, json={}) == (404, "dead_letter_unknown", [])
        await me.delete(f"{path}/dead-letters/{second['id']}")
        assert (await me.get(f"{path}/dead-letters"))["items"] == []
        assert await me.refused("DELETE", f"{path}/dead-letters/{second['id']}") == (404, "dead_letter_unknown", [])


async def test_a_ping_tells_what_came_of_it(system: System) -> None:
    me = system.platform
    async with receiving() as receiver:
        hook = await me.post("/webhooks", {**HOOK, "url": receiver.url, "enabled": False})
        tried = await me.post(f"/webhooks/{hook['id']}/ping", {}, 200)
        assert (tried["delivered"], tried["httpStatus"], tried["error"]) == (True, 200, "")
        [got] = receiver.got
        assert got.said["kind"] == "Ping"
        assert got.headers["webhook-signature"].startswith("v1,")
    tried = await me.post(f"/webhooks/{hook['id']}/ping", {}, 200)
    assert (tried["delivered"], tried["httpStatus"]) == (False, None)
    assert tried["error"]


@pytest.mark.parametrize(
    ("body", "code", "path"),
    [
        ({"name": "A"}, "invalid", "url"),
        ({**HOOK, "name": ""}, "invalid", "name"),
        ({**HOOK, "url": "ftp://host/"}, "url_invalid", "url"),
        ({**HOOK, "url": "https://"}, "url_invalid", "url"),
        ({**HOOK, "url": "https://me:secret@host/"}, "url_invalid", "url"),
        ({**HOOK, "url": "https://host:99999/"}, "url_invalid", "url"),
        ({**HOOK, "url": "https://[::1/"}, "url_invalid", "url"),
        ({**HOOK, "url": "https://host /"}, "invalid", "url"),
        ({**HOOK, "kinds": ["SiteChangd"]}, "event_kind_unknown", "kinds"),
        ({**HOOK, "kinds": []}, "invalid", "kinds"),
        ({**HOOK, "secret": "short"}, "secret_invalid", "secret"),
        ({**HOOK, "stationId": 4711}, "station_unknown", "stationId"),
        ({**HOOK, "siteId": 4711}, "site_unknown", "siteId"),
        ({**HOOK, "colour": "red"}, "invalid", "colour"),
    ],
)
async def test_a_wrong_body_is_refused_with_the_path_of_what_is_wrong(
    system: System, body: object, code: str, path: str
) -> None:
    assert await system.platform.refused("POST", "/webhooks", json=body) == (422, code, [path])
    assert await system.rows("SELECT count(*) FROM webhook") == [(0,)]


async def test_a_webhook_of_a_station_hears_of_no_other_and_of_no_other_organisation(system: System) -> None:
    me = system.platform
    station = await announced(system, "CP-1")
    others = await system.organisation("Others", "OTH")
    outside = await system.caller(Role.ADMINISTRATOR, others)
    home = system.csms.organisation
    body = {**HOOK, "stationId": station.key}
    assert await outside.refused("POST", "/webhooks", json=body) == (422, "station_unknown", ["stationId"])
    assert (await outside.refused("POST", "/webhooks", json={**HOOK, "organisationId": home}))[0] == 404
    async with receiving() as receiver:
        await outside.post("/webhooks", {**HOOK, "url": receiver.url})
        await me.post("/sites", {"name": "Ours"})
        await me.post("/sites", {"name": "Theirs", "organisationId": others})
        [told] = await receiver.until(1)
        assert told.said["data"]["name"] == "Theirs"
    hook = await me.post("/webhooks", body)
    path = f"/webhooks/{hook['id']}"
    requests: list[tuple[str, str, Any]] = [
        ("GET", "", None),
        ("PATCH", "", {}),
        ("DELETE", "", None),
        ("GET", "/deliveries", None),
        ("GET", "/dead-letters", None),
        ("POST", "/ping", {}),
        ("POST", "/dead-letters/1/redeliver", {}),
        ("DELETE", "/dead-letters/1", None),
    ]
    for method, suffix, content in requests:
        options: dict[str, Any] = {} if content is None else {"json": content}
        assert await outside.refused(method, path + suffix, **options) == (404, "webhook_unknown", []), suffix
    viewer = await system.caller(Role.VIEWER, home)
    assert (await viewer.refused("GET", "/webhooks"))[:2] == (403, "not_allowed")
    operator = await system.caller(Role.OPERATOR, home)
    assert [one["id"] for one in (await operator.get("/webhooks"))["items"]] == [hook["id"]]
    assert (await operator.refused("POST", "/webhooks", json=HOOK))[:2] == (403, "not_allowed")
