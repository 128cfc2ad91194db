"""Every refusal of the API as problem+json (RFC 9457): a status, a stable `code` for programs, words for people, and the path
of each field that is at fault. The only place that renders errors."""

from __future__ import annotations

import http
import logging
import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

import msgspec
from litestar import Request, Response
from litestar.exceptions import HTTPException, ValidationException
from litestar.types import ExceptionHandlersMap

from forecourt.csms.store.errors import EntryRefused, StoreAway, StoreFault
from forecourt.csms.web.flaws import placed
from forecourt.errors import DomainError, Flaw

_LOG = logging.getLogger("forecourt.api")

MEDIA_TYPE: Final = "application/problem+json"
_COLUMNS_OF: Final = re.compile(r"_(?:fkey|check|key)$")
_UNIQUE, _REFERENCE = "23505", "23503"

_CODES: Final[Mapping[int, str]] = {
    400: "malformed",
    401: "not_authenticated",
    403: "not_allowed",
    404: "not_found",
    405: "method_not_allowed",
    406: "not_acceptable",
    409: "conflict",
    412: "changed_meanwhile",
    413: "too_large",
    415: "unsupported_media_type",
    422: "invalid",
    429: "too_many_requests",
    500: "internal_error",
    503: "unavailable",
}


class Fault(msgspec.Struct, frozen=True, kw_only=True):
    """What is wrong with one field: `path` as in `limits.energyWh`, for a parameter its name. `code` is stable; `message` is
    for people and may change; `bound` is the number that the value passed, for `too_long` and its like."""

    path: str
    code: str
    message: str
    bound: float | None = None

    @classmethod
    def of(cls, path: str, message: str, code: str) -> Fault:
        """`code` is that of the whole refusal, for a message that has none of its own."""
        flaw = message if isinstance(message, Flaw) else Flaw(message, code)
        return cls(path=path, code=flaw.code, message=str(flaw), bound=flaw.bound)


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """Why a request was refused. `code` is stable; `title` and `detail` are for people and may change."""

    type: str = "about:blank"
    title: str
    status: int
    code: str
    detail: str
    errors: tuple[Fault, ...] = ()


class NotAuthenticated(DomainError):
    """Nobody has shown who they are, or what they showed is not valid (any more)."""

    http_status = 401


class ChangedMeanwhile(DomainError):
    """The resource is not any more what the request was made for (If-Match)."""

    http_status = 412


class TooManyRequests(DomainError):
    """Too often in too short a time."""

    http_status = 429

    def __init__(self, code: str, message: str, retry_after_s: int) -> None:
        super().__init__(code, message)
        self.retry_after_s = retry_after_s


def problem(
    status: int, code: str, detail: str, faults: Iterable[Fault] = (), headers: Mapping[str, str] | None = None
) -> Response[Problem]:
    """The response that says so."""
    said = Problem(title=http.HTTPStatus(status).phrase, status=status, code=code, detail=detail, errors=tuple(faults))
    return Response(said, status_code=status, media_type=MEDIA_TYPE, headers=dict(headers or {}))


def faults_of(error: DomainError) -> list[Fault]:
    """What it says of each field."""
    return [Fault.of(path, message, error.code) for path, message in error.fields.items()]


def _domain(_: Request[Any, Any, Any], error: DomainError) -> Response[Problem]:
    headers = {}
    if isinstance(error, TooManyRequests):
        headers["Retry-After"] = str(error.retry_after_s)
    if isinstance(error, NotAuthenticated):
        headers["WWW-Authenticate"] = "Bearer"
    return problem(error.http_status, error.code, error.message, faults_of(error), headers)


def _validation(request: Request[Any, Any, Any], error: ValidationException) -> Response[Problem]:
    """What Litestar found wrong with a body or a parameter before a handler saw it."""
    faults = []
    for one in error.extra if isinstance(error.extra, list) else []:
        message, key = str(one.get("message", "")), str(one.get("key", ""))
        path, flaw = placed(message, "" if key == "data" else key)
        if one.get("source") != "body":
            faults.append(Fault.of(_parameter(request, key), Flaw(message, flaw.code, flaw.bound), flaw.code))
        elif message == "'data'":
            faults.append(Fault.of("", "this needs a body: a JSON object, sent as application/json", "body_missing"))
        else:
            faults.append(Fault.of(path, flaw, flaw.code))
    detail = "; ".join(f"{fault.path}: {fault.message}" if fault.path else fault.message for fault in faults)
    return problem(422, "invalid", detail or error.detail, faults)


def _parameter(request: Request[Any, Any, Any], name: str) -> str:
    """What a parameter is called in the API; in Python some names are taken."""
    found = request.route_handler.parsed_fn_signature.parameters.get(name)
    declared = None if found is None else getattr(found.kwarg_definition, "name", None)
    return declared if isinstance(declared, str) else _camel(name)


def _http(_: Request[Any, Any, Any], error: HTTPException) -> Response[Problem]:
    status = error.status_code
    headers = {name: value for name, value in (error.headers or {}).items() if name.lower() in ("allow", "retry-after")}
    return problem(status, _CODES.get(status, "error"), error.detail or http.HTTPStatus(status).phrase, headers=headers)


def _refused(_: Request[Any, Any, Any], error: EntryRefused) -> Response[Problem]:
    """What the schema refused. What a constraint is about is in its name."""
    about = _camel(error.column or _COLUMNS_OF.sub("", error.constraint.removeprefix(f"{error.table}_")))
    if error.sqlstate == _UNIQUE:
        return problem(409, "already_there", f"something with these values is there already ({error.constraint})")
    if error.sqlstate == _REFERENCE and error.reason.startswith("insert"):
        message = "there is no such thing"
        return problem(422, "reference_unknown", f"{about}: {message}", [Fault.of(about, message, "reference_unknown")])
    if error.sqlstate == _REFERENCE:
        return problem(409, "in_use", f"it is used by something ({error.constraint})")
    faults = [Fault.of(about, error.reason, "not_storable")] if about else []
    return problem(422, "not_storable", f"this cannot be stored: {error.reason}", faults)


def _away(_: Request[Any, Any, Any], error: StoreAway) -> Response[Problem]:
    return problem(
        503, "database_away", "the database does not answer; nothing was changed", headers={"Retry-After": "5"}
    )


def _fault_of_ours(request: Request[Any, Any, Any], error: Exception) -> Response[Problem]:
    _LOG.error("%s %s failed", request.method, request.url.path, exc_info=error)
    return problem(500, "internal_error", "an error of the server; it is in its log")


def _camel(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(word.capitalize() for word in others)


EXCEPTION_HANDLERS: Final[ExceptionHandlersMap] = {
    DomainError: _domain,
    ValidationException: _validation,
    HTTPException: _http,
    EntryRefused: _refused,
    StoreAway: _away,
    StoreFault: _fault_of_ours,
    Exception: _fault_of_ours,
}
