"""Every page there is, in front of a living network: it comes up, in both themes and on a phone, and everybody can use it.

`FORECOURT_PICTURES=docs/pictures make test ARGS=tests/web/test_pages.py` also takes the pictures of the documents.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, Final

import msgspec
import pytest
import pytest_asyncio
from playwright.async_api import async_playwright, expect

from forecourt.cli.demo import Kept, configuration, live
from forecourt.cli.demo_stations import MAKES
from forecourt.clock import SYSTEM
from forecourt.csms.config import Database
from forecourt.csms.store.embedded import EmbeddedPostgres
from tests.csms.api.system import Caller, System, client_of
from tests.csms.conftest import another_database
from tests.web.browsing import ADMINISTRATOR, PATIENCE_MS, Dashboard, pictures
from tools.web.__main__ import build
from tools.web.browser import launching
from tools.web.node import WEB

pytestmark = pytest.mark.asyncio(loop_scope="module")
expect.set_options(timeout=PATIENCE_MS)

PICTURES: Final = {
    "/": "overview",
    "/stations": "stations",
    "/stations/$stationId": "station",
    "/stations/$stationId/configuration": "configuration",
    "/sessions/$transactionId": "session",
    "/log": "log",
    "/tokens/judgements": "judgements",
}
"""What the documents show."""


def addresses() -> list[str]:
    """Every page that a feature names."""
    named = re.compile(r'^\s*(?:export const pages: Pages = \[)?\["(/[^"]*)"', re.MULTILINE)
    return sorted(
        address for path in WEB.glob("src/features/*/pages.ts") for address in named.findall(path.read_text("utf-8"))
    )


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def network(server: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Dashboard]:
    """The demo, when the first of its drivers are charging."""
    asyncio.get_running_loop().set_debug(False)
    folder: Path = tmp_path_factory.mktemp("demo")
    (folder / "stations").mkdir()
    await asyncio.to_thread(build)
    kept = Kept(
        administrator=ADMINISTRATOR, stations={make.identity: f"a password of {make.identity}" for make in MAKES}
    )
    async with AsyncExitStack() as stack:
        url = await stack.enter_async_context(another_database(server, "demo"))
        config = configuration(folder, kept, port=0, api_port=0)
        config = msgspec.structs.replace(config, database=Database(url=url, folder=folder))
        csms = await stack.enter_async_context(live(config, folder, kept, 1, lambda words: None))
        client = await stack.enter_async_context(client_of(csms))
        playwright = await stack.enter_async_context(async_playwright())
        options = await asyncio.to_thread(launching)
        browser = await playwright.chromium.launch(**options)
        stack.push_async_callback(browser.close)
        system = System(csms, client, (folder / "secrets/local-administration").read_bytes().hex())
        await _until_somebody_charges(system.platform)
        yield Dashboard(system, browser)


async def _until_somebody_charges(caller: Caller) -> None:
    async with SYSTEM.timeout(120):
        while not any(one["powerW"] for one in (await caller.get("/readings"))["items"]):
            pass


# Nothing is wider than the page, but for what can be moved inside of it.
_TOO_WIDE: Final = """() => document.documentElement.scrollWidth <= innerWidth ? [] : [...document.querySelectorAll("main *")]
    .filter((one) => one.getBoundingClientRect().right > innerWidth).map((one) => one.outerHTML.slice(0, 200))"""

# Of what does not happen here, so that nobody tries to reach the receiver, which does not exist.
_WEBHOOK: Final = {"name": "Billing", "url": "https://billing.example.org/hook", "kinds": ["ProviderDropped"]}


async def things(caller: Caller) -> dict[str, Any]:
    """Something of every kind, for the names in addresses."""
    session = (await caller.get("/transactions", params={"state": "active"}))["items"][0]
    stations = (await caller.get("/stations"))["items"]
    webhook = await caller.post("/webhooks", _WEBHOOK)
    user = await caller.post("/users", {"login": "mia", "grants": [{"role": "operator", "organisationId": 1}]})
    selection = {"stationIds": [one["id"] for one in stations]}
    bulk = await caller.post("/bulk-commands", {"kind": "ClearCache", "selection": selection}, 202)
    return {
        "stationId": session["stationId"],
        "transactionId": session["id"],
        "tokenId": session["tokenId"],
        "siteId": session["siteId"],
        "organisationId": 1,
        "webhookId": webhook["id"],
        "userId": user["id"],
        "bulkId": bulk["id"],
        "auditId": (await caller.get("/audit"))["items"][0]["id"],
    }


async def test_every_page_can_be_used_by_everybody(network: Dashboard) -> None:
    known = await things(network.system.platform)
    found = addresses()
    assert len(found) > 40
    # In German, whose words are longer.
    async with network.visitor(locale="de-DE") as visitor:
        page = visitor.page
        for address in found:
            await page.set_viewport_size({"width": 1280, "height": 900})
            await visitor.go(re.sub(r"\$(\w+)", lambda name: str(known[name[1]]), address))
            await expect(page.get_by_role("heading", level=1), address).to_have_count(1)
            await visitor.loaded()
            await expect(page.get_by_role("main").get_by_role("alert"), address).to_have_count(0)
            await visitor.accessible()
            await page.set_viewport_size({"width": 390, "height": 800})
            # The navigation takes a moment to make room.
            await page.evaluate("() => Promise.allSettled(document.getAnimations().map((one) => one.finished))")
            assert await page.evaluate(_TOO_WIDE) == [], f"{address} is wider than a phone"


async def test_pictures_of_the_main_pages(network: Dashboard, tmp_path: Path) -> None:
    folder = pictures() or tmp_path
    folder.mkdir(parents=True, exist_ok=True)
    session = (await network.system.platform.get("/transactions", params={"state": "active"}))["items"][-1]
    known = {"stationId": session["stationId"], "transactionId": session["id"]}
    async with network.visitor() as visitor:
        for address, name in PICTURES.items():
            await visitor.go(re.sub(r"\$(\w+)", lambda found: str(known[found[1]]), address))
            await visitor.page.get_by_role("heading", level=1).wait_for()
            await visitor.loaded()
            if address == "/":
                await expect(visitor.page.get_by_text(re.compile(r"\d of \d online"))).to_have_count(3)
            taken = await visitor.page.screenshot(path=folder / f"{name}.png")
            assert len(taken) > 20_000, f"{address} is nearly empty"
