"""What machines ask a running system: is it alive, can it take work, what does it count."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
from litestar import Response
from litestar.handlers import HTTPRouteHandler
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

from forecourt.csms.store.errors import StoreAway
from forecourt.csms.web.routes import PUBLIC, read


class Alive(msgspec.Struct, frozen=True, kw_only=True):
    """The process answers."""

    status: str


class Ready(msgspec.Struct, frozen=True, kw_only=True):
    """Work is taken."""

    status: str


def routes(database_is_available: Callable[[], bool], registry: CollectorRegistry) -> list[HTTPRouteHandler]:
    """The routes for machines; all are open, since they say nothing about anybody."""

    @read("/healthz", permission=PUBLIC, tags=["Health"], summary="Is the process alive")
    async def health() -> Alive:
        return Alive(status="alive")

    @read("/readyz", permission=PUBLIC, tags=["Health"], summary="Does it take work")
    async def readiness() -> Ready:
        if not database_is_available():
            raise StoreAway("the database does not answer")
        return Ready(status="ready")

    @read("/metrics", permission=PUBLIC, include_in_schema=False)
    async def metrics() -> Response[bytes]:
        return Response(generate_latest(registry), headers={"Content-Type": CONTENT_TYPE_LATEST})

    return [health, readiness, metrics]
