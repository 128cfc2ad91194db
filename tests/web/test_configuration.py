"""What a technician sets stations to, at the dashboard, in a real browser."""

from __future__ import annotations

from contextlib import AsyncExitStack
from typing import Any

import pytest
from playwright.async_api import expect

from forecourt.csms.web.permissions import Role
from forecourt.ocpp.versions import V16
from tests.csms.api.charger import add
from tests.journeys.driver import answer, station
from tests.web.browsing import PATIENCE_MS, Dashboard

pytestmark = pytest.mark.asyncio(loop_scope="module")
expect.set_options(timeout=PATIENCE_MS)


async def reported(dashboard: Dashboard, identity: str) -> int:
    """Our number of a station, once it has reported what it is set to."""
    platform = dashboard.system.platform
    [known] = (await platform.get("/stations", params={"search": identity}))["items"]
    while not (await platform.get(f"/stations/{known['id']}/variables"))["items"]:
        pass
    return int(known["id"])


async def test_changing_a_variable_on_ten_stations(dashboard: Dashboard) -> None:
    names = [f"TEN-{number:02}" for number in range(1, 11)]
    async with AsyncExitStack() as stack:
        for name in names[:9]:
            await stack.enter_async_context(dashboard.station(name))
        # The tenth is away.
        await add(dashboard.system.platform, names[9])
        for name in names[:9]:
            await reported(dashboard, name)
        visitor = await stack.enter_async_context(dashboard.visitor())
        page = visitor.page
        await visitor.go("/stations?search=TEN-")
        await page.get_by_role("checkbox", name="Choose all that are shown").check()
        await page.get_by_role("link", name="Change settings").click()
        await visitor.heading("Set many stations")
        await expect(page.get_by_text("10 stations chosen")).to_be_visible()
        await page.get_by_role("combobox", name="Add a setting").fill("HeartbeatInterval")
        await page.get_by_role("option", name="OCPPCommCtrlr · HeartbeatInterval").click()
        await page.get_by_role("textbox", name="OCPPCommCtrlr · HeartbeatInterval").fill("77")
        await visitor.accessible()
        await page.get_by_role("button", name="Set 1 value on 10 stations").click()
        standing = page.get_by_role("region", name="How it stands")
        # Each station says by itself that it has it; nobody has touched the page.
        await expect(standing).to_contain_text("Set9")
        await expect(standing).to_contain_text("Waiting1")
        away = page.get_by_role("row").filter(has_text=names[9])
        await expect(away).to_contain_text("Not connected: it is set when it is back.")
        await visitor.accessible()
        await stack.enter_async_context(dashboard.station(names[9], announced=False))
        await expect(standing).to_contain_text("Set10")
        first = await reported(dashboard, names[0])
        shown = (await dashboard.system.platform.get(f"/stations/{first}/variables", params={"search": "Heartbeat"}))[
            "items"
        ]
        assert [one["value"] for one in shown if one["variable"] == "HeartbeatInterval"] == ["77"]


KEYS: list[dict[str, Any]] = [
    {"key": "HeartbeatInterval", "readonly": False, "value": "300"},
    {"key": "NumberOfConnectors", "readonly": True, "value": "2"},
    {"key": "AuthorizationKey", "readonly": False, "value": "a-secret-of-the-station"},
]


async def test_a_station_that_does_not_take_a_value_says_so(dashboard: Dashboard) -> None:
    made = await add(dashboard.system.platform, "SET-1")
    refusing = {
        "GetConfiguration": answer(V16, "GetConfiguration", configuration_key=KEYS),
        "ChangeConfiguration": answer(V16, "ChangeConfiguration", status="Rejected"),
    }
    url = f"ws://127.0.0.1:{dashboard.system.csms.port}/ocpp"
    async with station(url, "SET-1", V16, refusing) as there, dashboard.visitor() as visitor:
        page = visitor.page
        await visitor.go(f"/stations/{made['id']}/configuration")
        await expect(page.get_by_text("Nothing is known of its settings yet")).to_be_visible()
        await visitor.accessible()
        await there.boot()
        # Nobody has touched the page.
        await expect(page.get_by_text("3 settings")).to_be_visible()
        await page.get_by_role("textbox", name="Find a setting").fill("heart")
        await expect(page.get_by_text("1 of 3 settings")).to_be_visible()
        await page.get_by_role("button", name="Change OCPPCommCtrlr · HeartbeatInterval").click()
        dialog = page.get_by_role("dialog")
        await dialog.get_by_label("Value").fill("60")
        await visitor.accessible()
        await dialog.get_by_role("button", name="Set", exact=True).click()
        wishes = page.get_by_role("region", name="Wishes for this station")
        await expect(wishes).to_contain_text("Not taken")
        await expect(wishes).to_contain_text("Rejected")
        await expect(page.get_by_role("region", name="OCPPCommCtrlr")).to_contain_text("wanted: 60")
        await visitor.accessible()
        await wishes.get_by_role("button", name="Want nothing").click()
        await expect(wishes).to_have_count(0)


async def test_comparing_two_stations_and_setting_one_as_the_other(dashboard: Dashboard) -> None:
    async with dashboard.station("TWIN-1"), dashboard.station("TWIN-2"), dashboard.visitor() as visitor:
        one, two = await reported(dashboard, "TWIN-1"), await reported(dashboard, "TWIN-2")
        platform = dashboard.system.platform
        wish = {"component": "OCPPCommCtrlr", "variable": "HeartbeatInterval", "value": "99"}
        await platform.post(f"/stations/{one}/wanted-variables", {"values": [wish]}, 202)
        page = visitor.page
        await visitor.go(f"/stations/compare?a={one}&b={two}")
        row = page.get_by_role("row").filter(has_text="HeartbeatInterval")
        await expect(row).to_contain_text("99")
        await visitor.accessible()
        await row.get_by_role("checkbox").check()
        await page.get_by_role("button", name="Set TWIN-2 to the chosen values").click()
        await visitor.heading("TWIN-2")
        await page.get_by_role("textbox", name="Find a setting").fill("HeartbeatInterval")
        await expect(page.get_by_role("region", name="OCPPCommCtrlr")).to_contain_text("99")
        await visitor.accessible()


async def test_reading_a_station_again(dashboard: Dashboard) -> None:
    async with dashboard.station("READ-1"), dashboard.visitor() as visitor:
        key = await reported(dashboard, "READ-1")
        platform = dashboard.system.platform
        before = (await platform.get(f"/stations/{key}/reports"))["items"]
        page = visitor.page
        await visitor.go(f"/stations/{key}/configuration")
        await page.get_by_role("button", name="Read again").click()
        while len(reports := (await platform.get(f"/stations/{key}/reports"))["items"]) == len(before):
            pass
        assert reports[0]["base"] == "FullInventory"
        await expect(page.get_by_role("status").filter(has_text="Read ")).to_be_visible()


async def test_a_viewer_reads_settings_and_is_offered_no_change(dashboard: Dashboard) -> None:
    async with dashboard.station("READ-2"), dashboard.somebody(Role.VIEWER, "reader") as visitor:
        key = await reported(dashboard, "READ-2")
        page = visitor.page
        await visitor.go(f"/stations/{key}/configuration")
        await expect(page.get_by_role("region", name="OCPPCommCtrlr")).to_be_visible()
        for name in ("Change OCPPCommCtrlr", "Read again"):
            await expect(page.get_by_role("button", name=name)).to_have_count(0)
