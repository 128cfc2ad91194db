"""OCPP over real connections, for both sides of them.

`serve` and `connect` (with `connect_soap` for 1.6 over SOAP) are what library users need; `listen` and `dial` are the layer
below, for those who drive sessions themselves, as our gateway does. docs/wire.md tells what happens to peers that break the
rules.
"""

from forecourt.transport.admission import Authenticate, Caller, anyone, with_passwords
from forecourt.transport.closure import Closed
from forecourt.transport.connecting import connect
from forecourt.transport.deflate import Compression
from forecourt.transport.dial import HandshakeFailed, HandshakeRefused, dial
from forecourt.transport.failures import AnsweredError, CallFailed, Disconnected, NoAnswer, NotServed, UnusableAnswer
from forecourt.transport.handshake import (
    Accept,
    Address,
    Certificate,
    Credentials,
    Handshake,
    NoCommonSubprotocol,
    Refuse,
    forbidden,
    not_found,
    unauthorized,
    unavailable,
)
from forecourt.transport.http import HttpRequest, HttpResponse
from forecourt.transport.limits import Limits
from forecourt.transport.link import WebSocketPeer
from forecourt.transport.listener import Listener, listen
from forecourt.transport.observer import Observer
from forecourt.transport.peer import Handler, Handlers, Peer, Refused, Withheld
from forecourt.transport.running import run
from forecourt.transport.serving import Server, serve
from forecourt.transport.soap_connecting import connect_soap
from forecourt.transport.soap_peer import SoapPeer
from forecourt.transport.soap_stations import SoapSettings
from forecourt.transport.sweeper import Sweeper
from forecourt.transport.tls import ClientCertificates, KeyPair, client_context, server_context
from forecourt.transport.websocket import Receiver, WebSocket

__all__ = [
    "Accept",
    "Address",
    "AnsweredError",
    "Authenticate",
    "CallFailed",
    "Caller",
    "Certificate",
    "ClientCertificates",
    "Closed",
    "Compression",
    "Credentials",
    "Disconnected",
    "Handler",
    "Handlers",
    "Handshake",
    "HandshakeFailed",
    "HandshakeRefused",
    "HttpRequest",
    "HttpResponse",
    "KeyPair",
    "Limits",
    "Listener",
    "NoAnswer",
    "NoCommonSubprotocol",
    "NotServed",
    "Observer",
    "Peer",
    "Receiver",
    "Refuse",
    "Refused",
    "Server",
    "SoapPeer",
    "SoapSettings",
    "Sweeper",
    "UnusableAnswer",
    "WebSocket",
    "WebSocketPeer",
    "Withheld",
    "anyone",
    "client_context",
    "connect",
    "connect_soap",
    "dial",
    "forbidden",
    "listen",
    "not_found",
    "run",
    "serve",
    "server_context",
    "unauthorized",
    "unavailable",
    "with_passwords",
]
