"""The control API of a station: the workbench over HTTP, for programs in any language. docs/how-to/control-a-station.md tells it."""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import socket
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Any, Final, TypeAlias
from urllib.parse import parse_qs, unquote

import msgspec
import uvicorn

from forecourt.station.disturbed import Impossible
from forecourt.station.workbench.doings import Set, given
from forecourt.station.workbench.records import Record
from forecourt.station.workbench.workbench import Workbench

Scope: TypeAlias = Mapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Any]]
Send: TypeAlias = Callable[[Any], Awaitable[None]]

_MOST_BODY_BYTES: Final = 64 * 1024
_JSON, _LINES, _EVENTS = b"application/json", b"application/x-ndjson", b"text/event-stream"


class Refusal(Exception):
    """A request that is answered with an error status and one sentence."""

    def __init__(self, status: HTTPStatus, reason: str) -> None:
        super().__init__(reason)
        self.status = status


class Control:
    """An ASGI application. Whoever calls shows `token` as `Authorization: Bearer`."""

    def __init__(self, bench: Workbench, token: str) -> None:
        self._bench: Final = bench
        self._authorization: Final = b"Bearer " + token.encode()
        self._over = False
        self._news: Final[set[asyncio.Event]] = set()
        bench.follow(self._tell)

    def end(self) -> None:
        """Streams end."""
        self._over = True
        self._wake()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        try:
            self._let_in(scope)
            if (scope["method"], scope["path"]) == ("GET", "/v1/events"):
                await self._stream(scope, receive, send)
            else:
                answer = self._answer(scope, await _body(receive))
                await _respond(send, HTTPStatus.OK, answer)
        except Refusal as refusal:
            await _respond(send, refusal.status, {"error": str(refusal)})
        except Impossible as error:
            await _respond(send, HTTPStatus.UNPROCESSABLE_ENTITY, {"error": str(error)})

    def _let_in(self, scope: Scope) -> None:
        if not hmac.compare_digest(_header(scope, b"authorization"), self._authorization):
            raise Refusal(HTTPStatus.UNAUTHORIZED, "Authorization: Bearer and the token of this station is needed")

    def _answer(self, scope: Scope, body: bytes) -> Any:
        path: str = scope["path"]
        match scope["method"], path:
            case "GET", "/v1/state":
                return self._bench.state()
            case "GET", "/v1/variables":
                (prefix,) = _query(scope).get("prefix", [""])
                return {name: value for name, value in self._bench.variables().items() if name.startswith(prefix)}
            case "POST", "/v1/do":
                self._bench.do(given(_object(body)))
                return self._bench.state()
            case "PUT", _ if path.startswith("/v1/variables/"):
                value = _object(body).get("value")
                if not isinstance(value, str):
                    raise Refusal(HTTPStatus.UNPROCESSABLE_ENTITY, 'a body like {"value": "30"} is needed')
                name = unquote(path.removeprefix("/v1/variables/"))
                self._bench.do(Set(variable=name, value=value))
                return {name: value}
        known = path in ("/v1/state", "/v1/variables", "/v1/do", "/v1/events") or path.startswith("/v1/variables/")
        if known:
            raise Refusal(HTTPStatus.METHOD_NOT_ALLOWED, f"{scope['method']} is not for {path}")
        raise Refusal(HTTPStatus.NOT_FOUND, f"there is no {path}")

    async def _stream(self, scope: Scope, receive: Receive, send: Send) -> None:
        query = _query(scope)
        try:
            last = int(query.get("after", [_header(scope, b"last-event-id").decode("ascii") or "0"])[0])
        except ValueError as error:
            raise Refusal(HTTPStatus.UNPROCESSABLE_ENTITY, "after is a number") from error
        follow = query.get("follow", ["1"])[0] != "0"
        as_events = _EVENTS in _header(scope, b"accept")
        kind = _EVENTS if as_events else _LINES
        await send(_start(HTTPStatus.OK, kind))
        news = asyncio.Event()
        self._news.add(news)
        try:
            async with asyncio.TaskGroup() as group:
                # Whoever goes away makes room at once.
                leaving = group.create_task(_gone(receive, news))
                while not leaving.done():
                    news.clear()
                    found = [record for record in tuple(self._bench.records) if record.number > last]
                    if found:
                        last = found[-1].number
                        await send(_part(b"".join(_written(record, as_events=as_events) for record in found)))
                    elif self._over or not follow:
                        break
                    else:
                        await news.wait()
                leaving.cancel()
        finally:
            self._news.discard(news)
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    def _tell(self, record: Record) -> None:
        self._wake()

    def _wake(self) -> None:
        for news in self._news:
            news.set()


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Signals belong to whoever runs the process."""
        yield


@asynccontextmanager
async def controlled(
    bench: Workbench, token: str, *, host: str = "127.0.0.1", port: int = 0
) -> AsyncGenerator[int, None]:
    """Serve the control API until the block is left; gives the port. Raises OSError when it cannot be had."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.create_server((host, port), family=family)
    application = Control(bench, token)
    config = uvicorn.Config(
        application,
        log_config=None,
        access_log=False,
        lifespan="off",
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=2,
        loop="none",
    )
    server = _Server(config)
    async with asyncio.TaskGroup() as group:
        task = group.create_task(server.serve(sockets=[listening]))
        try:
            yield listening.getsockname()[1]
        finally:
            application.end()
            server.should_exit = True
            await task


async def _body(receive: Receive) -> bytes:
    body = bytearray()
    while True:
        message = await receive()
        body += message.get("body", b"")
        if len(body) > _MOST_BODY_BYTES:
            raise Refusal(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"a body may have {_MOST_BODY_BYTES} bytes")
        if not message.get("more_body"):
            return bytes(body)


async def _gone(receive: Receive, news: asyncio.Event) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    news.set()


async def _respond(send: Send, status: HTTPStatus, answer: Any) -> None:
    await send(_start(status, _JSON))
    await send({"type": "http.response.body", "body": msgspec.json.encode(answer)})


def _start(status: HTTPStatus, kind: bytes) -> dict[str, Any]:
    headers = [(b"content-type", kind), (b"cache-control", b"no-store")]
    return {"type": "http.response.start", "status": status.value, "headers": headers}


def _part(body: bytes) -> dict[str, Any]:
    return {"type": "http.response.body", "body": body, "more_body": True}


def _written(record: Record, *, as_events: bool) -> bytes:
    text: bytes = msgspec.json.encode(record)
    if as_events:
        return b"".join((f"id: {record.number}\ndata: ".encode(), text, b"\n\n"))
    return b"".join((text, b"\n"))


def _header(scope: Scope, name: bytes) -> bytes:
    found: bytes = next((value for key, value in scope["headers"] if key == name), b"")
    return found


def _query(scope: Scope) -> dict[str, list[str]]:
    return parse_qs(scope["query_string"].decode("latin-1"))


def _object(body: bytes) -> dict[str, Any]:
    try:
        found = msgspec.json.decode(body)
    except msgspec.DecodeError as error:
        raise Refusal(HTTPStatus.BAD_REQUEST, f"the body is no JSON: {error}") from error
    if not isinstance(found, dict):
        raise Refusal(HTTPStatus.BAD_REQUEST, "the body is no object")
    return found
