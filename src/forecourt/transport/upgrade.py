"""What makes an HTTP request the opening handshake of a WebSocket (RFC 6455, 4.2.1)."""

from __future__ import annotations

import base64
import binascii
from http import HTTPStatus
from types import MappingProxyType
from typing import Final

import h11

from forecourt.transport.closure import Closed
from forecourt.transport.headers import Headers
from forecourt.transport.http import Unacceptable
from forecourt.transport.websocket import WebSocket

UPGRADE_HEADERS: Final = MappingProxyType({"Upgrade": "websocket", "Connection": "Upgrade"})
"""What goes with 426 (RFC 9110, 15.5.22)."""


def is_upgrade(headers: Headers) -> bool:
    """Whether a request wants to become a WebSocket."""
    return any(token.lower() == "websocket" for token in headers.tokens("upgrade"))


def checked_key(request: h11.Request, headers: Headers) -> str:
    """Return Sec-WebSocket-Key of a valid opening handshake; raises Unacceptable for an invalid one."""
    if request.method != b"GET" or request.http_version != b"1.1":
        raise Unacceptable(HTTPStatus.BAD_REQUEST, "a WebSocket begins with an HTTP/1.1 GET")
    if not any(token.lower() == "upgrade" for token in headers.tokens("connection")):
        raise Unacceptable(HTTPStatus.BAD_REQUEST, "Connection does not say Upgrade")
    if headers.get("sec-websocket-version") != "13":
        raise Unacceptable(
            HTTPStatus.UPGRADE_REQUIRED, "WebSocket version 13 is spoken", {"Sec-WebSocket-Version": "13"}
        )
    key = headers.get("sec-websocket-key") or ""
    try:
        valid = len(base64.b64decode(key, validate=True)) == 16
    except (binascii.Error, ValueError):
        valid = False
    if not valid:
        raise Unacceptable(HTTPStatus.BAD_REQUEST, "Sec-WebSocket-Key is not 16 bytes in Base64")
    return key


class Nobody:
    """Receives what a connection says that is only there to be closed."""

    def opened(self, websocket: WebSocket) -> None:
        pass

    def received(self, message: bytes) -> None:
        pass

    def next_deadline(self) -> float | None:
        return None

    def handle_deadline(self, now: float) -> None:
        pass

    def closed(self, how: Closed) -> None:
        pass
