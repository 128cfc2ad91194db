"""The files a check looks at: those git would commit, or all but rubbish where there is no git."""

from __future__ import annotations

import ast
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

GENERATED = ("src/forecourt/ocpp/v16/", "src/forecourt/ocpp/v2/", "web/src/shared/api/schema.gen.ts")
RUBBISH = frozenset({"__pycache__", "build", "dist", "node_modules", "var"})


@dataclass(frozen=True)
class Breach:
    path: str
    line: int
    what: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.what}"


class Tree:
    """A checkout. Paths are relative to its root, with forward slashes."""

    def __init__(self, root: Path) -> None:
        self.root = root

    @cached_property
    def paths(self) -> tuple[str, ...]:
        """Every tracked file and every new one that is not ignored, sorted."""
        listed = self.git("ls-files", "-z", "--cached", "--others", "--exclude-standard")
        found = self._walk() if listed is None else (path for path in listed.split("\0") if path)
        return tuple(sorted(path for path in set(found) if (self.root / path).is_file()))

    def git(self, *arguments: str) -> str | None:
        """What git prints, or None where there is no git, no repository of our own, or nothing to print it from."""
        if not (self.root / ".git").exists():
            return None
        try:
            ran = subprocess.run(["git", *arguments], cwd=self.root, capture_output=True, text=True, check=False)
        except FileNotFoundError:
            return None
        return ran.stdout if ran.returncode == 0 else None

    def text(self, path: str) -> str:
        """What is in a file; nothing, if it has gone since it was listed, as scratch files of a running program do."""
        try:
            return (self.root / path).read_text(encoding="utf-8", errors="replace")
        except FileNotFoundError:
            return ""

    def written_by_hand(self, *folders: str, suffixes: tuple[str, ...] = (".py",)) -> Iterator[str]:
        """Sources below `folders` that no generator wrote."""
        for path in self.paths:
            if path.startswith(folders) and path.endswith(suffixes) and not path.startswith(GENERATED):
                yield path

    def parsed(self, path: str) -> ast.Module:
        return _parse(self.text(path), path)

    def _walk(self) -> Iterator[str]:
        for folder, below, names in os.walk(self.root):
            below[:] = [name for name in below if (name not in RUBBISH and not name.startswith(".")) or name == ".ci"]
            for name in names:
                yield Path(folder, name).relative_to(self.root).as_posix()


@cache
def _parse(source: str, path: str) -> ast.Module:
    return ast.parse(source, filename=path)
