"""Compile the lock files in requirements/ from pyproject.toml (`make lock`, or `make lock ARGS=--upgrade`).

`run.txt` pins what the package needs to run, `dev.txt` that and everything used to build, check and test it; a package
that is in both has the same version in both. One file holds for every Python from 3.11 on and for every platform
(environment markers say what is needed where), with the hashes of all distributions, so pip refuses anything else.
Versions that are already pinned stay as they are unless `--upgrade` is given.

The files must not say where packages come from: that is for the machine which installs them to decide.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
OLDEST_PYTHON = "3.11"


def compile_lock(lock: Path, *options: str) -> None:
    """Have uv write `lock`, keeping the pins it already has. Raises CalledProcessError when nothing satisfies pyproject.toml."""
    uv = [sys.executable, "-m", "uv", "--quiet", "pip", "compile", "pyproject.toml"]
    fixed = ["--universal", "--python-version", OLDEST_PYTHON, "--generate-hashes", "--no-header"]
    subprocess.run([*uv, *fixed, *options, "--output-file", str(lock)], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)


def main() -> None:
    upgrade = [option for option in sys.argv[1:] if option == "--upgrade"]
    if sys.argv[1:] != upgrade:
        sys.exit("usage: python -m tools.lock [--upgrade]")
    compile_lock(Path("requirements/dev.txt"), "--group", "dev", *upgrade)
    compile_lock(Path("requirements/run.txt"), "--constraint", "requirements/dev.txt", *upgrade)


if __name__ == "__main__":
    main()
