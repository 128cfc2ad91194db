"""Where the log of a command goes."""

from __future__ import annotations

import logging


def log_to_stderr(verbose: bool) -> None:
    """Warnings and errors, or everything there is to know."""
    logging.basicConfig(
        level=logging.DEBUG if verbose else logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
    if verbose:
        for name in ("asyncio", "httpcore2", "uvicorn"):
            logging.getLogger(name).setLevel(logging.INFO)
