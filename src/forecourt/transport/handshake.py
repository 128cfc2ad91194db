"""What a peer says of itself before a connection is accepted, and what may be answered.

A decision is a plain function `Handshake -> Accept | Refuse`. It must not wait: it is called between two reads of the
socket, in a storm of thousands of reconnects, so whatever it needs has to be in memory.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, TypeAlias
from urllib.parse import unquote_to_bytes

from forecourt.transport.headers import Headers

if TYPE_CHECKING:
    from forecourt.transport.websocket import Receiver

MAX_IDENTITY_LENGTH = 48
"""Longest identity of a station (Part 4, 3.1.1: identifierString[48]; OCPP-J 1.6 leaves it to the CSMS)."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """HTTP Basic credentials. The password is bytes: 1.6 stations send binary keys (security whitepaper, profile 1)."""

    username: str
    password: bytes = field(repr=False)

    @classmethod
    def of(cls, username: str, password: str | bytes) -> Credentials:
        """Make credentials of text as well as of bytes; text becomes UTF-8."""
        return cls(username, password.encode() if isinstance(password, str) else password)


@dataclass(frozen=True, slots=True)
class Certificate:
    """The certificate a TLS peer has proved to own: its DER form and what `ssl` reads out of it (empty when not verified)."""

    der: bytes = field(repr=False)
    parsed: Mapping[str, Any] = field(repr=False)

    def subject(self, attribute: str) -> str | None:
        """Return the first subject attribute of that name as `ssl` spells it: commonName, organizationName."""
        for rdn in self.parsed.get("subject", ()):
            for name, value in rdn:
                if name == attribute:
                    return str(value)
        return None


@dataclass(frozen=True, slots=True)
class Address:
    """Where a peer is seen to come from."""

    host: str
    port: int


@dataclass(frozen=True, slots=True)
class Handshake:
    """A WebSocket upgrade that waits for a decision. `path` is as sent, percent-encoded and without the query."""

    path: str
    query: str
    headers: Headers
    subprotocols: tuple[str, ...]
    credentials: Credentials | None
    certificate: Certificate | None
    peer: Address
    secure: bool


@dataclass(frozen=True, slots=True)
class Accept:
    """Complete the upgrade and hand the connection to `receiver`, naming `subprotocol` in the answer (None: no such header)."""

    receiver: Receiver
    subprotocol: str | None = None


@dataclass(frozen=True, slots=True)
class NoCommonSubprotocol:
    """Complete the upgrade without naming a subprotocol, then close at once (Part 4, 3.3; RFC 6455, 4.2.2)."""


@dataclass(frozen=True, slots=True)
class Refuse:
    """Answer with an HTTP status instead. `reason` is sent to the peer as plain text."""

    status: HTTPStatus
    reason: str
    headers: Mapping[str, str] = field(default_factory=dict)


Decision: TypeAlias = Accept | NoCommonSubprotocol | Refuse
Decide: TypeAlias = Callable[[Handshake], Decision]


def not_found(reason: str) -> Refuse:
    """Refuse a path or an identity that is not served here."""
    return Refuse(HTTPStatus.NOT_FOUND, reason)


def unauthorized(reason: str, realm: str = "OCPP") -> Refuse:
    """Refuse for want of valid Basic credentials, saying that they are wanted."""
    return Refuse(HTTPStatus.UNAUTHORIZED, reason, {"WWW-Authenticate": f'Basic realm="{realm}", charset="UTF-8"'})


def forbidden(reason: str) -> Refuse:
    """Refuse a peer that is known but not allowed, or whose certificate names somebody else."""
    return Refuse(HTTPStatus.FORBIDDEN, reason)


def unavailable(reason: str, retry_after_s: int) -> Refuse:
    """Refuse for now; the peer is asked to return after `retry_after_s` seconds."""
    return Refuse(HTTPStatus.SERVICE_UNAVAILABLE, reason, {"Retry-After": str(retry_after_s)})


def parse_basic(value: str | None) -> Credentials | None:
    """Read an Authorization header. None when absent, of another scheme, or malformed.

    The user name ends at the first colon; the password is every byte after it, colons included (RFC 7617, 2).
    """
    if value is None:
        return None
    scheme, _, encoded = value.strip().partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        decoded = base64.b64decode(encoded.strip(), validate=True)
    except (binascii.Error, ValueError):
        return None
    username, colon, password = decoded.partition(b":")
    if not colon:
        return None
    try:
        return Credentials(username.decode("utf-8"), password)
    except UnicodeDecodeError:
        return None


def basic(credentials: Credentials) -> str:
    """Write an Authorization header. The user name may hold no colon."""
    if ":" in credentials.username:
        raise ValueError("a user name in Basic credentials cannot contain a colon")
    return "Basic " + base64.b64encode(credentials.username.encode() + b":" + credentials.password).decode("ascii")


def identity_from_path(path: str, prefix: str) -> str | None:
    """Return the station identity of `prefix/{identity}`, percent-decoded; None when the path has another shape.

    An identity is 1 to 48 printable characters without colon, which Basic credentials could not carry (Part 4, 3.1.1).
    """
    lead = prefix.rstrip("/") + "/"
    if not path.startswith(lead):
        return None
    segment = path[len(lead) :]
    if not segment or "/" in segment:
        return None
    try:
        identity = unquote_to_bytes(segment).decode("utf-8")
    except UnicodeDecodeError:
        return None
    if len(identity) > MAX_IDENTITY_LENGTH or ":" in identity or not identity.isprintable():
        return None
    return identity


def choose_subprotocol(preferred: Sequence[str], offered: Sequence[str]) -> str | None:
    """Return the first of `preferred` that is offered. Names are compared as given: subprotocols are case-sensitive (RFC 6455, 4.1)."""
    return next((name for name in preferred if name in offered), None)
