"""`forecourt db`: the database, while no server runs on it or beside one that does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import click
from rich.console import Console

from forecourt.cli import settings
from forecourt.cli.settings import Failure
from forecourt.clock import SYSTEM
from forecourt.csms.config import Config
from forecourt.csms.store import backup as backups
from forecourt.csms.store.engine import connect
from forecourt.csms.store.errors import FolderInUse, StoreError
from forecourt.csms.store.migrations import newest_revision, revision
from forecourt.csms.store.migrations import upgrade as migrate
from forecourt.csms.store.programs import Programs, locate
from forecourt.transport import run


@dataclass(frozen=True, slots=True)
class _Place:
    """A database that answers. `in_use` says that a server of ours runs on it."""

    url: str
    programs: Programs
    in_use: bool


@click.group()
def db() -> None:
    """Upgrade, back up and restore the database."""


@db.command()
@settings.options
def upgrade(file: Path | None, data: Path | None) -> None:
    """Bring the schema up to date. A server does that itself when it starts."""

    async def work(place: _Place, say: Callable[[str], None]) -> None:
        database = connect(place.url, pool_size=1)
        try:
            before = await revision(database)
            after = await migrate(database, progress=say)
        finally:
            await database.close()
        say(
            f"the schema is up to date ({after})"
            if before == after
            else f"upgraded from {before or 'nothing'} to {after}"
        )

    _with_database(settings.read(file, data), work)


@db.command()
@settings.options
@click.argument("archive", type=click.Path(dir_okay=False, path_type=Path))
def backup(file: Path | None, data: Path | None, archive: Path) -> None:
    """Write the database and the secrets to ARCHIVE, a tar file. The server may run meanwhile."""
    config = settings.read(file, data)

    async def work(place: _Place, say: Callable[[str], None]) -> None:
        say("writing the backup")
        secrets = config.database.folder / "secrets"
        manifest = await backups.backup(
            place.url, place.programs, await asyncio.to_thread(archive.resolve), secrets=secrets, now=SYSTEM.now()
        )
        size = (await asyncio.to_thread(archive.stat)).st_size / 1_000_000
        say(f"{archive}: {size:.1f} MB, schema {manifest.revision}. It holds private keys: keep it safe.")

    _with_database(config, work)


@db.command()
@settings.options
@click.argument("archive", type=click.Path(dir_okay=False, exists=True, path_type=Path))
@click.option("--replace", is_flag=True, help="Put the archive in the place of what is there.")
def restore(file: Path | None, data: Path | None, archive: Path, replace: bool) -> None:
    """Read ARCHIVE back. The server must not run; what is there already is kept unless --replace is given."""
    config = settings.read(file, data)

    async def work(place: _Place, say: Callable[[str], None]) -> None:
        if place.in_use:
            raise Failure("a server runs on this data folder; end it first")
        say("restoring")
        secrets = config.database.folder / "secrets"
        manifest = await backups.restore(
            place.url, place.programs, await asyncio.to_thread(archive.resolve), secrets=secrets, replace=replace
        )
        say(f"restored what was backed up at {manifest.created_at}; the schema is {newest_revision()}")

    _with_database(config, work)


def _with_database(config: Config, work: Callable[[_Place, Callable[[str], None]], object]) -> None:
    console = Console(highlight=False)

    def say(words: str) -> None:
        console.print(f"  {words}", soft_wrap=True)

    async def act() -> None:
        async with _database(config, say) as place:
            doing = work(place, say)
            if asyncio.iscoroutine(doing):
                await doing

    try:
        run(act())
    except (StoreError, OSError) as error:
        raise Failure(str(error)) from error


@asynccontextmanager
async def _database(config: Config, say: Callable[[str], None]) -> AsyncGenerator[_Place, None]:
    """The database of a configuration: somebody's server, the embedded one that runs, or the embedded one started for now."""
    if config.database.url:
        yield _Place(config.database.url, await asyncio.to_thread(locate), in_use=False)
        return
    from forecourt.csms.store.embedded import EmbeddedPostgres

    server = await asyncio.to_thread(EmbeddedPostgres, config.database.folder / "database", progress=say)
    try:
        await asyncio.to_thread(server.start)
    except FolderInUse:
        yield _Place(server.url(), server.programs, in_use=True)
        return
    try:
        yield _Place(server.url(), server.programs, in_use=False)
    finally:
        await asyncio.to_thread(server.stop)
