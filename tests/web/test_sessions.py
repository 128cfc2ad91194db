"""What an operator does with sessions, at the dashboard, in a real browser."""

from __future__ import annotations

import csv

import pytest
from playwright.async_api import expect

from forecourt.csms.web.permissions import Role
from forecourt.ocpp.versions import V16, V201
from tests.csms.api.charger import add
from tests.journeys.driver import answer, station
from tests.journeys.site import STRANGER
from tests.web.browsing import PATIENCE_MS, Dashboard

pytestmark = pytest.mark.asyncio(loop_scope="module")
expect.set_options(timeout=PATIENCE_MS)


async def test_stopping_a_session(dashboard: Dashboard) -> None:
    card = await handed_out(dashboard, "STOP-1")
    async with dashboard.visitor() as visitor, dashboard.station("STOP-1") as hardware:
        page = visitor.page
        await visitor.go("/sessions")
        await expect(page.get_by_text("Nobody is charging now")).to_be_visible()
        await visitor.accessible()
        await online(dashboard, "STOP-1")
        hardware.plug()
        hardware.swipe(card)
        # Nobody has touched the page.
        row = page.get_by_role("row").filter(has_text="STOP-1")
        await expect(row).to_contain_text(card)
        await expect(row).to_contain_text("Charging")
        await row.get_by_role("link").first.click()
        await page.get_by_role("button", name="Stop the session").click()
        dialog = page.get_by_role("dialog")
        await visitor.accessible()
        await dialog.get_by_label("Why").fill("the cable gets warm")
        await dialog.get_by_role("button", name="Stop", exact=True).click()
        await expect(page.get_by_role("region", name="Facts")).to_contain_text("Remote")
        await expect(page.get_by_role("region", name="Result")).to_contain_text("Wh")
        await expect(page.get_by_role("button", name="Stop the session")).to_have_count(0)
        said = page.get_by_role("region", name="What the station said")
        await expect(said).to_contain_text("Started")
        await expect(said).to_contain_text("Ended")
        await visitor.accessible()
        hardware.unplug()


async def test_a_station_that_does_not_stop_says_why(dashboard: Dashboard) -> None:
    card = await handed_out(dashboard, "STOP-2")
    await add(dashboard.system.platform, "STOP-2")
    refusing = {"RequestStopTransaction": answer(V201, "RequestStopTransaction", status="Rejected")}
    url = f"ws://127.0.0.1:{dashboard.system.csms.port}/ocpp"
    async with station(url, "STOP-2", V201, refusing) as there, dashboard.visitor() as visitor:
        await there.boot()
        await there.start(card, 1000)
        await there.meter(1500, 60)
        page = visitor.page
        await visitor.go("/sessions?state=all")
        row = page.get_by_role("row").filter(has_text="STOP-2")
        await expect(row).to_contain_text("500")
        await row.get_by_role("link").first.click()
        await page.get_by_role("button", name="Stop the session").click()
        await page.get_by_role("dialog").get_by_role("button", name="Stop", exact=True).click()
        outcome = page.get_by_role("status").filter(has_text="Refused")
        await expect(outcome).to_contain_text("The station refused to stop: Rejected")
        await visitor.accessible()


async def test_a_limit_that_nobody_can_watch_is_refused_and_another_is_set(dashboard: Dashboard) -> None:
    card = await handed_out(dashboard, "LIMITED-1")
    await add(dashboard.system.platform, "LIMITED-1")
    url = f"ws://127.0.0.1:{dashboard.system.csms.port}/ocpp"
    async with station(url, "LIMITED-1", V16) as there, dashboard.visitor() as visitor:
        await there.boot()
        await there.start(card, 1000)
        for second in (0, 20, 40):
            await there.meter(1000 + 10 * second, second)
        page = visitor.page
        await visitor.go("/sessions")
        await page.get_by_role("row").filter(has_text="LIMITED-1").get_by_role("link").first.click()
        # The meter's course is drawn, and said in words for who does not see it.
        await expect(page.get_by_role("img", name="Energy: between 0 Wh and 400 Wh")).to_be_visible()
        await page.get_by_role("button", name="Set limits").click()
        dialog = page.get_by_role("dialog")
        await dialog.get_by_label("State of charge").fill("80")
        await dialog.get_by_role("button", name="Set limits").click()
        await expect(dialog).to_contain_text("The station sends no state of charge.")
        await visitor.accessible()
        await dialog.get_by_label("State of charge").fill("")
        await dialog.get_by_label("Energy").fill("7.5")
        await dialog.get_by_role("button", name="Set limits").click()
        limits = page.get_by_role("region", name="Limits").first
        await expect(limits).to_contain_text("7.5 kWh")
        await expect(limits).to_contain_text("This system")
        await visitor.accessible()
        # Further readings come to the page as they come to the server.
        await there.meter(1900, 60)
        await expect(page.get_by_role("region", name="Now")).to_contain_text("900 Wh")
        await expect(page.get_by_role("img", name="Energy: between 0 Wh and 900 Wh")).to_be_visible()


