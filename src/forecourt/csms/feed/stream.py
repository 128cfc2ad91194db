"""What a watcher of events is told, as Server-Sent Events."""

from __future__ import annotations

from collections.abc import AsyncIterator

import msgspec

from forecourt.clock import Clock
from forecourt.csms.feed.engine import FeedEvent, News, Watcher
from forecourt.csms.web.pouring import EventStream


def text_of(news: News) -> bytes:
    """What is told: facts with their place as id, readings without one."""
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


def stream_of(watcher: Watcher, clock: Clock) -> EventStream:
    """The answer that tells a watcher everything. A reader that has to come again misses nothing by that."""
    return EventStream(_texts(watcher), watcher.close, clock)


async def _texts(watcher: Watcher) -> AsyncIterator[bytes]:
    yield b"retry: 1000\nid: %b\nevent: open\ndata: {}\n\n" % str(watcher.cursor).encode()
    async for news in watcher.news():
        yield text_of(news)
