"""Idempotency-Key: a POST that is sent again with the same key is answered as the first time, and done once.

The key is claimed before the request is handled and the answer kept with it. If the process dies in between, nobody knows
whether it was done: the claim stays, and a repetition is told so instead of being done again. Of an answer that holds a
secret (`no-store`) only that there was one is kept, and of no request more than a keyed hash: bodies hold passwords.
"""

from __future__ import annotations

import gzip
import hashlib
from typing import Any, Final

from litestar import Request
from litestar.enums import ScopeType
from litestar.exceptions.http_exceptions import RequestEntityTooLarge
from litestar.types import ASGIApp, Message, Receive, Scope, Send
from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from forecourt.csms.store.work import Store
from forecourt.csms.web.callers import Caller
from forecourt.csms.web.repetitions import idempotency_key
from forecourt.errors import Conflict, Invalid

LONGEST_KEY: Final = 255
LARGEST_ANSWER: Final = 262_144
MOST_BODY_BYTES: Final = 4 * 1024 * 1024
"""The largest body that the API takes."""


class Repeating:
    """ASGI middleware. Stands behind authentication, so that keys of different callers never meet."""

    def __init__(self, app: ASGIApp, store: Store, pepper: bytes) -> None:
        self._app = app
        self._store = store
        self._pepper = pepper

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        caller = scope.get("user")
        if scope["type"] != ScopeType.HTTP or scope["method"] != "POST" or not isinstance(caller, Caller):
            await self._app(scope, receive, send)
            return
        request: Request[Any, Any, Any] = Request(scope, receive)
        key = request.headers.get("idempotency-key")
        if key is None:
            await self._app(scope, receive, send)
            return
        if not 1 <= len(key) <= LONGEST_KEY or not key.isprintable():
            message = f"an Idempotency-Key has 1 to {LONGEST_KEY} printable characters"
            raise Invalid("idempotency_key", message, {"Idempotency-Key": message})
        body = await _whole(request)
        query = scope.get("query_string", b"")
        said = b"\0".join((scope["path"].encode(), query, body))
        mark = hashlib.blake2b(said, key=self._pepper, digest_size=32, person=b"idempotency").digest()
        kept = await self._claim(caller.name, key, mark)
        if kept is not None:
            await _send(send, *kept)
            return
        answer = _Answer(send)
        finished = False
        try:
            await self._app(scope, _again(body, receive), answer)
            finished = 200 <= answer.status < 500 and len(answer.body) <= LARGEST_ANSWER
        finally:
            try:
                await self._keep(caller.name, key, answer if finished else None)
            finally:
                await answer.end()

    async def _claim(self, caller: str, key: str, mark: bytes) -> tuple[int, str, str, bytes] | None:
        """None if the key is ours now, otherwise the answer that was given. Raises Conflict."""
        async with self._store.work() as work:
            connection = await work.sql()
            claim = upsert(idempotency_key).values(caller=caller, key=key, fingerprint=mark, claimed_at=work.now)
            claimed = await connection.execute(claim.on_conflict_do_nothing().returning(idempotency_key.c.id))
            if claimed.first() is not None:
                return None
            columns = idempotency_key.c
            found = await connection.execute(
                select(columns.fingerprint, columns.status, columns.media_type, columns.location, columns.answer).where(
                    columns.caller == caller, columns.key == key
                )
            )
            row = found.one_or_none()
        if row is None or row.status is None:
            raise Conflict(
                "idempotency_unfinished",
                "a request with this Idempotency-Key is being handled, or was cut short: look whether it was done",
            )
        if row.fingerprint != mark:
            message = "this Idempotency-Key was used for another request"
            raise Conflict("idempotency_key_used", message, {"Idempotency-Key": message})
        if row.answer is None:
            raise Conflict("idempotency_secret", "this was done already, and its answer held a secret that is not kept")
        return row.status, row.media_type or "", row.location or "", row.answer

    async def _keep(self, caller: str, key: str, answer: _Answer | None) -> None:
        columns = idempotency_key.c
        mine = (columns.caller == caller, columns.key == key)
        async with self._store.work() as work:
            connection = await work.sql()
            if answer is None:
                await connection.execute(delete(idempotency_key).where(*mine))
                return
            body = None if answer.is_secret else answer.plain()
            kept = {"media_type": answer.media_type, "location": answer.location, "answer": body}
            await connection.execute(update(idempotency_key).where(*mine).values(status=answer.status, **kept))


class _Answer:
    """Passes an answer on and keeps a copy. Its end is held back: who has all of it may ask again at once."""

    def __init__(self, send: Send) -> None:
        self.status = 0
        self.media_type = ""
        self.location = ""
        self.is_secret = False
        self.is_packed = False
        self.body = bytearray()
        self._send = send
        self._last: Message | None = None

    def plain(self) -> bytes:
        """The body as it was before it was packed for this client: another one that asks again may not unpack."""
        return gzip.decompress(self.body) if self.is_packed else bytes(self.body)

    async def end(self) -> None:
        """Send the rest, if the answer has come so far."""
        if self._last is not None:
            await self._send(self._last)

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = {name.lower(): value.decode("latin-1") for name, value in message["headers"]}
            self.media_type = headers.get(b"content-type", "")
            self.location = headers.get(b"location", "")
            self.is_secret = "no-store" in headers.get(b"cache-control", "")
            self.is_packed = headers.get(b"content-encoding") == "gzip"
        elif message["type"] == "http.response.body" and len(self.body) <= LARGEST_ANSWER:
            self.body += message["body"]
        if message["type"] == "http.response.body" and not message["more_body"]:
            self._last = message
        else:
            await self._send(message)


async def _whole(request: Request[Any, Any, Any]) -> bytes:
    """The body. Raises 413 before it has taken more than the API takes."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MOST_BODY_BYTES:
            raise RequestEntityTooLarge
    return bytes(body)


def _again(body: bytes, receive: Receive) -> Receive:
    """The body once more, for the handler."""
    given = False

    async def first_the_body() -> Any:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return first_the_body


async def _send(send: Send, status: int, media_type: str, location: str, body: bytes) -> None:
    headers = [(b"content-type", media_type.encode("latin-1")), (b"idempotency-replayed", b"true")]
    if location:
        headers.append((b"location", location.encode("latin-1")))
    headers.append((b"content-length", str(len(body)).encode()))
    start: Any = {"type": "http.response.start", "status": status, "headers": headers}
    await send(start)
    end: Any = {"type": "http.response.body", "body": body, "more_body": False}
    await send(end)
