"""The stations of these tests, in a real database."""

from __future__ import annotations

import pytest

from forecourt.csms.store.work import Store
from tests.csms.blocks.availability.world import populate


@pytest.fixture
async def peopled(store: Store) -> Store:
    """A store in which stations exist."""
    await populate(store)
    return store
