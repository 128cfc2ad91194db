"""Addresses of databases, and whether what is behind them will do."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from forecourt.csms.store import engine
from forecourt.csms.store.embedded import EmbeddedPostgres
from forecourt.csms.store.engine import API, OWNER, connect, normalised, redacted
from forecourt.csms.store.errors import StoreAway, UnsuitableDatabase
from forecourt.csms.store.folder import ADMINISTRATOR
from forecourt.csms.store.opening import Addresses, open_api_database


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("postgresql://a:b@host:5433/d?sslmode=require", "postgresql://a:b@host:5433/d?sslmode=require"),
        ("postgres://host/d", "postgresql://host/d"),
        ("postgresql+asyncpg://a@/d?host=/run/pg", "postgresql://a@/d?host=/run/pg"),
        ("postgresql:///d?host=/run/pg", "postgresql:///d?host=/run/pg"),
        ("postgresql://a@one:1,two:2/d", "postgresql://a@one:1,two:2/d"),
    ],
)
def test_every_usual_form_of_address_is_taken(given: str, kept: str) -> None:
    assert normalised(given) == kept


@pytest.mark.parametrize("given", ["mysql://host/d", "sqlite:///x.db", "host/d", ""])
def test_another_kind_of_database_is_refused(given: str) -> None:
    with pytest.raises(UnsuitableDatabase, match="postgresql://"):
        connect(given)


def test_a_password_is_never_shown() -> None:
    shown = redacted("postgresql://anna:top%40secret@host/d?password=other")
    assert shown == "postgresql://anna@host/d"


async def test_a_server_that_is_too_old_is_refused(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    database = connect(database_url)
    assert await database.version() >= 18
    monkeypatch.setattr(engine, "OLDEST_VERSION", 99)
    with pytest.raises(UnsuitableDatabase, match="needs 99 or newer"):
        await database.version()
    await database.close()


async def test_a_server_that_is_not_there_is_away(database_url: str) -> None:
    database = connect("postgresql://a@/d?host=/nowhere")
    with pytest.raises(StoreAway):
        await database.version()
    await database.close()


async def test_a_wrong_password_is_told_as_it_is(database_url: str) -> None:
    database = connect(database_url.replace("forecourt:", "forecourt:x", 1))
    with pytest.raises(UnsuitableDatabase, match="password authentication failed") as caught:
        await database.version()
    assert database_url.partition("@")[0].rpartition(":")[2] not in str(caught.value)
    await database.close()


async def test_a_role_is_taken_on_every_connection_and_times_are_in_utc(server: EmbeddedPostgres) -> None:
    database = connect(server.url(ADMINISTRATOR), role=API)
    for _ in range(2):
        async with database.engine.connect() as connection:
            row = (await connection.execute(text("SELECT current_user, current_setting('timezone')"))).one()
            assert tuple(row) == (API, "UTC")
    await database.close()


async def test_the_apis_lists_are_planned_anew_whether_its_role_signs_in_itself_or_not(database_url: str) -> None:
    for addresses in (Addresses(database_url, database_url), Addresses(database_url, database_url, OWNER)):
        database = open_api_database(addresses)
        async with database.engine.connect() as connection:
            assert (await connection.execute(text("SHOW plan_cache_mode"))).scalar_one() == "force_custom_plan"
        await database.close()
