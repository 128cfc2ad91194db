"""`python -m tools.mutate [BLOCK ...]` spoils each block of the station in each way there is, and runs the station's tests.

They have to fail, each time, and to pass as long as nothing is spoilt. Takes some minutes; what survives is named, and is the
exit status, and so is a block that there is not.
"""

from __future__ import annotations

import os
import pkgutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import forecourt.station.blocks
from tools.mutate.spoiling import HOW, VARIABLE, senseless

ROOT: Final = Path(__file__).resolve().parents[2]
_TESTS: Final = "tests/station"
_NO_TEST: Final = 5
"""What pytest ends with where no test has such a name."""


def blocks() -> list[str]:
    """All that are built."""
    return [one.name for one in pkgutil.iter_modules(forecourt.station.blocks.__path__) if one.name != "later"]


def survives(block: str, how: str) -> bool:
    """Whether no test notices. Those that look like the block's own come first, then all."""
    for selection in (["-k", block], []):
        code, last = _run({VARIABLE: f"{block}/{how}"}, selection)
        if code not in (0, _NO_TEST):
            # What cannot even be collected has noticed nothing.
            return "failed" not in last
    return True


def _run(environment: dict[str, str], selection: Iterable[str] = ()) -> tuple[int, str]:
    """The exit status of the station's tests, and their last line."""
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-n", "2", "-p", "no:cacheprovider", _TESTS, *selection]
    done = subprocess.run(
        command, cwd=ROOT, env={**os.environ, **environment}, capture_output=True, text=True, check=False
    )
    return done.returncode, (done.stdout.splitlines() or [""])[-1]


def main() -> None:
    """Spoil, and say what nobody noticed."""
    wanted = sys.argv[1:] or blocks()
    if unknown := set(wanted) - set(blocks()):
        sys.exit(f"no such block: {', '.join(sorted(unknown))}")
    code, last = _run({})
    if code != 0:
        sys.exit(f"the tests fail with nothing spoilt, so that they would notice anything: {last}")
    survivors = []
    for block in wanted:
        for how in HOW:
            why = senseless(block, how)
            unnoticed = why is None and survives(block, how)
            print(f"{block:24}{how:6}{why or ('SURVIVES' if unnoticed else 'noticed')}", flush=True)
            if unnoticed:
                survivors.append(f"{block}/{how}")
    if survivors:
        sys.exit(f"nobody noticed: {', '.join(survivors)}")


if __name__ == "__main__":
    main()
