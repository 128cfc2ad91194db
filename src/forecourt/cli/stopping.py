"""Waiting for Ctrl-C, a service's stop, or the end of a time."""

from __future__ import annotations

import asyncio
import signal

from forecourt.clock import SYSTEM


async def told_to_stop(within_s: float | None = None, *, also: asyncio.Event | None = None) -> None:
    """Return when we are told to stop, by a signal or `also`, or when the time is over."""
    stopped = asyncio.Event() if also is None else also
    loop = asyncio.get_running_loop()
    signals = (signal.SIGINT, signal.SIGTERM)
    for number in signals:
        loop.add_signal_handler(number, stopped.set)
    try:
        async with SYSTEM.timeout(within_s):
            await stopped.wait()
    except TimeoutError:
        return
    finally:
        for number in signals:
            loop.remove_signal_handler(number)
