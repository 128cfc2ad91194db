"""Making the database of an embedded server, before anybody could connect to it."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess

from forecourt.csms.store.engine import API, OWNER
from forecourt.csms.store.errors import EmbeddedUnavailable
from forecourt.csms.store.folder import ADMINISTRATOR, OURS, Folder, give
from forecourt.csms.store.programs import PLAIN_ENVIRONMENT, Programs

DATABASE = "forecourt"


def make_database(folder: Folder, programs: Programs, account: int, *, sync: bool) -> None:
    """Make the data of `folder`, which has none, for a server that will run as `account`, with its roles and passwords.

    Builds beside and then renames: a half-made database is never started. Raises `EmbeddedUnavailable`.
    """
    half_made = folder.path / "data.new"
    shutil.rmtree(half_made, ignore_errors=True)
    half_made.mkdir(mode=0o700)
    builder = _account_with_a_name(account)
    give(half_made, builder)
    folder.invent_passwords()
    initdb = [programs.path("initdb"), "-D", str(half_made), "-U", ADMINISTRATOR, "--encoding=UTF8", "--auth=reject"]
    # The same order and letter cases on every machine, whatever its locales.
    initdb += ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    _run(initdb if sync else [*initdb, "--no-sync"], "", builder)
    # The roles get their passwords while there is no socket: in single-user mode.
    alone = [programs.path("postgres"), "--single", "-c", "exit_on_error=on", "-D", str(half_made), "postgres"]
    _run(alone, _first_statements(folder), builder)
    if account != builder:
        for parent, folders, files in os.walk(half_made):
            for name in (*folders, *files):
                os.chown(os.path.join(parent, name), account, account, follow_symlinks=False)
        give(half_made, account)
    half_made.rename(folder.data)


def _account_with_a_name(account: int) -> int:
    """Who builds: `initdb` and single-user mode want an account with a name; the running server does not care."""
    if account != OURS:
        return pwd.getpwnam("nobody").pw_uid
    try:
        pwd.getpwuid(os.geteuid())
    except KeyError:
        raise EmbeddedUnavailable(
            f"PostgreSQL needs an account with a name to make a database, and uid {os.geteuid()} has none"
        ) from None
    return OURS


def _first_statements(folder: Folder) -> str:
    passwords = folder.passwords()
    limits = "LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS"
    return (
        f"ALTER ROLE {ADMINISTRATOR} PASSWORD '{passwords[ADMINISTRATOR]}'\n"
        f"CREATE ROLE {OWNER} {limits} PASSWORD '{passwords[OWNER]}'\n"
        f"CREATE ROLE {API} {limits} PASSWORD '{passwords[API]}'\n"
        f"GRANT {API} TO {OWNER}\n"
        f"CREATE DATABASE {DATABASE} OWNER {OWNER}\n"
    )


def _run(command: list[str], text: str, account: int) -> None:
    other = account != OURS
    try:
        done = subprocess.run(  # noqa: S603 - our own programs
            command,
            input=text,
            capture_output=True,
            text=True,
            errors="replace",
            env=PLAIN_ENVIRONMENT,
            cwd="/",
            check=False,
            user=account if other else None,
            group=account if other else None,
            extra_groups=[] if other else None,
        )
    except OSError as error:
        raise EmbeddedUnavailable(f"{command[0]} could not be run: {error}") from error
    if done.returncode != 0:
        raise EmbeddedUnavailable(f"{os.path.basename(command[0])} failed: {done.stderr.strip()}")
