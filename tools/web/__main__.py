"""`python -m tools.web build|check|test|types`: the pages of the dashboard, what they are checked by, and its API client.

`build` leaves alone what is fresh. `types` writes the client's types anew, after a change of the API.
"""

from __future__ import annotations

import argparse
import hashlib
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from tools.web.layers import breaches
from tools.web.node import MODULES, ROOT, WEB, alone, install, node

PAGES: Final = ROOT / "src/forecourt/csms/dashboard/pages"
TYPES: Final = WEB / "src/shared/api/schema.gen.ts"


def build() -> None:
    """Make the pages, unless they are what the sources say."""
    wanted = _digest()
    made = PAGES / ".made-of"
    if made.is_file() and made.read_text() == wanted:
        return
    install()
    with alone("build"):
        if made.is_file() and made.read_text() == wanted:
            return
        print("web: building the dashboard", flush=True)
        node(MODULES / "vite/bin/vite.js", "build", "--outDir", PAGES, "--emptyOutDir", "--logLevel", "warn")
        made.write_text(wanted)


def check() -> None:
    """Raises SystemExit or CalledProcessError with what is wrong."""
    if found := breaches():
        sys.exit("\n".join(found))
    install()
    with tempfile.TemporaryDirectory() as folder:
        fresh = Path(folder) / "schema.gen.ts"
        _write_types(fresh)
        if not TYPES.is_file() or fresh.read_bytes() != TYPES.read_bytes():
            sys.exit(f"{TYPES.relative_to(ROOT)} is not what the API says: run `make generate`")
    node(MODULES / "typescript/bin/tsc", "--noEmit", "--project", WEB)


def test(*arguments: str) -> None:
    """The tests that need no browser."""
    install()
    node(MODULES / "vitest/vitest.mjs", "run", *arguments)


def types() -> None:
    """Write the types of the API's client."""
    install()
    _write_types(TYPES)


def _write_types(place: Path) -> None:
    # Imported here: a build needs neither the server nor what it is made of.
    from tools.web.describe import description

    place.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(suffix=".json") as document:
        document.write(description())
        document.flush()
        options = ["--default-non-nullable=false", "--root-types", "--root-types-no-schema-prefix"]
        node(MODULES / "openapi-typescript/bin/cli.js", document.name, "--output", place, *options)


def _digest() -> str:
    digest = hashlib.sha256()
    for path in _inputs():
        digest.update(f"{path.relative_to(WEB)}\0".encode())
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def _inputs() -> Iterator[Path]:
    yield from sorted(path for path in WEB.iterdir() if path.is_file() and not path.name.startswith("."))
    for folder in ("src", "public"):
        yield from sorted(path for path in (WEB / folder).rglob("*") if path.is_file() and ".test." not in path.name)


def main() -> None:
    """Do what the command line says."""
    parser = argparse.ArgumentParser(prog="python -m tools.web", description=__doc__)
    parser.add_argument("what", choices=["build", "check", "test", "types"])
    parser.add_argument("arguments", nargs="*", help="for the test runner")
    given = parser.parse_args()
    doing: dict[str, Callable[[], None]] = {"build": build, "check": check, "types": types}
    try:
        doing.get(given.what, lambda: test(*given.arguments))()
    except subprocess.CalledProcessError as failed:
        sys.exit(failed.returncode)


if __name__ == "__main__":
    main()
