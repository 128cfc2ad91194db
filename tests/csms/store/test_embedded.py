"""The embedded server: private, durable, never orphaned, and honest about where it cannot run."""

from __future__ import annotations

import asyncio
import os
import pwd
import select
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import asyncpg
import pytest

from forecourt.csms.store import embedded, folder, processes, programs
from forecourt.csms.store.embedded import EmbeddedPostgres
from forecourt.csms.store.engine import API, OWNER
from forecourt.csms.store.errors import EmbeddedUnavailable, FolderInUse, FolderNotOurs
from forecourt.csms.store.folder import ADMINISTRATOR, DEDICATED, OURS

ROOT = os.geteuid() == 0

START_AND_WAIT = """
import sys
from pathlib import Path
from forecourt.csms.store.embedded import EmbeddedPostgres
server = EmbeddedPostgres(Path(sys.argv[1]))
server.start()
print(*server.pids(), flush=True)
sys.stdin.read()
"""


@contextmanager
def running(path: Path, **options: Any) -> Iterator[EmbeddedPostgres]:
    server = EmbeddedPostgres(path, **options)
    server.start()
    try:
        yield server
    finally:
        server.stop()


def ask(server: EmbeddedPostgres, statement: str, role: str = OWNER, **options: Any) -> Any:
    async def asked() -> Any:
        connection = await asyncpg.connect(server.url(role), **options)
        try:
            return await connection.fetchval(statement)
        finally:
            await connection.close()

    return asyncio.run(asked())


def gone(pid: int, within_s: float = 30.0) -> bool:
    """Whether the process ends in time; it need not be a child of ours."""
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([handle], [], [], within_s)[0])
    finally:
        os.close(handle)


