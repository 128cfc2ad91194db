"""Our HTTP requests to addresses that somebody else has named: bounded in time and size, and only to where we may go."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import TypeAlias

import httpx2

from forecourt.clock import SYSTEM, Clock
from forecourt.transport.handshake import Credentials, basic
from forecourt.transport.headers import Headers
from forecourt.transport.http import Unacceptable, decoded
from forecourt.transport.tls import default_client_context

IpAddress: TypeAlias = IPv4Address | IPv6Address
Approve: TypeAlias = Callable[[IpAddress, int], bool]
"""Tells whether a connection to this address and port may be made."""

_PORTS = {"http": 80, "https": 443}


class OutboundError(Exception):
    """No answer was had. `sent` tells whether the request may have reached the peer."""

    def __init__(self, reason: str, *, sent: bool) -> None:
        super().__init__(reason)
        self.sent = sent


class NotApproved(OutboundError):
    """The address is not one that we may connect to."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason, sent=False)


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back: the status, the content type in lower case without parameters, the body."""

    status: int
    content_type: str
    body: bytes = field(repr=False)


def public_only(address: IpAddress, port: int) -> bool:
    """Approve of addresses that anyone on the internet can reach, none of our own network or host."""
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return (mapped or address).is_global and not (mapped or address).is_multicast


def anywhere(address: IpAddress, port: int) -> bool:
    """Approve of every address: where only an operator names them."""
    return True


class Outbound:
    """An HTTP client. Follows no redirect, uses no proxy from the environment, keeps no connection."""

    def __init__(
        self,
        *,
        approve: Approve,
        tls: ssl.SSLContext | None = None,
        timeout_s: float = 30.0,
        max_body_bytes: int = 1024 * 1024,
        clock: Clock = SYSTEM,
    ) -> None:
        self._approve = approve
        self._timeout_s = timeout_s
        self._max_body_bytes = max_body_bytes
        self._clock = clock
        self._client = httpx2.AsyncClient(
            verify=tls or default_client_context(),
            follow_redirects=False,
            trust_env=False,
            timeout=None,  # the clock bounds the whole
            # A kept connection was approved, and its certificate checked, for another name.
            limits=httpx2.Limits(max_keepalive_connections=0),
        )

    async def close(self) -> None:
        """Give back what is held. No request may be under way."""
        await self._client.aclose()

    async def post(
        self,
        url: str,
        body: bytes,
        content_type: str,
        *,
        credentials: Credentials | None = None,
        headers: Mapping[str, str] | None = None,
        timeout_s: float | None = None,
    ) -> Reply:
        """Send a POST and return the answer, whatever its status.

        Raises NotApproved, OutboundError when no answer came or it was too large, TimeoutError after `timeout_s` seconds.
        """
        async with self._clock.timeout(self._timeout_s if timeout_s is None else timeout_s):
            target, host = await self._approved(url)
            sent = {
                "Host": host,
                "Content-Type": content_type,
                "Accept-Encoding": "gzip, deflate",
                **(headers or {}),
            }
            if credentials is not None:
                sent["Authorization"] = basic(credentials)
            request = self._client.build_request(
                "POST", target, content=body, headers=sent, extensions={"sni_hostname": httpx2.URL(url).host}
            )
            try:
                response = await self._client.send(request, stream=True)
            except (httpx2.ConnectError, httpx2.ConnectTimeout) as error:
                raise OutboundError(f"no connection: {error}", sent=False) from error
            except httpx2.HTTPError as error:
                raise OutboundError(f"no answer: {error}", sent=True) from error
            try:
                return await self._reply(response)
            finally:
                await response.aclose()

    async def _reply(self, response: httpx2.Response) -> Reply:
        raw = bytearray()
        try:
            async for chunk in response.aiter_raw():
                raw += chunk
                if len(raw) > self._max_body_bytes:
                    raise OutboundError(f"an answer of more than {self._max_body_bytes} bytes", sent=True)
        except httpx2.HTTPError as error:
            raise OutboundError(f"half an answer: {error}", sent=True) from error
        headers = Headers(response.headers.multi_items())
        try:
            body = decoded(bytes(raw), headers.tokens("content-encoding"), self._max_body_bytes)
        except Unacceptable as error:
            raise OutboundError(f"an answer that cannot be decoded: {error}", sent=True) from None
        content_type = (headers.get("content-type") or "").partition(";")[0].strip().lower()
        return Reply(response.status_code, content_type, body)

    async def _approved(self, url: str) -> tuple[httpx2.URL, str]:
        """Return the URL with its host replaced by an approved address, so that no second look-up can give another one."""
        try:
            parts = httpx2.URL(url)
        except httpx2.InvalidURL as error:
            raise NotApproved(f"no address: {error}") from None
        if parts.scheme not in _PORTS or not parts.host or parts.userinfo:
            raise NotApproved("only plain http and https addresses can be called")
        port = parts.port or _PORTS[parts.scheme]
        try:
            found = await asyncio.get_running_loop().getaddrinfo(parts.host, port, type=socket.SOCK_STREAM)
        except OSError as error:
            raise OutboundError(f"{parts.host} is not known: {error}", sent=False) from error
        for *_, address in found:
            candidate = ip_address(str(address[0]).partition("%")[0])
            if self._approve(candidate, port):
                return parts.copy_with(host=str(candidate)), parts.netloc.decode("ascii")
        raise NotApproved(f"{parts.host} is not an address to connect to")


def is_success(status: int) -> bool:
    """Whether a status says that all is well."""
    return HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES
