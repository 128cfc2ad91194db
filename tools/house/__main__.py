"""Run every check of the house style over this repository; print the breaches and fail if there is one."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from pathlib import Path

from tools.house.repository import commit_subjects, forbidden_text, stale_locks, undeclared_imports
from tools.house.sources import clocks, empty_names, long_files, loose_tasks, version_literals
from tools.house.tree import Breach, Tree

CHECKS: tuple[Callable[[Tree], Iterable[Breach]], ...] = (
    empty_names,
    long_files,
    version_literals,
    clocks,
    loose_tasks,
    forbidden_text,
    commit_subjects,
    stale_locks,
    undeclared_imports,
)


def main(root: Path) -> int:
    tree = Tree(root)
    breaches = [breach for check in CHECKS for breach in check(tree)]
    for breach in breaches:
        print(breach)
    print(f"house style: {len(breaches)} breaches, {len(CHECKS)} checks, {len(tree.paths)} files")
    return 1 if breaches else 0


if __name__ == "__main__":
    sys.exit(main(Path(__file__).resolve().parent.parent.parent))
