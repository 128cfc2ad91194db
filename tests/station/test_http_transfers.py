"""Files over real sockets: uploads, downloads, refusals, certificates, a transfer that is given up."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest

from forecourt.station.http_transfers import HttpTransfers
from forecourt.station.transfers import Outcome
from forecourt.transport import Listener, listen, not_found, server_context
from forecourt.transport.http import HttpRequest, HttpResponse
from tests.transport.authority import Authority
from tests.transport.raw import soon


class Files:
    """A server that keeps what is put, and answers what it is told to."""

    def __init__(self) -> None:
        self.asked: list[HttpRequest] = []
        self.statuses: dict[str, HTTPStatus] = {}
        self.content = b"firmware"
        self.reached = asyncio.Event()
        self.hold: asyncio.Event | None = None

    async def __call__(self, request: HttpRequest) -> HttpResponse:
        self.asked.append(request)
        self.reached.set()
        if self.hold is not None:
            await self.hold.wait()
        status = self.statuses.get(request.method, HTTPStatus.OK)
        return HttpResponse(status, self.content if request.method == "GET" else b"", "application/octet-stream")


@asynccontextmanager
async def files(**options: Any) -> AsyncIterator[tuple[Files, Listener]]:
    there = Files()
    listener = await listen(lambda handshake: not_found("no"), host="127.0.0.1", http=there, **options)
    try:
        yield there, listener
    finally:
        await soon(listener.close())


@asynccontextmanager
async def transfers(**options: Any) -> AsyncIterator[HttpTransfers]:
    found = HttpTransfers(**options)
    try:
        yield found
    finally:
        await soon(found.aclose())


async def put(client: HttpTransfers, url: str, **more: Any) -> Outcome:
    ended: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
    client.upload(url, "a log.txt", b"lines", ended.set_result, **more)
    return await soon(ended)


async def fetch(client: HttpTransfers, url: str, **more: Any) -> bytes | Outcome:
    ended: asyncio.Future[bytes | Outcome] = asyncio.get_running_loop().create_future()
    client.download(url, ended.set_result, **more)
    return await soon(ended)


async def test_N01_FR_21_a_file_is_put_under_its_name_with_the_credentials_of_the_address() -> None:
    async with files() as (there, listener), transfers() as client:
        assert await put(client, f"http://ada:secret@127.0.0.1:{listener.port}/logs/") is Outcome.DONE
        assert await put(client, f"http://127.0.0.1:{listener.port}/exactly.here") is Outcome.DONE
    first, second = there.asked
    assert (first.method, first.path, first.body) == ("PUT", "/logs/a%20log.txt", b"lines")
    assert first.headers.get("authorization") == "Basic YWRhOnNlY3JldA=="
    assert first.headers.get("content-type") == "application/octet-stream"
    assert "a%20log.txt" in (first.headers.get("content-disposition") or "")
    assert second.path == "/exactly.here"


async def test_N01_FR_18_where_no_put_is_taken_the_file_is_posted() -> None:
    async with files() as (there, listener), transfers() as client:
        there.statuses["PUT"] = HTTPStatus.METHOD_NOT_ALLOWED
        assert await put(client, f"http://127.0.0.1:{listener.port}/logs/") is Outcome.DONE
        assert [request.method for request in there.asked] == ["PUT", "POST"]
        there.statuses["POST"] = HTTPStatus.METHOD_NOT_ALLOWED
        assert await put(client, f"http://127.0.0.1:{listener.port}/logs/") is Outcome.UNSUPPORTED


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (HTTPStatus.CREATED, Outcome.DONE),
        (HTTPStatus.UNAUTHORIZED, Outcome.DENIED),
        (HTTPStatus.FORBIDDEN, Outcome.DENIED),
        (HTTPStatus.BAD_REQUEST, Outcome.BAD_REQUEST),
        (HTTPStatus.NOT_FOUND, Outcome.FAILED),
        (HTTPStatus.SERVICE_UNAVAILABLE, Outcome.FAILED),
    ],
)
async def test_a_status_says_how_it_ended(status: HTTPStatus, outcome: Outcome) -> None:
    async with files() as (there, listener), transfers() as client:
        there.statuses["PUT"] = status
        assert await put(client, f"http://127.0.0.1:{listener.port}/x") is outcome


@pytest.mark.parametrize("url", ["ftp://127.0.0.1:21/files/", "nonsense", "https:///x", "http://[::1/x"])
async def test_an_address_that_cannot_be_reached_this_way_is_a_failure(url: str) -> None:
    async with transfers() as client:
        assert await put(client, url) in (Outcome.UNSUPPORTED, Outcome.FAILED)
        assert await fetch(client, url) in (Outcome.UNSUPPORTED, Outcome.FAILED)


async def test_a_file_is_fetched_unless_it_is_too_large_or_not_there() -> None:
    async with files() as (there, listener), transfers(most_bytes=10) as client:
        url = f"http://127.0.0.1:{listener.port}/firmware.bin"
        assert await fetch(client, url) == b"firmware"
        there.content = b"x" * 11
        assert await fetch(client, url) is Outcome.FAILED
        there.statuses["GET"] = HTTPStatus.NOT_FOUND
        assert await fetch(client, url) is Outcome.FAILED


async def test_N01_FR_15_only_certificates_of_trusted_authorities_are_taken(tmp_path: Path) -> None:
    authority, stranger = Authority.make(tmp_path), Authority.make(tmp_path, "Somebody else")
    async with (
        files(tls=server_context([authority.issue("server", "127.0.0.1")])) as (there, listener),
        transfers() as client,
    ):
        url = f"https://127.0.0.1:{listener.port}/firmware.bin"
        assert await fetch(client, url) is Outcome.FAILED
        assert await fetch(client, url, trusted=stranger.roots) is Outcome.FAILED
        assert not there.asked
        assert await fetch(client, url, trusted=authority.roots) == b"firmware"


async def test_a_transfer_that_is_given_up_tells_nothing() -> None:
    async with files() as (there, listener), transfers() as client:
        there.hold = asyncio.Event()
        told: list[object] = []
        url = f"http://127.0.0.1:{listener.port}/x"
        transfer = client.download(url, told.append)
        await soon(there.reached.wait())
        transfer.cancel()
        client.upload(url, "never begun", b"", told.append).cancel()
        there.hold.set()
        there.hold = None
        assert await fetch(client, url) == b"firmware"
        assert told == []


async def test_a_transfer_that_takes_too_long_has_failed() -> None:
    async with files() as (there, listener), transfers(timeout_s=0.05) as client:
        there.hold = asyncio.Event()
        assert await fetch(client, f"http://127.0.0.1:{listener.port}/x") is Outcome.FAILED
        there.hold.set()
