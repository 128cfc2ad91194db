"""Which tests there are for which certification case: told by their names alone, without running them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from forecourt.conformance.catalogue import ID

FOLDER: Final = "cases"
"""Tests in a folder of this name act a whole case, every step of it and every validation asserted.

A management system is tested over a real connection, a station against a scripted one through the codec of its version.

A test elsewhere that carries a number proves a part of the case, and does not count.
"""


def proofs(root: Path) -> dict[str, list[str]]:
    """The files, as paths from `root`, that hold the tests of each case."""
    found: dict[str, list[str]] = {}
    for path in sorted((root / "tests").rglob("test_*.py")):
        if path.parent.name != FOLDER:
            continue
        place = path.relative_to(root).as_posix()
        for name in _tests(path):
            for case in ID.findall(name):
                places = found.setdefault(case, [])
                if place not in places:
                    places.append(place)
    return found


def _tests(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"), filename=str(path))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
            yield node.name
