"""A whole management system on a real database, one for each test, at a port of its own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from forecourt.csms import app
from forecourt.csms.config import Api, Config, Database, Gateway, Server, Soap
from tests.csms.conftest import database_url, server, server_folder
from tests.journeys.hurting import OwnServer
from tests.journeys.site import Site

__all__ = ["database_url", "server", "server_folder"]


@pytest.fixture
def gateway() -> Gateway:
    """How stations are received. A module or class of tests may have it otherwise."""
    return Gateway(registration="closed", call_timeout_s=10.0)


@pytest.fixture
async def site(database_url: str, tmp_path: Path, gateway: Gateway) -> AsyncIterator[Site]:
    """The management system, running."""
    asyncio.get_running_loop().set_debug(True)
    config = Config(
        server=Server(host="127.0.0.1", port=0),
        api=Api(enabled=False),
        database=Database(url=database_url, folder=tmp_path),
        gateway=gateway,
        soap=Soap(trusted_networks=("127.0.0.0/8",)),
    )
    async with app.run(config) as csms:
        yield Site(csms)


@pytest.fixture
async def own_server(server_folder: Path) -> AsyncIterator[OwnServer]:
    """A database server of this test's own, running."""
    made = OwnServer(server_folder)
    await made.start()
    yield made
    await made.stop()
