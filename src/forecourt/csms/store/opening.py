"""From settings to a store that works: which server, its schema up to date, the journal writing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from forecourt.clock import Clock
from forecourt.csms.store.engine import API, OWNER, Database, connect
from forecourt.csms.store.journal import Journal
from forecourt.csms.store.migrations import upgrade
from forecourt.csms.store.work import Store


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where the database is for the owner of the tables and for the API. They carry passwords: never log them.

    `api_role` is what connections of the API switch to where no account of its own is set up.
    """

    owner: str = field(repr=False)
    api: str = field(repr=False)
    api_role: str = ""


@asynccontextmanager
async def database_server(
    url: str, folder: Path, *, progress: Callable[[str], None] = lambda message: None
) -> AsyncIterator[Addresses]:
    """The server behind `url`, or, if that is empty, the embedded one of `folder`, running for as long as the block lasts.

    Raises `EmbeddedUnavailable`.
    """
    if url:
        yield Addresses(url, url, API)
        return
    # Here, because its modules need a system that can lock files and be asked for its accounts.
    from forecourt.csms.store.embedded import EmbeddedPostgres

    server = await asyncio.to_thread(EmbeddedPostgres, folder, progress=progress)
    try:
        await asyncio.to_thread(server.start)
        yield Addresses(server.url(OWNER), server.url(API))
    finally:
        await asyncio.to_thread(server.stop)


@asynccontextmanager
async def open_store(
    url: str,
    clock: Clock,
    *,
    hold_s: float = 15.0,
    linger_s: float = 0.002,
    pool_size: int = 10,
    publish: Callable[[str], None] = lambda subject: None,
    on_change: Callable[[bool], None] = lambda available: None,
    progress: Callable[[str], None] = lambda message: None,
) -> AsyncIterator[Store]:
    """The store of the database at `url`, with the schema up to date. What waits when the block ends is written first.

    Raises `UnsuitableDatabase`, `StoreAway`.
    """
    database = connect(url, pool_size=pool_size)
    try:
        await database.version()
        await upgrade(database, progress=progress)
        journal = Journal(database, clock, linger_s=linger_s, publish=publish, on_change=on_change)
        await journal.open()
        try:
            yield Store(database, journal, clock, hold_s=hold_s, publish=publish)
        finally:
            await journal.close()
    finally:
        await database.close()


def open_api_database(addresses: Addresses, *, pool_size: int = 10) -> Database:
    """The database as the API sees it: through row-level security, owning nothing."""
    return connect(
        addresses.api,
        pool_size=pool_size,
        role=addresses.api_role,
        name="forecourt-api",
        # Lists are filtered by whatever people choose: what finds a site's newest at once reads millions for another one.
        always_plan=True,
    )
