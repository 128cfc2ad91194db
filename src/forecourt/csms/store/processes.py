"""Which server processes of one data folder are alive, and how to end those nobody owns any more.

They are recognised by their command line, which everybody may read: `cluster_name` names the data folder by device and
inode, so that a recycled process id, a copy of the folder or a container's server is never taken for ours.
"""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from forecourt.clock import SYSTEM

_FAST, _IMMEDIATE, _KILL = signal.SIGINT, signal.SIGQUIT, signal.SIGKILL
_POLL_S = 0.02


@dataclass(frozen=True, slots=True)
class ServerProcess:
    """A living process of a server; `main` is the one that has started all others."""

    pid: int
    main: bool


def cluster_name(data: Path) -> str:
    """The name under which the processes of this data folder show up."""
    status = data.stat()
    return f"forecourt-{status.st_dev:x}-{status.st_ino:x}"


def alive(cluster: str) -> list[ServerProcess]:
    """All living processes of the server named `cluster`."""
    found = []
    for pid, words in _command_lines():
        if f"cluster_name={cluster}" in words and os.path.basename(words[0]) == "postgres":
            found.append(ServerProcess(pid, main=True))
        elif words[0].startswith(f"postgres: {cluster}: "):
            found.append(ServerProcess(pid, main=False))
    return found


def end(cluster: str, *, patience_s: float = 15.0) -> bool:
    """End whatever runs under `cluster`: ask for a fast shutdown, then insist. Blocks; returns whether anything ran.

    After it no process has the data folder or its shared memory open. Processes we may not signal are not ours.
    """
    ran = False
    for number, wait_s in ((_FAST, patience_s), (_IMMEDIATE, 5.0), (_KILL, 5.0)):
        running = alive(cluster)
        if not running:
            return ran
        ran = True
        # Without their main process the others notice by themselves and leave; a fast shutdown is the main one's to do.
        for process in running:
            if process.main or number != _FAST:
                _signal(process.pid, number)
        if _gone(cluster, wait_s):
            return ran
    return ran


def _gone(cluster: str, wait_s: float) -> bool:
    deadline = SYSTEM.monotonic() + wait_s
    pause = threading.Event()
    while alive(cluster):
        if SYSTEM.monotonic() > deadline:
            return False
        pause.wait(_POLL_S)
    return True


def _signal(pid: int, number: signal.Signals) -> None:
    try:
        os.kill(pid, number)
    except (ProcessLookupError, PermissionError):
        pass


def _command_lines() -> Iterator[tuple[int, list[str]]]:
    processes = Path("/proc")
    if not (processes / "self" / "cmdline").exists():
        yield from _command_lines_by_ps()
        return
    for entry in os.listdir(processes):
        if not entry.isdigit():
            continue
        try:
            line = (processes / entry / "cmdline").read_bytes()
        except OSError:
            continue
        words = line.decode(errors="replace").rstrip("\0").split("\0")
        if words[0]:
            yield int(entry), words


def _command_lines_by_ps() -> Iterator[tuple[int, list[str]]]:
    listed = subprocess.run(["/bin/ps", "-axo", "pid=,command="], capture_output=True, text=True, check=True).stdout
    for line in listed.splitlines():
        pid, _, command = line.strip().partition(" ")
        yield int(pid), [command] if command.startswith("postgres: ") else command.split()