@contextmanager
def running_elsewhere(path: Path) -> Iterator[tuple[subprocess.Popen[str], list[int]]]:
    """A process of its own that runs the server of `path`, and the server's process ids."""
    with subprocess.Popen(
        [sys.executable, "-c", START_AND_WAIT, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            yield process, [int(word) for word in process.stdout.readline().split()]
        finally:
            process.kill()


def test_a_new_server_is_private_and_durable(server_folder: Path) -> None:
    with running(server_folder) as server:
        for name, value in {
            "fsync": "on",
            "synchronous_commit": "on",
            "full_page_writes": "on",
            "listen_addresses": "",
            "data_checksums": "on",
            "TimeZone": "UTC",
        }.items():
            assert ask(server, f"SELECT current_setting('{name}')") == value
        assert (
            ask(server, "SELECT pg_encoding_to_char(encoding) FROM pg_database WHERE datname = 'forecourt'") == "UTF8"
        )
        assert ask(server, "SELECT lower('ÄÉ')") == "äé"
        for path in (server.folder.data, server.folder.socket_folder(), server_folder / "credentials.json"):
            assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path


@pytest.mark.parametrize("role", [OWNER, API])
def test_neither_role_is_above_the_rules(server: EmbeddedPostgres, role: str) -> None:
    mighty = "rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb OR rolreplication"
    assert ask(server, f"SELECT {mighty} FROM pg_roles WHERE rolname = current_user", role) is False


def test_the_role_of_the_api_may_create_nothing(server: EmbeddedPostgres) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        ask(server, "CREATE TABLE mine (id int)", API)


@pytest.mark.parametrize("role", [OWNER, API, ADMINISTRATOR])
def test_nobody_gets_in_without_the_password(server: EmbeddedPostgres, role: str) -> None:
    with pytest.raises(asyncpg.InvalidPasswordError):
        ask(server, "SELECT 1", role, password="guess")


@pytest.mark.skipif(not ROOT, reason="only root has to hand the server to somebody else")
def test_as_root_the_server_belongs_to_an_account_of_its_own(server: EmbeddedPostgres) -> None:
    owners = {os.stat(f"/proc/{pid}").st_uid for pid in server.pids()}
    assert owners == {DEDICATED, server.folder.data.stat().st_uid}
    assert server.folder.path.stat().st_uid == 0


def test_data_survives_a_stop(server_folder: Path) -> None:
    with running(server_folder) as server:
        ask(server, "CREATE TABLE kept AS SELECT 42 AS answer")
        pids = server.pids()
    assert all(gone(pid) for pid in pids)
    assert server.pids() == []
    with running(server_folder) as server:
        assert ask(server, "SELECT answer FROM kept") == 42


@pytest.mark.parametrize("content", [None, "somebody's.txt"])
def test_a_folder_that_is_not_ours_is_left_alone(server_folder: Path, content: str | None) -> None:
    server_folder.mkdir(mode=0o755)
    if content:
        (server_folder / content).write_text("precious")
    before = server_folder.stat()
    with pytest.raises(FolderNotOurs, match="FORECOURT_DATABASE_URL"):
        EmbeddedPostgres(server_folder)
    assert os.listdir(server_folder) == ([content] if content else [])
    assert server_folder.stat() == before


def test_a_second_process_may_talk_to_the_server_but_not_run_it(server_folder: Path) -> None:
    with running_elsewhere(server_folder) as (owner, _):
        second = EmbeddedPostgres(server_folder)
        with pytest.raises(FolderInUse, match=f"process {owner.pid}"):
            second.start()
        assert ask(second, "SELECT 1") == 1
        second.stop()
        assert ask(second, "SELECT 1") == 1


@pytest.mark.parametrize("end", [subprocess.Popen.kill, subprocess.Popen.communicate], ids=["killed", "without a word"])
def test_however_a_process_ends_it_leaves_no_server_behind(
    server_folder: Path, end: Callable[[subprocess.Popen[str]], object]
) -> None:
    with running_elsewhere(server_folder) as (owner, pids):
        end(owner)
        # The main process goes last.
        assert gone(pids[0])
        assert EmbeddedPostgres(server_folder).pids() == []


def test_an_orphan_is_ended_before_a_new_server_starts(server_folder: Path) -> None:
    with running(server_folder) as server:
        ask(server, "CREATE TABLE kept AS SELECT 42 AS answer")
    data = server.folder.data
    command = [server.programs.path("postgres"), "-D", str(data)]
    command += ["-c", f"cluster_name={processes.cluster_name(data)}"]
    account: Any = {"user": DEDICATED, "group": DEDICATED, "extra_groups": []} if ROOT else {}
    server.folder.make_socket_folder(DEDICATED if ROOT else OURS)
    said: list[str] = []
    # Its parent will not be the one who starts the next server: an orphan but for its name.
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, cwd="/", **account) as orphan:
        assert orphan.stderr is not None
        assert any("ready to accept" in line for line in orphan.stderr)
        with running(server_folder, progress=said.append) as server:
            assert orphan.wait(10) == 0
            assert orphan.pid not in server.pids()
            assert ask(server, "SELECT answer FROM kept") == 42
    assert any("left behind" in words for words in said)


def test_a_server_that_is_killed_comes_back(server_folder: Path) -> None:
    with running(server_folder) as server:
        ask(server, "CREATE TABLE kept AS SELECT 42 AS answer")
        for position in range(len(server.pids())):
            victim = server.pids()[position]
            os.kill(victim, signal.SIGKILL)
            assert gone(victim)
            assert _answer_soon(server, "SELECT answer FROM kept") == 42


def _answer_soon(server: EmbeddedPostgres, statement: str) -> Any:
    deadline = time.monotonic() + 60
    while True:
        try:
            return ask(server, statement)
        except (OSError, asyncpg.PostgresError):
            assert time.monotonic() < deadline


def test_a_server_that_does_not_react_is_ended_all_the_same(
    server_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedded, "_PATIENCE_S", 0.1)
    with running(server_folder) as server:
        ask(server, "CREATE TABLE kept AS SELECT 42 AS answer")
        os.kill(server.pids()[0], signal.SIGSTOP)
    assert server.pids() == []
    with running(server_folder) as server:
        assert ask(server, "SELECT answer FROM kept") == 42


def test_a_stop_in_the_middle_of_a_crash_does_not_hang(server_folder: Path) -> None:
    with running(server_folder) as server:
        os.kill(_checkpointer(server), signal.SIGKILL)
    assert server.pids() == []


def _checkpointer(server: EmbeddedPostgres) -> int:
    """It is started before anybody is let in, but takes its name only some moments later."""
    deadline = time.monotonic() + 60
    while True:
        ask(server, "SELECT 1")
        for pid in server.pids():
            if "checkpointer" in Path(f"/proc/{pid}/cmdline").read_text():
                return pid
        assert time.monotonic() < deadline


def test_recovery_after_a_crash_is_waited_out_and_told(server_folder: Path) -> None:
    with running_elsewhere(server_folder) as (owner, pids):
        owner.send_signal(signal.SIGSTOP)
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
    said: list[str] = []
    with running(server_folder, progress=said.append) as server:
        assert ask(server, "SELECT 1") == 1
    assert any("automatic recovery in progress" in words for words in said)


def test_a_process_id_that_belongs_to_somebody_else_by_now_does_not_stop_the_start(server_folder: Path) -> None:
    with running(server_folder) as server:
        data = server.folder.data
    sleeper = subprocess.Popen(["/bin/sleep", "600"], user=DEDICATED if ROOT else None)
    try:
        (data / "postmaster.pid").write_text(f"{sleeper.pid}\n{data}\n1\n5432\n/x\n\n1 1\nready\n")
        with running(server_folder) as server:
            assert ask(server, "SELECT 1") == 1
        assert sleeper.poll() is None
    finally:
        sleeper.kill()
        sleeper.wait()


def test_a_half_made_database_is_made_anew(server_folder: Path) -> None:
    server = EmbeddedPostgres(server_folder)
    half_made = server_folder / "data.new"
    half_made.mkdir()
    (half_made / "PG_VERSION").write_text("18\n")
    server.start()
    try:
        assert ask(server, "SELECT 1") == 1
        assert not half_made.exists()
    finally:
        server.stop()


def test_a_long_path_gets_its_socket_elsewhere_and_takes_it_along(server_folder: Path) -> None:
    long = server_folder / ("x" * 60) / ("y" * 60)
    with running(long) as server:
        place = server.folder.socket_folder()
        assert long not in place.parents
        assert len(str(place)) < 60
        assert stat.S_IMODE(place.stat().st_mode) == 0o700
        assert parse_qs(urlsplit(server.url()).query)["host"] == [str(place)]
        assert ask(server, "SELECT 1") == 1
    assert not place.exists()


def test_an_operator_may_add_settings_but_not_take_durability_away(server_folder: Path) -> None:
    server = EmbeddedPostgres(server_folder)
    (server_folder / "settings.conf").write_text("work_mem = '13MB'\nfsync = off\nlisten_addresses = '*'\n")
    server.start()
    try:
        values = [ask(server, f"SHOW {name}") for name in ("work_mem", "fsync", "listen_addresses")]
        assert values == ["13MB", "on", ""]
    finally:
        server.stop()


def test_a_setting_that_cannot_be_is_reported_in_the_servers_words(server_folder: Path) -> None:
    server = EmbeddedPostgres(server_folder)
    (server_folder / "settings.conf").write_text("shared_buffers = 'plenty'\n")
    with pytest.raises(EmbeddedUnavailable, match="shared_buffers"):
        server.start()
    # The folder was given up: the corrected settings may be tried by anybody.
    (server_folder / "settings.conf").unlink()
    with running(server_folder):
        pass


def test_a_network_file_system_is_refused(monkeypatch: pytest.MonkeyPatch, server_folder: Path) -> None:
    mounts = (
        "22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw\n"
        f"40 22 0:50 / {server_folder.parent} rw - nfs4 files:/export rw\n"
    )
    assert folder._file_system_of(server_folder / "not" / "yet", mounts) == "nfs4"
    assert folder._file_system_of(Path("/etc"), mounts) == "ext4"
    monkeypatch.setattr(folder, "_file_system_of", lambda path: "nfs4")
    with pytest.raises(EmbeddedUnavailable, match=r"network file system.*FORECOURT_DATABASE_URL"):
        EmbeddedPostgres(server_folder)
    assert not server_folder.exists()


@pytest.mark.skipif(not ROOT, reason="only root hands the server to another account")
def test_a_folder_the_servers_account_cannot_reach_is_refused(server_folder: Path) -> None:
    closed = server_folder.parent / "closed"
    closed.mkdir(mode=0o700)
    with pytest.raises(EmbeddedUnavailable, match=rf"may not enter {closed}"):
        EmbeddedPostgres(closed / "server").start()


@pytest.mark.skipif(not ROOT, reason="only root hands the server to another account")
def test_programs_the_servers_account_cannot_reach_are_copied(
    monkeypatch: pytest.MonkeyPatch, server_folder: Path
) -> None:
    monkeypatch.setattr(embedded, "reachable_by_all", lambda path: Path("/root"))
    for _ in range(2):
        with running(server_folder) as server:
            assert server_folder in Path(server.programs.path("postgres")).parents
            assert ask(server, "SELECT 1") == 1


def test_an_account_without_a_name_is_told_what_to_do(monkeypatch: pytest.MonkeyPatch, server_folder: Path) -> None:
    server = EmbeddedPostgres(server_folder)

    def unknown(uid: int) -> pwd.struct_passwd:
        raise KeyError(uid)

    monkeypatch.setattr(pwd, "getpwuid", unknown)
    monkeypatch.setattr(server, "_account", OURS)
    with pytest.raises(EmbeddedUnavailable, match=r"has none.*FORECOURT_DATABASE_URL"):
        server.start()


def test_a_machine_without_the_wheel_is_told_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(programs, "_WHEEL", "no_such_wheel")
    with pytest.raises(EmbeddedUnavailable, match=r"musl.*FORECOURT_DATABASE_URL"):
        programs.locate()


def test_programs_that_do_not_start_here_are_reported(tmp_path: Path) -> None:
    with pytest.raises(EmbeddedUnavailable, match="needs glibc"):
        programs._version_of(tmp_path / "postgres")


def test_data_of_a_release_the_wheel_no_longer_carries_is_left_alone(server_folder: Path) -> None:
    server = EmbeddedPostgres(server_folder)
    server.folder.data.mkdir()
    (server.folder.data / "PG_VERSION").write_text("9\n")
    with pytest.raises(EmbeddedUnavailable, match="written by PostgreSQL 9"):
        server.start()


def test_the_newest_programs_are_taken() -> None:
    assert programs.locate().major >= 18
