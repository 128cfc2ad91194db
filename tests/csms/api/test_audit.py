"""The audit log through the API."""

from __future__ import annotations

import pytest

from forecourt.csms.web.permissions import Role
from tests.csms.api.system import System


async def test_the_log_says_who_changed_what_and_what_was_before(system: System) -> None:
    site = await system.platform.post("/sites", {"name": "Depot"})
    somebody = await system.caller(Role.OPERATOR, system.csms.organisation)
    await somebody.patch(f"/sites/{site['id']}", {"name": "Yard"})
    latest, first = (await system.platform.get("/audit"))["items"]
    assert (first["actor"], first["action"], first["before"], first["after"]) == (
        "local administrator",
        "site.added",
        None,
        site,
    )
    assert latest["actor"].startswith("key operator of a test (fc_")
    assert (latest["keyId"], latest["userId"], latest["peer"]) == (1, None, "127.0.0.1")
    assert (latest["subject"], latest["before"], latest["after"]) == (
        f"sites/{site['id']}",
        site,
        {**site, "name": "Yard"},
    )
    assert await system.platform.get(f"/audit/{first['id']}") == first
    assert await system.platform.refused("GET", "/audit/4711") == (404, "change_unknown", [])


async def test_the_log_is_searched(system: System) -> None:
    first = await system.platform.post("/sites", {"name": "A"})
    await system.platform.post("/sites", {"name": "B"})
    await system.platform.delete(f"/sites/{first['id']}")
    log = (await system.platform.get("/audit", params={"sort": "id"}))["items"]
    at = log[1]["at"]
    for parameters, expected in (
        ({}, [3, 2, 1]),
        ({"action": "site.added"}, [2, 1]),
        ({"subject": f"sites/{first['id']}"}, [3, 1]),
        ({"from": at}, [3, 2]),
        ({"to": at}, [1]),
        ({"organisationId": system.csms.organisation}, [3, 2, 1]),
        ({"userId": 1}, []),
        ({"keyId": 1}, []),
    ):
        page = await system.platform.get("/audit", params=parameters)
        assert [one["id"] for one in page["items"]] == expected, parameters


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("from", "2026-11-28T00:00:00", "instant_without_zone"),
        ("to", "yesterday", "instant_invalid"),
        ("to", "-1.9", "instant_invalid"),
        ("action", "\0", "text_not_storable"),
        ("userId", "0", "invalid"),
        ("acton", "x", "parameter_unknown"),
    ],
)
async def test_a_wrong_search_of_the_log_is_refused(system: System, name: str, value: str, code: str) -> None:
    assert await system.platform.refused("GET", "/audit", params={name: value}) == (422, code, [name])


async def test_the_log_of_another_organisation_is_not_there(system: System) -> None:
    await system.platform.post("/sites", {"name": "Depot"})
    theirs = await system.organisation("Others", "OTH")
    other = await system.caller(Role.ADMINISTRATOR, theirs)
    assert (await other.get("/audit"))["items"] == []
    assert (await other.refused("GET", "/audit/1"))[0] == 404
    await other.post("/sites", {"name": "Ours"})
    assert [one["organisationId"] for one in (await other.get("/audit"))["items"]] == [theirs]
