"""Server-Sent Events: what a watcher is told, as text that never ends, to a reader that may be slow or gone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any, Final

import msgspec
from litestar import Request, Response
from litestar.response.base import ASGIResponse
from litestar.types import Receive, Send

from forecourt.clock import Clock
from forecourt.csms.feed.engine import FeedEvent, News, Watcher

MEDIA_TYPE: Final = "text/event-stream"
STALLED_S: Final = 30.0
"""A reader that takes nothing for so long is let go; it resumes from where it was."""

LONGEST_S: Final = 900.0
"""After so long a reader has to come again and show once more who it is. It misses nothing by that."""

_HEADERS: Final = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


def text_of(news: News) -> bytes:
    """What is told, as Server-Sent Events: facts with their place as id, readings without one."""
    parts = []
    if news.resync:
        parts.append(b"id: %b\nevent: resync\ndata: {}\n\n" % str(news.cursor).encode())
    parts += [
        b"id: %b\ndata: %b\n\n" % (str(event.cursor).encode(), msgspec.json.encode(FeedEvent.of(event)))
        for event in news.events
    ]
    parts += [b"event: readings\ndata: %b\n\n" % msgspec.json.encode(one) for one in news.readings]
    if not parts:
        # A comment keeps proxies from giving up, and the place moves on past what was for others.
        parts.append(b": still there\nid: %b\n\n" % str(news.cursor).encode())
    return b"".join(parts)


class EventStream(Response[None]):
    """The answer that never ends."""

    def __init__(self, watcher: Watcher, clock: Clock) -> None:
        super().__init__(None, media_type=MEDIA_TYPE, headers=_HEADERS)
        self._watcher = watcher
        self._clock = clock

    def to_asgi_response(self, app: Any, request: Request[Any, Any, Any], **options: Any) -> ASGIResponse:
        """As the server takes it."""
        options["headers"] = {**(options.get("headers") or {}), **_HEADERS}
        options["media_type"] = MEDIA_TYPE
        options.pop("type_encoders", None)
        options.pop("background", None)
        return _Pouring(self._watcher, self._clock, **options)


class _Pouring(ASGIResponse):
    _should_set_content_length = False

    def __init__(self, watcher: Watcher, clock: Clock, **options: Any) -> None:
        super().__init__(**options)
        self._watcher = watcher
        self._clock = clock

    async def send_body(self, send: Send, receive: Receive) -> None:
        """Pour until the reader is gone, takes nothing any more, or has had its time."""
        try:
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(self._pour(send)), group.create_task(_gone(receive))]
                await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
                for task in tasks:
                    task.cancel()
        finally:
            self._watcher.close()

    async def _pour(self, send: Send) -> None:
        ends_at = self._clock.monotonic() + LONGEST_S
        try:
            await self._say(
                send, b"retry: 1000\nid: %b\nevent: open\ndata: {}\n\n" % str(self._watcher.cursor).encode()
            )
            async for text in _texts(self._watcher):
                await self._say(send, text)
                if self._clock.monotonic() >= ends_at:
                    break
            await self._say(send, b"", more=False)
        except TimeoutError:
            pass

    async def _say(self, send: Send, text: bytes, *, more: bool = True) -> None:
        body: Any = {"type": "http.response.body", "body": text, "more_body": more}
        async with self._clock.timeout(STALLED_S):
            await send(body)


async def _texts(watcher: Watcher) -> AsyncIterator[bytes]:
    async for news in watcher.news():
        yield text_of(news)


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
