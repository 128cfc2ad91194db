"""Where the server of a data folder is reached, told by the server to commands of the same machine. Nothing secret."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import msgspec

FILE: Final = "running.json"


class Whereabouts(msgspec.Struct, frozen=True, kw_only=True):
    """A running server: where its API is, where stations connect, the ports it has, and which process it is."""

    api_url: str
    station_urls: list[str]
    ports: list[int]
    process: int


@contextmanager
def announced(folder: Path, told: Whereabouts) -> Iterator[None]:
    """Tell, for as long as the block lasts."""
    path = folder / FILE
    half_done = path.with_suffix(".new")
    half_done.write_bytes(msgspec.json.encode(told))
    os.replace(half_done, path)
    try:
        yield
    finally:
        path.unlink(missing_ok=True)


def of(folder: Path) -> Whereabouts | None:
    """What the server of a folder has told; None if none runs."""
    try:
        told = msgspec.json.decode((folder / FILE).read_bytes(), type=Whereabouts)
    except (OSError, msgspec.DecodeError):
        return None
    return told if _lives(told.process) else None


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True
