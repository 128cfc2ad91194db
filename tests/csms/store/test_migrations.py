"""The schema: migrated once whoever starts, the same as declared, and never by an older program."""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

import forecourt
from forecourt.csms.store import migrations
from forecourt.csms.store.embedded import EmbeddedPostgres
from forecourt.csms.store.engine import Database, connect
from forecourt.csms.store.errors import UnsuitableDatabase
from forecourt.csms.store.folder import ADMINISTRATOR
from forecourt.csms.store.migrations import is_known, newest_revision, revision, upgrade
from forecourt.csms.store.opening import database_server, open_api_database
from forecourt.csms.store.rows import Driver
from forecourt.csms.store.schema import metadata


async def test_of_two_that_start_together_one_migrates_and_the_other_waits(empty_database_url: str) -> None:
    first, second = connect(empty_database_url), connect(empty_database_url)
    said: list[str] = []
    waits = asyncio.Event()

    def hear(words: str) -> None:
        said.append(words)
        waits.set()

    # The lock is held as if a migration were running; what then waits for it must find the work done.
    async with first.engine.begin() as migrating:
        await migrating.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": int.from_bytes(b"forecour")})
        async with asyncio.TaskGroup() as group:
            waiting = group.create_task(upgrade(second, progress=hear))
            await waits.wait()
            assert said == ["waiting for another process to migrate the database"]
            assert await revision(first) is None
            await migrating.rollback()
    assert waiting.result() == newest_revision()
    async with asyncio.TaskGroup() as group:
        both = [group.create_task(upgrade(database)) for database in (first, second)]
    assert [task.result() for task in both] == [newest_revision()] * 2
    await first.close()
    await second.close()


async def test_two_real_migrations_at_once_do_not_collide(empty_database_url: str) -> None:
    databases = [connect(empty_database_url) for _ in range(3)]
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(upgrade(database)) for database in databases]
    assert {task.result() for task in tasks} == {newest_revision()}
    for database in databases:
        await database.close()


def test_files_are_named_after_revisions_in_their_order() -> None:
    (folder,) = migrations.__path__
    newest, *older = [script.revision for script in ScriptDirectory(folder).walk_revisions()]
    assert newest_revision() == newest
    assert all(is_known(one) for one in (newest, *older))
    assert sorted([newest, *older], reverse=True) == [newest, *older]
    assert len(list((Path(folder) / "versions").glob("m*.py"))) == 1 + len(older)
    assert not is_known("9999_future")


async def test_the_migrations_build_what_the_tables_declare(database_url: str) -> None:
    root = Path(forecourt.__path__[0])
    for path in (root / "csms").rglob("*.py"):
        if "migrations" not in path.parts and "store.schema import" in path.read_text("utf-8"):
            importlib.import_module(".".join(("forecourt", *path.relative_to(root).with_suffix("").parts)))

    def differences(connection: Connection) -> list[object]:
        def ours(thing: object, name: str | None, kind: str, reflected: bool, other: object) -> bool:
            return not (
                kind == "table" and reflected and (name == "alembic_version" or _is_partition(connection, name))
            )

        context = MigrationContext.configure(connection, opts={"include_object": ours, "compare_server_default": False})
        return list(compare_metadata(context, metadata))

    database = connect(database_url)
    async with database.engine.connect() as connection:
        assert await connection.run_sync(differences) == []
    await database.close()


def _is_partition(connection: Connection, name: str | None) -> bool:
    found = connection.execute(text("SELECT relispartition FROM pg_class WHERE relname = :name"), {"name": name})
    return bool(found.scalar_one_or_none())


async def test_a_schema_of_a_newer_program_is_left_alone(empty_database_url: str) -> None:
    database = connect(empty_database_url)
    await upgrade(database)
    async with database.engine.begin() as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = '9999_future'"))
    with pytest.raises(UnsuitableDatabase, match="9999_future"):
        await upgrade(database)
    await database.close()


async def test_a_step_that_fails_leaves_the_database_as_it_was(empty_database_url: str) -> None:
    database = connect(empty_database_url)
    async with database.engine.begin() as connection:
        await connection.execute(text("CREATE TABLE job (somebody_elses int)"))
    with pytest.raises(Exception, match="job"):
        await upgrade(database)
    assert await revision(database) is None
    async with database.engine.begin() as connection:
        assert (await connection.execute(text("SELECT to_regclass('event')"))).scalar_one() is None
    await database.close()


@pytest.fixture
async def administrator(server: EmbeddedPostgres) -> AsyncIterator[Driver]:
    """A superuser's connection, while the role of the API is out of the way; the account `newcomer` may log in."""
    connection = await asyncpg.connect(server.url(ADMINISTRATOR, "postgres"))
    await connection.execute("ALTER ROLE forecourt_api RENAME TO aside")
    await connection.execute("CREATE ROLE newcomer LOGIN PASSWORD 'secret'")
    await connection.execute("CREATE DATABASE elsewhere OWNER newcomer")
    yield connection
    await connection.execute("DROP DATABASE elsewhere")
    await connection.execute("DROP ROLE IF EXISTS forecourt_api, newcomer")
    await connection.execute("ALTER ROLE aside RENAME TO forecourt_api")
    await connection.close()


@pytest.fixture
async def elsewhere(server: EmbeddedPostgres, administrator: Driver) -> AsyncIterator[Database]:
    """A database of somebody who brought a server of their own."""
    url = f"postgresql://newcomer:secret@/elsewhere?host={server.folder.socket_folder()}"
    database = connect(url)
    yield database
    await database.close()


async def test_an_account_that_may_not_make_the_role_says_what_an_administrator_has_to_run(
    elsewhere: Database, administrator: Driver
) -> None:
    with pytest.raises(UnsuitableDatabase) as caught:
        await upgrade(elsewhere)
    for statement in str(caught.value).rpartition("run: ")[2].split("; "):
        await administrator.execute(statement)
    await upgrade(elsewhere)
    await _acts_as_api(elsewhere)


async def test_an_account_that_may_makes_the_role_itself(elsewhere: Database, administrator: Driver) -> None:
    await administrator.execute("ALTER ROLE newcomer CREATEROLE")
    await upgrade(elsewhere)
    await _acts_as_api(elsewhere)


@pytest.mark.parametrize("might", ["SUPERUSER", "BYPASSRLS"])
async def test_a_role_that_is_above_row_level_security_is_refused(
    elsewhere: Database, administrator: Driver, might: str
) -> None:
    await administrator.execute(f"CREATE ROLE forecourt_api {might}")
    with pytest.raises(UnsuitableDatabase, match="neither a superuser nor exempt"):
        await upgrade(elsewhere)


async def _acts_as_api(database: Database) -> None:
    """With one address for both, the API switches to its role on every connection."""
    async with database_server(database.url, Path("unused")) as addresses:
        api = open_api_database(addresses)
        async with api.engine.connect() as connection:
            assert (await connection.execute(text("SELECT current_user"))).scalar_one() == "forecourt_api"
            with pytest.raises(DBAPIError, match="permission denied"):
                await connection.execute(text("SELECT * FROM user_password"))
        await api.close()
