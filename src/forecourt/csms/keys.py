"""Keys of the server itself: files in a folder of their own, readable by nobody else, and part of every backup."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Final

from forecourt.errors import Invalid

KEY_BYTES: Final = 32
PEPPER: Final = "handshake-pepper"
LOCAL: Final = "local-administration"
"""Its content in hexadecimal is an API key of the platform's administrator, for programs on this machine."""
STATION_AUTHORITY: Final = "station-authority.pem"
"""The key and the root with which certificates of stations are signed."""


def key(folder: Path, name: str) -> bytes:
    """The key `name` of `folder`, made at first use. Raises Invalid when its file is damaged.

    Blocks for a moment; called at start.
    """
    stored = kept(folder, name, lambda: secrets.token_bytes(KEY_BYTES))
    if len(stored) != KEY_BYTES:
        path = folder / name
        raise Invalid(
            "key_damaged", f"{path} should hold {KEY_BYTES} bytes and holds {len(stored)}; restore it from a backup"
        )
    return stored


def kept(folder: Path, name: str, make: Callable[[], bytes]) -> bytes:
    """What the file `name` of `folder` holds, made at first use. Of two processes that make it at once both get the same.

    Blocks for a moment.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / name
    temporary = folder / f".{name}.{secrets.token_hex(8)}"
    try:
        return path.read_bytes()
    except FileNotFoundError:
        pass
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(make())
        file.flush()
        os.fsync(file.fileno())
    try:
        # A link fails where the name is taken, so that of two processes that start at once both use the same key.
        os.link(temporary, path)
    except FileExistsError:
        pass
    finally:
        temporary.unlink()
    return path.read_bytes()
