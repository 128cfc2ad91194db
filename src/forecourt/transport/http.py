"""HTTP requests and responses as values, for what shares a port with WebSocket: SOAP, and whatever else is given to it."""

from __future__ import annotations

import zlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from types import MappingProxyType
from typing import TypeAlias

from forecourt.transport.handshake import Address, Certificate, Credentials
from forecourt.transport.headers import Headers


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpRequest:
    """A whole request. `path` is as sent, percent-encoded; `body` has its content coding undone."""

    method: str
    path: str
    query: str
    headers: Headers
    body: bytes = field(repr=False)
    credentials: Credentials | None
    certificate: Certificate | None
    peer: Address
    secure: bool


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """A whole response. Length, date and connection fields are added when it is sent."""

    status: HTTPStatus
    body: bytes = field(default=b"", repr=False)
    content_type: str = "text/plain; charset=utf-8"
    headers: Mapping[str, str] = field(default_factory=dict)


HttpHandler: TypeAlias = Callable[[HttpRequest], Awaitable[HttpResponse]]


class Unacceptable(Exception):
    """A request that is answered with an error status before any handler sees it."""

    def __init__(self, status: HTTPStatus, reason: str, headers: Mapping[str, str] = MappingProxyType({})) -> None:
        super().__init__(reason)
        self.response = plain(status, reason, headers)


def plain(status: HTTPStatus, reason: str, headers: Mapping[str, str] = MappingProxyType({})) -> HttpResponse:
    """Make a response that says one sentence in plain text."""
    return HttpResponse(status, f"{reason}\n".encode(), headers=headers)


def too_large(limit_bytes: int) -> Unacceptable:
    """Refuse a body that is, or becomes, larger than the limit."""
    return Unacceptable(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"a body may have {limit_bytes} bytes here")


def decoded(body: bytes, codings: tuple[str, ...], limit_bytes: int) -> bytes:
    """Undo the content codings of a body, the last one first, never producing more than `limit_bytes`.

    Raises Unacceptable: 415 for a coding other than gzip and deflate, 413 for too much, 400 for broken data.
    """
    for coding in reversed(codings):
        match coding.lower():
            case "identity":
                continue
            case "gzip" | "x-gzip":
                windows: tuple[int, ...] = (zlib.MAX_WBITS | 16,)
            case "deflate":
                # Some senders leave out the zlib wrapper that RFC 9110, 8.4.1.2 asks for.
                windows = (zlib.MAX_WBITS, -zlib.MAX_WBITS)
            case _:
                raise Unacceptable(
                    HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
                    f"content coding {coding!r} is not supported",
                    {"Accept-Encoding": "gzip, deflate"},
                )
        body = _inflated(body, windows, limit_bytes)
    return body


def _inflated(body: bytes, windows: tuple[int, ...], limit_bytes: int) -> bytes:
    for window in windows:
        inflater = zlib.decompressobj(window)
        try:
            whole = inflater.decompress(body, limit_bytes + 1)
        except zlib.error:
            continue
        if len(whole) > limit_bytes:
            raise too_large(limit_bytes)
        if inflater.eof and not inflater.unused_data:
            return whole
    raise Unacceptable(HTTPStatus.BAD_REQUEST, "the body does not decode")
