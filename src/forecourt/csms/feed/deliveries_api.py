"""The routes that tell what came of webhooks: every attempt, what was given up, and trying once more."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Final, Literal

import msgspec
from litestar.handlers import HTTPRouteHandler
from litestar.params import JSONBody, QueryParameter
from sqlalchemy import Row, delete, select, update

from forecourt.clock import Clock
from forecourt.csms.feed import webhook_store as store
from forecourt.csms.feed.webhook_store import webhook_dead_letter as letters
from forecourt.csms.feed.webhook_store import webhook_delivery as deliveries
from forecourt.csms.feed.webhooks import Webhooks, ping
from forecourt.csms.feed.webhooks_api import mine, one, unknown
from forecourt.csms.store.engine import Database
from forecourt.csms.web.bodies import Nothing
from forecourt.csms.web.paging import CursorText, Limit, Page, Sorting, page_of
from forecourt.csms.web.requests import ApiRequest
from forecourt.csms.web.routes import Key, create, read, remove
from forecourt.errors import NotFound

Outcome = Literal["delivered", "failed", "dead"]


class DeliveryOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """An attempt to tell. After `failed` it is tried again, after `dead` it is a dead letter."""

    id: int
    webhook_id: int
    event_id: int
    kind: str
    at: datetime
    attempt: int
    outcome: Outcome
    http_status: int | None
    error: str
    duration_ms: int


class DeadLetterOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """An event that was given up, as it would have been sent."""

    id: int
    webhook_id: int
    event_id: int
    kind: str
    attempts: int
    error: str
    died_at: datetime
    body: dict[str, Any]


class Tried(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What came of a request that was just made."""

    delivered: bool
    http_status: int | None
    error: str
    duration_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookParts:
    """What the routes are given."""

    webhooks: Webhooks
    database: Database
    clock: Clock


_BY_ID: Final = Sorting(deliveries.c.id, {}, "-id")
_LETTERS: Final = Sorting(letters.c.id, {}, "-id")
_TAGS: Final = ["Webhooks"]


def routes(parts: WebhookParts) -> list[HTTPRouteHandler]:
    """The routes of deliveries and dead letters."""

    @create(
        "/webhooks/{webhook_id:int}/ping",
        permission="webhooks.write",
        tags=_TAGS,
        summary="Try a webhook with a message",
        status_code=200,
    )
    async def ping_webhook(request: ApiRequest, webhook_id: Key, data: JSONBody[Nothing]) -> Tried:
        """Sends `{"kind": "Ping"}` at once, signed like everything else, and tells what came of it."""
        async with request.change_as_owner() as change:
            out = await mine(request, change.work, webhook_id)
            to = await store.target(await change.work.sql(), webhook_id)
            change.record("webhook.pinged", f"webhooks/{webhook_id}", out.organisation_id)
        if to is None:
            raise unknown(webhook_id)
        return _tried(await parts.webhooks.send(to, *ping(to, parts.clock.now())))

    @create(
        "/webhooks/{webhook_id:int}/dead-letters/{letter_id:int}/redeliver",
        permission="webhooks.write",
        tags=_TAGS,
        summary="Send a dead letter once more",
        status_code=200,
    )
    async def redeliver_dead_letter(
        request: ApiRequest, webhook_id: Key, letter_id: Key, data: JSONBody[Nothing]
    ) -> Tried:
        """At once. One that is delivered is no dead letter any more."""
        this = (letters.c.id == letter_id, letters.c.webhook_id == webhook_id)
        async with request.change_as_owner() as change:
            out = await mine(request, change.work, webhook_id)
            connection = await change.work.sql()
            to = await store.target(connection, webhook_id)
            letter = (await connection.execute(select(letters).where(*this))).one_or_none()
            if letter is None or to is None:
                raise NotFound("dead_letter_unknown", f"there is no dead letter {letter_id} of this webhook")
            change.record("webhook.redelivered", f"webhooks/{webhook_id}", out.organisation_id, after={"id": letter_id})
        attempt = await parts.webhooks.send(to, f"evt_{letter.event_id}", letter.body)
        async with parts.database.engine.begin() as connection:
            outcome = "delivered" if attempt.delivered else "dead"
            await store.log(connection, to, letter.event_id, letter.kind, letter.attempts + 1, attempt, outcome)
            if attempt.delivered:
                await connection.execute(delete(letters).where(*this))
            else:
                tried = {"attempts": letter.attempts + 1, "error": attempt.error}
                await connection.execute(update(letters).where(*this).values(**tried))
        return _tried(attempt)

    return [ping_webhook, list_deliveries, list_dead_letters, redeliver_dead_letter, remove_dead_letter]


@read(
    "/webhooks/{webhook_id:int}/deliveries", permission="webhooks.read", tags=_TAGS, summary="List attempts to deliver"
)
async def list_deliveries(
    request: ApiRequest,
    webhook_id: Key,
    cursor: CursorText = None,
    limit: Limit = 50,
    outcome: Annotated[Outcome | None, QueryParameter()] = None,
) -> Page[DeliveryOut]:
    """The newest first, for thirty days."""
    statement = select(deliveries).where(deliveries.c.webhook_id == webhook_id)
    if outcome is not None:
        statement = statement.where(deliveries.c.outcome == outcome)
    async with request.work() as work:
        await one(work, webhook_id)
        connection, order = await work.sql(), _BY_ID.order(None)
        return await page_of(connection, statement, order, cursor=cursor, limit=limit, build=_delivery)


@read("/webhooks/{webhook_id:int}/dead-letters", permission="webhooks.read", tags=_TAGS, summary="List dead letters")
async def list_dead_letters(
    request: ApiRequest, webhook_id: Key, cursor: CursorText = None, limit: Limit = 50
) -> Page[DeadLetterOut]:
    statement = select(letters).where(letters.c.webhook_id == webhook_id)
    async with request.work() as work:
        await one(work, webhook_id)
        connection, order = await work.sql(), _LETTERS.order(None)
        return await page_of(connection, statement, order, cursor=cursor, limit=limit, build=_letter)


@remove(
    "/webhooks/{webhook_id:int}/dead-letters/{letter_id:int}",
    permission="webhooks.write",
    tags=_TAGS,
    summary="Drop a dead letter",
)
async def remove_dead_letter(request: ApiRequest, webhook_id: Key, letter_id: Key) -> None:
    async with request.change_as_owner() as change:
        out = await mine(request, change.work, webhook_id)
        gone = await (await change.work.sql()).execute(
            delete(letters).where(letters.c.id == letter_id, letters.c.webhook_id == webhook_id)
        )
        if gone.rowcount != 1:
            raise NotFound("dead_letter_unknown", f"there is no dead letter {letter_id} of this webhook")
        change.record("webhook.letter_dropped", f"webhooks/{webhook_id}", out.organisation_id, before={"id": letter_id})


def _delivery(row: Row[Any]) -> DeliveryOut:
    return DeliveryOut(**{name: row._mapping[name] for name in DeliveryOut.__struct_fields__})


def _letter(row: Row[Any]) -> DeadLetterOut:
    plain = {name: row._mapping[name] for name in DeadLetterOut.__struct_fields__ if name != "body"}
    return DeadLetterOut(**plain, body=msgspec.json.decode(row.body))


def _tried(attempt: store.Attempt) -> Tried:
    return Tried(
        delivered=attempt.delivered,
        http_status=attempt.http_status,
        error=attempt.error,
        duration_ms=attempt.duration_ms,
    )
