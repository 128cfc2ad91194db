"""What an operator does with stations, at the dashboard, in a real browser."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from forecourt.csms.web.permissions import Role
from forecourt.ocpp.versions import V16, V201
from tests.csms.api.charger import add
from tests.journeys.driver import answer, station
from tests.journeys.site import CARD
from tests.web.browsing import ADMINISTRATOR, PATIENCE_MS, Dashboard, Network

pytestmark = pytest.mark.asyncio(loop_scope="module")
expect.set_options(timeout=PATIENCE_MS)


async def test_signing_in_with_a_wrong_password_first(dashboard: Dashboard) -> None:
    async with dashboard.visitor(signed_in=False) as visitor:
        page = visitor.page
        await visitor.go("/stations")
        await visitor.heading("Sign in to Forecourt")
        await visitor.accessible()
        await page.get_by_label("Name").fill("admin")
        await page.get_by_role("textbox", name="Password").fill("a guess that is wrong")
        await page.get_by_role("button", name="Sign in").click()
        await expect(page.get_by_role("alert")).to_contain_text("not right")
        await page.get_by_role("textbox", name="Password").fill(ADMINISTRATOR)
        await page.get_by_role("button", name="Sign in").click()
        # Where one wanted to go in the first place.
        await visitor.heading("Stations")
        await page.get_by_role("button", name="Signed in as admin").click()
        await page.get_by_role("menuitem", name="Sign out").click()
        await visitor.heading("Sign in to Forecourt")


async def test_from_the_wizard_to_the_first_session(dashboard: Dashboard) -> None:
    await dashboard.system.platform.post("/tokens", {"value": CARD, "kind": "ISO14443"})
    async with dashboard.visitor() as visitor:
        page = visitor.page
        await visitor.go("/stations")
        await page.get_by_role("link", name="Add a station").first.click()
        await visitor.heading("Add a station")
        await visitor.accessible()
        await page.get_by_role("textbox", name="Identity").fill("FIRST-1")
        await page.get_by_role("button", name="Next").click()
        await expect(page.get_by_label("Address", exact=True)).to_contain_text("/ocpp/FIRST-1")
        password = await page.get_by_label("Password", exact=True).inner_text()
        await visitor.accessible()
        await page.get_by_role("button", name="I have entered it").click()
        await expect(page.get_by_role("status").filter(has_text="Waiting")).to_be_visible()
        # Somebody mistypes it first, and the wizard says what is wrong.
        with pytest.raises(Exception, match="401"):
            async with station(
                f"ws://127.0.0.1:{dashboard.system.csms.port}/ocpp", "FIRST-1", V16, password="not the one"
            ):
                pass
        await expect(page.get_by_text("the password is wrong")).to_be_visible()
        async with station(
            f"ws://127.0.0.1:{dashboard.system.csms.port}/ocpp", "FIRST-1", V16, password=password
        ) as there:
            await there.boot()
            await there.connector("Available", "Available")
            await expect(page.get_by_text("There it is.")).to_be_visible()
            await page.get_by_role("link", name="Go to the station").click()
            evse = page.get_by_role("region", name="EVSE 1")
            await expect(evse).to_contain_text("Available")
            await there.start(CARD, 1000)
            await there.meter(3500, 60)
            await expect(evse).to_contain_text("2.5")
            await expect(evse).to_contain_text(CARD)
            await expect(evse.get_by_role("button", name="Stop charging")).to_be_visible()
            await visitor.accessible()


async def test_a_reset_that_the_station_refuses(dashboard: Dashboard) -> None:
    await add(dashboard.system.platform, "STUBBORN")
    refusing = {"Reset": answer(V201, "Reset", status="Rejected")}
    url = f"ws://127.0.0.1:{dashboard.system.csms.port}/ocpp"
    async with station(url, "STUBBORN", V201, refusing) as there, dashboard.visitor() as visitor:
        await there.boot()
        page = visitor.page
        await visitor.go("/stations?search=STUBBORN")
        await page.get_by_role("link", name="STUBBORN").click()
        await page.get_by_role("button", name="Commands").click()
        await page.get_by_role("menuitem", name="Restart").click()
        dialog = page.get_by_role("dialog")
        await visitor.accessible()
        await dialog.get_by_role("button", name="Send").click()
        await expect(dialog.get_by_role("status")).to_contain_text("The station has refused it.")
        await expect(dialog.get_by_role("status")).to_contain_text("Rejected")
        await dialog.get_by_role("button", name="Close").last.click()
        await page.get_by_role("tab", name="Commands").click()
        row = page.get_by_role("row").filter(has_text="Restart")
        await expect(row).to_contain_text("Refused")
        await visitor.accessible()


async def test_a_command_waits_for_a_station_that_is_away(dashboard: Dashboard) -> None:
    made = await add(dashboard.system.platform, "AWAY")
    url = f"ws://127.0.0.1:{dashboard.system.csms.port}/ocpp"
    accepting = {"ClearCache": answer(V201, "ClearCache", status="Accepted")}
    async with dashboard.visitor() as visitor:
        async with station(url, "AWAY", V201, accepting) as there:
            await there.boot()
        page = visitor.page
        await visitor.go(f"/stations/{made['id']}")
        await expect(page.get_by_text("Offline")).to_be_visible()
        await page.get_by_role("button", name="Commands").click()
        await page.get_by_role("menuitem", name="Clear the cache of tokens").click()
        await page.get_by_role("dialog").get_by_role("button", name="Send").click()
        outcome = page.get_by_role("dialog").get_by_role("status")
        await expect(outcome).to_contain_text("It waits until the station is connected.")
        async with station(url, "AWAY", V201, accepting) as there:
            await there.boot()
            # Nobody has touched the page.
            await expect(outcome).to_contain_text("The station has accepted it.")
            await expect(page.get_by_text("Online", exact=True)).to_be_visible()


async def test_many_stations_are_asked_at_once_and_some_refuse(dashboard: Dashboard) -> None:
    platform = dashboard.system.platform
    url = f"ws://127.0.0.1:{dashboard.system.csms.port}/ocpp"
    for name in ("MANY-1", "MANY-2", "MANY-3"):
        await add(platform, name)
    willing = {"ClearCache": answer(V201, "ClearCache", status="Accepted")}
    unwilling = {"ClearCache": answer(V201, "ClearCache", status="Rejected")}
    async with (
        station(url, "MANY-1", V201, willing) as first,
        station(url, "MANY-2", V201, unwilling) as second,
        dashboard.visitor() as visitor,
    ):
        await first.boot()
        await second.boot()
        page = visitor.page
        await visitor.go("/stations?search=MANY")
        for name in ("MANY-1", "MANY-2", "MANY-3"):
            await page.get_by_role("checkbox", name=f"Choose {name}").check()
        await page.get_by_role("button", name="Commands").click()
        await page.get_by_role("combobox", name="Command").click()
        await page.get_by_role("option", name="Clear the cache of tokens").click()
        await page.get_by_role("button", name="Send").click()
        await visitor.heading("Clear the cache of tokens")
        await expect(page.get_by_role("row").filter(has_text="MANY-1")).to_contain_text("Accepted")
        await expect(page.get_by_role("row").filter(has_text="MANY-2")).to_contain_text("Refused")
        await expect(page.get_by_role("row").filter(has_text="MANY-3")).to_contain_text("Queued")
        await expect(page.get_by_text("2 of 3 have an outcome")).to_be_visible()
        await visitor.accessible()


async def test_losing_and_regaining_the_connection(dashboard: Dashboard) -> None:
    await add(dashboard.system.platform, "SEEN-LATE")
    url = f"ws://127.0.0.1:{dashboard.system.csms.port}/ocpp"
    async with (
        Network(dashboard.system.csms.api_port).there() as network,
        dashboard.visitor(url=network.url) as visitor,
    ):
        page = visitor.page
        await visitor.go("/stations?search=SEEN-LATE")
        row = page.get_by_role("row").filter(has_text="SEEN-LATE")
        await expect(row).to_contain_text("Offline")
        await expect(page.get_by_role("status").filter(has_text="Live")).to_be_visible()
        # As when a laptop is closed: what happens meanwhile is caught up with.
        network.go_away()
        await expect(page.get_by_text("No connection to the server.")).to_be_visible()
        async with station(url, "SEEN-LATE", V201) as there:
            await there.boot()
            await expect(row).to_contain_text("Offline")
            network.come_back()
            await expect(row).to_contain_text("Online")
            await expect(page.get_by_text("No connection to the server.")).not_to_be_visible()


async def test_a_viewer_sees_everything_and_is_offered_nothing_to_change(dashboard: Dashboard) -> None:
    made = await add(dashboard.system.platform, "LOOK-ONLY")
    url = f"ws://127.0.0.1:{dashboard.system.csms.port}/ocpp"
    async with station(url, "LOOK-ONLY", V201) as there, dashboard.somebody(Role.VIEWER, "watcher") as visitor:
        await there.boot()
        await there.connector("Available", "Available")
        page = visitor.page
        await visitor.go(f"/stations/{made['id']}")
        await expect(page.get_by_role("region", name="EVSE 1")).to_contain_text("Available")
        for name in ("Commands", "Start charging", "Unlock", "More about this station"):
            await expect(page.get_by_role("button", name=name, exact=True)).to_have_count(0)
        await visitor.go("/stations")
        await expect(page.get_by_role("link", name="LOOK-ONLY")).to_be_visible()
        await expect(page.get_by_role("checkbox")).to_have_count(0)
        await expect(page.get_by_role("link", name="Add a station")).to_have_count(0)
        for name in ("Users", "API keys", "Audit log", "Message log"):
            await expect(page.get_by_role("link", name=name)).to_have_count(0)


async def test_an_operator_lets_a_stranger_in(dashboard: Dashboard) -> None:
    async with dashboard.visitor() as visitor, dashboard.station("STRANGER-1", announced=False):
        page = visitor.page
        await visitor.go("/")
        await page.get_by_role("link", name="Stations that ask to be let in").click()
        await page.get_by_role("link", name="STRANGER-1").click()
        asks = page.get_by_role("status").filter(has_text="asks to be let in")
        await expect(asks).to_be_visible()
        await visitor.accessible()
        await page.get_by_role("button", name="Let it in").click()
        await expect(asks).to_have_count(0)


async def test_a_view_of_the_list_is_kept_under_a_name(dashboard: Dashboard) -> None:
    await add(dashboard.system.platform, "VIEWED-1")
    await add(dashboard.system.platform, "UNSEEN-1")
    async with dashboard.visitor() as visitor:
        page = visitor.page
        await visitor.go("/stations")
        await page.get_by_role("textbox", name="Id, name or serial number").fill("VIEWED")
        await expect(page.get_by_role("row").filter(has_text="UNSEEN-1")).to_have_count(0)
        await page.get_by_role("button", name="Saved views").click()
        await page.get_by_role("menuitem", name="Save what is shown as a view").click()
        await page.get_by_role("textbox", name="Name of the view").fill("Mine")
        await page.get_by_role("button", name="Save", exact=True).click()
        await visitor.go("/stations")
        await expect(page.get_by_role("row").filter(has_text="UNSEEN-1")).to_be_visible()
        await page.get_by_role("button", name="Saved views").click()
        await page.get_by_role("menuitem", name="Mine", exact=True).click()
        await expect(page.get_by_role("row").filter(has_text="UNSEEN-1")).to_have_count(0)
        await expect(page.get_by_role("row").filter(has_text="VIEWED-1")).to_be_visible()


async def test_everything_can_be_reached_by_keyboard(dashboard: Dashboard) -> None:
    made = await add(dashboard.system.platform, "BY-KEYS", name="Under the roof")
    async with dashboard.visitor() as visitor:
        page = visitor.page
        await visitor.go("/")
        await page.get_by_role("navigation", name="Main").wait_for()
        await page.keyboard.press("Control+k")
        await expect(page.get_by_role("dialog").get_by_label("Search or go to").first).to_be_focused()
        await page.keyboard.type("by-keys")
        await page.get_by_role("option", name="BY-KEYS · Under the roof").wait_for()
        await page.keyboard.press("Enter")
        await visitor.heading("Under the roof (BY-KEYS)")
        assert page.url.endswith(f"/stations/{made['id']}")


async def test_in_german_on_a_phone(dashboard: Dashboard) -> None:
    await add(dashboard.system.platform, "HANDY-1")
    async with dashboard.visitor(viewport={"width": 390, "height": 800}, locale="de-DE", has_touch=True) as visitor:
        page = visitor.page
        await visitor.go("/stations?search=HANDY-1")
        await visitor.heading("Ladestationen")
        await expect(page.get_by_role("row").filter(has_text="HANDY-1")).to_contain_text("Offline")
        await visitor.accessible()
        width = await page.evaluate("document.documentElement.scrollWidth")
        assert width <= 390, "the page is wider than the screen"
        await page.get_by_role("button", name="Navigation öffnen").click()
        await page.get_by_role("link", name="Übersicht").click()
        await visitor.heading("Übersicht")
        await visitor.accessible()


async def test_what_does_not_exist_says_so(dashboard: Dashboard) -> None:
    async with dashboard.visitor() as visitor:
        await visitor.go("/stations/4711")
        await expect(visitor.page.get_by_role("alert")).to_contain_text("there is no station 4711")
        await visitor.go("/no-such-page")
        await expect(visitor.page.get_by_text("There is no such page")).to_be_visible()
        await visitor.accessible()
