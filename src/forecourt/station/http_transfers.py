"""File transfers over HTTP and HTTPS."""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import Callable, Coroutine
from functools import lru_cache
from http import HTTPStatus
from typing import Any, Final, TypeAlias
from urllib.parse import quote, urlsplit

import httpx2

from forecourt.station.transfers import Outcome, Transfer
from forecourt.transport.tasks import Tasks
from forecourt.transport.tls import client_context, default_client_context

_log = logging.getLogger(__name__)

_Work: TypeAlias = Callable[[], Coroutine[Any, Any, "bytes | Outcome"]]

_SCHEMES: Final = {"http": "HTTP", "https": "HTTPS"}
_DENIED: Final = {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}
_BAD: Final = {HTTPStatus.BAD_REQUEST, HTTPStatus.UNSUPPORTED_MEDIA_TYPE, HTTPStatus.UNPROCESSABLE_ENTITY}
_NOT_THIS_WAY: Final = {HTTPStatus.METHOD_NOT_ALLOWED, HTTPStatus.NOT_IMPLEMENTED}


class _Running:
    """One transfer. It ends through its time-out, which `cancel` makes now."""

    __slots__ = ("_scope", "wanted")

    def __init__(self) -> None:
        self._scope: asyncio.Timeout | None = None
        self.wanted = True

    def cancel(self) -> None:
        if self.wanted:
            self.wanted = False
            if self._scope is not None:
                self._scope.reschedule(0.0)  # long past: at once

    async def within(self, timeout_s: float, work: _Work) -> bytes | Outcome:
        if not self.wanted:
            return Outcome.FAILED
        try:
            async with asyncio.timeout(timeout_s) as self._scope:
                return await work()
        except TimeoutError:
            return Outcome.FAILED
        finally:
            self._scope = None


class HttpTransfers:
    """The transfers of one station. Uploads are PUT, and POST where the server takes no PUT (N01.FR.18, 19).

    Nothing lasts longer than `timeout_s` seconds, no file is larger than `most_bytes`. Call `aclose` to be rid of its tasks.
    """

    __slots__ = ("_most_bytes", "_running", "_tasks", "_timeout_s", "protocols")

    def __init__(self, *, timeout_s: float = 900.0, most_bytes: int = 256 * 1024 * 1024) -> None:
        self._timeout_s: Final = timeout_s
        self._most_bytes: Final = most_bytes
        self._tasks: Final = Tasks()
        self._running: Final[set[_Running]] = set()
        self.protocols: tuple[str, ...] = tuple(_SCHEMES.values())

    def upload(
        self, url: str, name: str, content: bytes, done: Callable[[Outcome], object], *, trusted: str = ""
    ) -> Transfer:
        target = f"{url}{quote(name)}" if url.endswith("/") else url

        def told(outcome: bytes | Outcome) -> None:
            done(outcome if isinstance(outcome, Outcome) else Outcome.DONE)

        return self._start(url, lambda: _put(target, name, content, trusted), told)

    def download(self, url: str, done: Callable[[bytes | Outcome], object], *, trusted: str = "") -> Transfer:
        return self._start(url, lambda: _get(url, self._most_bytes, trusted), done)

    def abort(self) -> None:
        for running in self._running:
            running.cancel()

    async def aclose(self) -> None:
        """Stop all and wait until it has ended."""
        self.abort()
        await self._tasks.finish()

    def _start(self, url: str, work: _Work, done: Callable[[bytes | Outcome], object]) -> Transfer:
        running = _Running()
        self._running.add(running)
        self._tasks.start(self._run(running, lambda: _tried(url, work), done))
        return running

    async def _run(self, running: _Running, work: _Work, done: Callable[[bytes | Outcome], object]) -> None:
        try:
            found = await running.within(self._timeout_s, work)
        finally:
            self._running.discard(running)
        if running.wanted:
            running.wanted = False
            done(found)


async def _tried(url: str, work: _Work) -> bytes | Outcome:
    """What came of it. The log names no address, as there may be a secret in it."""
    try:
        parts = urlsplit(url)
        if parts.scheme.lower() not in _SCHEMES or not parts.hostname:
            return Outcome.UNSUPPORTED
        return await work()
    except (httpx2.HTTPError, httpx2.InvalidURL, OSError, ValueError) as error:
        _log.info("a transfer failed: %s", type(error).__name__)
        return Outcome.FAILED


async def _put(target: str, name: str, content: bytes, trusted: str) -> Outcome:
    headers = {
        "Content-Type": "application/octet-stream",
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(name)}",
    }
    async with _client(trusted) as client:
        for method in ("PUT", "POST"):
            response = await client.request(method, target, content=content, headers=headers)
            if response.status_code not in _NOT_THIS_WAY:
                return _outcome(response.status_code)
    return Outcome.UNSUPPORTED


async def _get(url: str, most_bytes: int, trusted: str) -> bytes | Outcome:
    async with _client(trusted) as client, client.stream("GET", url, follow_redirects=True) as response:
        outcome = _outcome(response.status_code)
        if outcome is not Outcome.DONE:
            return outcome
        content = bytearray()
        async for chunk in response.aiter_bytes():
            content += chunk
            if len(content) > most_bytes:
                return Outcome.FAILED
        return bytes(content)


def _outcome(status: int) -> Outcome:
    if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        return Outcome.DONE
    if status in _DENIED:
        return Outcome.DENIED
    return Outcome.BAD_REQUEST if status in _BAD else Outcome.FAILED


def _client(trusted: str) -> httpx2.AsyncClient:
    # The whole is bounded by its time-out; proxies of the environment are no business of a station.
    return httpx2.AsyncClient(verify=_context(trusted), trust_env=False, timeout=None)


@lru_cache(maxsize=8)
def _context(trusted: str) -> ssl.SSLContext:
    if not trusted:
        return default_client_context()
    context = client_context()
    context.load_verify_locations(cadata=trusted)
    return context
