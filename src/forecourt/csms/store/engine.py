"""The database behind an address: its connections, and whether it is one we can use.

Addresses are given to asyncpg as they are, so everything a PostgreSQL address may say (`sslmode`, several hosts,
`target_session_attrs`, a password file) works as operators know it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from forecourt.csms.store.errors import StoreAway, UnsuitableDatabase
from forecourt.csms.store.failures import Failure, judge
from forecourt.csms.store.silence import watch

OLDEST_VERSION = 15
# `OWNER` owns the tables. `API` owns nothing: it serves requests and is bound by row-level security.
OWNER, API = "forecourt", "forecourt_api"

_DRIVER = "postgresql+asyncpg"
_SCHEMES = frozenset({"postgresql", "postgres", _DRIVER})
_CONNECT_TIMEOUT_S = 5.0


def normalised(url: str) -> str:
    """`url` as asyncpg reads it, with the scheme `postgresql`. Raises `UnsuitableDatabase` for another scheme."""
    parts = urlsplit(url)
    if parts.scheme not in _SCHEMES:
        raise UnsuitableDatabase(
            f"a database address begins with postgresql://, not with {parts.scheme or 'nothing'}://:"
            " PostgreSQL is the only database Forecourt runs on"
        )
    rebuilt = urlunsplit(("postgresql", *parts[1:]))
    # urlunsplit drops the empty host that a socket's address has.
    return rebuilt if "://" in rebuilt else rebuilt.replace("postgresql:", "postgresql://", 1)


def redacted(url: str) -> str:
    """`url` without its password, for logs and messages."""
    parts = urlsplit(normalised(url))
    place = parts.netloc.rpartition("@")
    account = place[0].partition(":")[0]
    shown = f"{account}@{place[2]}" if place[1] else place[2]
    return f"postgresql://{shown}{parts.path}"


@dataclass(frozen=True, slots=True)
class Database:
    """A database and its pool of connections. Made by `connect`; closing it is its maker's duty."""

    url: str = field(repr=False)
    engine: AsyncEngine
    plain: AsyncEngine
    """The same connections, where each statement is a transaction of its own unless BEGIN and COMMIT are said in words."""
    _settings: Mapping[str, str]

    async def open_connection(self) -> asyncpg.Connection[Any]:
        """A connection of the driver's own, outside the pool, for COPY and for whoever needs one for long."""
        return await _open(self.url, self._settings)

    async def version(self) -> int:
        """The server's release. Raises `UnsuitableDatabase` if it is too old, `StoreAway` if it is not to be reached."""
        try:
            async with self.engine.connect() as connection:
                said = (await connection.execute(text("SELECT current_setting('server_version_num')"))).scalar_one()
        except Exception as error:
            if judge(error) is Failure.AWAY:
                raise StoreAway(f"{redacted(self.url)} does not answer: {error}") from error
            raise UnsuitableDatabase(f"{redacted(self.url)} cannot be used: {error}") from error
        release = int(said) // 10_000
        if release < OLDEST_VERSION:
            raise UnsuitableDatabase(
                f"{redacted(self.url)} is PostgreSQL {release}; Forecourt needs {OLDEST_VERSION} or newer"
            )
        return release

    async def close(self) -> None:
        """Close the pool. Connections handed out by `open_connection` are closed by those who asked."""
        await self.engine.dispose()


def connect(
    url: str, *, pool_size: int = 10, role: str = "", name: str = "forecourt", always_plan: bool = False
) -> Database:
    """The database at `url`; nothing is opened yet.

    `role` is a database role to act as on every connection, one that the account in the URL is a member of. `name` is
    what shows up in the server's list of connections. `always_plan` is for statements for which a plan that is made for all
    values would be bad for some. Raises `UnsuitableDatabase` for a malformed address.
    """
    address = normalised(url)
    settings = {"timezone": "UTC", "application_name": name}
    if role:
        settings["role"] = role
    if always_plan:
        settings["plan_cache_mode"] = "force_custom_plan"
    engine = create_async_engine(
        f"{_DRIVER}://",
        async_creator=lambda: _open(address, settings),
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=_CONNECT_TIMEOUT_S,
        # Freshly used connections first, so that a quiet pool does not keep stale ones in turn.
        pool_use_lifo=True,
        json_serializer=lambda value: msgspec.json.encode(value).decode(),
        json_deserializer=msgspec.json.decode,
    )
    watch(engine)
    return Database(address, engine, engine.execution_options(isolation_level="AUTOCOMMIT"), settings)


async def _open(url: str, settings: Mapping[str, str]) -> asyncpg.Connection[Any]:
    try:
        return await asyncpg.connect(url, server_settings=dict(settings), timeout=_CONNECT_TIMEOUT_S)
    except ValueError as error:
        raise UnsuitableDatabase(f"{redacted(url)} is not an address: {error}") from error
