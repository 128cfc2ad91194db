"""A database for tests that run the command line's parts in their own process."""

from __future__ import annotations

from tests.csms.conftest import database_url, server, server_folder

__all__ = ["database_url", "server", "server_folder"]
