"""Which file of the dashboard may import which: `shared` is under `features`, `app` above both, and no feature knows another."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from tools.web.node import WEB

SOURCES: Final = WEB / "src"
_IMPORT: Final = re.compile(r"""(?:from|import)\s*\(?\s*["'](@/|\.{1,2}/)([^"']+)["']""")


def breaches() -> list[str]:
    """What is not as it should be, a line each."""
    return [f"{path.relative_to(WEB)}: {words}" for path in sorted(SOURCES.rglob("*.ts*")) for words in _of(path)]


def _of(path: Path) -> Iterator[str]:
    here = _layer(path.relative_to(SOURCES).parts)
    for start, rest in _IMPORT.findall(path.read_text(encoding="utf-8")):
        target = SOURCES / rest if start == "@/" else path.parent / start / rest
        resolved = target.resolve()
        if not resolved.is_relative_to(SOURCES):
            continue
        there = _layer(resolved.relative_to(SOURCES).parts)
        if there[0] > here[0]:
            yield f"imports {resolved.relative_to(SOURCES)}, which is above it"
        elif there[0] == here[0] == 1 and there[1] != here[1]:
            yield f"imports {resolved.relative_to(SOURCES)}: features do not know each other; what they share belongs in shared"


def _layer(parts: tuple[str, ...]) -> tuple[int, str]:
    return ("shared", "features", "app").index(parts[0]), parts[1]
