"""TLS contexts as the OCPP security profiles want them (whitepaper and A00: profiles 2 and 3).

Contexts are built by hand. `ssl.create_default_context` turns on strict X.509 from Python 3.13 on, under which many
certificates in chargers fail, and no default cipher list has the RSA key exchange that profile 2 stations may depend on.
"""

from __future__ import annotations

import ssl
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum
from functools import lru_cache
from os import PathLike
from pathlib import Path as FilePath
from tempfile import TemporaryDirectory
from typing import Final, TypeAlias

Path: TypeAlias = str | PathLike[str]

# A00.FR.318: these and the four below are asked for; ChaCha20 costs nothing and helps small stations.
_SUITES: Final = "ECDHE+AESGCM:ECDHE+CHACHA20"
_RSA_KEY_EXCHANGE_SUITES: Final = ":kRSA+AESGCM"
# X509_V_FLAG_NO_CHECK_TIME, for which `ssl` has no name.
_NO_CHECK_TIME: Final = 0x200000
# X509_CHECK_FLAG_NO_WILDCARDS, likewise.
_NO_WILDCARDS: Final = 0x2

BIO_BYTES: Final = 17 * 1024
"""Buffer of one direction of a TLS connection: one record (16 KiB) and its overhead. aiofastnet would take 257 KiB."""


class ClientCertificates(Enum):
    """Whether a listener asks stations for a certificate: security profile 3 requires one, profile 2 has none."""

    NONE = ssl.CERT_NONE
    OPTIONAL = ssl.CERT_OPTIONAL
    REQUIRED = ssl.CERT_REQUIRED


@dataclass(frozen=True, slots=True)
class KeyPair:
    """A certificate chain (leaf first) and its private key, as PEM files."""

    chain: Path
    key: Path
    password: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class KeyPairText:
    """A certificate chain (leaf first) and its private key, as PEM texts."""

    chain: str
    key: str = field(repr=False)


def server_context(
    key_pairs: Sequence[KeyPair],
    *,
    clients: ClientCertificates = ClientCertificates.NONE,
    client_roots: str | bytes | None = None,
    expired_clients: bool = False,
    rsa_key_exchange: bool = False,
) -> ssl.SSLContext:
    """Make the context of a listener, TLS 1.2 and newer.

    An RSA and an ECDSA key pair may stand side by side; each client gets the one it can use. `client_roots` are the
    certificates (PEM text or DER) that client certificates must chain to, needed unless `clients` is NONE. With
    `expired_clients` no dates are checked, so that whoever decides about the handshake may let a station in to renew its
    certificate (A00.FR.429), and has to refuse the others. `rsa_key_exchange` allows the two TLS_RSA_WITH_AES suites of the
    security profiles (A00.FR.318), which have no forward secrecy, to clients that insist.
    Raises ssl.SSLError or OSError for files that cannot be used.
    """
    if not key_pairs:
        raise ValueError("a TLS listener needs a certificate")
    if clients is not ClientCertificates.NONE and client_roots is None:
        raise ValueError("client certificates cannot be checked without roots")
    context = _context(ssl.PROTOCOL_TLS_SERVER, rsa_key_exchange=rsa_key_exchange)
    context.options |= ssl.OP_CIPHER_SERVER_PREFERENCE
    for pair in key_pairs:
        _load(context, pair)
    if client_roots is not None:
        context.load_verify_locations(cadata=client_roots)
    context.verify_mode = ssl.VerifyMode(clients.value)
    if expired_clients:
        context.verify_flags = ssl.VerifyFlags(context.verify_flags | _NO_CHECK_TIME)
    return context


def client_context(
    *,
    roots: str | bytes | None = None,
    key_pair: KeyPair | KeyPairText | None = None,
    rsa_key_exchange: bool = False,
    wildcards: bool = True,
) -> ssl.SSLContext:
    """Make the context of a client, TLS 1.2 and newer, which checks the server's certificate and host name.

    `roots` are the certificates (PEM text or DER) to trust, nobody if it is empty; None means those of the operating system.
    `key_pair` is the station's own certificate (profile 3). Without `wildcards` a certificate for *.example.com is not one for
    a.example.com. Raises ssl.SSLError for texts and files that cannot be used.
    """
    context = _context(ssl.PROTOCOL_TLS_CLIENT, rsa_key_exchange=rsa_key_exchange)
    if roots is None:
        context.load_default_certs(ssl.Purpose.SERVER_AUTH)
    elif roots:
        context.load_verify_locations(cadata=roots)
        # Also a root that another one has signed, as one that takes its place (M05.FR.10).
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    if isinstance(key_pair, KeyPairText):
        _load_text(context, key_pair)
    elif key_pair is not None:
        _load(context, key_pair)
    if not wildcards:
        context._host_flags |= _NO_WILDCARDS  # type: ignore[attr-defined]
    return context


@lru_cache(maxsize=1)
def default_client_context() -> ssl.SSLContext:
    """The context that trusts what the operating system trusts, and is shared: reading all its roots takes a while."""
    return client_context()


def _context(protocol: ssl._SSLMethod, *, rsa_key_exchange: bool) -> ssl.SSLContext:
    context = ssl.SSLContext(protocol)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_COMPRESSION | ssl.OP_NO_RENEGOTIATION
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    context.set_ciphers(_SUITES + (_RSA_KEY_EXCHANGE_SUITES if rsa_key_exchange else ""))
    context.set_alpn_protocols(["http/1.1"])
    return context


def _load(context: ssl.SSLContext, pair: KeyPair) -> None:
    context.load_cert_chain(pair.chain, pair.key, pair.password)


def _load_text(context: ssl.SSLContext, pair: KeyPairText) -> None:
    """`ssl` reads files only: for as long as that takes there is one, in a folder that nobody else may enter."""
    with TemporaryDirectory() as folder:
        file = FilePath(folder) / "own.pem"
        file.write_text(pair.key + pair.chain, encoding="ascii")
        context.load_cert_chain(file)
