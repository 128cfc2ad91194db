"""Running a program on the fastest event loop there is."""

from __future__ import annotations

import asyncio
import gc
import sys
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

try:
    import uvloop
except ImportError:
    _new_loop: Callable[[], asyncio.AbstractEventLoop] | None = None
else:
    _new_loop = uvloop.new_event_loop

if sys.platform != "win32":
    import resource

T = TypeVar("T")

_YOUNG, _MIDDLE, _OLD = 50_000, 20, 100


def run(main: Coroutine[Any, Any, T], *, debug: bool | None = None) -> T:
    """Run `main` to its end as `asyncio.run` does, on uvloop where it is installed."""
    with asyncio.Runner(debug=debug, loop_factory=_new_loop) as runner:
        return runner.run(main)


def collect_seldom() -> None:
    """Have Python look for garbage seldom. For a program that serves thousands of connections, once it has started.

    What is there by then stays, and is not looked at again; and hardly anything of a message is in a cycle, so a collection
    after each 700 new objects, as by default, costs a fifth of all the time and finds nothing.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG, _MIDDLE, _OLD)


def allow_many_files() -> None:
    """Have as many files open as the system lets us: each connection is one, and most systems allow a thousand unasked."""
    if sys.platform != "win32":
        _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        except (OSError, ValueError):
            # macOS calls its limit unlimited and allows less. What we have then is what we had.
            return
