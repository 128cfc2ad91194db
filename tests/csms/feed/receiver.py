"""A receiver of webhooks on this machine, told what to answer."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

LIMIT_S = 20.0


@dataclass
class Got:
    """A request as it came."""

    headers: dict[str, str]
    body: bytes

    @property
    def said(self) -> Any:
        return json.loads(self.body)


@dataclass
class Receiver:
    """Answers `answers` one after another, then always `usual`. 0 stands for silence."""

    url: str = ""
    usual: int = 200
    answers: deque[int] = field(default_factory=deque)
    got: list[Got] = field(default_factory=list)
    came: asyncio.Event = field(default_factory=asyncio.Event)

    async def until(self, count: int) -> list[Got]:
        """Wait for so many requests."""
        async with asyncio.timeout(LIMIT_S):
            while len(self.got) < count:
                self.came.clear()
                await self.came.wait()
        return self.got

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            lines = (line.partition(": ") for line in head.split("\r\n")[1:] if line)
            headers = {name.lower(): value for name, _, value in lines}
            body = await reader.readexactly(int(headers["content-length"]))
            self.got.append(Got(headers, body))
            self.came.set()
            status = self.answers.popleft() if self.answers else self.usual
            if status:
                writer.write(f"HTTP/1.1 {status} Said\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())
                await writer.drain()
            else:
                await reader.read()
        finally:
            writer.close()


@asynccontextmanager
async def receiving(usual: int = 200) -> AsyncGenerator[Receiver, None]:
    """A receiver for as long as the block lasts."""
    receiver = Receiver(usual=usual)
    server = await asyncio.start_server(receiver._serve, "127.0.0.1", 0)
    receiver.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/hook"
    try:
        yield receiver
    finally:
        server.close()
