"""The database of these tests, with asyncio in its debug mode."""

from __future__ import annotations

import asyncio

import pytest


@pytest.fixture
async def database_url(database_url: str) -> str:
    """The address of a migrated, empty database, for tests that threads or cancelled tasks are the point of."""
    asyncio.get_running_loop().set_debug(True)
    return database_url
