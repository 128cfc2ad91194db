"""A backup holds everything, and a restore changes everything or nothing."""

from __future__ import annotations

import io
import os
import stat
import tarfile
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import text

from forecourt.clock import SYSTEM
from forecourt.csms.events import Cursor, Event, read
from forecourt.csms.store.backup import backup, restore
from forecourt.csms.store.embedded import EmbeddedPostgres
from forecourt.csms.store.engine import Database, connect
from forecourt.csms.store.errors import BackupFailed
from forecourt.csms.store.migrations import newest_revision, revision
from forecourt.csms.store.opening import open_store
from forecourt.csms.store.programs import Programs

NOW = datetime(2026, 11, 20, tzinfo=UTC)


class Restocked(Event, frozen=True, kw_only=True):
    words: str


@pytest.fixture
def programs(server: EmbeddedPostgres) -> Programs:
    return server.programs


@pytest.fixture
def secrets(tmp_path: Path) -> Path:
    folder = tmp_path / "secrets"
    (folder / "ca").mkdir(parents=True)
    (folder / "pepper").write_bytes(b"\0salt")
    (folder / "ca" / "key.pem").write_text("private")
    return folder


@pytest.fixture
async def archive(database_url: str, programs: Programs, secrets: Path, tmp_path: Path) -> Path:
    async with open_store(database_url, SYSTEM) as store:
        async with store.work() as work:
            work.announce(Restocked(words="Grüße"))
        async with store.database.engine.begin() as connection:
            # As on a server that is millions of transactions older than the one to restore to.
            await connection.execute(text("UPDATE event SET xid = '9000000000'"))
    path = tmp_path / "backup.tar"
    await backup(database_url, programs, path, secrets=secrets, now=NOW)
    return path


@pytest.fixture
async def target(empty_database_url: str) -> AsyncIterator[Database]:
    database = connect(empty_database_url)
    yield database
    await database.close()


def content(path: Path) -> bytes:
    return path.read_bytes()


async def words(database: Database) -> list[str]:
    async with database.engine.connect() as connection:
        page = await read(connection, Cursor(0, 0))
    return [event.data["words"] for event in page.events]


async def test_what_was_backed_up_is_restored_elsewhere(
    archive: Path, target: Database, programs: Programs, tmp_path: Path
) -> None:
    place = tmp_path / "new" / "secrets"
    manifest = await restore(target.url, programs, archive, secrets=place)
    assert (manifest.revision, manifest.created_at) == (newest_revision(), NOW.isoformat())
    assert await revision(target) == newest_revision()
    assert await words(target) == ["Grüße"]
    assert (place / "pepper").read_bytes() == b"\0salt"
    assert stat.S_IMODE((place / "ca" / "key.pem").stat().st_mode) == 0o600
    assert stat.S_IMODE((place / "ca").stat().st_mode) == 0o700
    async with open_store(target.url, SYSTEM) as store, store.work() as work:
        work.announce(Restocked(words="new"))
    assert await words(target) == ["Grüße", "new"]


async def test_an_archive_is_for_its_owner_only_and_never_overwritten(
    archive: Path, database_url: str, programs: Programs
) -> None:
    assert stat.S_IMODE(os.stat(archive).st_mode) == 0o600
    before = content(archive)
    with pytest.raises(BackupFailed, match="exists already"):
        await backup(database_url, programs, archive, secrets=None, now=NOW)
    assert content(archive) == before


async def test_a_database_in_use_is_replaced_only_when_asked(
    archive: Path, target: Database, programs: Programs, secrets: Path
) -> None:
    async with open_store(target.url, SYSTEM) as store:
        async with store.work() as work:
            work.announce(Restocked(words="in use"))
        async with store.database.engine.begin() as connection:
            await connection.execute(text("CREATE TYPE colour AS ENUM ('red')"))
            await connection.execute(text("CREATE TABLE of_a_newer_version (colour colour)"))
            await connection.execute(text("CREATE VIEW seen AS SELECT * FROM of_a_newer_version"))
            await connection.execute(text("CREATE FUNCTION nothing() RETURNS int LANGUAGE sql RETURN 1"))
    with pytest.raises(BackupFailed, match="in use"):
        await restore(target.url, programs, archive, secrets=None)
    with pytest.raises(BackupFailed, match="exists already"):
        await restore(target.url, programs, archive, secrets=secrets)
    assert await words(target) == ["in use"]
    (secrets / "pepper").write_text("other")
    await restore(target.url, programs, archive, secrets=secrets, replace=True)
    assert await words(target) == ["Grüße"]
    assert (secrets / "pepper").read_bytes() == b"\0salt"
    async with target.engine.connect() as connection:
        left = await connection.execute(text("SELECT to_regclass('of_a_newer_version'), to_regtype('colour')"))
        assert tuple(left.one()) == (None, None)


