"""An embedded PostgreSQL: made, started, watched and stopped by us.

We run `initdb` and `postgres` ourselves, from the programs of a wheel. Who may touch what:

* The folder is ours alone (`folder.py`); there is no TCP listener, the socket's folder is private, every role has a password.
* As root we hand the server to an account of its own, because PostgreSQL refuses root.
* One thread, the keeper, starts the server, reads its log and starts it again should it die. The server's life is tied by
  the kernel to that thread (`launch.py`), so no end of our process, `kill -9` included, leaves a server behind on Linux.
  Elsewhere, and should the kernel have been too slow, the next start ends the orphan before it begins.
"""

from __future__ import annotations

import atexit
import logging
import os
import signal
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from pathlib import Path
from urllib.parse import quote

from forecourt.csms.store import launch, processes
from forecourt.csms.store.engine import OWNER
from forecourt.csms.store.errors import EmbeddedUnavailable
from forecourt.csms.store.folder import DEDICATED, OURS, Folder, give, refuse_closed_path, refuse_network_file_system
from forecourt.csms.store.making import DATABASE, make_database
from forecourt.csms.store.programs import PLAIN_ENVIRONMENT, Programs, locate, reachable_by_all
from forecourt.csms.store.settings import HOST_RULES, server_settings

_LOG = logging.getLogger("forecourt.postgres")
_READY = "database system is ready to accept connections"
_CRASHED = "terminating any other active server processes"
_RECOVERY = ("not properly shut down", "redo ", "was interrupted", "syncing data directory")
_REMEMBERED_LINES = 40
_LONGEST_PAUSE_S = 10.0
_PATIENCE_S = 30.0


def refuse_place(folder: Path) -> None:
    """Raise `EmbeddedUnavailable` if no embedded server may live in `folder`, which need not be there."""
    refuse_network_file_system(folder)
    if os.geteuid() == 0:
        refuse_closed_path(folder, DEDICATED)


