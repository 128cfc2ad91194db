"""What a technician does with the message log, at the dashboard, in a real browser."""

from __future__ import annotations

import json

import pytest
import websockets
from playwright.async_api import expect

from forecourt.csms.web.permissions import Role
from forecourt.ocpp.versions import V16
from tests.csms.api.charger import add
from tests.journeys.driver import station
from tests.web.browsing import PATIENCE_MS, Dashboard, Network

pytestmark = pytest.mark.asyncio(loop_scope="module")
expect.set_options(timeout=PATIENCE_MS)


async def test_following_the_log_while_a_station_boots(dashboard: Dashboard) -> None:
    made = await add(dashboard.system.platform, "FOLLOWED-1")
    await add(dashboard.system.platform, "OTHER-1")
    url = f"ws://127.0.0.1:{dashboard.system.csms.port}/ocpp"
    async with dashboard.visitor() as visitor:
        page = visitor.page
        await visitor.go(f"/stations/{made['id']}/log")
        await expect(page.get_by_text("No messages yet")).to_be_visible()
        await expect(page.get_by_text("New messages appear by themselves")).to_be_visible()
        await visitor.accessible()
        async with station(url, "FOLLOWED-1", V16) as there, station(url, "OTHER-1", V16) as other:
            await there.boot()
            await other.boot()
            # Nobody has touched the page.
            booted = page.get_by_role("row").filter(has_text="BootNotification")
            await expect(booted).to_have_count(1)
            await booted.get_by_role("button").click()
            await expect(page.get_by_role("region", name="BootNotification · Answer")).to_contain_text(
                '"status": "Accepted"'
            )
            await visitor.accessible()
            await page.get_by_role("button", name="Pause").click()
            await there.say("DataTransfer", vendor_id="Acme", data="while nobody looks")
            await expect(page.get_by_text("1 new message")).to_be_visible()
            transfer = page.get_by_role("row").filter(has_text="DataTransfer")
            await expect(transfer).to_have_count(0)
            await page.get_by_role("button", name="Follow").click()
            await expect(transfer).to_contain_text("while nobody looks")
        # What is shown can be sent to somebody else.
        await page.get_by_role("textbox", name="Message", exact=True).fill("DataTransfer")
        await expect(booted).to_have_count(0)
        async with page.expect_download() as download:
            await page.get_by_role("link", name="Export as JSON lines").click()
        lines = (await (await download.value).path()).read_text().splitlines()
        assert [json.loads(line)["request"]["data"] for line in lines] == ["while nobody looks"]
        address = page.url
        await visitor.go("/")
        await page.goto(address)
        await expect(transfer).to_have_count(1)


async def test_what_was_said_while_the_connection_was_lost_is_there_when_it_is_back(dashboard: Dashboard) -> None:
    made = await add(dashboard.system.platform, "FOLLOWED-2")
    url = f"ws://127.0.0.1:{dashboard.system.csms.port}/ocpp"
    async with (
        Network(dashboard.system.csms.api_port).there() as network,
        dashboard.visitor(url=network.url) as visitor,
        station(url, "FOLLOWED-2", V16) as there,
    ):
        await there.boot()
        page = visitor.page
        await visitor.go(f"/stations/{made['id']}/log")
        await expect(page.get_by_role("row").filter(has_text="BootNotification")).to_have_count(1)
        await expect(page.get_by_text("New messages appear by themselves")).to_be_visible()
        network.go_away()
        await expect(page.get_by_text("Connecting")).to_be_visible()
        await there.say("DataTransfer", vendor_id="Acme", data="unheard")
        network.come_back()
        await expect(page.get_by_role("row").filter(has_text="unheard")).to_have_count(1)


async def test_a_search_through_everything_says_what_to_do(dashboard: Dashboard) -> None:
    async with dashboard.visitor() as visitor:
        page = visitor.page
        await visitor.go("/log")
        await page.get_by_role("textbox", name="Text in the messages").fill("needle")
        await expect(page.get_by_role("alert")).to_contain_text("Name a station")
        await visitor.accessible()


async def test_what_a_station_does_against_the_specification_is_said_in_words(dashboard: Dashboard) -> None:
    await add(dashboard.system.platform, "ODD-1")
    url = f"ws://127.0.0.1:{dashboard.system.csms.port}/ocpp"
    async with station(url, "ODD-1", V16) as there, dashboard.visitor() as visitor:
        await there.boot()
        await there.connection.send('[2,"odd","Heartbeat",{"mood":"fine"}]')
        page = visitor.page
        await visitor.go("/log")
        await page.get_by_role("row").filter(has_text="mood").first.wait_for()
        await page.get_by_role("link", name="Deviations").click()
        await visitor.heading("Deviations")
        row = page.get_by_role("row").filter(has_text="ODD-1")
        await expect(row).to_contain_text("A field that the specification does not have. It was left out.")
        await expect(row).to_contain_text("$.mood")
        await visitor.accessible()


