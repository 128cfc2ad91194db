"""Where the demo keeps what it has, unless it is told otherwise."""

from __future__ import annotations

import os
from pathlib import Path


def default_folder() -> Path:
    """Where the demo keeps things: by the XDG convention; for root where the account of its database may enter."""
    if os.geteuid() == 0 and "XDG_DATA_HOME" not in os.environ:
        return Path("/var/lib/forecourt-demo")
    home = os.environ.get("XDG_DATA_HOME") or ""
    place = Path(home) if home.startswith("/") else Path.home() / ".local" / "share"
    return place / "forecourt" / "demo"
