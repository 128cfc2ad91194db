"""The API's description as the dashboard's client is made from it, without a database or a server."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any, Final, cast

import msgspec
from litestar.testing import AsyncTestClient
from prometheus_client import CollectorRegistry

from forecourt.csms.api import health
from forecourt.csms.api.application import application
from forecourt.csms.interface import ApiParts, api_routes

# Routes only hold on to what they are given until somebody asks.
_NOTHING = cast(Any, None)
_BLOCKS = cast(
    Any, SimpleNamespace(security=SimpleNamespace(pepper=b""), transactions=None, provisioning=None, certificates=None)
)


def description() -> bytes:
    """The OpenAPI document, the same as a running server gives."""
    parts = ApiParts(
        store=_NOTHING,
        stations=_NOTHING,
        sending=_NOTHING,
        clock=_NOTHING,
        blocks=_BLOCKS,
        dialects={},
        url_of=_NOTHING,
        feed=_NOTHING,
        tail=_NOTHING,
        webhooks=_NOTHING,
        config=_NOTHING,
    )
    app = application(
        store=_NOTHING,
        api_database=_NOTHING,
        authenticator=_NOTHING,
        first_organisation=1,
        pepper=b"",
        routes=api_routes(parts),
        outside=health.routes(_NOTHING, CollectorRegistry()),
    )

    async def asked() -> bytes:
        async with AsyncTestClient(app) as client:
            return (await client.get("/api/v1/openapi.json")).content

    document = msgspec.json.decode(asyncio.run(asked()))
    # Every route may be refused in the same way, which the client knows once and for all.
    for operations in document["paths"].values():
        for operation in operations.values():
            kept = {status: said for status, said in operation["responses"].items() if status < "300"}
            operation["responses"] = kept | {"default": _REFUSAL}
    return msgspec.json.encode(document)


_REFUSAL: Final = {
    "description": "A refusal",
    "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
}