async def test_the_log_on_a_phone_in_german(dashboard: Dashboard) -> None:
    made = await add(dashboard.system.platform, "PROTOKOLL-1")
    url = f"ws://127.0.0.1:{dashboard.system.csms.port}/ocpp"
    phone = {"width": 390, "height": 800}
    async with (
        station(url, "PROTOKOLL-1", V16) as there,
        dashboard.visitor(viewport=phone, locale="de-DE") as visitor,
    ):
        await there.boot()
        page = visitor.page
        await visitor.go(f"/stations/{made['id']}/log")
        await page.get_by_role("row").filter(has_text="BootNotification").get_by_role("button").click()
        await expect(page.get_by_role("region", name="BootNotification · Antwort")).to_be_visible()
        assert await page.evaluate("document.documentElement.scrollWidth") <= 390, "the page is wider than the screen"
        await visitor.accessible()


async def test_the_log_of_one_site_can_be_sent_to_somebody_else(dashboard: Dashboard) -> None:
    site = await dashboard.system.platform.post("/sites", {"name": "Harbour"})
    await add(dashboard.system.platform, "AT-SITE-1", siteId=site["id"])
    await add(dashboard.system.platform, "ELSEWHERE-1")
    url = f"ws://127.0.0.1:{dashboard.system.csms.port}/ocpp"
    async with (
        dashboard.visitor() as visitor,
        station(url, "AT-SITE-1", V16) as there,
        station(url, "ELSEWHERE-1", V16) as other,
    ):
        await there.boot()
        await other.boot()
        page = visitor.page
        await visitor.go("/log")
        elsewhere = page.get_by_role("row").filter(has_text="ELSEWHERE-1")
        await expect(elsewhere.filter(has_text="BootNotification")).to_have_count(1)
        await page.get_by_role("combobox", name="Site").click()
        await page.get_by_role("listbox", name="Site").get_by_role("option", name="Harbour").click()
        await expect(elsewhere).to_have_count(0)
        await expect(page.get_by_text("New messages appear by themselves")).to_be_visible()
        # What comes is of that site too.
        await other.say("DataTransfer", vendor_id="Acme", data="elsewhere")
        await there.say("DataTransfer", vendor_id="Acme", data="at the harbour")
        rows = page.get_by_role("row")
        await expect(rows.filter(has_text="at the harbour")).to_have_count(1)
        await expect(elsewhere).to_have_count(0)
        assert f"site={site['id']}" in page.url
        await visitor.accessible()


async def test_an_open_message_stays_open_while_hundreds_come_and_few_are_drawn(dashboard: Dashboard) -> None:
    made = await add(dashboard.system.platform, "BUSY-1")
    url = f"ws://127.0.0.1:{dashboard.system.csms.port}/ocpp"
    async with dashboard.visitor() as visitor, station(url, "BUSY-1", V16) as there:
        await there.boot()
        page = visitor.page
        await visitor.go(f"/stations/{made['id']}/log")
        await expect(page.get_by_text("New messages appear by themselves")).to_be_visible()
        for number in range(300):
            await there.say("DataTransfer", vendor_id="Acme", data=f"number {number}")
        table = page.get_by_role("table", name="Messages")
        await expect(table.get_by_role("row").filter(has_text="number 299")).to_have_count(1)
        assert int(await table.get_attribute("aria-rowcount") or 0) > 300
        assert await table.get_by_role("row").count() < 100
        await table.get_by_role("row").filter(has_text="number 299").get_by_role("button").click()
        answer = page.get_by_role("region", name="DataTransfer · Answer")
        await expect(answer).to_be_visible()
        await there.say("DataTransfer", vendor_id="Acme", data="and one more")
        await expect(table.get_by_role("row").filter(has_text="and one more")).to_have_count(1)
        await expect(answer).to_be_visible()
        await page.evaluate("scrollTo(0, document.body.scrollHeight)")
        await expect(table.get_by_role("row").filter(has_text="BootNotification")).to_have_count(1)


async def test_an_operator_sees_at_once_that_a_station_nobody_knows_was_turned_away(dashboard: Dashboard) -> None:
    async with dashboard.somebody(Role.TECHNICIAN, "watching") as visitor:
        page = visitor.page
        await visitor.go("/security/refused")
        await visitor.heading("Security")
        await visitor.loaded()
        with pytest.raises(websockets.InvalidStatus):
            async with websockets.connect(f"ws://127.0.0.1:{dashboard.system.csms.port}/nowhere/STRANGER-1"):
                pass
        # Nobody has touched the page.
        await expect(page.get_by_role("row").filter(has_text="/nowhere/STRANGER-1")).to_have_count(1)
