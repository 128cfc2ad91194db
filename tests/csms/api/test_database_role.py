"""What the database refuses the API's role, should a route ever ask for it."""

from __future__ import annotations

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from forecourt.csms.store.engine import Database
from forecourt.csms.store.scopes import Scope
from tests.csms.api.system import System

REFUSED = (
    "SELECT * FROM user_password",
    "SELECT * FROM user_session",
    "SELECT * FROM api_key_secret",
    "SELECT * FROM idempotency_key",
    "SELECT * FROM job",
    "SELECT * FROM refused_entry",
    "UPDATE user_account SET enabled = false",
    "DELETE FROM user_account",
    "INSERT INTO user_grant (user_id, role) VALUES (1, 'administrator')",
    "DELETE FROM user_grant",
    "UPDATE api_key SET revoked_at = NULL",
    "UPDATE audit SET actor = 'nobody'",
    "DELETE FROM audit",
    "CREATE TABLE mine (id int)",
    "ALTER TABLE site DISABLE ROW LEVEL SECURITY",
)


async def ask(database: Database, statement: str) -> None:
    """Run a statement in the widest scope there is."""
    async with database.engine.begin() as connection:
        await connection.exec_driver_sql(Scope(organisations=None).statement())
        await connection.execute(text(statement))


async def test_the_apis_role_may_not_touch_what_no_route_needs(system: System) -> None:
    assert system.csms.interface is not None
    for statement in REFUSED:
        with pytest.raises(DBAPIError) as refused:
            await ask(system.csms.interface.api.state.api_database, statement)
        assert refused.value.orig is not None
        assert isinstance(refused.value.orig.__cause__, asyncpg.InsufficientPrivilegeError), statement


async def test_without_a_scope_nothing_is_seen(system: System) -> None:
    await system.platform.post("/sites", {"name": "Depot"})
    assert system.csms.interface is not None
    database: Database = system.csms.interface.api.state.api_database
    async with database.engine.begin() as connection:
        for table in ("organisation", "site", "station", "user_account", "user_grant", "api_key", "audit", "event"):
            found = await connection.execute(text(f"SELECT count(*) FROM {table}"))
            assert found.scalar_one() == 0, table


async def test_each_list_is_planned_for_the_filters_it_is_asked_for_with(system: System) -> None:
    assert system.csms.interface is not None
    database: Database = system.csms.interface.api.state.api_database
    async with database.engine.connect() as connection:
        await connection.execute(
            text("CREATE TEMPORARY TABLE seldom AS SELECT n > 0 AS usual FROM generate_series(0, 9999) n")
        )
        await connection.execute(text("CREATE INDEX ON seldom (usual)"))
        await connection.execute(text("ANALYZE seldom"))
        await connection.execute(text("PREPARE ask (boolean) AS SELECT * FROM seldom WHERE usual = $1 LIMIT 1"))
        for _ in range(10):
            await connection.execute(text("EXECUTE ask (true)"))
        for value, way in (("true", "Seq Scan"), ("false", "Index")):
            plan = (await connection.execute(text(f"EXPLAIN EXECUTE ask ({value})"))).scalars().all()
            assert any(way in line for line in plan), plan
