"""The last step before PostgreSQL: a child process leaves root, ties its life to ours, and becomes the server.

Run as a script by a fresh interpreter (`python -I -S launch.py PARENT ACCOUNT PROGRAM ARGUMENT...`), because between fork
and exec in a process with threads no Python may run. Imports nothing of the project. ACCOUNT is a uid
with a group of the same number; -1 stays what we are.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def become(parent: int, account: int, command: list[str]) -> None:
    """Replace this process by `command`. The kernel ends it when the thread that started it ends, which is also when our
    process is killed; no watcher has to survive for that.

    The end is an immediate one: the next start has to recover, which it can. A fast one may hang (see `embedded.py`).
    """
    # Asked to stop before we are PostgreSQL, we end at once: Python would note it, and forget it in exec.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    os.umask(0o077)
    if account >= 0:
        os.setgroups([])
        os.setgid(account)
        os.setuid(account)
    if sys.platform == "linux":
        # After setuid, which clears it; execve keeps it.
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, int(signal.SIGQUIT), 0, 0, 0)
    if os.getppid() != parent:
        raise SystemExit("the process that wanted a database server is gone")
    os.execv(command[0], command)  # noqa: S606 - the caller names the program


if __name__ == "__main__":
    become(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:])
