"""What a virtual station knows after its power was off: its meters, and which sessions it had not told the end of."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path

import msgspec


class OpenSession(msgspec.Struct, frozen=True, kw_only=True):
    """A session that was running when the power went."""

    id: str
    outlet: int
    card: str
    began_at: datetime
    last_at: datetime
    seq_no: int
    number: int | None
    remote_start_id: int | None


class Remembered(msgspec.Struct, frozen=True, kw_only=True):
    """All that is kept."""

    registers_wh: dict[int, float] = {}
    open: tuple[OpenSession, ...] = ()


def recall(path: Path) -> Remembered:
    """What was kept; nothing if there is nothing to be read."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Remembered)
    except (FileNotFoundError, msgspec.DecodeError):
        return Remembered()


def keep(path: Path, remembered: Remembered) -> None:
    """Keep it: a file that is complete or not there."""
    half_done = path.with_suffix(".new")
    half_done.write_bytes(msgspec.json.encode(remembered))
    os.replace(half_done, path)
