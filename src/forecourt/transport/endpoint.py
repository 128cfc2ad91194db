"""What a transport knows of its peer."""

from __future__ import annotations

import asyncio
import ssl

from forecourt.transport.handshake import Address, Certificate


def address_of(transport: asyncio.BaseTransport) -> Address:
    """Where the peer of a transport is."""
    name = transport.get_extra_info("peername") or ("", 0)
    return Address(str(name[0]), int(name[1]))


def is_secure(transport: asyncio.BaseTransport) -> bool:
    """Whether a transport is TLS."""
    return transport.get_extra_info("ssl_object") is not None


def certificate_of(transport: asyncio.BaseTransport) -> Certificate | None:
    """The certificate that the peer of a TLS transport has shown, if it has."""
    connection: ssl.SSLObject | None = transport.get_extra_info("ssl_object")
    if connection is None:
        return None
    der = connection.getpeercert(binary_form=True)
    return None if der is None else Certificate(der, connection.getpeercert() or {})
