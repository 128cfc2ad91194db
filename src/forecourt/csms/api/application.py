"""The API as one ASGI application."""

from __future__ import annotations

from collections.abc import Sequence

from litestar import Litestar, Router
from litestar.config.compression import CompressionConfig
from litestar.datastructures import State
from litestar.enums import ScopeType
from litestar.handlers import HTTPRouteHandler
from litestar.openapi import OpenAPIConfig
from litestar.openapi.spec import Components, License, SecurityScheme
from litestar.types import ASGIApp, Receive, Scope, Send

from forecourt import __version__
from forecourt.csms.api.description import DESCRIPTION, documentation, operation_id
from forecourt.csms.api.openapi import NoPages, openapi
from forecourt.csms.store.engine import Database
from forecourt.csms.store.work import Store
from forecourt.csms.web.callers import Authenticator
from forecourt.csms.web.problems import EXCEPTION_HANDLERS
from forecourt.csms.web.repeating import MOST_BODY_BYTES, Repeating
from forecourt.csms.web.requests import ApiRequest

PREFIX = "/api/v1"


class Authentication:
    """ASGI middleware that finds out who asks, once per request."""

    def __init__(self, app: ASGIApp, authenticator: Authenticator) -> None:
        self._app = app
        self._authenticator = authenticator

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == ScopeType.HTTP:
            request = ApiRequest(scope, receive)
            scope["user"] = await self._authenticator.caller(
                request.method, request.headers, request.cookies, request.peer
            )
        await self._app(scope, receive, send)


def application(
    *,
    store: Store,
    api_database: Database,
    authenticator: Authenticator,
    first_organisation: int,
    pepper: bytes,
    routes: Sequence[HTTPRouteHandler],
    outside: Sequence[HTTPRouteHandler],
) -> Litestar:
    """Everything behind the API's port. `routes` are below `/api/v1`, `outside` (health, metrics, pages) at the root."""
    return Litestar(
        route_handlers=[
            Router(
                path=PREFIX,
                route_handlers=list(routes),
                # Functions, because a router is copied when it is registered, with all it holds.
                middleware=[lambda app: Authentication(app, authenticator), lambda app: Repeating(app, store, pepper)],
                security=[{"key": []}, {"session": []}],
            ),
            *outside,
            documentation,
            openapi,
        ],
        request_class=ApiRequest,
        exception_handlers=EXCEPTION_HANDLERS,
        state=State(
            {"store": store, "api_database": api_database, "first_organisation": first_organisation}, deep_copy=False
        ),
        compression_config=CompressionConfig(
            backend="gzip", minimum_size=1000, exclude=["/api/v1/events", "/api/v1/messages/stream"]
        ),
        request_max_body_size=MOST_BODY_BYTES,
        logging_config=None,
        openapi_config=OpenAPIConfig(
            title="Forecourt",
            version=__version__,
            description=DESCRIPTION,
            license=License(name="Apache-2.0", identifier="Apache-2.0"),
            openapi_router=NoPages(path="/", route_handlers=[]),
            use_handler_docstrings=True,
            operation_id_creator=operation_id,
            components=Components(
                security_schemes={
                    "key": SecurityScheme(type="http", scheme="bearer", description="An API key"),
                    "session": SecurityScheme(
                        type="apiKey", name="forecourt", security_scheme_in="cookie", description="A browser's session"
                    ),
                }
            ),
        ),
    )
