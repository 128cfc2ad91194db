"""A database, and a management system with its API, for tests that run the command line's parts in their own process."""

from __future__ import annotations

from tests.csms.api.conftest import api_settings, gateway, system, systems, webhook_settings
from tests.csms.conftest import database_url, server, server_folder

__all__ = [
    "api_settings",
    "database_url",
    "gateway",
    "server",
    "server_folder",
    "system",
    "systems",
    "webhook_settings",
]