async def test_a_restore_that_fails_changes_nothing(
    archive: Path, target: Database, programs: Programs, secrets: Path, tmp_path: Path
) -> None:
    async with open_store(target.url, SYSTEM) as store, store.work() as work:
        work.announce(Restocked(words="in use"))
    broken = tmp_path / "broken.tar"
    with tarfile.open(archive) as old, tarfile.open(broken, "w") as new:
        for member in old:
            file = old.extractfile(member)
            data = file.read() if file else b""
            if member.name == "database.dump":
                data = data[: len(data) * 2 // 3]
                member.size = len(data)
            new.addfile(member, io.BytesIO(data))
    with pytest.raises(BackupFailed):
        await restore(target.url, programs, broken, secrets=secrets, replace=True)
    assert await words(target) == ["in use"]
    assert (secrets / "pepper").read_bytes() == b"\0salt"
    assert sorted(os.listdir(tmp_path)) == ["backup.tar", "broken.tar", "secrets"]


async def test_a_restore_that_fails_half_way_changes_nothing(
    database_url: str, target: Database, programs: Programs, tmp_path: Path
) -> None:
    async with open_store(database_url, SYSTEM) as source:
        async with source.database.engine.begin() as connection:
            # Its body finds the table by a search path that no restore has.
            body = "SELECT count(*)::int FROM job"
            await connection.execute(text(f"CREATE FUNCTION jobs() RETURNS int IMMUTABLE LANGUAGE sql AS '{body}'"))
            await connection.execute(text("CREATE TABLE zebra (stripes int CHECK (jobs() = 0))"))
            await connection.execute(text("INSERT INTO zebra VALUES (1)"))
        await backup(database_url, programs, tmp_path / "backup.tar", secrets=None, now=NOW)
        async with source.database.engine.begin() as connection:
            await connection.execute(text("DROP TABLE zebra"))
            await connection.execute(text("DROP FUNCTION jobs"))
    async with open_store(target.url, SYSTEM) as store, store.work() as work:
        work.announce(Restocked(words="in use"))
    with pytest.raises(BackupFailed, match=r'psql failed.*"job" does not exist'):
        await restore(target.url, programs, tmp_path / "backup.tar", secrets=None, replace=True)
    assert await words(target) == ["in use"]


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("../outside", tarfile.REGTYPE),
        ("secrets/../../outside", tarfile.REGTYPE),
        ("/outside", tarfile.REGTYPE),
        ("secrets/link", tarfile.SYMTYPE),
        ("surprise", tarfile.REGTYPE),
    ],
)
async def test_an_archive_cannot_write_outside_its_place(
    database_url: str, programs: Programs, tmp_path: Path, name: str, kind: bytes
) -> None:
    forged = tmp_path / "deeper" / "forged.tar"
    forged.parent.mkdir()
    with tarfile.open(forged, "w") as tar:
        member = tarfile.TarInfo(name)
        member.type, member.linkname = kind, "/etc"
        tar.addfile(member)
    with pytest.raises(BackupFailed, match="not a backup"):
        await restore(database_url, programs, forged, secrets=None, replace=True)
    assert os.listdir(tmp_path) == ["deeper"]
    assert os.listdir(forged.parent) == ["forged.tar"]


@pytest.mark.parametrize(
    ("manifest", "words"),
    [
        (b'{"format": 1, "forecourt": "9.9", "revision": "9999", "created_at": ""}', "newer Forecourt"),
        (b'{"format": 2, "forecourt": "9.9", "revision": "0001_store", "created_at": ""}', "newer Forecourt"),
        (b"{}", "not a backup"),
        (b"nonsense", "not a backup"),
    ],
)
async def test_an_archive_we_do_not_understand_is_refused(
    database_url: str, programs: Programs, tmp_path: Path, manifest: bytes, words: str
) -> None:
    path = tmp_path / "backup.tar"
    with tarfile.open(path, "w") as tar:
        member = tarfile.TarInfo("manifest.json")
        member.size = len(manifest)
        tar.addfile(member, io.BytesIO(manifest))
    with pytest.raises(BackupFailed, match=words):
        await restore(database_url, programs, path, secrets=None, replace=True)


async def test_an_empty_database_is_not_worth_an_archive(target: Database, programs: Programs, tmp_path: Path) -> None:
    with pytest.raises(BackupFailed, match="empty"):
        await backup(target.url, programs, tmp_path / "backup.tar", secrets=None, now=NOW)
    assert not os.listdir(tmp_path)


async def test_a_password_shows_up_in_no_list_of_processes(
    database_url: str, programs: Programs, tmp_path: Path
) -> None:
    """A program that is called instead of the real one writes down what it was given."""
    fake = tmp_path / "bin"
    fake.mkdir()
    seen = tmp_path / "seen"
    (fake / "pg_dump").write_text(f'#!/bin/sh\necho "$@" > {seen}\nexit 1\n')
    (fake / "pg_dump").chmod(0o755)
    with pytest.raises(BackupFailed, match="pg_dump failed"):
        await backup(database_url, Programs(tmp_path, tmp_path, "18"), tmp_path / "b.tar", secrets=None, now=NOW)
    password = database_url.partition("@")[0].rpartition(":")[2]
    assert "--dbname=postgresql://forecourt@/" in seen.read_text()
    assert password not in seen.read_text()
