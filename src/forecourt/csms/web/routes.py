"""How a block declares its routes: `read`, `create`, `change`, `replace`, `remove`, each with the permission it needs.

    @read("/sites", permission="sites.read", tags=["Sites"])
    async def list_sites(request: ApiRequest, limit: Limit = 50) -> Page[SiteOut]: ...

What the decorators add: the guard, the problems every route may answer with, a refusal of query parameters that nobody
declared, and for `create` the repeating of an answer to the same Idempotency-Key.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any, Final
from uuid import UUID

import litestar
from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler, HTTPRouteHandler
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import PathParameter, QueryParameter

from forecourt.csms.web.callers import Caller
from forecourt.csms.web.permissions import PERMISSIONS
from forecourt.csms.web.problems import MEDIA_TYPE, NotAuthenticated, Problem
from forecourt.csms.web.requests import PERMISSION, ApiRequest
from forecourt.errors import Invalid, NotAllowed

PUBLIC: Final = "public"
"""In place of a permission: for everybody."""
SIGNED_IN: Final = "signed_in"
"""In place of a permission: for everybody who has shown who they are."""

Key = Annotated[int, PathParameter(ge=1, le=2**63 - 1)]
"""The number of a thing in a path."""

UniqueKey = Annotated[UUID, PathParameter()]
"""The identifier of a thing in a path, where it is unique everywhere."""

_SAYS: Final = {
    400: "It could not be read",
    401: "Nobody has shown who they are",
    403: "The caller may not do this",
    404: "It does not exist, or not for this caller",
    405: "Not with this method",
    409: "It contradicts what is so",
    412: "It was changed meanwhile",
    413: "Too large",
    415: "Not this media type",
    422: "A value makes no sense; `errors` say which",
    429: "Too often",
    500: "An error of the server",
    503: "The database is away; nothing was changed",
}
_ALWAYS: Final = (400, 401, 403, 404, 405, 422, 500, 503)
_WRITING: Final = (409, 412, 413, 415, 429)

Handler = Callable[..., Any]


def read(path: str, *, permission: str, **options: Any) -> Callable[[Handler], HTTPRouteHandler]:
    """A GET route."""
    return _route(litestar.get, path, permission, (), {304: "Not changed"}, options)


def create(path: str, *, permission: str, **options: Any) -> Callable[[Handler], HTTPRouteHandler]:
    """A POST route."""
    return _route(litestar.post, path, permission, _WRITING, {}, options)


def change(path: str, *, permission: str, **options: Any) -> Callable[[Handler], HTTPRouteHandler]:
    """A PATCH route: fields that are left out stay as they are."""
    return _route(litestar.patch, path, permission, _WRITING, {}, options)


def replace(path: str, *, permission: str, **options: Any) -> Callable[[Handler], HTTPRouteHandler]:
    """A PUT route."""
    return _route(litestar.put, path, permission, _WRITING, {}, options)


def remove(path: str, *, permission: str, **options: Any) -> Callable[[Handler], HTTPRouteHandler]:
    """A DELETE route."""
    return _route(litestar.delete, path, permission, _WRITING, {}, options)


def _route(
    decorator: Callable[..., Any],
    path: str,
    permission: str,
    more: Sequence[int],
    plain: Mapping[int, str],
    options: dict[str, Any],
) -> Callable[[Handler], HTTPRouteHandler]:
    if permission not in PERMISSIONS and permission not in (PUBLIC, SIGNED_IN):
        raise ValueError(f"there is no permission {permission}")
    responses: dict[int, ResponseSpec] = {
        status: ResponseSpec(Problem, generate_examples=False, description=_SAYS[status], media_type=MEDIA_TYPE)
        for status in (*_ALWAYS, *more)
    }
    responses |= {status: ResponseSpec(None, description=words) for status, words in plain.items()}
    responses |= options.pop("responses", {})
    built: Callable[[Handler], HTTPRouteHandler] = decorator(
        path,
        opt={PERMISSION: permission, **options.pop("opt", {})},
        responses=responses,
        guards=[_guard, _only_known_parameters, *options.pop("guards", [])],
        **options,
    )
    return built


# Guards wait for nothing, but Litestar would run plain functions in another thread.


async def _guard(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    permission = handler.opt[PERMISSION]
    if permission == PUBLIC:
        return
    caller = connection.scope.get("user")
    if not isinstance(caller, Caller):
        raise NotAuthenticated("not_authenticated", "sign in, or send an API key: Authorization: Bearer ...")
    if permission != SIGNED_IN and not caller.may(permission):
        raise NotAllowed("not_allowed", f"this needs the permission {permission}, which you do not have")


async def _only_known_parameters(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    """Refuse a misspelt filter: ignored, it would answer with what was not asked for. And the one character that no text has."""
    known = handler.opt.get("_parameters")
    if known is None:
        known = handler.opt["_parameters"] = query_parameters(handler)
    for name, values in connection.query_params.dict().items():
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
            hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(sorted(known)) or 'none'}"
            message = f"there is no parameter {name} here; {hint}"
            raise Invalid("parameter_unknown", message, {name: message})
        if any("\0" in value for value in values):
            message = "a text cannot hold the character NUL"
            raise Invalid("text_not_storable", message, {name: message})


def query_parameters(handler: BaseRouteHandler) -> frozenset[str]:
    """The names a route takes in its query: each is declared with QueryParameter."""
    names = set()
    for name, parameter in handler.parsed_fn_signature.parameters.items():
        definition = parameter.kwarg_definition
        if isinstance(definition, QueryParameter):
            names.add(definition.name or name)
    return frozenset(names)


__all__ = [
    "PUBLIC",
    "SIGNED_IN",
    "ApiRequest",
    "Key",
    "UniqueKey",
    "change",
    "create",
    "query_parameters",
    "read",
    "remove",
    "replace",
]
