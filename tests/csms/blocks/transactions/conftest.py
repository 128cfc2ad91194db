"""A world with a clock that stands still until a test moves it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from forecourt.clock import VirtualClock
from forecourt.csms.store.opening import open_store
from tests.csms.blocks.transactions.world import NOW, World


@pytest.fixture
async def world(database_url: str) -> AsyncIterator[World]:
    """Organisations, a station and tokens in a real database; the journal writes at once."""
    clock = VirtualClock(NOW)
    async with open_store(database_url, clock, linger_s=0.0, hold_s=10.0) as store:
        made = World(store, clock)
        await made.populate()
        yield made
        await made.tasks.finish()
