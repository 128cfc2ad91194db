"""Where tables are printed: as wide as the window, and where there is none as wide as they are, since `grep` wants whole words."""

from __future__ import annotations

import os
import sys
from typing import Final

from rich.console import Console

_WIDE: Final = 500


def screen(*, markup: bool = True) -> Console:
    """The standard output. COLUMNS in the environment says how wide it is, whatever it is."""
    is_window = sys.stdout.isatty() or "COLUMNS" in os.environ
    return Console(highlight=False, markup=markup, soft_wrap=True, width=None if is_window else _WIDE)
