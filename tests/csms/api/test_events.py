"""What happens, through the API: seen live, resumed without a gap, read in pages, and by nobody who may not."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from forecourt.csms.web.permissions import Role
from forecourt.ocpp.versions import V16, V21, V201, Version
from tests.csms.api.charging import announced, card, connected
from tests.csms.api.sse import LIMIT_S, reading
from tests.csms.api.system import Caller, System
from tests.journeys.site import CARD

SESSION = ("TransactionStarted", "TransactionUpdated", "TransactionEnded")


async def paged(caller: Caller, **parameters: Any) -> list[dict[str, Any]]:
    """All events there are, page by page."""
    found: list[dict[str, Any]] = []
    cursor = "0-0"
    while True:
        page = await caller.get("/events", params={"cursor": cursor, "limit": 3, **parameters})
        found += page["items"]
        cursor = page["next"]
        if not page["more"]:
            return found


@pytest.mark.parametrize("version", [V16, V201, V21], ids=lambda version: version.name)
async def test_a_session_is_seen_live_from_its_start_to_its_end(system: System, version: Version) -> None:
    station = await announced(system)
    await card(system)
    async with (
        reading(system.platform, kind=",".join(SESSION), stationId=station.key) as reader,
        connected(system, version=version) as driver,
    ):
        await driver.start(CARD, 1000)
        started = await reader.until_kind("TransactionStarted")
        assert started.data["data"]["token"] == CARD
        await driver.meter(1400, 60)
        told = await reader.until(lambda said: said.name == "readings" and said.data["energyWh"] == 1400)
        assert (told.data["stationId"], told.data["evseId"]) == (station.key, 1)
        [newest] = (await system.platform.get("/readings", params={"stationId": station.key}))["items"]
        assert newest == told.data
        await driver.stop(CARD, 1500, 120)
        ended = await reader.until_kind("TransactionEnded")
        assert ended.data["data"]["transactionId"] == started.data["data"]["transactionId"]
        assert float(ended.data["data"]["energyImportedWh"]) == 500
    assert set(reader.kinds) <= set(SESSION)
    # The same facts in the same order, read in pages.
    pages = await paged(system.platform, kind=",".join(SESSION))
    assert [one["cursor"] for one in pages] == [said.data["cursor"] for said in reader.heard if said.name == "message"]


async def test_power_is_not_shown_any_more_when_a_session_has_ended(system: System) -> None:
    station = await announced(system)
    await card(system)
    async with connected(system, version=V16) as driver:
        await driver.start(CARD, 1000)
        samples = [
            {"value": "11000", "measurand": "Power.Active.Import", "unit": "W"},
            {"value": "1400", "measurand": "Energy.Active.Import.Register", "unit": "Wh"},
        ]
        value = [{"timestamp": driver.at(60), "sampled_value": samples}]
        await driver.say("MeterValues", connector_id=1, transaction_id=driver.transaction, meter_value=value)
        [before] = (await system.platform.get("/readings", params={"stationId": station.key}))["items"]
        await driver.stop(CARD, 1500, 120)
        [after] = (await system.platform.get("/readings", params={"stationId": station.key}))["items"]
    assert (before["powerW"], before["energyWh"]) == (11000.0, 1400.0)
    assert (after["powerW"], after["energyWh"]) == (None, 1400.0)


async def test_a_reader_that_comes_again_misses_nothing_and_gets_nothing_twice(system: System) -> None:
    me = system.platform
    heard: list[str] = []
    last = ""
    expected = 0
    for turn in range(4):
        async with reading(me, last_id=last, kind="SiteChanged", readings="false") as reader:
            if turn == 0:
                last = reader.last_id
            for number in range(3):
                await me.post("/sites", {"name": f"Live {turn}-{number}"})
                expected += 1
            while len(heard) + reader.kinds.count("SiteChanged") < expected - turn % 2:
                await reader.until_kind("SiteChanged")
            heard += [said.data["data"]["name"] for said in reader.heard if said.name == "message"]
            last = reader.last_id
        await me.post("/sites", {"name": f"Away {turn}"})
        expected += 1
    async with reading(me, last_id=last, kind="SiteChanged", readings="false") as reader:
        while len(heard) + len(reader.kinds) < expected:
            await reader.until_kind("SiteChanged")
        heard += [said.data["data"]["name"] for said in reader.heard if said.name == "message"]
    names = [one["data"]["name"] for one in await paged(me, kind="SiteChanged")]
    assert heard == names
    assert len(names) == expected == 16


@pytest.mark.usefixtures("fresh")
async def test_a_reader_that_vanishes_is_forgotten(system: System) -> None:
    assert system.csms.interface is not None
    feed = system.csms.interface.feed
    async with reading(system.platform), reading(system.platform):
        assert feed.watchers == 2
    async with asyncio.timeout(LIMIT_S):
        while feed.watchers:
            await system.platform.get("/event-kinds")


async def test_a_reader_that_reads_nothing_holds_up_nobody(system: System) -> None:
    """Its socket is full, and everybody else goes on."""
    async with reading(system.platform, readings="false"), reading(system.platform, kind="SiteChanged") as quick:
        async with system.csms.store.work() as work:
            connection = await work.sql()
            await connection.exec_driver_sql(
                "INSERT INTO event (at, kind, data) SELECT '2026-01-01Z', 'Filler', jsonb_build_object('text', repeat('x', 9000))"
                " FROM generate_series(1, 3000)"
            )
        await system.platform.post("/sites", {"name": "Depot"})
        assert (await quick.until_kind("SiteChanged")).data["data"]["name"] == "Depot"


@pytest.mark.parametrize(
    ("path", "parameters", "headers", "code", "fault"),
    [
        ("/events", {"cursor": "yesterday"}, {}, "cursor_invalid", "cursor"),
        ("/events", {"cursor": "99999999999999999999-1"}, {}, "cursor_invalid", "cursor"),
        ("/events", {"kind": "TransactionStared"}, {}, "event_kind_unknown", "kind"),
        ("/events", {"kind": ""}, {}, "event_kind_unknown", "kind"),
        ("/events", {"limit": 0}, {}, "invalid", "limit"),
        ("/events", {"stationId": "CP"}, {}, "invalid", "stationId"),
        ("/events", {"after": "0-0"}, {}, "parameter_unknown", "after"),
        ("/events/stream", {}, {"Last-Event-ID": "abc"}, "cursor_invalid", "Last-Event-ID"),
        ("/events/stream", {"cursor": "1-"}, {}, "cursor_invalid", "cursor"),
        ("/events/stream", {"kind": "Nothing"}, {}, "event_kind_unknown", "kind"),
        ("/events/stream", {"readings": "some"}, {}, "invalid", "readings"),
        ("/events/stream", {"limit": 5}, {}, "parameter_unknown", "limit"),
        ("/readings", {"siteId": 0}, {}, "invalid", "siteId"),
    ],
)
async def test_a_wrong_cursor_or_filter_is_refused_by_name(
    system: System, path: str, parameters: dict[str, object], headers: dict[str, str], code: str, fault: str
) -> None:
    assert await system.platform.refused("GET", path, params=parameters, headers=headers) == (422, code, [fault])


async def test_a_cursor_of_another_database_says_to_read_anew(system: System) -> None:
    page = await system.platform.get("/events", params={"cursor": "9000000000000000000-1"})
    assert (page["items"], page["resync"], page["more"]) == ([], True, True)
    async with reading(system.platform, last_id="9000000000000000000-1") as reader:
        await reader.until(lambda said: said.name == "resync")


async def test_nobody_sees_what_happens_elsewhere(system: System) -> None:
    home = system.csms.organisation
    others = await system.organisation("Others", "OTH")
    site = (await system.platform.post("/sites", {"name": "Depot"}))["id"]
    here = await announced(system, "CP-1", site=site)
    there = await announced(system, "CP-2")
    everywhere, outside, on_site = (
        await system.caller(Role.VIEWER, home),
        await system.caller(Role.ADMINISTRATOR, others),
        await system.caller(Role.VIEWER, home, site),
    )
    async with reading(everywhere) as all_of_it, reading(outside) as nothing, reading(on_site) as some:
        for wire_id in ("CP-2", "CP-1"):
            async with connected(system, wire_id) as driver:
                await driver.start("ABCD", 100)
                await driver.meter(200, 20)
        for reader in (all_of_it, some):
            await reader.until(
                lambda said: (
                    said.name == "message"
                    and (said.data["kind"], said.data["stationId"]) == ("TransactionStarted", here.key)
                )
            )
        await system.platform.post("/sites", {"name": "Elsewhere", "organisationId": others})
        await nothing.until_kind("SiteChanged")
    seen = {said.data["stationId"] for said in all_of_it.heard if said.name == "message"}
    assert {here.key, there.key} <= seen
    assert {said.data["stationId"] for said in some.heard if said.name != "open"} == {here.key}
    assert {said.data["organisationId"] for said in nothing.heard if said.name != "open"} == {others}
    assert {one["stationId"] for one in await paged(on_site)} == {here.key}
    assert {one["organisationId"] for one in await paged(outside)} == {others}
    assert [one["stationId"] for one in (await on_site.get("/readings"))["items"]] == [here.key]
    assert (await outside.get("/readings"))["items"] == []


async def test_the_kinds_of_events_are_explained(system: System) -> None:
    known = {one["kind"]: one["meaning"] for one in (await system.platform.get("/event-kinds"))["items"]}
    assert {"TransactionStarted", "SiteChanged", "LimitReached"} <= known.keys()
    assert all(known.values())
