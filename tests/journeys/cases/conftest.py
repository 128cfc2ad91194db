"""One running management system for all certification cases of a module: each brings a station and tokens of its own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import pytest_asyncio

from forecourt.csms import app
from forecourt.csms.config import Api, Charging, Config, Database, Gateway, Server, Tls
from forecourt.csms.store.embedded import EmbeddedPostgres
from tests.csms.conftest import another_database
from tests.journeys.site import Site


@asynccontextmanager
async def serving(
    server: EmbeddedPostgres, folder: Path, tls: Tls | None = None, price_per_kwh: str = "0"
) -> AsyncGenerator[Site, None]:
    """A management system on a database of its own."""
    # The debug mode of asyncio takes more than half of the time of hundreds of short cases; the other journeys have it on.
    asyncio.get_running_loop().set_debug(False)
    async with another_database(server, "cases") as url:
        config = Config(
            server=Server(host="127.0.0.1", port=0),
            api=Api(enabled=False),
            database=Database(url=url, folder=folder),
            gateway=Gateway(call_timeout_s=10.0),
            tls=tls or Tls(),
            charging=Charging(price_per_kwh=price_per_kwh),
        )
        async with app.run(config) as csms:
            yield Site(csms, secure=tls is not None)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def site(server: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Site]:
    """The management system, running until the last case of the module is over."""
    async with serving(server, tmp_path_factory.mktemp("csms")) as running:
        yield running
