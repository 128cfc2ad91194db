"""`python -m tools.generate` writes the message types; with `--check` it only says which file is not what it would write."""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from forecourt.ocpp.action import BLOCKS
from tools.generate import emit, names
from tools.generate.facts import ACTIONS_2, CORE_16, SECURITY_16
from tools.generate.loosening import loosened, narrowing
from tools.generate.model import Dialect
from tools.generate.reader import read
from tools.generate.sources import schemas

ROOT: Final = Path(__file__).resolve().parents[2]
PACKAGES: Final = ("v16", "v2")


def modules() -> dict[str, str]:
    """Every generated module by its path below `forecourt/ocpp`, not yet formatted."""
    v16 = read(schemas("1.6"), names.TYPES_16)
    older, newer = schemas("2.0.1"), schemas("2.1")
    definitions = {name for schema in (*older.values(), *newer.values()) for name in schema["definitions"]}
    names_2 = names.types_2(definitions, ACTIONS_2)
    v201, v21 = read(older, names_2), read(newer, names_2)
    v2 = loosened(v21, v201)
    return {
        **_package("v16", "OCPP 1.6 and its security whitepaper", v16, {**CORE_16, **SECURITY_16}),
        **_package("v2", "OCPP 2.0.1 and 2.1", v2, ACTIONS_2),
        "v2/deltas.py": emit.deltas_module("v2", v2, {"2.0.1": narrowing(v2, v201), "2.1": narrowing(v2, v21)}),
    }


def _package(package: str, title: str, dialect: Dialect, facts: emit.Facts) -> dict[str, str]:
    return {
        f"{package}/__init__.py": emit.package_module(package, title, dialect),
        f"{package}/actions.py": emit.actions_module(package, title, facts),
        f"{package}/messages.py": emit.messages_module(package, title, dialect, facts, BLOCKS),
        f"{package}/types.py": emit.types_module(title, dialect),
    }


def write(directory: Path) -> None:
    """Write all modules below `directory`, formatted."""
    paths = []
    for path, source in modules().items():
        place = directory / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(source, encoding="utf-8")
        paths.append(str(place))
    options = ["--config", str(ROOT / "pyproject.toml"), "--no-cache", "--quiet"]
    # Unused imports go, the others and __all__ are sorted. Run at the root, because that is what ruff's `src` is relative to.
    _ruff("check", *options, "--fix", "--select", "F401,I,RUF022", *paths)
    _ruff("format", *options, *paths)


def _ruff(*arguments: str) -> None:
    subprocess.run([sys.executable, "-m", "ruff", *arguments], check=True, cwd=ROOT)


def differing(fresh: Path, target: Path) -> list[Path]:
    """What is not the same below `fresh` and `target`: other content, missing, or no longer generated; relative paths."""
    paths = {
        path.relative_to(place) for place in (fresh, target) for name in PACKAGES for path in place.glob(f"{name}/*.py")
    }
    return sorted(path for path in paths if _content(fresh / path) != _content(target / path))


def _content(path: Path) -> bytes | None:
    return path.read_bytes() if path.exists() else None


def main(arguments: Sequence[str]) -> int:
    """Run the command; 1 when `--check` finds a stale file."""
    parser = argparse.ArgumentParser(prog="python -m tools.generate", description=__doc__)
    parser.add_argument(
        "--check", action="store_true", help="write nothing, name the stale files, exit with 1 if there are any"
    )
    parser.add_argument(
        "--target", type=Path, default=ROOT / "src" / "forecourt" / "ocpp", help="where v16/ and v2/ are"
    )
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as directory:
        fresh = Path(directory)
        write(fresh)
        for path in differing(fresh, options.target):
            if options.check:
                print(f"stale, `make generate` writes it anew: {options.target / path}", file=sys.stderr)
            elif (fresh / path).exists():
                (options.target / path).parent.mkdir(parents=True, exist_ok=True)
                (options.target / path).write_bytes((fresh / path).read_bytes())
            else:
                (options.target / path).unlink()
        return int(options.check and bool(differing(fresh, options.target)))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
