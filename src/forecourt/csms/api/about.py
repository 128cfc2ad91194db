"""What this server is, and what it was set to: to look at, since it is changed in its file and takes a restart."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import msgspec
from litestar import Response
from litestar.handlers import HTTPRouteHandler

from forecourt import __version__
from forecourt.csms.config import Config
from forecourt.csms.web.requests import ApiRequest
from forecourt.csms.web.routes import SIGNED_IN, read
from forecourt.ocpp.versions import VERSIONS

_SECRET: Final = re.compile(r"password|secret|token|(^|_)key$|^url$")
"""Names of settings whose values are shown to nobody: the database's address has a password in it."""


class About(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The server. `ocppSubprotocols` are what stations may speak, the newest first."""

    version: str
    ocpp_subprotocols: list[str]


class SettingOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A setting: `name` with its section, `variable` the one of the environment that overrides it. `value` is `***` where it is a
    secret, `isDefault` says that nobody has set it to anything else."""

    name: str
    variable: str
    value: str
    is_default: bool


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """Every setting there is."""

    items: list[SettingOut]


def routes(config: Config) -> list[HTTPRouteHandler]:
    """The routes about the server itself."""

    @read("/about", permission=SIGNED_IN, tags=["Health"], summary="What server this is")
    async def get_about(request: ApiRequest) -> About:
        return About(version=__version__, ocpp_subprotocols=list(VERSIONS))

    @read("/settings", permission="settings.read", tags=["Health"], summary="List what the server was set to")
    async def list_settings(request: ApiRequest) -> Response[Settings]:
        """As it runs: from its file and the environment, or as it comes. Secrets are masked."""
        return request.tagged(Settings(items=list(settings_of(config))))

    return [get_about, list_settings]


def settings_of(config: Config) -> Iterator[SettingOut]:
    """The settings one by one, in the order of the sections."""
    usual = Config()
    for section in msgspec.structs.fields(Config):
        values, as_it_comes = getattr(config, section.name), getattr(usual, section.name)
        for field in msgspec.structs.fields(values):
            value = getattr(values, field.name)
            yield SettingOut(
                name=f"{section.name}.{field.name}",
                variable=f"FORECOURT__{section.name}__{field.name}".upper(),
                value=_shown(field.name, value),
                is_default=value == getattr(as_it_comes, field.name),
            )


def _shown(name: str, value: Any) -> str:
    plain = isinstance(value, str | Path)
    text = str(value) if plain else msgspec.json.encode(value, enc_hook=str).decode()
    return "***" if text and _SECRET.search(name) else text
