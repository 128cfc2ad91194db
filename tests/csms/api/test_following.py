"""The message log as it is written: seen live, narrowed, and by nobody who may not."""

from __future__ import annotations

from typing import Any

from forecourt.csms.web.permissions import Role
from tests.csms.api.charger import add, connected
from tests.csms.api.sse import Said, reading
from tests.csms.api.system import System

STREAM = "/messages/stream"


def of(action: str, station: str = "CP1") -> Any:
    """Whether what came is a message of this action."""
    return lambda said: said.name == "message" and (said.data["action"], said.data["station"]) == (action, station)


def messages(heard: list[Said]) -> list[dict[str, Any]]:
    """All messages of a stream so far."""
    return [said.data for said in heard if said.name == "message"]


async def test_a_boot_is_followed_and_each_message_is_as_in_the_list(system: System) -> None:
    made = await add(system.platform, "CP1")
    async with reading(system.platform, path=STREAM) as reader, connected(system, "CP1") as driver:
        booted = await reader.until(of("BootNotification"))
        await driver.say("DataTransfer", vendor_id="Acme", data="hello")
        transfer = await reader.until(of("DataTransfer"))
    assert booted.data["stationId"] == made["id"]
    assert (booted.data["caller"], booted.data["answer"]["status"]) == ("station", "Accepted")
    assert transfer.data["request"] == {"vendorId": "Acme", "data": "hello"}
    listed = (await system.platform.get("/messages", params={"action": "DataTransfer"}))["items"]
    assert listed == [transfer.data]


async def test_filters_leave_out_the_rest(system: System) -> None:
    site = (await system.platform.post("/sites", {"name": "Depot"}))["id"]
    await add(system.platform, "CP1", siteId=site)
    two = await add(system.platform, "CP2")
    async with (
        reading(system.platform, path=STREAM, stationId=two["id"], caller="station") as of_two,
        reading(system.platform, path=STREAM, search="HELLO one") as with_words,
        reading(system.platform, path=STREAM, siteId=site) as at_site,
        connected(system, "CP1") as one,
        connected(system, "CP2") as other,
    ):
        await one.say("DataTransfer", vendor_id="Acme", data="hello one")
        await other.say("DataTransfer", vendor_id="Other", data="hello")
        await of_two.until(of("DataTransfer", "CP2"))
        await with_words.until(of("DataTransfer", "CP1"))
        await at_site.until(of("DataTransfer", "CP1"))
    assert {one["station"] for one in messages(at_site.heard)} == {"CP1"}
    assert {(one["station"], one["caller"]) for one in messages(of_two.heard)} == {("CP2", "station")}
    assert [one["action"] for one in messages(with_words.heard)] == ["DataTransfer"]


async def test_nobody_follows_what_is_not_theirs(system: System) -> None:
    site = (await system.platform.post("/sites", {"name": "Depot"}))["id"]
    await add(system.platform, "CP1")
    await add(system.platform, "CP2", siteId=site)
    mine = await system.caller(Role.TECHNICIAN, organisation=system.csms.organisation, site=site)
    viewer = await system.caller(Role.VIEWER, organisation=system.csms.organisation)
    assert (await viewer.ask("GET", STREAM)).status_code == 403
    async with reading(mine, path=STREAM) as reader, connected(system, "CP1"), connected(system, "CP2"):
        await reader.until(of("BootNotification", "CP2"))
    assert {one["station"] for one in messages(reader.heard)} == {"CP2"}
