"""What machines ask a running system: is it alive, can it take work, what does it count."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

import msgspec
from litestar import Response
from litestar.handlers import HTTPRouteHandler
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

from forecourt.clock import Clock
from forecourt.csms.store.engine import Database
from forecourt.csms.store.errors import StoreAway
from forecourt.csms.store.failures import DRIVER_ERRORS
from forecourt.csms.web.routes import PUBLIC, read

LONGEST_S: Final = 3.0
"""A database that takes longer to let somebody in takes no work."""
AGAIN_AFTER_S: Final = 1.0
"""Whoever asks more often gets the answer of before: everybody may ask."""


class Readiness:
    """Whether work is taken: the gateway lets stations in, and the database lets us in now."""

    def __init__(self, is_available: Callable[[], bool], database: Database, clock: Clock) -> None:
        self._is_available = is_available
        self._database = database
        self._clock = clock
        self._lock = asyncio.Lock()
        self._asked_at = float("-inf")
        self._answers = False

    async def __call__(self) -> bool:
        """Takes `LONGEST_S` seconds at most."""
        async with self._lock:
            if self._clock.monotonic() - self._asked_at >= AGAIN_AFTER_S:
                self._answers = await self._try()
                self._asked_at = self._clock.monotonic()
        return self._answers and self._is_available()

    async def _try(self) -> bool:
        try:
            async with asyncio.timeout(LONGEST_S):
                # One of its own: those of the pool may all be waiting.
                driver = await self._database.open_connection()
                try:
                    return bool(await driver.fetchval("SELECT true"))
                finally:
                    driver.terminate()
        except (*DRIVER_ERRORS, OSError):
            return False


class Alive(msgspec.Struct, frozen=True, kw_only=True):
    """The process answers."""

    status: str


class Ready(msgspec.Struct, frozen=True, kw_only=True):
    """Work is taken."""

    status: str


def routes(is_ready: Callable[[], Awaitable[bool]], registry: CollectorRegistry) -> list[HTTPRouteHandler]:
    """The routes for machines; all are open, since they say nothing about anybody."""

    @read("/healthz", permission=PUBLIC, tags=["Health"], summary="Is the process alive")
    async def health() -> Alive:
        return Alive(status="alive")

    @read("/readyz", permission=PUBLIC, tags=["Health"], summary="Does it take work")
    async def readiness() -> Ready:
        if not await is_ready():
            raise StoreAway("the database does not answer")
        return Ready(status="ready")

    @read("/metrics", permission=PUBLIC, include_in_schema=False)
    async def metrics() -> Response[bytes]:
        return Response(generate_latest(registry), headers={"Content-Type": CONTENT_TYPE_LATEST})

    return [health, readiness, metrics]