class EmbeddedPostgres:
    """The server of one folder. `start` and `stop` block: from a coroutine, call them in a thread."""

    def __init__(
        self,
        folder: Path,
        *,
        progress: Callable[[str], None] = _LOG.info,
        extra_settings: Mapping[str, str] | None = None,
    ) -> None:
        """Make or recognise the folder. `progress` hears, from another thread, what takes long.

        Raises `EmbeddedUnavailable`, `FolderNotOurs`.
        """
        self.folder = Folder(folder)
        self._progress = progress
        self._extra = extra_settings or {}
        self._account = DEDICATED if os.geteuid() == 0 else OURS
        self._programs: Programs | None = None
        self._log_lines: deque[str] = deque(maxlen=_REMEMBERED_LINES)
        self._server: subprocess.Popen[str] | None = None
        self._keeper: threading.Thread | None = None
        self._stopping = threading.Event()
        self._crashed = False
        self._ready: Future[None] = Future()

    def start(self) -> None:
        """Return when the server takes connections, however long recovery after a crash takes.

        Raises `FolderInUse` when another process runs this folder's server: use `url` to talk to that one.
        """
        self.folder.lock()
        try:
            self._prepare()
        except BaseException:
            self.folder.unlock()
            raise
        atexit.register(self.stop)
        self._keeper = threading.Thread(target=self._keep, name="postgres-keeper", daemon=True)
        self._keeper.start()
        try:
            self._ready.result()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Shut the server down and give the folder up. Harmless when it does not run."""
        atexit.unregister(self.stop)
        self._stopping.set()
        if self._keeper is not None:
            self._shut_down(self._keeper)
            self._keeper = None
            self.folder.remove_socket_folder()
        self.folder.unlock()

    def _shut_down(self, keeper: threading.Thread) -> None:
        """Fast shutdown, which cuts clients off and leaves the files clean; immediate if that hangs.

        PostgreSQL 18 may wait for ever when it is asked to stop while it recovers from the crash of a process. There
        is nothing to keep clean then, and an immediate one loses nothing either: the next start recovers.
        """
        if self._server is not None:
            self._server.send_signal(signal.SIGQUIT if self._crashed else signal.SIGINT)
        keeper.join(_PATIENCE_S)
        if keeper.is_alive():
            self._progress("the database server does not shut down by itself and is ended")
            processes.end(processes.cluster_name(self.folder.data), patience_s=0.0)
            keeper.join()

    def url(self, role: str = OWNER, database: str = DATABASE) -> str:
        """The address of the server for a role. It carries the password: never log it."""
        password = self.folder.passwords()[role]
        return f"postgresql://{role}:{quote(password)}@/{database}?host={quote(str(self.folder.socket_folder()), safe='/')}"

    @property
    def programs(self) -> Programs:
        """The programs that fit the data, such as `pg_dump`."""
        if self._programs is None:
            self._programs = locate(self._major_of_data())
        return self._programs

    def pids(self) -> list[int]:
        """The process ids of the server, the main process first; empty when it does not run."""
        running = processes.alive(processes.cluster_name(self.folder.data))
        return [process.pid for process in sorted(running, key=lambda process: not process.main)]

    # From here on only the owner of the lock.

    def _prepare(self) -> None:
        if self._account != OURS:
            refuse_closed_path(self.folder.path, self._account)
            if reachable_by_all(Path(self.programs.path("postgres"))) is not None:
                self._programs = self.programs.copied_to(self.folder.path)
        if not self.folder.data.exists():
            self._progress("making the database")
            make_database(self.folder, self.programs, self._account, sync=self._extra.get("fsync") != "off")

    def _major_of_data(self) -> int | None:
        try:
            return int((self.folder.data / "PG_VERSION").read_text("ascii"))
        except FileNotFoundError:
            return None

    # The keeper's thread.

    def _keep(self) -> None:
        pause_s = 0.1
        while True:
            ready_before = self._ready.done()
            try:
                code = self._run_server()
            except Exception as error:
                if not ready_before:
                    self._ready.set_exception(error)
                    return
                _LOG.exception("the database server could not be started again")
                code = -1
            if self._stopping.is_set():
                if not self._ready.done():
                    self._ready.set_exception(EmbeddedUnavailable("the database server was stopped while it started"))
                return
            if not self._ready.done():
                said = " / ".join(line for line in self._log_lines if line)
                self._ready.set_exception(EmbeddedUnavailable(f"the database server ended with code {code}: {said}"))
                return
            self._progress(f"the database server ended with code {code} and is started again")
            if self._stopping.wait(pause_s):
                return
            pause_s = min(pause_s * 2, _LONGEST_PAUSE_S) if code > 0 else 0.1

    def _run_server(self) -> int:
        """One life of the server; returns its exit code, negative for a signal."""
        data = self.folder.data
        cluster = processes.cluster_name(data)
        # Also right after a crash of the main process alone: its helpers must be gone before the next one may start.
        if processes.end(cluster):
            self._progress("ended a database server that an earlier process had left behind")
        # Nothing has the folder open, so this can only name a process that is not ours: after a restart of a container
        # or machine its number may belong to anybody, and PostgreSQL would refuse to start.
        (data / "postmaster.pid").unlink(missing_ok=True)
        self._crashed = False
        socket_folder = self.folder.make_socket_folder(self._account)
        self._write("postgresql.conf", server_settings(socket_folder, self.folder.path / "settings.conf", self._extra))
        self._write("pg_hba.conf", HOST_RULES)
        command = [sys.executable, "-I", "-S", launch.__file__, str(os.getpid()), str(self._account)]
        command += [self.programs.path("postgres"), "-D", str(data), "-c", f"cluster_name={cluster}"]
        with subprocess.Popen(  # noqa: S603 - our own interpreter and programs
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            env=PLAIN_ENVIRONMENT,
            cwd="/",
            # Ctrl-C reaches every process of the terminal; the server goes only after our last flush.
            start_new_session=True,
        ) as server:
            self._server = server
            if self._stopping.is_set():
                server.send_signal(signal.SIGINT)
            assert server.stderr is not None  # noqa: S101 - PIPE above
            for line in server.stderr:
                self._heard(line.rstrip())
        return server.returncode

    def _write(self, name: str, text: str) -> None:
        path = self.folder.data / name
        path.write_text(text, "utf-8")
        give(path, self._account)

    def _heard(self, line: str) -> None:
        self._log_lines.append(line)
        _LOG.log(_level_of(line), "%s", line)
        if _CRASHED in line:
            self._crashed = True
        if _READY in line:
            self._crashed = False
            if not self._ready.done():
                self._ready.set_result(None)
        elif any(sign in line for sign in _RECOVERY):
            self._progress(line.partition(":")[2].strip())


def _level_of(line: str) -> int:
    if line.startswith(("FATAL", "PANIC")):
        return logging.ERROR
    return logging.WARNING if line.startswith(("WARNING", "ERROR")) else logging.DEBUG
