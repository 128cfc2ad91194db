"""What administrators do at the dashboard: people, keys, webhooks, sites, and looking at what happened; in a real browser."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from playwright.async_api import expect

from forecourt.csms.web.permissions import Role
from forecourt.ocpp.versions import V16
from tests.csms.api.charger import add
from tests.csms.feed.receiver import receiving
from tests.journeys.driver import station
from tests.web.browsing import ADMINISTRATOR, PATIENCE_MS, Dashboard

pytestmark = pytest.mark.asyncio(loop_scope="module")
expect.set_options(timeout=PATIENCE_MS)


async def test_a_viewer_who_may_not_command_nor_administer(dashboard: Dashboard) -> None:
    token = await dashboard.system.platform.post("/tokens", {"value": "04LOOK"})
    site = await dashboard.system.platform.post("/sites", {"name": "Looked at"})
    async with dashboard.somebody(Role.VIEWER, "onlooker") as visitor:
        page = visitor.page
        await visitor.go(f"/tokens/{token['id']}")
        await visitor.heading("04LOOK")
        navigation = page.get_by_role("navigation", name="Main")
        await expect(navigation.get_by_role("link", name="Tokens")).to_be_visible()
        for name in ("Message log", "Security", "Organisations", "Users", "API keys", "Webhooks", "Audit log"):
            await expect(navigation.get_by_role("link", name=name)).to_have_count(0)
        for name in ("Edit", "Block", "Remove"):
            await expect(page.get_by_text(name, exact=True)).to_have_count(0)
        await visitor.go("/tokens")
        await expect(page.get_by_role("link", name="04LOOK")).to_be_visible()
        await expect(page.get_by_role("link", name="Add a token")).to_have_count(0)
        await expect(page.get_by_role("tab", name="Import")).to_have_count(0)
        await visitor.go(f"/sites/{site['id']}")
        await visitor.heading("Looked at")
        await expect(page.get_by_role("button", name="Remove")).to_have_count(0)
        await visitor.go("/settings/server")
        await expect(page.get_by_text("Takes work")).to_be_visible()
        await expect(page.get_by_role("table", name="What the server was set to")).to_have_count(0)
        # Whoever types the address is told so.
        await visitor.go("/users")
        await expect(page.get_by_role("alert")).to_contain_text("You may not do this.")
        await visitor.accessible()


async def test_letting_somebody_in_and_locking_them_out(dashboard: Dashboard) -> None:
    async with dashboard.visitor() as visitor:
        page = visitor.page
        await visitor.go("/users/new")
        await page.get_by_role("textbox", name="Name", exact=True).fill("tina")
        await page.get_by_role("combobox", name="Role").click()
        await page.get_by_role("option", name="Technician").click()
        await visitor.accessible()
        await page.get_by_role("button", name="Add a user").click()
        await expect(page.get_by_role("status").filter(has_text="tina was added.")).to_be_visible()
        password = await page.get_by_label("Password", exact=True).inner_text()
        await visitor.accessible()
        await page.get_by_role("link", name="I have kept it").click()
        await visitor.heading("tina")
        async with dashboard.visitor(signed_in=False) as tina:
            await tina.go("/")
            await tina.page.get_by_label("Name").fill("tina")
            await tina.page.get_by_role("textbox", name="Password").fill(password)
            await tina.page.get_by_role("button", name="Sign in").click()
            await tina.heading("Overview")
            await page.get_by_role("switch", name="May sign in").uncheck()
            await page.get_by_role("button", name="Save").click()
            await expect(page.get_by_text("Locked out", exact=True)).to_be_visible()
            await visitor.accessible()
            await tina.go("/stations")
            await tina.heading("Sign in to Forecourt")
        await visitor.go("/users/roles")
        row = page.get_by_role("row").filter(has_text="Send commands to stations")
        await expect(row.get_by_role("img", name="Yes")).to_have_count(3)
        await visitor.accessible()


async def test_a_key_is_shown_once_and_revoked(dashboard: Dashboard) -> None:
    async with dashboard.visitor() as visitor:
        page = visitor.page
        await visitor.go("/keys/new")
        await page.get_by_role("textbox", name="Purpose").fill("Billing")
        await visitor.accessible()
        await page.get_by_role("button", name="Add a key").click()
        key = await page.get_by_label("Key", exact=True).inner_text()
        await visitor.accessible()
        bearer = {"Authorization": f"Bearer {key}"}
        assert (await dashboard.system.client.get("/api/v1/stations", headers=bearer)).status_code == 200
        await page.get_by_role("link", name="I have kept it").click()
        await visitor.heading("API keys")
        await expect(page.get_by_text(key)).to_have_count(0)
        await page.get_by_role("button", name="Revoke: Billing").click()
        await page.get_by_role("dialog").get_by_role("button", name="Revoke").click()
        await expect(page.get_by_role("row").filter(has_text="Billing")).to_contain_text("Revoked")
        assert (await dashboard.system.client.get("/api/v1/stations", headers=bearer)).status_code == 401
        await visitor.accessible()


async def test_a_webhook_that_fails_and_is_delivered_later(dashboard: Dashboard) -> None:
    async with receiving(400) as receiver, dashboard.visitor() as visitor:
        page = visitor.page
        await visitor.go("/webhooks/new")
        await page.get_by_role("textbox", name="Name").fill("Chat")
        await page.get_by_role("textbox", name="Address").fill(receiver.url)
        await page.get_by_role("combobox", name="Events").fill("SiteChanged")
        await page.get_by_role("option", name="A site was added, changed or removed").click()
        await page.keyboard.press("Escape")
        await visitor.accessible()
        await page.get_by_role("button", name="Add a webhook").click()
        await expect(page.get_by_label("Secret", exact=True)).to_contain_text("whsec_")
        await page.get_by_role("link", name="I have kept it").click()
        await visitor.heading("Chat")
        await dashboard.system.platform.post("/sites", {"name": "Told of"})
        # Nobody has touched the page.
        await expect(page.get_by_role("row").filter(has_text="SiteChanged")).to_contain_text("Given up")
        await visitor.accessible()
        await page.get_by_role("tab", name="Dead letters").click()
        row = page.get_by_role("row").filter(has_text="answered 400")
        await row.get_by_role("button", name="Look").click()
        await expect(page.get_by_role("dialog")).to_contain_text("Told of")
        await page.get_by_role("dialog").get_by_role("button", name="Close").click()
        receiver.usual = 200
        await row.get_by_role("button", name="Send again").click()
        await expect(page.get_by_role("status").filter(has_text="It has arrived")).to_be_visible()
        await expect(page.get_by_text("No dead letters")).to_be_visible()
        await visitor.accessible()


async def test_who_changed_a_site_and_how(dashboard: Dashboard) -> None:
    site = await dashboard.system.platform.post("/sites", {"name": "Old Yard", "timeZone": "Europe/Berlin"})
    async with dashboard.visitor() as visitor:
        page = visitor.page
        await visitor.go(f"/sites/{site['id']}/edit")
        await page.get_by_role("textbox", name="Name").fill("New Yard")
        await visitor.accessible()
        await page.get_by_role("button", name="Save").click()
        await visitor.heading("New Yard")
        await visitor.accessible()
        await visitor.go(f"/audit?subject={quote('sites/' + str(site['id']), safe='')}")
        row = page.get_by_role("row").filter(has_text="Changed a site")
        await expect(row).to_contain_text("admin")
        await visitor.accessible()
        await row.get_by_role("link").first.click()
        await visitor.heading("Changed a site")
        different = page.get_by_role("table", name="What was different afterwards").get_by_role("row")
        await expect(different).to_have_count(2)
        await expect(different.nth(1)).to_contain_text("Old Yard")
        await expect(different.nth(1)).to_contain_text("New Yard")
        await visitor.accessible()


async def test_why_a_station_is_not_let_in(dashboard: Dashboard) -> None:
    made = await add(dashboard.system.platform, "LOCKED-OUT")
    url = f"ws://127.0.0.1:{dashboard.system.csms.port}/ocpp"
    async with dashboard.visitor() as visitor:
        page = visitor.page
        await visitor.go(f"/stations/{made['id']}/security")
        await visitor.heading("LOCKED-OUT")
        await expect(page.get_by_text("It was never turned away")).to_be_visible()
        with pytest.raises(Exception, match="401"):
            async with station(url, "LOCKED-OUT", V16, password="not the one"):
                pass
        # Nobody has touched the page.
        refused = page.get_by_role("table", name="Refused connections")
        await expect(refused).to_contain_text("The password is wrong")
        await expect(refused).to_contain_text("Give the station a new password here")
        events = page.get_by_role("table", name="Security events")
        await expect(events).to_contain_text("The station could not prove who it is")
        await visitor.accessible()
        await visitor.go("/security/refused?reason=wrong_password")
        await expect(page.get_by_role("row").filter(has_text="LOCKED-OUT")).to_be_visible()
        await visitor.accessible()
        await visitor.go("/security")
        await expect(page.get_by_role("row").filter(has_text="LOCKED-OUT")).to_be_visible()
        await visitor.accessible()


async def test_ones_own_settings(dashboard: Dashboard) -> None:
    async with dashboard.visitor() as visitor, dashboard.visitor() as elsewhere:
        page = visitor.page
        await elsewhere.go("/")
        await elsewhere.heading("Overview")
        await visitor.go("/settings")
        await visitor.heading("Settings")
        await visitor.accessible()
        await page.get_by_role("textbox", name="Present password").fill("a guess that is wrong")
        await page.get_by_role("textbox", name="New password", exact=True).fill(ADMINISTRATOR)
        await page.get_by_role("textbox", name="New password again").fill(f"{ADMINISTRATOR}?")
        await expect(page.get_by_text("The two are not the same.")).to_be_visible()
        await expect(page.get_by_role("button", name="Change the password")).to_be_disabled()
        await page.get_by_role("textbox", name="New password again").fill(ADMINISTRATOR)
        await page.get_by_role("button", name="Change the password").click()
        await expect(page.get_by_role("alert")).to_contain_text("the current password is not right")
        await page.get_by_role("button", name="Sign out everywhere else").click()
        await page.get_by_role("dialog").get_by_role("button", name="Sign out everywhere else").click()
        await expect(page.get_by_role("button", name="Sign out everywhere else")).to_have_count(0)
        await elsewhere.go("/stations")
        await elsewhere.heading("Sign in to Forecourt")
        await page.get_by_text("Deutsch", exact=True).click()
        await visitor.heading("Einstellungen")
        await page.get_by_role("tab", name="Der Server").click()
        await expect(page.get_by_role("row").filter(has_text="api.administrator_password")).to_contain_text("***")
        await visitor.accessible()


PAGES = (
    ("/tokens", "Karten & Tokens"),
    ("/sites", "Standorte"),
    ("/sites/new", "Standort hinzufügen"),
    ("/organisations", "Organisationen"),
    ("/organisations/1", "Forecourt"),
    ("/users", "Benutzer"),
    ("/keys", "API-Schlüssel"),
    ("/webhooks", "Webhooks"),
    ("/audit", "Protokoll"),
    ("/security", "Sicherheit"),
    ("/settings/server", "Einstellungen"),
)


async def test_administration_in_german_on_a_phone(dashboard: Dashboard) -> None:
    async with dashboard.visitor(viewport={"width": 390, "height": 800}, locale="de-DE", has_touch=True) as visitor:
        for path, heading in PAGES:
            await visitor.go(path)
            await visitor.heading(heading)
            await expect(visitor.page.locator("[aria-busy=true]")).to_have_count(0)
            await visitor.accessible()
            width = await visitor.page.evaluate("document.documentElement.scrollWidth")
            assert width <= 390, f"{path} is wider than the screen"
