"""Running something until Ctrl-C or a service's stop, and saying in words why it could not begin."""

from __future__ import annotations

import asyncio
import errno
import signal
import socket
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import TypeVar

from forecourt.cli.places import holder_of
from forecourt.cli.settings import Failure
from forecourt.csms.app import Csms
from forecourt.csms.config import Config
from forecourt.csms.store.errors import FolderInUse, StoreError
from forecourt.errors import Invalid
from forecourt.transport import run
from forecourt.transport.running import allow_many_files, collect_seldom

T = TypeVar("T")


def until_stopped(
    running: AbstractAsyncContextManager[T], config: Config, then: Callable[[T], Awaitable[None]]
) -> None:
    """Run something, call `then` once it runs, and end it in good order when we are told to stop.

    Raises Failure with what to do when it cannot begin.
    """
    _refuse_taken_ports(config)
    try:
        run(_until_stopped(running, then))
    except BaseExceptionGroup as group:
        # What fails at the start does so beside tasks that run already.
        error = _only(group)
        if error is None:
            raise
        raise _in_words(error, config) from error
    except (OSError, StoreError, Invalid) as error:
        raise _in_words(error, config) from error


def _refuse_taken_ports(config: Config) -> None:
    """Before anything is made: nobody waits for a database to hear that a port is taken."""
    listening = [("server", config.server.host, config.server.port)]
    if config.api.enabled:
        listening.append(("api", config.api.host, config.api.port))
    for section, host, port in listening:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        try:
            socket.create_server((host, port), family=family).close()
        except OSError as error:
            if error.errno in (errno.EADDRINUSE, errno.EACCES):
                raise _in_words(error, config) from error
            raise Failure(f"{section}.host: {host} is no address of this machine: {error.strerror}") from error


async def _until_stopped(running: AbstractAsyncContextManager[T], then: Callable[[T], Awaitable[None]]) -> None:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    main = asyncio.current_task()
    begun = False

    def stop() -> None:
        stopped.set()
        # While it starts nobody waits for the event, and starting may take long.
        if not begun and main is not None:
            main.cancel()

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop)
    try:
        async with running as thing:
            begun = True
            await then(thing)
            collect_seldom()
            await stopped.wait()
    except asyncio.CancelledError:
        if not stopped.is_set():
            raise


@asynccontextmanager
async def prepared(config: Config, progress: Callable[[str], None]) -> AsyncGenerator[Csms, None]:
    """The management system of a configuration. Imported late: it is most of the program."""
    from forecourt.csms import app

    allow_many_files()
    async with app.run(config, progress=progress) as csms:
        yield csms


def _only(group: BaseExceptionGroup[BaseException]) -> OSError | StoreError | Invalid | None:
    """The one error in a group, if there is just one and it is one with words for people."""
    inner = group.exceptions[0] if len(group.exceptions) == 1 else None
    if isinstance(inner, BaseExceptionGroup):
        return _only(inner)
    return inner if isinstance(inner, OSError | StoreError | Invalid) else None


def _in_words(error: OSError | StoreError | Invalid, config: Config) -> Failure:
    if isinstance(error, Invalid):
        return Failure(error.message)
    if isinstance(error, FolderInUse):
        return Failure(f"a server runs already: {error.reason}; end it, or choose another data folder with --data")
    if not isinstance(error, OSError):
        return Failure(str(error))
    for what, port, key in (
        ("stations", config.server.port, "FORECOURT__SERVER__PORT"),
        ("the API", config.api.port, "FORECOURT__API__PORT"),
    ):
        if error.errno == errno.EADDRINUSE and port and (holder := holder_of(port)):
            return Failure(f"port {port}, for {what}, is taken by {holder}; end that, or choose another with {key}")
    if error.errno == errno.EADDRINUSE:
        return Failure(
            f"port {config.server.port} or {config.api.port} is taken; choose others with FORECOURT__SERVER__PORT and"
            " FORECOURT__API__PORT"
        )
    if error.errno == errno.EACCES:
        return Failure(f"{error.strerror}: {error.filename or 'ports below 1024 need special rights'}")
    return Failure(str(error))
