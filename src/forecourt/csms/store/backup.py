"""Backups: one archive with the whole database and the secrets, written while everything runs.

The archive is a plain tar of `manifest.json`, `database.dump` (for `pg_restore`) and `secrets/`. It holds private keys
and is therefore readable by its owner only.
"""

from __future__ import annotations

import asyncio
import io
import json
import os
import shutil
import tarfile
import tempfile
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

from forecourt import __version__
from forecourt.csms.store.engine import connect, normalised
from forecourt.csms.store.errors import BackupFailed
from forecourt.csms.store.migrations import is_known, revision, upgrade
from forecourt.csms.store.migrations.roles import ensure_api_role
from forecourt.csms.store.programs import PLAIN_ENVIRONMENT, Programs

_FORMAT = 1


@dataclass(frozen=True, slots=True)
class Manifest:
    """What an archive says about itself."""

    format: int
    forecourt: str
    revision: str
    created_at: str


async def backup(url: str, programs: Programs, archive: Path, *, secrets: Path | None, now: datetime) -> Manifest:
    """Write the database at `url`, and the folder `secrets` if there is one, to `archive`, which must not exist yet.

    The archive appears complete or not at all. Raises `BackupFailed`.
    """
    _refuse_existing(archive)
    database = connect(url, pool_size=1)
    try:
        written_by = await revision(database)
    finally:
        await database.close()
    if written_by is None:
        raise BackupFailed("the database is empty")
    manifest = Manifest(_FORMAT, __version__, written_by, now.isoformat())
    with tempfile.TemporaryDirectory(prefix=".backup-", dir=archive.parent) as place:
        folder = Path(place)
        dump = folder / "database.dump"
        address, environment = _without_password(url)
        options = "--format=custom", "--no-owner", f"--file={dump}"
        await _run(programs, "pg_dump", environment, f"--dbname={address}", *options)
        (folder / "manifest.json").write_text(json.dumps(asdict(manifest)), "utf-8")
        await asyncio.to_thread(_pack, folder, secrets, archive)
    return manifest


async def restore(
    url: str, programs: Programs, archive: Path, *, secrets: Path | None, replace: bool = False
) -> Manifest:
    """Read `archive` back into the database at `url`, and its secrets into the folder `secrets`.

    A database or a folder that is in use is left alone unless `replace` says to put the archive in its place. The schema
    is brought up to date afterwards. Nobody else may use the database meanwhile. Raises `BackupFailed`; the database and
    the secrets are then as they were.
    """
    if secrets is not None and not replace:
        _refuse_existing(secrets)
    database = connect(url, pool_size=1)
    try:
        if await revision(database) is not None and not replace:
            raise BackupFailed("the database is in use")
        with tempfile.TemporaryDirectory(prefix=".restore-", dir=archive.parent) as place:
            folder = Path(place)
            manifest = await asyncio.to_thread(_unpack, archive, folder)
            # Rights in the dump name this role.
            async with database.engine.begin() as connection:
                await connection.run_sync(ensure_api_role)
            statements = folder / "database.sql"
            await _run(programs, "pg_restore", {}, "--no-owner", f"--file={statements}", str(folder / "database.dump"))
            address, environment = _without_password(url)
            await _run(
                programs,
                "psql",
                environment,
                f"--dbname={address}",
                "--quiet",
                "--no-psqlrc",
                "--set=ON_ERROR_STOP=1",
                # Emptying and filling are one transaction: a restore that fails leaves what was there.
                "--single-transaction",
                f"--command={_EMPTY}",
                f"--file={statements}",
            )
            if secrets is not None and (folder / "secrets").is_dir():
                await asyncio.to_thread(_put_back, folder / "secrets", secrets)
        # Also puts restored events before those to come.
        await upgrade(database)
    finally:
        await database.close()
    return manifest


