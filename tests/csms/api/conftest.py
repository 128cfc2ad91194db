"""A whole management system with its API on a real database, one for each test."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from forecourt.csms import app
from forecourt.csms.config import Api, Config, Database, Gateway, Server, Soap, Webhooks
from tests.csms.api.system import System, client_of


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
async def system(
    database_url: str, tmp_path: Path, api_settings: Api, gateway: Gateway, webhook_settings: Webhooks
) -> AsyncIterator[System]:
    """The management system, running."""
    config = Config(
        server=Server(host="127.0.0.1", port=0),
        api=api_settings,
        gateway=gateway,
        webhooks=webhook_settings,
        database=Database(url=database_url, folder=tmp_path),
        soap=Soap(trusted_networks=("127.0.0.0/8",)),
    )
    async with app.run(config) as csms, client_of(csms) as client:
        yield System(csms, client, (tmp_path / "secrets/local-administration").read_bytes().hex())
