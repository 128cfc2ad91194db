"""What an operator does with tokens, at the dashboard, in a real browser."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import FilePayload, expect

from forecourt.ocpp.versions import V16
from tests.csms.api.charger import add, connected
from tests.web.browsing import PATIENCE_MS, Dashboard

pytestmark = pytest.mark.asyncio(loop_scope="module")
expect.set_options(timeout=PATIENCE_MS)


async def test_finding_out_why_a_card_was_refused(dashboard: Dashboard) -> None:
    platform = dashboard.system.platform
    await add(platform, "REFUSING")
    token = await platform.post("/tokens", {"value": "04DEAD01", "visualNumber": "Nr 7"})
    await platform.post(f"/tokens/{token['id']}/block", {"reason": "reported as lost"}, 200)
    async with (
        connected(dashboard.system, "REFUSING", V16) as there,
        dashboard.visitor() as visitor,
    ):
        page = visitor.page
        await visitor.go("/tokens/judgements?refused=true")
        await visitor.heading("Tokens")
        # The driver is on the phone, and holds the card to the reader once more.
        assert await there.authorize("04DEAD01") == "Blocked"
        row = page.get_by_role("row").filter(has_text="04DEAD01")
        await expect(row).to_contain_text("The token is blocked.")
        await expect(row).to_contain_text("REFUSING")
        assert await there.authorize("NOBODYS") == "Invalid"
        await expect(page.get_by_role("row").filter(has_text="NOBODYS")).to_contain_text(
            "Nobody has this token on record."
        )
        await visitor.accessible()
        await row.get_by_role("link", name="04DEAD01").click()
        await visitor.heading("04DEAD01 · Nr 7")
        await expect(page.get_by_role("status", name="blocked")).to_contain_text("reported as lost")
        await visitor.accessible()
        await page.get_by_role("button", name="Unblock").click()
        await page.get_by_role("dialog").get_by_role("button", name="Unblock").click()
        await expect(page.get_by_text("Valid", exact=True)).to_be_visible()
        assert await there.authorize("04DEAD01") == "Accepted"
        # Nobody has touched the page.
        await expect(page.get_by_role("row").filter(has_text="Accepted")).to_contain_text("Nothing is against it.")


async def test_importing_tokens_and_seeing_the_refused_lines(dashboard: Dashboard) -> None:
    await dashboard.system.platform.post("/tokens", {"value": "04IMPORT1"})
    lines = [
        "value,kind,groupId",
        "04IMPORT1,,fleet",
        "04IMPORT2,ISO14443,fleet",
        ",ISO14443,",
        "04IMPORT3,NoAuthorization,",
    ]
    sheet = FilePayload(name="cards.csv", mimeType="text/csv", buffer="\n".join(lines).encode())
    async with dashboard.visitor() as visitor:
        page = visitor.page
        await visitor.go("/tokens/import")
        await visitor.heading("Tokens")
        await visitor.accessible()
        async with page.expect_file_chooser() as choosing:
            await page.get_by_role("button", name="File").click()
        await (await choosing.value).set_files(sheet)
        await page.get_by_role("button", name="Import").click()
        await expect(page.get_by_role("status").filter(has_text="1 added, 1 changed, 0 unchanged")).to_be_visible()
        refused = page.get_by_role("table", name="Lines that were not taken").get_by_role("row")
        # The heading, and the two that are wrong, by their numbers in the file.
        await expect(refused).to_have_count(3)
        await expect(refused.nth(1)).to_contain_text("4")
        await expect(refused.nth(2)).to_contain_text("NoAuthorization stands for having no token")
        await expect(refused.nth(2)).to_contain_text("04IMPORT3,NoAuthorization,")
        await visitor.accessible()
        await page.get_by_role("tab", name="All").click()
        await page.get_by_role("textbox", name="Search").fill("04import")
        await expect(page).to_have_url(re.compile(r"\?search=04import$"))
        await expect(page.get_by_role("row").filter(has_text="fleet")).to_have_count(2)


async def test_a_token_is_added_with_what_is_wrong_said_at_the_field(dashboard: Dashboard) -> None:
    async with dashboard.visitor() as visitor:
        page = visitor.page
        await visitor.go("/tokens")
        await page.get_by_role("link", name="Add a token").first.click()
        await visitor.heading("Add a token")
        await page.get_by_role("textbox", name="Value").fill("04NEW")
        await page.get_by_role("textbox", name="Second language").fill("en")
        await page.get_by_role("textbox", name="Stations").fill("CP1\nCP2: 1, 2")
        await page.get_by_role("button", name="Add a token").click()
        wrong = page.get_by_role("textbox", name="Second language")
        await expect(wrong).to_have_attribute("aria-invalid", "true")
        await expect(page.get_by_role("alert")).to_contain_text("there is no first language")
        await visitor.accessible()
        await page.get_by_role("textbox", name="Language", exact=True).fill("de-DE")
        await page.get_by_role("button", name="Add a token").click()
        await visitor.heading("04NEW")
        await expect(page.get_by_text("CP2: 1, 2")).to_be_visible()
        made = (await dashboard.system.platform.get("/tokens", params={"search": "04new"}))["items"]
        assert [one["places"] for one in made] == [{"CP1": None, "CP2": [1, 2]}]


async def test_two_people_change_one_token_at_once(dashboard: Dashboard) -> None:
    platform = dashboard.system.platform
    token = await platform.post("/tokens", {"value": "04TWICE", "personalMessage": "Welcome"})
    async with dashboard.visitor() as visitor:
        page = visitor.page
        await visitor.go(f"/tokens/{token['id']}/edit")
        await page.get_by_role("textbox", name="Message to the driver").fill("Hello")
        await platform.patch(f"/tokens/{token['id']}", {"visualNumber": "Nr 9"})
        await page.get_by_role("button", name="Save").click()
        await expect(page.get_by_role("alert")).to_contain_text("Somebody else has changed this meanwhile.")
        # What was written is still there.
        await expect(page.get_by_role("textbox", name="Message to the driver")).to_have_value("Hello")


async def test_a_group_becomes_a_master_pass(dashboard: Dashboard) -> None:
    async with dashboard.visitor() as visitor:
        page = visitor.page
        await visitor.go("/tokens/groups")
        await page.get_by_role("button", name="Add a group").first.click()
        dialog = page.get_by_role("dialog")
        await dialog.get_by_role("textbox", name="Group").fill("STAFF")
        await visitor.accessible()
        await dialog.get_by_role("button", name="Add").click()
        row = page.get_by_role("row").filter(has_text="STAFF")
        await row.get_by_role("button", name="Make it a master pass").click()
        await page.get_by_role("dialog").get_by_role("button", name="Make it a master pass").click()
        await expect(row.get_by_role("button", name="Make it an ordinary group")).to_be_visible()
        await visitor.accessible()
