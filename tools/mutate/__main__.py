"""`python -m tools.mutate [BLOCK ...]` spoils each block of the station in each way there is, and runs the station's tests.

They have to fail, each time. Takes some minutes; what survives is named, and is the exit status.
"""

from __future__ import annotations

import os
import pkgutil
import subprocess
import sys
from pathlib import Path
from typing import Final

import forecourt.station.blocks
from tools.mutate.spoiling import HOW, VARIABLE, dialects

ROOT: Final = Path(__file__).resolve().parents[2]
_TESTS: Final = "tests/station"


def spoilable() -> list[tuple[str, str]]:
    """Every block with every way to spoil it that changes anything."""
    found = []
    for block in pkgutil.iter_modules(forecourt.station.blocks.__path__):
        if block.name == "later":
            continue
        tables = list(dialects(block.name))
        says, hears = any(one.SAYS for one in tables), any(one.HEARS for one in tables)
        found += [
            (block.name, how) for how in HOW if {"drop": says, "deaf": hears, "swap": _has_status(block.name)}[how]
        ]
    return found


def _has_status(block: str) -> bool:
    source = "".join(Path(one.__file__ or "").read_text("utf-8") for one in dialects(block))
    return "status=" in source


def survives(block: str, how: str) -> bool:
    """Whether no test notices. Those that look like the block's own come first, then all."""
    environment = {**os.environ, VARIABLE: f"{block}/{how}"}
    for selection in (["-k", block], []):
        command = [sys.executable, "-m", "pytest", "-x", "-q", "-n", "2", "-p", "no:cacheprovider", _TESTS, *selection]
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
        # 5: no test has such a name.
        if done.returncode not in (0, 5):
            return "error" in done.stdout.rpartition("\n")[2] and "failed" not in done.stdout
    return True


def main() -> None:
    """Spoil, and say what nobody noticed."""
    wanted = set(sys.argv[1:])
    survivors = []
    for block, how in spoilable():
        if wanted and block not in wanted:
            continue
        unnoticed = survives(block, how)
        print(f"{block:24}{how:6}{'SURVIVES' if unnoticed else 'noticed'}", flush=True)
        if unnoticed:
            survivors.append(f"{block}/{how}")
    if survivors:
        sys.exit(f"nobody noticed: {', '.join(survivors)}")


if __name__ == "__main__":
    main()