_EMPTY = """DO $$ DECLARE target text; BEGIN
FOR target IN SELECT CASE c.relkind WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW' WHEN 'S' THEN 'SEQUENCE'
    ELSE 'TABLE' END || format(' IF EXISTS %I.%I', current_schema(), c.relname) FROM pg_class AS c
    WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'S')
    AND NOT EXISTS (SELECT FROM pg_depend AS d WHERE d.objid = c.oid AND d.deptype = 'e')
LOOP EXECUTE 'DROP ' || target || ' CASCADE'; END LOOP;
FOR target IN SELECT p.oid::regprocedure::text FROM pg_proc AS p WHERE p.pronamespace = current_schema()::regnamespace
    AND NOT EXISTS (SELECT FROM pg_depend AS d WHERE d.objid = p.oid AND d.deptype = 'e')
LOOP EXECUTE 'DROP ROUTINE IF EXISTS ' || target || ' CASCADE'; END LOOP;
FOR target IN SELECT t.oid::regtype::text FROM pg_type AS t WHERE t.typnamespace = current_schema()::regnamespace
    AND t.typtype IN ('e', 'd')
LOOP EXECUTE 'DROP TYPE IF EXISTS ' || target || ' CASCADE'; END LOOP;
END $$"""
# Partitions are gone with their table, and sequences with theirs, by the time their turn comes: hence IF EXISTS.


def _refuse_existing(path: Path) -> None:
    if path.exists():
        raise BackupFailed(f"{path} exists already")


async def _run(programs: Programs, name: str, environment: dict[str, str], *arguments: str) -> None:
    process = await asyncio.create_subprocess_exec(
        programs.path(name),
        *arguments,
        env={**PLAIN_ENVIRONMENT, "PGOPTIONS": "-c client_min_messages=warning", **environment},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    _, said = await process.communicate()
    if process.returncode != 0:
        raise BackupFailed(f"{name} failed: {said.decode(errors='replace').strip()}")


def _without_password(url: str) -> tuple[str, dict[str, str]]:
    """An address anybody may read in the list of processes, and the password by the environment, which nobody else may."""
    parts = urlsplit(normalised(url))
    account, at, place = parts.netloc.rpartition("@")
    user, _, password = account.partition(":")
    query = parse_qsl(parts.query, keep_blank_values=True)
    password = unquote(password) or next((value for name, value in query if name == "password"), "")
    shown = urlencode([(name, value) for name, value in query if name != "password"], safe="/")
    address = f"postgresql://{user}{at}{place}{parts.path}" + (f"?{shown}" if shown else "")
    return address, {"PGPASSWORD": password} if password else {}


def _pack(folder: Path, secrets: Path | None, archive: Path) -> None:
    half_done = folder / "archive"
    handle = os.open(half_done, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with open(handle, "wb") as file:
        with tarfile.open(fileobj=file, mode="w") as tar:
            for name in ("manifest.json", "database.dump"):
                tar.add(folder / name, name)
            if secrets is not None and secrets.is_dir():
                tar.add(secrets, "secrets")
        file.flush()
        os.fsync(file.fileno())
    # Unlike a rename, never overwrites.
    os.link(half_done, archive)


def _unpack(archive: Path, folder: Path) -> Manifest:
    """Extract what an archive of ours has, and nothing else: a name cannot lead out of `folder`."""
    try:
        with tarfile.open(archive) as tar:
            for member in tar:
                path = Path(member.name)
                known = member.name in ("manifest.json", "database.dump") or path.parts[0] == "secrets"
                if not known or ".." in path.parts or path.is_absolute() or not (member.isfile() or member.isdir()):
                    raise BackupFailed(f"{archive} is not a backup of Forecourt: it has {member.name}")
                target = folder / path
                if member.isdir():
                    target.mkdir(mode=0o700, parents=True, exist_ok=True)
                    continue
                content = tar.extractfile(member)
                target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
                with open(handle, "wb") as file:
                    shutil.copyfileobj(content or io.BytesIO(), file)
        manifest = Manifest(**json.loads((folder / "manifest.json").read_text("utf-8")))
    except (tarfile.TarError, OSError, ValueError, TypeError) as error:
        raise BackupFailed(f"{archive} is not a backup of Forecourt: {error}") from error
    if manifest.format != _FORMAT or not is_known(manifest.revision):
        raise BackupFailed(f"{archive} was written by a newer Forecourt ({manifest.forecourt})")
    return manifest


def _put_back(source: Path, secrets: Path) -> None:
    secrets.parent.mkdir(parents=True, exist_ok=True)
    beside = Path(tempfile.mkdtemp(prefix=f".{secrets.name}-", dir=secrets.parent))
    shutil.copytree(source, beside / "new")
    if secrets.exists():
        secrets.rename(beside / "old")
    (beside / "new").rename(secrets)
    shutil.rmtree(beside)
