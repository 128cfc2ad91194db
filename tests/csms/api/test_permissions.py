"""Every route, asked by every role, on the platform, in an organisation, on a site and from another organisation: what the one
table of permissions says is what happens.

A new route with a new name in its path needs a thing of that name in `things`, and a body in `BODIES` if an empty one is refused
before the thing is looked for.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from litestar import Litestar
from litestar.routes import HTTPRoute
from sqlalchemy import text

from forecourt.csms.web.permissions import NOT_ON_A_SITE, PERMISSIONS, PLATFORM_ONLY, Role
from forecourt.csms.web.routes import PUBLIC, SIGNED_IN
from tests.csms.api.system import Caller, System

PREFIX: Final = "/api/v1"
NOWHERE: Final = 4711
"""The number of nothing."""
UNIQUE: Final = frozenset({"command_id", "bulk_id"})
"""Names of what has no number, but an identifier."""


def nowhere(names: list[str]) -> dict[str, object]:
    """Things that are not there."""
    return {name: UUID(int=NOWHERE) if name in UNIQUE else NOWHERE for name in names}


BODIES: Final[dict[tuple[str, str], object]] = {
    ("POST", "/stations/{station_id}/commands"): {"kind": "Reset"},
    ("POST", "/stations/{station_id}/raw-commands"): {"action": "Reset", "payload": {"type": "Soft"}},
    ("PUT", "/stations/{station_id}/registration"): {"registration": "Accepted"},
    ("POST", "/stations/{station_id}/wanted-variables"): {
        "values": [{"component": "TxCtrlr", "variable": "EVConnectionTimeOut", "value": "60"}]
    },
}
"""Bodies with which a route looks for what its path names, where that needs more than an empty one."""


@dataclass(frozen=True)
class Route:
    """A route and what it needs."""

    method: str
    path: str
    permission: str

    def at(self, **things: object) -> str:
        """Its address, as `Caller` takes it, with things in place of names."""
        return self.path.removeprefix(PREFIX).format(**things)

    @property
    def names(self) -> list[str]:
        """The names in its path."""
        return [part.partition(":")[0].strip("{}") for part in self.path.split("/") if part.startswith("{")]


def routes_of(application: Litestar) -> Iterator[Route]:
    """Every route there is, with the permission it names. Fails for one that names none."""
    for route in application.routes:
        if not isinstance(route, HTTPRoute):
            continue
        for handler in route.route_handlers:
            for method in handler.http_methods - {"OPTIONS"}:
                assert "permission" in handler.opt, f"{method} {route.path} names no permission"
                yield Route(str(method), route.path_format, handler.opt["permission"])


def all_routes(system: System) -> list[Route]:
    """Every route of a running system below the API's prefix."""
    assert system.csms.interface is not None
    return [route for route in routes_of(system.csms.interface.api) if route.path.startswith(PREFIX)]


def gives(role: Role, permission: str, where: str) -> bool:
    """What the table says."""
    if role not in PERMISSIONS[permission]:
        return False
    if where == "site":
        return permission not in NOT_ON_A_SITE
    return where == "platform" or permission not in PLATFORM_ONLY


async def answer_to(caller: Caller, route: Route, path: str) -> tuple[int, Any]:
    """Status and content of the answer to a request. Of an answer without an end, the status only."""
    body = BODIES.get((route.method, route.path.removeprefix(PREFIX)), {})
    options: dict[str, Any] = {} if route.method in ("GET", "DELETE") else {"json": body}
    headers = {"Authorization": f"Bearer {caller.key}"}
    async with caller.client.stream(route.method, PREFIX + path, headers=headers, **options) as answer:
        if answer.headers.get("content-type", "").startswith("text/event-stream"):
            return answer.status_code, None
        await answer.aread()
        is_json = "json" in answer.headers.get("content-type", "")
        return answer.status_code, answer.json() if is_json and answer.content else None


async def test_the_matrix_is_of_all_that_is_described_and_nothing_is_kept_from_the_description(system: System) -> None:
    document = (await system.client.get("/api/v1/openapi.json")).json()
    described = {
        (method.upper(), path)
        for path, methods in document["paths"].items()
        for method in methods
        if path.startswith(PREFIX)
    }
    asked = {(route.method, re.sub(r":\w+", "", route.path)) for route in all_routes(system)}
    own = {("GET", f"{PREFIX}/openapi.json")}
    assert asked - own == described
    assert len(described) > 100


async def test_whoever_has_shown_nothing_gets_in_nowhere(system: System) -> None:
    for route in all_routes(system):
        path = PREFIX + route.at(**nowhere(route.names))
        answer = await system.client.request(route.method, path)
        if route.permission == PUBLIC:
            assert answer.status_code != 401, route
        else:
            assert (answer.status_code, answer.json()["code"]) == (401, "not_authenticated"), route


async def test_every_role_may_do_what_the_table_says_and_nothing_else(system: System) -> None:
    home = system.csms.organisation
    site = (await system.platform.post("/sites", {"name": "Depot"}))["id"]
    places: dict[str, tuple[int | None, int | None]] = {
        "platform": (None, None),
        "organisation": (home, None),
        "site": (home, site),
    }
    used = set()
    for where, (organisation, on_site) in places.items():
        for role in Role:
            caller = await system.caller(role, organisation, on_site)
            for route in all_routes(system):
                status, said = await answer_to(caller, route, route.at(**nowhere(route.names)))
                assert status < 500, (route, said)
                assert status != 401 or route.permission == PUBLIC, (route, said)
                refused = status == 403 and said["code"] == "not_allowed" and route.permission in said["detail"]
                may = route.permission in (PUBLIC, SIGNED_IN) or gives(role, route.permission, where)
                assert refused != may, (role, where, route, status, said)
                used.add(route.permission)
    assert used - {PUBLIC, SIGNED_IN} <= set(PERMISSIONS)


