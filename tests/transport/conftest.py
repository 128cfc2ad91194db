"""Fixtures of the transport's tests."""

from __future__ import annotations

import pytest

from tests.transport.authority import Authority


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """A certificate authority, made once."""
    return Authority.make(tmp_path_factory.mktemp("authority"))
