"""One management system with its dashboard, and one browser, for all journeys of a module."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import async_playwright

from forecourt.csms import app
from forecourt.csms.config import Api, Config, Database, Gateway, Server, Webhooks
from forecourt.csms.store.embedded import EmbeddedPostgres
from tests.csms.api.system import System, client_of
from tests.csms.conftest import another_database, server
from tests.web.browsing import ADMINISTRATOR, Dashboard
from tools.web.__main__ import build
from tools.web.browser import launching

__all__ = ["server"]


@asynccontextmanager
async def opened(
    server: EmbeddedPostgres, folder: Path, database: str, **settings: Any
) -> AsyncGenerator[Dashboard, None]:
    """The dashboard as it is built from the sources, in front of a management system that nobody has used yet.

    `database` names one of its own, `settings` are parts of the configuration.
    """
    asyncio.get_running_loop().set_debug(False)
    await asyncio.to_thread(build)
    options = await asyncio.to_thread(launching)
    async with another_database(server, database) as url:
        config = Config(
            server=Server(host="127.0.0.1", port=0),
            api=Api(port=0, administrator_password=ADMINISTRATOR),
            gateway=Gateway(registration="pending", call_timeout_s=5.0),
            webhooks=Webhooks(private_networks=True),
            database=Database(url=url, folder=folder),
            **settings,
        )
        async with app.run(config) as csms, client_of(csms) as client, async_playwright() as playwright:
            browser = await playwright.chromium.launch(**options)
            try:
                key = (folder / "secrets/local-administration").read_bytes().hex()
                yield Dashboard(System(csms, client, key), browser)
            finally:
                await browser.close()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def dashboard(server: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Dashboard]:
    """One for all journeys of a module."""
    async with opened(server, tmp_path_factory.mktemp("csms"), "browsed") as there:
        yield there
