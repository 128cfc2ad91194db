"""Organisations through the API."""

from __future__ import annotations

import pytest

from forecourt.csms.organisations.names import CertificateNames
from forecourt.csms.stations import actions as stations
from forecourt.csms.stations.model import OrganisationKey
from forecourt.csms.web.permissions import Role
from tests.csms.api.system import System

NORTH = {"name": "North", "roles": ["cpo"], "countryCode": "NL", "partyId": "NOR", "certificateNames": ["North B.V."]}


async def test_an_organisation_is_added_read_changed_and_removed(system: System) -> None:
    me = system.platform
    added = await me.post("/organisations", NORTH)
    assert {name: added[name] for name in NORTH} == NORTH
    path = f"/organisations/{added['id']}"
    changed = await me.patch(path, {"roles": ["cpo", "emsp"], "certificateNames": []})
    assert changed == {**added, "roles": ["cpo", "emsp"], "certificateNames": []}
    assert await me.get(path) == changed
    page = await me.get("/organisations", params={"sort": "-id"})
    assert [one["id"] for one in page["items"]] == [added["id"], system.csms.organisation]
    await me.delete(path)
    assert await me.refused("GET", path) == (404, "organisation_unknown", [])
    actions = await system.rows("SELECT action, organisation_id FROM audit ORDER BY id")
    assert actions == [(f"organisation.{what}", added["id"]) for what in ("added", "changed", "removed")]


@pytest.mark.parametrize(
    ("change", "code", "path"),
    [
        ({"name": ""}, "invalid", "name"),
        ({"roles": []}, "invalid", "roles"),
        ({"roles": ["cpo", "hub"]}, "invalid", "roles[1]"),
        ({"roles": ["cpo", "cpo"]}, "named_twice", "roles"),
        ({"countryCode": "NL\n"}, "invalid", "countryCode"),
        ({"partyId": "NORTH"}, "invalid", "partyId"),
        ({"certificateNames": ["A", ""]}, "invalid", "certificateNames[1]"),
        ({"colour": "red"}, "invalid", "colour"),
    ],
)
async def test_a_wrong_organisation_is_refused(system: System, change: dict[str, object], code: str, path: str) -> None:
    body = {**NORTH, **change}
    assert await system.platform.refused("POST", "/organisations", json=body) == (422, code, [path])
    first = f"/organisations/{system.csms.organisation}"
    assert await system.platform.refused("PATCH", first, json=change) == (422, code, [path])
    assert await system.rows("SELECT count(*) FROM organisation") == [(1,)]


async def test_a_party_and_a_name_belong_to_one_organisation(system: System) -> None:
    await system.platform.post("/organisations", NORTH)
    for body in ({**NORTH, "name": "South"}, {**NORTH, "partyId": "SOU"}):
        assert (await system.platform.refused("POST", "/organisations", json=body))[:2] == (409, "already_there")


async def test_the_first_organisation_and_one_with_sites_stay(system: System) -> None:
    first = f"/organisations/{system.csms.organisation}"
    assert (await system.platform.refused("DELETE", first))[:2] == (409, "first_organisation")
    north = await system.platform.post("/organisations", NORTH)
    await system.platform.post("/sites", {"name": "Depot", "organisationId": north["id"]})
    assert (await system.platform.refused("DELETE", f"/organisations/{north['id']}"))[:2] == (409, "in_use")


async def test_an_administrator_of_one_organisation_sees_it_and_changes_none(system: System) -> None:
    theirs = await system.organisation("Others", "OTH")
    somebody = await system.caller(Role.ADMINISTRATOR, theirs)
    assert [one["id"] for one in (await somebody.get("/organisations"))["items"]] == [theirs]
    assert (await somebody.refused("GET", f"/organisations/{system.csms.organisation}"))[0] == 404
    for method, path, body in (
        ("POST", "/organisations", NORTH),
        ("PATCH", f"/organisations/{theirs}", {"name": "Mine"}),
        ("DELETE", f"/organisations/{theirs}", None),
    ):
        assert (await somebody.refused(method, path, json=body))[:2] == (403, "not_allowed")


async def test_certificates_are_held_against_the_names_an_organisation_has_now(system: System) -> None:
    north = await system.platform.post("/organisations", NORTH)
    async with system.csms.store.work() as work:
        station = await stations.add(work, wire_id="CP", organisation=OrganisationKey(north["id"]))
    names = CertificateNames(system.csms.store)
    assert names.of(station) == frozenset()
    await names.renew()
    assert names.of(station) == {"North", "North B.V."}
    await system.platform.patch(f"/organisations/{north['id']}", {"name": "Far North", "certificateNames": []})
    await names.renew()
    assert names.of(station) == {"Far North"}
