"""A whole management system with its API on a real database. The tests of a process share one and find it as it was at first.

A test that lets stations in, or needs a system that has served nobody (`fresh`), leaves one behind that is started anew.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest
import pytest_asyncio

from forecourt.csms.config import Api, Gateway, Webhooks
from forecourt.csms.store.embedded import EmbeddedPostgres
from tests.csms.api.sharing import Systems
from tests.csms.api.system import System, client_of
from tests.csms.conftest import another_database


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What is shared lives in one loop."""
    for item in items:
        if Path(__file__).parent in item.path.parents and pytest_asyncio.is_async_test(item):
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


@pytest.fixture
def api_settings() -> Api:
    """How the API is set up. A module of tests may have it otherwise."""
    return Api(port=0, administrator_password="a-password-for-the-administrator")


@pytest.fixture
def gateway() -> Gateway:
    """How stations are received. A module of tests may have it otherwise."""
    return Gateway()


@pytest.fixture
def webhook_settings() -> Webhooks:
    """How receivers of webhooks are reached. A module of tests may have it otherwise."""
    return Webhooks()


@pytest.fixture
def fresh() -> None:
    """For tests about what a system keeps in memory: theirs has just been started, and nobody else gets it."""


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def systems(server: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Systems]:
    """The system that is shared, whichever it is at the moment."""
    # The debug mode of asyncio takes half of the time of requests; the journeys of stations have it on.
    asyncio.get_running_loop().set_debug(False)
    async with another_database(server, "shared") as url:
        made = Systems(server, url, tmp_path_factory.mktemp("shared"))
        yield made
        await made.stop()


@pytest_asyncio.fixture(loop_scope="session")
async def system(
    systems: Systems,
    request: pytest.FixtureRequest,
    api_settings: Api,
    gateway: Gateway,
    webhook_settings: Webhooks,
) -> AsyncIterator[System]:
    """The management system, running."""
    alone = "fresh" in request.fixturenames
    csms = await systems.running(api_settings, gateway, webhook_settings, fresh=alone)
    async with client_of(csms) as client:
        made = System(csms, client, systems.local_key)

        async def look(request: httpx2.Request) -> None:
            # Guesses at passwords are counted.
            made.leaves_traces |= request.url.path == "/api/v1/session"

        client.event_hooks["request"].append(look)
        yield made
        systems.leave(as_it_was=not (alone or made.leaves_traces))
