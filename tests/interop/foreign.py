"""The PyPI packages `ocpp` and `websockets` as a station and as a management system: peers nobody here wrote."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import ocpp.v16 as ocpp_16
import ocpp.v21 as ocpp_21
import ocpp.v201 as ocpp_201
import websockets
from ocpp.routing import on
from websockets.asyncio.client import connect
from websockets.asyncio.server import ServerConnection, serve

from forecourt.ocpp.versions import Version

MODULES: dict[str, Any] = {"1.6": ocpp_16, "2.0.1": ocpp_201, "2.1": ocpp_21}
NOW = "2026-11-20T12:00:00Z"


@dataclass
class Heard:
    """What the foreign side was asked, in order: the action and its arguments as the package hands them over."""

    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def actions(self) -> list[str]:
        """The names alone."""
        return [name for name, _ in self.calls]


def _handlers(version: Version, heard: Heard, answers: dict[str, Callable[[], Any]]) -> dict[str, Any]:
    def handler(action: str, answer: Callable[[], Any]) -> Any:
        def handle(self: Any, **arguments: Any) -> Any:
            heard.calls.append((action, arguments))
            return answer()

        # The package finds handlers by the name they had when they were decorated.
        handle.__name__ = f"on_{action}"
        return on(action)(handle)

    return {f"on_{action}": handler(action, answer) for action, answer in answers.items()}


def foreign_kind(version: Version, heard: Heard, answers: dict[str, Callable[[], Any]]) -> Any:
    """A ChargePoint class of the package (it serves both roles) that answers the given actions."""
    return type("Foreign", (MODULES[version.name].ChargePoint,), _handlers(version, heard, answers))


def boot_answer(version: Version) -> Any:
    """A BootNotification answer as the package builds it."""
    result = MODULES[version.name].call_result
    return result.BootNotification(current_time=NOW, interval=300, status="Accepted")


@asynccontextmanager
async def running(peer: Any) -> AsyncGenerator[None, None]:
    """Have the package read its connection meanwhile."""
    reading = asyncio.get_running_loop().create_task(peer.start())
    try:
        yield
    finally:
        reading.cancel()
        try:
            await reading
        except (asyncio.CancelledError, websockets.ConnectionClosed):
            pass


@asynccontextmanager
async def foreign_station(
    url: str,
    version: Version,
    heard: Heard,
    answers: dict[str, Callable[[], Any]],
    *,
    compression: str | None,
    tls: ssl.SSLContext | None,
) -> AsyncGenerator[Any, None]:
    """A station of the package, connected to `url`."""
    async with connect(
        url, subprotocols=[websockets.Subprotocol(version.subprotocol)], compression=compression, ssl=tls
    ) as connection:
        assert connection.subprotocol == version.subprotocol
        extensions = connection.response.headers.get("Sec-WebSocket-Extensions", "") if connection.response else ""
        assert ("permessage-deflate" in extensions) is (compression is not None)
        station = foreign_kind(version, heard, answers)("CP-1", connection, response_timeout=10)
        async with running(station):
            yield station


@asynccontextmanager
async def foreign_csms(
    version: Version,
    heard: Heard,
    answers: dict[str, Callable[[], Any]],
    arrived: asyncio.Queue[Any],
    *,
    compression: str | None,
    tls: ssl.SSLContext | None,
) -> AsyncGenerator[int, None]:
    """A management system of the package; puts each station into `arrived` and gives its port."""
    kind = foreign_kind(version, heard, answers)

    async def accept(connection: ServerConnection) -> None:
        peer = kind("CP-1", connection, response_timeout=10)
        arrived.put_nowait(peer)
        try:
            await peer.start()
        except websockets.ConnectionClosed:
            pass

    async with serve(
        accept,
        "127.0.0.1",
        0,
        subprotocols=[websockets.Subprotocol(version.subprotocol)],
        compression=compression,
        ssl=tls,
    ) as server:
        yield next(iter(server.sockets)).getsockname()[1]


def heartbeat_answer(version: Version) -> Any:
    """A Heartbeat answer as the package builds it."""
    return MODULES[version.name].call_result.Heartbeat(current_time=NOW)


def now() -> datetime:
    """The instant the package tells."""
    return datetime(2026, 11, 20, 12, tzinfo=UTC)
