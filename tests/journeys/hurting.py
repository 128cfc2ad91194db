"""A database server of a test's own, which the test may hurt, and the management system on it."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from forecourt.csms import app
from forecourt.csms.config import Api, Config, Database, Gateway, Server
from forecourt.csms.store.embedded import EmbeddedPostgres
from tests.journeys.site import Site


@asynccontextmanager
async def running(url: str, folder: Path, hold_s: float) -> AsyncIterator[Site]:
    """The management system on a server that a test may hurt."""
    config = Config(
        server=Server(host="127.0.0.1", port=0),
        api=Api(enabled=False),
        database=Database(url=url, folder=folder),
        gateway=Gateway(registration="open", hold_s=hold_s),
    )
    async with app.run(config) as csms:
        yield Site(csms)


class OwnServer:
    """A database server of a test's own, which can go and come back."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.process = EmbeddedPostgres(folder)

    async def start(self) -> None:
        """Begin, or begin again with what was there."""
        self.process = EmbeddedPostgres(self.folder)
        await asyncio.to_thread(self.process.start)

    async def stop(self) -> None:
        """End in good order."""
        await asyncio.to_thread(self.process.stop)

    def freeze(self) -> Callable[[], None]:
        """Stop every process as a hanging disk or a cut network does: nobody refuses, and nobody answers. Returns the end of it."""
        pids = self.process.pids()
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)

        def thaw() -> None:
            for pid in pids:
                try:
                    os.kill(pid, signal.SIGCONT)
                except ProcessLookupError:
                    pass

        return thaw
