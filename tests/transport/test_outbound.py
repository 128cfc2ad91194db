from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus
from ipaddress import ip_address
from typing import Any

import pytest

from forecourt.transport import Credentials, Listener, listen, not_found, server_context
from forecourt.transport.http import HttpRequest, HttpResponse
from forecourt.transport.outbound import IpAddress, NotApproved, Outbound, OutboundError, anywhere, public_only
from forecourt.transport.tls import client_context
from tests.transport.authority import Authority
from tests.transport.raw import soon


class Web:
    """A server that remembers what it was asked and answers what it is told to."""

    def __init__(self) -> None:
        self.asked: list[HttpRequest] = []
        self.answer = HttpResponse(HTTPStatus.OK, b"<xml/>", "Application/SOAP+xml; charset=utf-8")

    async def __call__(self, request: HttpRequest) -> HttpResponse:
        self.asked.append(request)
        return self.answer


@asynccontextmanager
async def web(**options: Any) -> AsyncIterator[tuple[Web, Listener]]:
    there = Web()
    listener = await listen(lambda handshake: not_found("no"), host="127.0.0.1", http=there, **options)
    try:
        yield there, listener
    finally:
        await soon(listener.close())


@asynccontextmanager
async def outbound(**options: Any) -> AsyncIterator[Outbound]:
    client = Outbound(**({"approve": anywhere} | options))
    try:
        yield client
    finally:
        await client.close()


async def test_a_request_says_what_it_should_and_the_answer_comes_back() -> None:
    async with web() as (there, listener), outbound() as client:
        url = f"http://127.0.0.1:{listener.port}/a/b?c=d"
        reply = await client.post(
            url, b"body", "text/xml", credentials=Credentials("CP1", b"x"), headers={"X-Note": "1"}
        )
        assert (reply.status, reply.content_type, reply.body) == (200, "application/soap+xml", b"<xml/>")
    (request,) = there.asked
    assert (request.method, request.path, request.query, request.body) == ("POST", "/a/b", "c=d", b"body")
    assert request.headers.get("content-type") == "text/xml"
    assert request.headers.get("host") == f"127.0.0.1:{listener.port}"
    assert request.headers.get("x-note") == "1"
    assert request.credentials == Credentials("CP1", b"x")


async def test_a_name_is_looked_up_once_and_its_approved_address_is_called_under_its_name() -> None:
    asked: list[tuple[IpAddress, int]] = []

    def approve(address: IpAddress, port: int) -> bool:
        asked.append((address, port))
        return address.version == 4

    async with web() as (there, listener), outbound(approve=approve) as client:
        await client.post(f"http://localhost:{listener.port}/", b"", "text/xml")
        assert there.asked[0].headers.get("host") == f"localhost:{listener.port}"
    assert (ip_address("127.0.0.1"), listener.port) in asked


async def test_the_certificate_is_checked_for_the_name_and_not_for_the_address(authority: Authority) -> None:
    async with (
        web(tls=server_context([authority.issue("server", "server")])) as (_, listener),
        outbound(tls=client_context(roots=authority.roots)) as client,
    ):
        reply = await client.post(f"https://127.0.0.1:{listener.port}/", b"", "text/xml")
        assert reply.status == 200
        with pytest.raises(OutboundError) as caught:
            await client.post(f"https://localhost:{listener.port}/", b"", "text/xml")
        assert not caught.value.sent


@pytest.mark.parametrize(
    ("address", "approved"),
    [
        ("93.184.216.34", True),
        ("2606:2800:220:1:248:1893:25c8:1946", True),
        ("127.0.0.1", False),
        ("10.1.2.3", False),
        ("192.168.1.1", False),
        ("172.16.0.1", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("0.0.0.0", False),
        ("224.0.0.1", False),
        ("255.255.255.255", False),
        ("::1", False),
        ("fe80::1", False),
        ("fc00::1", False),
        ("ff02::1", False),
        ("::ffff:127.0.0.1", False),
        ("::ffff:93.184.216.34", True),
    ],
)
def test_only_the_public_internet_is_approved_by_default(address: str, approved: bool) -> None:
    assert public_only(ip_address(address), 80) is approved


@pytest.mark.parametrize(
    "url",
    [
        "ftp://127.0.0.1/",
        "file:///etc/passwd",
        "http:///x",
        "http://user:secret@127.0.0.1/",
        "not a url",
        "http://[::1",
        "http://127.0.0.1:1/",
    ],
)
async def test_what_may_not_be_called_is_not(url: str) -> None:
    async with outbound(approve=public_only) as client:
        with pytest.raises(NotApproved) as caught:
            await client.post(url, b"", "text/xml")
        assert not caught.value.sent


async def test_a_name_that_nobody_knows_is_an_error() -> None:
    async with outbound() as client:
        with pytest.raises(OutboundError, match="is not known") as caught:
            await client.post("http://no-such-host.invalid/", b"", "text/xml")
        assert not caught.value.sent


async def test_redirects_are_not_followed() -> None:
    async with web() as (there, listener), outbound() as client:
        there.answer = HttpResponse(HTTPStatus.FOUND, headers={"Location": "http://127.0.0.1:1/"})
        assert (await client.post(f"http://127.0.0.1:{listener.port}/", b"", "text/xml")).status == 302


async def test_answers_are_bounded_also_after_decoding() -> None:
    async with web() as (there, listener), outbound(max_body_bytes=1000) as client:
        url = f"http://127.0.0.1:{listener.port}/"
        there.answer = HttpResponse(HTTPStatus.OK, gzip.compress(b"x" * 900), headers={"Content-Encoding": "gzip"})
        assert (await client.post(url, b"", "text/xml")).body == b"x" * 900
        for body, headers in (
            (b"x" * 1001, {}),
            (gzip.compress(b"0" * 100_000), {"Content-Encoding": "gzip"}),
            (b"no gzip", {"Content-Encoding": "gzip"}),
        ):
            there.answer = HttpResponse(HTTPStatus.OK, body, headers=headers)
            with pytest.raises(OutboundError) as caught:
                await client.post(url, b"", "text/xml")
            assert caught.value.sent


async def test_an_answer_that_does_not_come_or_stops_halfway_is_an_error() -> None:
    answers = [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf", b"no http\r\n\r\n"]

    async def cut_off(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answers[0])
        writer.close()

    async with await asyncio.start_server(cut_off, "127.0.0.1", 0) as server, outbound() as client:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
        while answers:
            with pytest.raises(OutboundError) as caught:
                await client.post(url, b"", "text/xml")
            assert caught.value.sent
            answers.pop(0)
            if not answers:
                break


async def test_nobody_listening_is_an_error_and_silence_a_timeout() -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    async with outbound(timeout_s=0.05) as client:
        async with await asyncio.start_server(silent, "127.0.0.1", 0) as server:
            url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
            with pytest.raises(TimeoutError):
                await client.post(url, b"", "text/xml")
        with pytest.raises(OutboundError, match="no connection") as caught:
            await client.post(url, b"", "text/xml", timeout_s=5)
        assert not caught.value.sent
