"""Our program as a process: started, read, told to end, and looked at for what it leaves behind."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import Empty, Queue

LIMIT_S = 90.0
"""The longest that anything may take on a busy machine."""


class Running:
    """A process of `forecourt` whose output is read line by line."""

    def __init__(self, *arguments: str, environment: dict[str, str]) -> None:
        self.lines: list[str] = []
        self._queue: Queue[str | None] = Queue()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "forecourt", *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            text=True,
            env={**os.environ, "COLUMNS": "200", **environment},
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def until(self, pattern: str) -> re.Match[str]:
        """The first line, of those not seen yet, that has `pattern` in it."""
        while True:
            try:
                line = self._queue.get(timeout=LIMIT_S)
            except Empty:
                raise AssertionError(f"{pattern!r} was not said within {LIMIT_S} s, but {self.lines}") from None
            if line is None:
                raise AssertionError(f"it ended and never said {pattern!r}, but {self.lines}")
            if match := re.search(pattern, line):
                return match

    def end(self, number: signal.Signals = signal.SIGINT) -> int:
        """Tell it to end as Ctrl-C does, and wait; returns its code."""
        self.process.send_signal(number)
        code = self.process.wait(LIMIT_S)
        self._reader.join(LIMIT_S)
        return code

    def kill(self) -> None:
        """Leave nothing behind when a test fails."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(LIMIT_S)
        if self.process.stdout is not None:
            self._reader.join(LIMIT_S)
            self.process.stdout.close()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line.rstrip())
            self._queue.put(line.rstrip())
        self._queue.put(None)


@contextmanager
def started(*arguments: str, **environment: str) -> Iterator[Running]:
    """A process of `forecourt`; it is gone at the end, whatever happens."""
    running = Running(*arguments, environment=environment)
    try:
        yield running
    finally:
        running.kill()


def processes_naming(text: str) -> list[str]:
    """The command lines of processes that name `text`, ours aside."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            line = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
        except (OSError, ValueError):
            continue
        if entry.name.isdecimal() and int(entry.name) != os.getpid() and text in line:
            found.append(line)
    return found


@contextmanager
def folder() -> Iterator[Path]:
    """A place for data that the account of the embedded database may enter, also when we are root."""
    place = Path(tempfile.mkdtemp(prefix="fc-cli-", dir="/tmp"))
    place.chmod(0o711)
    try:
        yield place / "data"
    finally:
        shutil.rmtree(place)


def free_port() -> int:
    """A port that was free a moment ago; for what must be told a number before it can choose one."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port: int = listening.getsockname()[1]
        return port
