"""Server-Sent Events: an answer that never ends, poured to a reader that may be slow or gone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any, Final

from litestar import Request, Response
from litestar.response.base import ASGIResponse
from litestar.types import Receive, Send

from forecourt.clock import Clock

MEDIA_TYPE: Final = "text/event-stream"
STILL_THERE: Final = b": still there\n\n"
"""A comment keeps proxies from giving up."""

STALLED_S: Final = 30.0
"""A reader that takes nothing for so long is let go; it comes again by itself."""

LONGEST_S: Final = 900.0
"""After so long a reader has to come again and show once more who it is."""

_HEADERS: Final = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


class EventStream(Response[None]):
    """Pours `texts` until they end, or the reader is gone, takes nothing any more, or has had its time. Then `close` is called."""

    def __init__(self, texts: AsyncIterator[bytes], close: Callable[[], None], clock: Clock) -> None:
        super().__init__(None, media_type=MEDIA_TYPE, headers=_HEADERS)
        self._texts = texts
        self._close = close
        self._clock = clock

    def to_asgi_response(self, app: Any, request: Request[Any, Any, Any], **options: Any) -> ASGIResponse:
        """As the server takes it."""
        options["headers"] = {**(options.get("headers") or {}), **_HEADERS}
        options["media_type"] = MEDIA_TYPE
        options.pop("type_encoders", None)
        options.pop("background", None)
        return _Pouring(self._texts, self._close, self._clock, **options)


class _Pouring(ASGIResponse):
    _should_set_content_length = False

    def __init__(self, texts: AsyncIterator[bytes], close: Callable[[], None], clock: Clock, **options: Any) -> None:
        super().__init__(**options)
        self._texts = texts
        self._close = close
        self._clock = clock

    async def send_body(self, send: Send, receive: Receive) -> None:
        """Pour until there is a reason to end."""
        try:
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(self._pour(send)), group.create_task(_gone(receive))]
                await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
                for task in tasks:
                    task.cancel()
        finally:
            self._close()

    async def _pour(self, send: Send) -> None:
        ends_at = self._clock.monotonic() + LONGEST_S
        try:
            async for text in self._texts:
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


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
