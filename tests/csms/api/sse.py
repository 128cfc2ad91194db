"""A reader of Server-Sent Events as a browser is one."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from tests.csms.api.system import Caller

LIMIT_S = 20.0


@dataclass
class Said:
    """One event of the stream."""

    name: str
    id: str
    data: Any


@dataclass
class Reader:
    """What came so far. `last_id` is what a browser sends as Last-Event-ID when it comes again."""

    lines: AsyncIterator[str]
    last_id: str = ""
    heard: list[Said] = field(default_factory=list)

    async def until(self, wanted: Callable[[Said], bool]) -> Said:
        """Read on to the first event that is wanted."""
        async with asyncio.timeout(LIMIT_S):
            while True:
                said = await self._next()
                self.heard.append(said)
                if wanted(said):
                    return said

    async def until_kind(self, kind: str) -> Said:
        """Read on to the next fact of a kind."""
        return await self.until(lambda said: said.name == "message" and said.data["kind"] == kind)

    @property
    def kinds(self) -> list[str]:
        """The kinds of all facts so far."""
        return [said.data["kind"] for said in self.heard if said.name == "message"]

    async def _next(self) -> Said:
        fields: dict[str, str] = {}
        async for line in self.lines:
            if line.startswith(":"):
                continue
            if line:
                name, _, value = line.partition(":")
                fields[name] = value.removeprefix(" ")
                continue
            self.last_id = fields.get("id", self.last_id)
            if "data" in fields:
                return Said(fields.get("event", "message"), self.last_id, json.loads(fields["data"]))
            fields = {}
        raise EOFError("the stream has ended")


@asynccontextmanager
async def reading(
    caller: Caller, /, *, path: str = "/events/stream", last_id: str = "", **parameters: Any
) -> AsyncGenerator[Reader, None]:
    """Watch events, or another stream, for as long as the block lasts."""
    headers = {"Authorization": f"Bearer {caller.key}", "Accept": "text/event-stream"}
    if last_id:
        headers["Last-Event-ID"] = last_id
    async with caller.client.stream("GET", f"/api/v1{path}", headers=headers, params=parameters) as answer:
        assert answer.status_code == 200, await answer.aread()
        assert answer.headers["content-type"].startswith("text/event-stream")
        assert "content-encoding" not in answer.headers
        reader = Reader(answer.aiter_lines())
        await reader.until(lambda said: said.name == "open")
        yield reader