async def things(system: System) -> dict[str, object]:
    """One of everything in the first organisation, by its name in paths."""
    me, home = system.platform, system.csms.organisation
    site = await me.post("/sites", {"name": "Depot"})
    grant = {"role": "viewer", "organisationId": home}
    user = await me.post("/users", {"login": "mia", "grants": [grant]})
    key = await me.post("/api-keys", {"name": "key", **grant})
    station = await me.post("/stations", {"stationId": "CP", "siteId": site["id"]})
    command = await me.post(f"/stations/{station['id']}/commands", {"kind": "Reset"}, 202)
    bulk = await me.post("/bulk-commands", {"kind": "Reset", "selection": {"all": True}}, 202)
    token = await me.post("/tokens", {"value": "04A1B2C3"})
    hook = await me.post("/webhooks", {"name": "Billing", "url": "https://billing.example/", "enabled": False})
    certificate = await me.post(f"/stations/{station['id']}/certificates", {})
    [change, *_] = (await me.get("/audit"))["items"]
    async with system.csms.store.work() as work:
        transaction = await (await work.sql()).execute(
            text(
                "INSERT INTO transaction (station_id, organisation_id, wire_id, started_at, received_at, last_at)"
                " SELECT id, organisation_id, '1', created_at, created_at, created_at FROM station WHERE id = :id RETURNING id"
            ),
            {"id": station["id"]},
        )
        letter = await (await work.sql()).execute(
            text(
                "INSERT INTO webhook_dead_letter (webhook_id, organisation_id, event_id, kind, body, attempts, error, died_at)"
                " SELECT id, organisation_id, 1, 'SiteChanged', '{}', 1, '', created_at FROM webhook RETURNING id"
            )
        )
    return {
        "organisation_id": home,
        "site_id": site["id"],
        "user_id": user["id"],
        "key_id": key["id"],
        "audit_id": change["id"],
        "station_id": station["id"],
        "certificate_id": certificate["certificate"]["id"],
        "command_id": command["id"],
        "bulk_id": bulk["id"],
        "token_id": token["id"],
        "webhook_id": hook["id"],
        "letter_id": letter.scalar_one(),
        "transaction_id": transaction.scalar_one(),
    }


OF_NOBODY: Final = frozenset({"/roles", "/event-kinds", "/command-kinds"})
"""Lists of what is the same for everybody."""


async def test_nothing_of_another_organisation_is_read_or_changed(system: System) -> None:
    there = await things(system)
    outside = await system.caller(Role.ADMINISTRATOR, await system.organisation("Others", "OTH"))
    before = await everything(system)
    for route in all_routes(system):
        if not route.names:
            continue
        unknown = set(route.names) - set(there)
        assert not unknown, f"{route} names {unknown}: add one to `things`"
        path = route.at(**{name: there[name] for name in route.names})
        if route.method == "GET":
            status, said = await answer_to(system.platform, route, path)
            assert status == 200, (route, "is not there for its owner either", said)
        status, said = await answer_to(outside, route, path)
        assert status in (403, 404), (route, status, said)
        if gives(Role.ADMINISTRATOR, route.permission, "organisation"):
            assert status == 404, (route, status, said)
    assert await everything(system) == before


async def test_lists_hold_nothing_of_another_organisation(system: System) -> None:
    there = await things(system)
    others = await system.organisation("Others", "OTH")
    outside = await system.caller(Role.ADMINISTRATOR, others)
    for route in all_routes(system):
        if route.method != "GET" or route.names or route.permission in (PUBLIC, SIGNED_IN):
            continue
        status, said = await answer_to(outside, route, route.at())
        assert status in (200, 403), (route, said)
        for item in (said or {}).get("items", []) if status == 200 else []:
            path = route.path.removeprefix(PREFIX)
            if path in OF_NOBODY:
                continue
            if path == "/users":
                assert any(grant["organisationId"] == others for grant in item["grants"]), item
                continue
            of = item["id"] if path == "/organisations" else item["organisationId"]
            assert of == others, (route, item)
    assert there


async def everything(system: System) -> list[tuple[Any, ...]]:
    """What a stranger must not change."""
    found = []
    for table in ("organisation", "site", "station", "user_account", "user_grant", "api_key_secret", "audit", "event"):
        found += await system.rows(f"SELECT '{table}', one::text FROM {table} AS one ORDER BY 2")
    return found


def test_the_table_names_roles_and_permissions_that_exist() -> None:
    assert set(PERMISSIONS) >= PLATFORM_ONLY | NOT_ON_A_SITE
    assert PLATFORM_ONLY <= NOT_ON_A_SITE
    # Whoever may change a thing may see it.
    for name, roles in PERMISSIONS.items():
        thing, _, verb = name.partition(".")
        if verb != "read" and f"{thing}.read" in PERMISSIONS:
            assert roles <= PERMISSIONS[f"{thing}.read"], name
    assert not any(Role.DRIVER in roles for roles in PERMISSIONS.values())
    assert all(Role.ADMINISTRATOR in roles for roles in PERMISSIONS.values())