async def test_finding_refused_sessions_and_taking_them_along(dashboard: Dashboard) -> None:
    await add(dashboard.system.platform, "REFUSING-1")
    url = f"ws://127.0.0.1:{dashboard.system.csms.port}/ocpp"
    async with station(url, "REFUSING-1", V16) as there, dashboard.visitor() as visitor:
        await there.boot()
        await there.start(STRANGER, 100)
        page = visitor.page
        await visitor.go("/sessions?refused=true&state=all")
        row = page.get_by_role("row").filter(has_text="REFUSING-1")
        await expect(row).to_contain_text("Unknown token")
        await expect(page.get_by_role("row").filter(has_text="LIMITED-1")).to_have_count(0)
        async with page.expect_download() as download:
            await page.get_by_role("link", name="Export as CSV").click()
        table = (await (await download.value).path()).read_text()
        assert [line["station"] for line in csv.DictReader(table.splitlines())] == ["REFUSING-1"]
        await row.get_by_role("link").first.click()
        await expect(page.get_by_role("region", name="Facts")).to_contain_text("Nobody knows this token.")
        await expect(page.get_by_role("region", name="Facts")).to_contain_text("To be billedNo")
        await visitor.accessible()


async def test_a_viewer_may_look_at_sessions_and_not_stop_them(dashboard: Dashboard) -> None:
    card = await handed_out(dashboard, "LOOKED-AT")
    await add(dashboard.system.platform, "LOOKED-AT")
    url = f"ws://127.0.0.1:{dashboard.system.csms.port}/ocpp"
    async with station(url, "LOOKED-AT", V16) as there, dashboard.somebody(Role.VIEWER, "looker") as visitor:
        await there.boot()
        await there.start(card, 100)
        page = visitor.page
        await visitor.go("/sessions")
        await page.get_by_role("row").filter(has_text="LOOKED-AT").get_by_role("link").first.click()
        await expect(page.get_by_role("region", name="Facts")).to_contain_text("LOOKED-AT")
        for name in ("Stop the session", "Set limits"):
            await expect(page.get_by_role("button", name=name)).to_have_count(0)
        await expect(page.get_by_role("link", name="Messages of this session")).to_have_count(0)


async def test_sessions_of_a_station_on_a_phone_in_german(dashboard: Dashboard) -> None:
    card = await handed_out(dashboard, "TELEFON-1")
    made = await add(dashboard.system.platform, "TELEFON-1")
    url = f"ws://127.0.0.1:{dashboard.system.csms.port}/ocpp"
    phone = {"width": 390, "height": 800}
    async with station(url, "TELEFON-1", V16) as there, dashboard.visitor(viewport=phone, locale="de-DE") as visitor:
        await there.boot()
        await there.start(card, 100)
        await there.meter(400, 30)
        page = visitor.page
        await visitor.go(f"/stations/{made['id']}/sessions")
        await page.get_by_role("row").nth(1).get_by_role("link").first.click()
        await expect(page.get_by_role("img", name="Energie: zwischen")).to_be_visible()
        await page.get_by_role("button", name="Grenzen setzen").click()
        dialog = page.get_by_role("dialog")
        await dialog.get_by_label("Ladestand").fill("80")
        await dialog.get_by_role("button", name="Grenzen setzen").click()
        await expect(dialog).to_contain_text("Die Station sendet den Ladestand des Fahrzeugs nicht.")
        await page.keyboard.press("Escape")
        assert await page.evaluate("document.documentElement.scrollWidth") <= 390, "the page is wider than the screen"
        await visitor.accessible()


async def handed_out(dashboard: Dashboard, identity: str) -> str:
    """A card of its own for each station: one that charges elsewhere is refused."""
    value = f"CARD{identity}"
    await dashboard.system.platform.post("/tokens", {"value": value, "kind": "ISO14443"})
    return value


async def online(dashboard: Dashboard, identity: str) -> None:
    """Wait until a station has booted."""
    while True:
        found = await dashboard.system.platform.get("/stations", params={"search": identity})
        if found["items"][0]["bootedAt"] is not None and found["items"][0]["connectors"]:
            return
