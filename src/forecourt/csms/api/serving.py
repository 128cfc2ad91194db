"""The API's server: uvicorn in the loop of the gateway, without signal handlers and logs of its own."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Final

import uvicorn
from litestar.types import ASGIApp

from forecourt.clock import SYSTEM
from forecourt.csms.config import Api

GRACE_S: Final = 5
"""How long requests that are being answered may go on when the server ends."""


_DATE_S: Final = 1.0
"""How old the date in an answer's headers may be."""


class _Server(uvicorn.Server):
    """It ends when it is told to; uvicorn's own looks for that every tenth of a second, and waits for clients it has not."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._ending = asyncio.Event()

    def end(self) -> None:
        """Take no more connections, and stop serving once what is being answered has been."""
        self.should_exit = True
        self._ending.set()

    async def main_loop(self) -> None:
        while not await self.on_tick(0):
            try:
                async with SYSTEM.timeout(_DATE_S):
                    await self._ending.wait()
            except TimeoutError:
                pass

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        if self.server_state.connections or self.server_state.tasks:
            await super().shutdown(sockets)
            return
        for server in self.servers:
            server.close()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Signals belong to whoever runs the process."""
        yield


@asynccontextmanager
async def serving(application: ASGIApp, settings: Api) -> AsyncIterator[int]:
    """Serve for as long as the block lasts; the port that was taken is given. Raises OSError when it cannot be had."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listening = socket.create_server((settings.host, settings.port), family=family, backlog=512)
    taken: int = listening.getsockname()[1]
    config = uvicorn.Config(
        application,
        log_config=None,
        access_log=False,
        lifespan="off",
        server_header=False,
        proxy_headers=bool(settings.trusted_proxies),
        forwarded_allow_ips=list(settings.trusted_proxies),
        timeout_graceful_shutdown=GRACE_S,
        # The loop is there already.
        loop="none",
    )
    server = _Server(config)
    async with asyncio.TaskGroup() as group:
        task = group.create_task(server.serve(sockets=[listening]))
        try:
            yield taken
        finally:
            server.end()
            await task
