"""Who may come in: the library's own decision about a handshake, built of a few callables."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from typing import Protocol, TypeAlias

from forecourt.ocpp.versions import VERSIONS, Version
from forecourt.transport.handshake import (
    Accept,
    Address,
    Certificate,
    Credentials,
    Decision,
    Handshake,
    NoCommonSubprotocol,
    Refuse,
    choose_subprotocol,
    identity_from_path,
    not_found,
    unauthorized,
)
from forecourt.transport.headers import Headers
from forecourt.transport.websocket import Receiver


class Caller(Protocol):
    """What a station shows of itself, in a WebSocket handshake or with a SOAP request."""

    @property
    def path(self) -> str:
        """The path as sent, percent-encoded."""

    @property
    def headers(self) -> Headers:
        """The HTTP header."""

    @property
    def credentials(self) -> Credentials | None:
        """HTTP Basic credentials."""

    @property
    def certificate(self) -> Certificate | None:
        """The client certificate of the TLS connection."""

    @property
    def peer(self) -> Address:
        """Where it comes from."""

    @property
    def secure(self) -> bool:
        """Whether it comes over TLS."""


Authenticate: TypeAlias = Callable[[str, Caller], Refuse | None]
"""Judge a station by its identity and what it shows: None lets it in. Must not wait."""


def anyone(identity: str, caller: Caller) -> Refuse | None:
    """Let every station in (security profile 0)."""
    return None


def with_passwords(passwords: Mapping[str, str | bytes]) -> Authenticate:
    """Let the stations in that are listed, each with its password (security profiles 1 and 2). `passwords` may change meanwhile."""

    def authenticate(identity: str, caller: Caller) -> Refuse | None:
        expected = passwords.get(identity)
        if expected is None:
            return not_found("no such station")
        given = caller.credentials
        if isinstance(expected, str):
            expected = expected.encode()
        if given is None or given.username != identity or not hmac.compare_digest(given.password, expected):
            return unauthorized("wrong or missing credentials")
        return None

    return authenticate


class Admission:
    """Decides about handshakes at `path`/{identity}: identity, credentials, version. `admit` makes the receiver of one let in."""

    def __init__(
        self,
        path: str,
        versions: Sequence[Version],
        authenticate: Authenticate,
        admit: Callable[[str, Version, Handshake], Receiver],
        *,
        unspoken: Callable[[str], Version | None] = lambda identity: None,
    ) -> None:
        self._path = path
        self._preferred = [name for name, version in VERSIONS.items() if version in versions]
        self._authenticate = authenticate
        self._admit = admit
        self._unspoken = unspoken

    def __call__(self, handshake: Handshake) -> Decision:
        identity = identity_from_path(handshake.path, self._path)
        if identity is None:
            return not_found("no station connects here")
        given = handshake.credentials
        if given is not None and given.username != identity:
            # A00.FR.204 and whitepaper, 2.4: the user name is the identity.
            return unauthorized("these are the credentials of somebody else")
        refusal = self._authenticate(identity, handshake)
        if refusal is not None:
            return refusal
        if not handshake.subprotocols:
            version = self._unspoken(identity)
            if version is None:
                return Refuse(HTTPStatus.BAD_REQUEST, "Sec-WebSocket-Protocol is missing: which OCPP?")
            return Accept(self._admit(identity, version, handshake))
        chosen = choose_subprotocol(self._preferred, handshake.subprotocols)
        if chosen is None:
            return NoCommonSubprotocol()
        return Accept(self._admit(identity, VERSIONS[chosen], handshake), chosen)
