"""What `forecourt doctor` sees of the database: as much of a start as can be tried without starting anything."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Final

from sqlalchemy import text

from forecourt.clock import SYSTEM
from forecourt.csms.config import Config
from forecourt.csms.store.engine import API, Database, connect, redacted
from forecourt.csms.store.errors import UnsuitableDatabase
from forecourt.csms.store.migrations import is_known, newest_revision, revision
from forecourt.transport import run

MOST_APART_S: Final = 5.0
"""How far the clocks of the database and of this machine may be apart: each dates rows of the other's."""


def look_at(config: Config) -> str:
    """The database in words. Raises StoreError or OSError with what would keep the server from using it."""
    if config.database.url:
        return run(_answers(config.database.url))
    return _embedded(config.database.folder / "database")


def _embedded(folder: Path) -> str:
    from forecourt.csms.store.embedded import EmbeddedPostgres, refuse_place
    from forecourt.csms.store.programs import locate

    refuse_place(folder)
    if not folder.exists():
        return f"embedded PostgreSQL {locate().major}, to be made at the first start"
    server = EmbeddedPostgres(folder)
    words = f"embedded PostgreSQL {server.programs.major} in {folder.resolve()}"
    # Without them nobody gets in, started or not.
    url = server.url()
    if not server.pids():
        return f"{words}, which does not run"
    return f"{words}: {run(_answers(url))}"


async def _answers(url: str) -> str:
    database = connect(url, pool_size=1)
    try:
        began = SYSTEM.monotonic()
        release = await database.version()
        took_s = SYSTEM.monotonic() - began
        await _refuse_unready(database)
        return f"PostgreSQL {release} answers in {took_s * 1000:.0f} ms"
    finally:
        await database.close()


async def _refuse_unready(database: Database) -> None:
    """Raise UnsuitableDatabase for a schema that is too new, an account with too few rights, and a clock that is wrong."""
    where = redacted(database.url)
    found = await revision(database)
    if found is not None and not is_known(found):
        raise UnsuitableDatabase(
            f"{where} was written by a newer Forecourt ({found}) than this one ({newest_revision()})"
        )
    async with database.engine.connect() as connection:
        told = await connection.execute(text("SELECT clock_timestamp()"))
        there: datetime = told.scalar_one()
        rights = (
            "SELECT (SELECT pg_has_role(oid, 'MEMBER') FROM pg_roles WHERE rolname = :role), rolcreaterole OR rolsuper"
        )
        told = await connection.execute(text(f"{rights} FROM pg_roles WHERE rolname = current_user"), {"role": API})
        is_member, may_make_roles = told.one()
    apart_s = (there - SYSTEM.now()).total_seconds()
    if abs(apart_s) > MOST_APART_S:
        raise UnsuitableDatabase(
            f"the clock of {where} is {apart_s:+.0f} s from the one of this machine: set them right"
        )
    if not is_member and not (is_member is None and may_make_roles):
        raise UnsuitableDatabase(
            f"{where} lacks what the API acts as; have an administrator run: CREATE ROLE {API} NOLOGIN;"
            f" GRANT {API} TO CURRENT_USER; (as docs/operations.md shows)"
        )
