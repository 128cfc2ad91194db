"""The schema and how it came about: run at every start, and by `forecourt db upgrade`.

One file per step in `versions`, named after its revision, in a single line without branches. All pending steps run in one transaction under an
advisory lock: of several processes that start together one migrates and the others wait, and a step that fails leaves
the database as it was.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

from sqlalchemy import Connection, text

from forecourt.csms.store.engine import Database
from forecourt.csms.store.errors import UnsuitableDatabase
from forecourt.csms.store.restored import reorder_restored_events

_FOLDER = Path(__file__).parent
# Any number, as long as every version of Forecourt takes the same.
_LOCK = int.from_bytes(b"forecour")


async def upgrade(database: Database, *, progress: Callable[[str], None] = lambda message: None) -> str:
    """Bring the schema up to date and return its revision. Safe to call from several processes at once.

    Raises `UnsuitableDatabase` if a newer Forecourt has written the schema; errors of a step pass through.
    """
    async with database.engine.begin() as connection:
        if not (
            await connection.execute(text("SELECT pg_try_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        ).scalar_one():
            progress("waiting for another process to migrate the database")
            await connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        revision = await connection.run_sync(_upgrade, progress)
        await reorder_restored_events(connection)
        return revision


async def revision(database: Database) -> str | None:
    """The schema's revision; None for an empty database."""
    async with database.engine.connect() as connection:
        return await connection.run_sync(_current)


def newest_revision() -> str:
    """The revision this version of Forecourt works with."""
    return _revisions()[-1]


def is_known(revision: str) -> bool:
    """Whether this version of Forecourt can bring that revision up to date."""
    return revision in _revisions()


def _upgrade(connection: Connection, progress: Callable[[str], None]) -> str:
    current, newest = _current(connection), newest_revision()
    if current is not None and not is_known(current):
        raise UnsuitableDatabase(
            f"the schema of this database ({current}) was written by a newer Forecourt than this one ({newest})"
        )
    if current == newest:
        return newest

    # Here, because they take as long to import as SQLAlchemy and are hardly ever needed.
    from alembic import command
    from alembic.config import Config

    progress(f"migrating the database from {current or 'nothing'} to {newest}")
    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(_FOLDER).replace("%", "%%"))
    command.upgrade(config, "head")
    return newest


def _current(connection: Connection) -> str | None:
    if connection.execute(text("SELECT to_regclass('alembic_version')")).scalar_one() is None:
        return None
    said = connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none()
    return None if said is None else str(said)


@cache
def _revisions() -> tuple[str, ...]:
    """All of them, the newest last."""
    return tuple(sorted(path.stem.removeprefix("m") for path in (_FOLDER / "versions").glob("m*.py")))
