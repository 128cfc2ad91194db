"""What the server says of itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from forecourt import __version__
from forecourt.csms.api.about import settings_of
from forecourt.csms.config import Api, Config, Database, Gateway
from forecourt.csms.web.permissions import Role
from tests.csms.api.system import System

pytestmark = pytest.mark.usefixtures("fresh")


async def test_everybody_is_told_what_server_this_is(system: System) -> None:
    viewer = await system.caller(Role.VIEWER, system.csms.organisation)
    about = await viewer.get("/about")
    assert about == {"version": __version__, "ocppSubprotocols": ["ocpp2.1", "ocpp2.0.1", "ocpp1.6"]}


async def test_settings_are_shown_to_those_who_administer_the_platform(system: System) -> None:
    settings = {one["name"]: one for one in (await system.platform.get("/settings"))["items"]}
    assert settings["api.port"] == {
        "name": "api.port",
        "variable": "FORECOURT__API__PORT",
        "value": "0",
        "isDefault": False,
    }
    assert settings["retention.event_days"]["isDefault"] is True
    somebody = await system.caller(Role.ADMINISTRATOR, system.csms.organisation)
    assert (await somebody.refused("GET", "/settings"))[:2] == (403, "not_allowed")


def test_no_secret_is_among_the_settings() -> None:
    config = Config(
        api=Api(administrator_password="hush hush"),
        database=Database(url="postgresql://me:hush@db/forecourt", folder=Path("kept")),
        gateway=Gateway(path="/charge"),
    )
    shown = {one.name: one.value for one in settings_of(config)}
    assert (shown["api.administrator_password"], shown["database.url"]) == ("***", "***")
    assert (shown["database.folder"], shown["gateway.path"]) == ("kept", "/charge")
    assert "hush" not in str(shown)
    assert {one.name: one.value for one in settings_of(Config())}["database.url"] == ""
