"""A real PostgreSQL for the tests of the management system.

One embedded server per test process, one database in it, cloned from a migrated template and emptied after every test.
Tests that hurt the server start one of their own in `server_folder`.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import pytest

from forecourt.clock import SYSTEM
from forecourt.csms.store.embedded import EmbeddedPostgres
from forecourt.csms.store.engine import OWNER, connect
from forecourt.csms.store.folder import ADMINISTRATOR
from forecourt.csms.store.making import DATABASE
from forecourt.csms.store.migrations import upgrade
from forecourt.csms.store.opening import open_store
from forecourt.csms.store.work import Store

# The server of the tests may lose its data in a power cut; those that prove durability start another.
_QUICK = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}

_MEMORY = "/dev/shm"

_EMPTY = """
DO $$ DECLARE name text; BEGIN
SET LOCAL session_replication_role = replica;
FOR name IN SELECT oid::regclass::text FROM pg_class
    WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND relname <> 'alembic_version' AND pg_relation_size(oid) > 0
LOOP
    EXECUTE 'LOCK TABLE ' || name || ' IN EXCLUSIVE MODE';
    EXECUTE 'DELETE FROM ' || name;
END LOOP;
PERFORM setval(oid, 1, false) FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'S';
END $$
"""
"""Rows of a test are few, and to delete them takes a tenth of the time of TRUNCATE. Nobody may be writing them any more."""


@pytest.fixture
def server_folder() -> Iterator[Path]:
    """A path for an embedded server's folder, which does not exist yet, where the server's own account may go."""
    yield from _place()


def _place() -> Iterator[Path]:
    # Not tmp_path: only its owner may enter that, and as root the server runs as somebody else. In memory if there is
    # room: a thousand small files take seconds on a busy disk.
    roomy = os.path.isdir(_MEMORY) and shutil.disk_usage(_MEMORY).free > 2 * 1024**3
    place = Path(tempfile.mkdtemp(prefix="fc-", dir=_MEMORY if roomy else "/tmp"))
    if os.geteuid() == 0:
        place.chmod(0o711)
    yield place / "server"
    shutil.rmtree(place)


@pytest.fixture(scope="session")
def server() -> Iterator[EmbeddedPostgres]:
    """The server all tests of this process share. Do not stop it, do not kill it."""
    for folder in _place():
        running = EmbeddedPostgres(folder, extra_settings=_QUICK)
        running.start()
        try:
            asyncio.run(_prepare(running))
            yield running
        finally:
            running.stop()


async def _prepare(server: EmbeddedPostgres) -> None:
    """The database the server came with is the migrated template; `tests` is what tests write to."""
    database = connect(server.url())
    try:
        await upgrade(database)
    finally:
        await database.close()
    await _administrate(server, f"CREATE DATABASE tests TEMPLATE {DATABASE} OWNER {OWNER}")


async def _administrate(server: EmbeddedPostgres, statement: str, database: str = "postgres") -> None:
    connection = await asyncpg.connect(server.url(ADMINISTRATOR, database))
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


@pytest.fixture
async def database_url(server: EmbeddedPostgres) -> AsyncIterator[str]:
    """The address of a migrated, empty database. Close every connection to it before the test ends."""
    # The debug mode of asyncio takes a third of the time. The tests of the store, of the gateway and the journeys have it on.
    asyncio.get_running_loop().set_debug(False)
    yield server.url(OWNER, "tests")
    await _administrate(server, _EMPTY, "tests")


@asynccontextmanager
async def another_database(server: EmbeddedPostgres, name: str) -> AsyncGenerator[str, None]:
    """The address of a migrated, empty database of its own, for what several tests share."""
    await _administrate(server, f"CREATE DATABASE {name} TEMPLATE {DATABASE} OWNER {OWNER}")
    try:
        yield server.url(OWNER, name)
    finally:
        # A connection that was closed a moment ago may not be gone yet.
        await _administrate(server, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
async def empty_database_url(server: EmbeddedPostgres) -> AsyncIterator[str]:
    """The address of a database without any schema."""
    await _administrate(server, f"CREATE DATABASE blank OWNER {OWNER}")
    yield server.url(OWNER, "blank")
    await _administrate(server, "DROP DATABASE blank")


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    """A store on the tests' database, whose journal writes at once."""
    async with open_store(database_url, SYSTEM, linger_s=0.0, hold_s=10.0) as opened:
        yield opened
