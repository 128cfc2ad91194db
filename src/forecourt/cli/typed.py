"""What is typed: lines of the standard input, and single keys of a terminal."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
import threading
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import asynccontextmanager, contextmanager


@asynccontextmanager
async def typed_lines() -> AsyncGenerator[asyncio.Queue[str], None]:
    """The lines of the standard input as they come. At its end no more come; nobody is told."""
    loop = asyncio.get_running_loop()
    lines: asyncio.Queue[str] = asyncio.Queue()

    def read() -> None:
        for line in sys.stdin:
            # The loop may have ended meanwhile.
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(lines.put_nowait, line)

    # A file, a pipe and a terminal can all be read by a thread, and by nothing else alike; it ends with the process.
    threading.Thread(target=read, daemon=True).start()
    yield lines


@contextmanager
def typed_keys(hear: Callable[[str], object]) -> Generator[None, None, None]:
    """Tell each key as it is pressed. The terminal is as before at the end. POSIX only."""
    import termios
    import tty

    descriptor = sys.stdin.fileno()
    before = termios.tcgetattr(descriptor)
    loop = asyncio.get_running_loop()

    def read() -> None:
        for key in os.read(descriptor, 1024).decode(errors="replace"):
            hear(key)

    tty.setcbreak(descriptor)
    loop.add_reader(descriptor, read)
    try:
        yield
    finally:
        loop.remove_reader(descriptor)
        termios.tcsetattr(descriptor, termios.TCSADRAIN, before)
