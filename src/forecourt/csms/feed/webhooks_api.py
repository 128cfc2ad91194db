"""The routes of webhooks: who is told of what, every attempt, and what was given up."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Final, Literal
from urllib.parse import urlsplit

import msgspec
from litestar import Response
from litestar.handlers import HTTPRouteHandler
from litestar.params import JSONBody, QueryParameter
from msgspec import UNSET, Meta, UnsetType
from sqlalchemy import Row, delete, select, update

from forecourt.clock import Clock
from forecourt.csms.events import latest
from forecourt.csms.feed import webhook_store as store
from forecourt.csms.feed.filters import check_kinds
from forecourt.csms.feed.webhook_store import webhook as table
from forecourt.csms.feed.webhook_store import webhook_dead_letter as letters
from forecourt.csms.feed.webhook_store import webhook_delivery as deliveries
from forecourt.csms.feed.webhooks import WEBHOOKS, Webhooks, new_secret, ping, secret_of, secret_text
from forecourt.csms.sites.store import site as site_table
from forecourt.csms.stations.store import station as station_table
from forecourt.csms.store.announced import EVENTS
from forecourt.csms.store.engine import Database
from forecourt.csms.store.work import Work
from forecourt.csms.web.bodies import Nothing
from forecourt.csms.web.numbers import OrganisationNumber
from forecourt.csms.web.paging import CursorText, Limit, Page, Sorting, SortText, page_of
from forecourt.csms.web.requests import SHOWN_ONCE, ApiRequest
from forecourt.csms.web.routes import Key, change, create, read, remove
from forecourt.csms.web.texts import LINE, WORD
from forecourt.errors import Invalid, NotFound

Number = Annotated[int, Meta(ge=1, le=2**63 - 1)]
Name = Annotated[str, Meta(min_length=1, max_length=100, pattern=LINE)]
Url = Annotated[str, Meta(min_length=1, max_length=2000, pattern=WORD)]
Kinds = Annotated[list[Annotated[str, Meta(min_length=1, max_length=64)]], Meta(min_length=1, max_length=200)]
Secret = Annotated[
    str,
    Meta(max_length=200, pattern=WORD, description="`whsec_` and 24 to 64 bytes in base64; one is made up without it"),
]
Outcome = Literal["delivered", "failed", "dead"]


class WebhookOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Somebody who is told of what happens.

    `attempt` is how often the next event was tried in vain and `nextAt` when it is tried again. `missedAt` is when events were
    lost because they are not kept for so long.
    """

    id: int
    organisation_id: int
    name: str
    url: str
    kinds: list[str] | None
    station_id: int | None
    site_id: int | None
    enabled: bool
    disabled_because: str
    created_at: datetime
    attempt: int
    next_at: datetime | None
    delivered_at: datetime | None
    last_error: str
    missed_at: datetime | None


class NewWebhookOut(WebhookOut, frozen=True, kw_only=True, rename="camel"):
    """A new webhook. `secret` is what requests are signed with, and is not shown again."""

    secret: str


class WebhookBody(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """A new webhook. It is told of everything in its organisation from now on, unless kinds, a station or a site are named."""

    organisation_id: Number | None = None
    name: Name
    url: Url
    kinds: Kinds | None = None
    station_id: Number | None = None
    site_id: Number | None = None
    enabled: bool = True
    secret: Secret | None = None


class WebhookChange(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """What is to be different; what is left out stays. One that is enabled again goes on where it was."""

    name: Name | UnsetType = UNSET
    url: Url | UnsetType = UNSET
    kinds: Kinds | UnsetType | None = UNSET
    station_id: Number | UnsetType | None = UNSET
    site_id: Number | UnsetType | None = UNSET
    enabled: bool | UnsetType = UNSET
    secret: Secret | UnsetType = UNSET


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


_SORTING: Final = Sorting(table.c.id, {"name": table.c.name}, "name")
_BY_ID: Final = Sorting(deliveries.c.id, {}, "-id")
_LETTERS: Final = Sorting(letters.c.id, {}, "-id")
_TAGS: Final = ["Webhooks"]
_SETTABLE: Final = ("name", "url", "kinds", "station_id", "site_id", "enabled")


def routes(parts: WebhookParts) -> list[HTTPRouteHandler]:
    """The routes of webhooks."""

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
            out = await _mine(request, change.work, webhook_id)
            to = await store.target(await change.work.sql(), webhook_id)
            change.record("webhook.pinged", f"webhooks/{webhook_id}", out.organisation_id)
        if to is None:
            raise _unknown(webhook_id)
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
        mine = (letters.c.id == letter_id, letters.c.webhook_id == webhook_id)
        async with request.change_as_owner() as change:
            out = await _mine(request, change.work, webhook_id)
            connection = await change.work.sql()
            to = await store.target(connection, webhook_id)
            letter = (await connection.execute(select(letters).where(*mine))).one_or_none()
            if letter is None or to is None:
                raise NotFound("dead_letter_unknown", f"there is no dead letter {letter_id} of this webhook")
            change.record("webhook.redelivered", f"webhooks/{webhook_id}", out.organisation_id, after={"id": letter_id})
        attempt = await parts.webhooks.send(to, f"evt_{letter.event_id}", letter.body)
        async with parts.database.engine.begin() as connection:
            outcome = "delivered" if attempt.delivered else "dead"
            await store.log(connection, to, letter.event_id, letter.kind, letter.attempts + 1, attempt, outcome)
            if attempt.delivered:
                await connection.execute(delete(letters).where(*mine))
            else:
                tried = {"attempts": letter.attempts + 1, "error": attempt.error}
                await connection.execute(update(letters).where(*mine).values(**tried))
        return _tried(attempt)

    @change("/webhooks/{webhook_id:int}", permission="webhooks.write", tags=_TAGS, summary="Change a webhook")
    async def change_webhook(
        request: ApiRequest, webhook_id: Key, data: JSONBody[WebhookChange]
    ) -> Response[WebhookOut]:
        given = {name: value for name in _SETTABLE if (value := getattr(data, name)) is not UNSET}
        secret = None if data.secret is UNSET else _secret(data.secret)
        async with request.change_as_owner() as change:
            before = await _mine(request, change.work, webhook_id)
            request.require_match(_settings(before))
            await _check(change.work, before.organisation_id, given)
            connection = await change.work.sql()
            # Whoever changes it wants to see at once whether it works now.
            fresh = {"next_at": None, "attempt": 0, "disabled_because": ""}
            await connection.execute(update(table).where(table.c.id == webhook_id).values(**given, **fresh))
            if secret is not None:
                await store.set_secret(connection, webhook_id, secret)
            out = await _one(change.work, webhook_id)
            change.record("webhook.changed", f"webhooks/{webhook_id}", before.organisation_id, before=before, after=out)
            change.work.wake(EVENTS)
            change.work.wake(WEBHOOKS)
        return request.tagged(out, tag_by=_settings(out))

    return [
        list_webhooks,
        create_webhook,
        get_webhook,
        change_webhook,
        remove_webhook,
        ping_webhook,
        list_deliveries,
        list_dead_letters,
        redeliver_dead_letter,
        remove_dead_letter,
    ]


@read("/webhooks", permission="webhooks.read", tags=_TAGS, summary="List webhooks")
async def list_webhooks(
    request: ApiRequest,
    cursor: CursorText = None,
    limit: Limit = 50,
    sort: SortText = None,
    organisation_id: OrganisationNumber = None,
) -> Page[WebhookOut]:
    statement = select(table)
    if organisation_id is not None:
        statement = statement.where(table.c.organisation_id == organisation_id)
    order = _SORTING.order(sort)
    async with request.work() as work:
        return await page_of(await work.sql(), statement, order, cursor=cursor, limit=limit, build=_out)


@create("/webhooks", permission="webhooks.write", tags=_TAGS, summary="Add a webhook")
async def create_webhook(request: ApiRequest, data: JSONBody[WebhookBody]) -> Response[NewWebhookOut]:
    """It is told of what happens from now on."""
    secret = new_secret() if data.secret is None else _secret(data.secret)
    owner = request.organisation(data.organisation_id)
    values = {name: getattr(data, name) for name in _SETTABLE}
    async with request.change_as_owner() as change:
        await _check(change.work, owner, values)
        connection = await change.work.sql()
        values["organisation_id"] = owner
        key = await store.add(connection, values, secret, await latest(connection), change.work.now)
        out = await _one(change.work, key)
        change.record("webhook.added", f"webhooks/{key}", owner, after=out)
        change.work.wake(WEBHOOKS)
    made = NewWebhookOut(**msgspec.structs.asdict(out), secret=secret_text(secret))
    return Response(made, status_code=201, headers={**SHOWN_ONCE, "Location": f"/api/v1/webhooks/{key}"})


@read("/webhooks/{webhook_id:int}", permission="webhooks.read", tags=_TAGS, summary="Get a webhook")
async def get_webhook(request: ApiRequest, webhook_id: Key) -> Response[WebhookOut]:
    """Its entity tag goes by what people have said of it, so that a delivery spoils nobody's change."""
    async with request.work() as work:
        out = await _one(work, webhook_id)
    return request.tagged(out, tag_by=_settings(out))


@remove("/webhooks/{webhook_id:int}", permission="webhooks.write", tags=_TAGS, summary="Remove a webhook")
async def remove_webhook(request: ApiRequest, webhook_id: Key) -> None:
    """With its deliveries and dead letters."""
    async with request.change_as_owner() as change:
        before = await _mine(request, change.work, webhook_id)
        request.require_match(_settings(before))
        await (await change.work.sql()).execute(delete(table).where(table.c.id == webhook_id))
        change.record("webhook.removed", f"webhooks/{webhook_id}", before.organisation_id, before=before)


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
        await _one(work, webhook_id)
        connection, order = await work.sql(), _BY_ID.order(None)
        return await page_of(connection, statement, order, cursor=cursor, limit=limit, build=_delivery)


@read("/webhooks/{webhook_id:int}/dead-letters", permission="webhooks.read", tags=_TAGS, summary="List dead letters")
async def list_dead_letters(
    request: ApiRequest, webhook_id: Key, cursor: CursorText = None, limit: Limit = 50
) -> Page[DeadLetterOut]:
    statement = select(letters).where(letters.c.webhook_id == webhook_id)
    async with request.work() as work:
        await _one(work, webhook_id)
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
        out = await _mine(request, change.work, webhook_id)
        gone = await (await change.work.sql()).execute(
            delete(letters).where(letters.c.id == letter_id, letters.c.webhook_id == webhook_id)
        )
        if gone.rowcount != 1:
            raise NotFound("dead_letter_unknown", f"there is no dead letter {letter_id} of this webhook")
        change.record("webhook.letter_dropped", f"webhooks/{webhook_id}", out.organisation_id, before={"id": letter_id})


def _settings(out: WebhookOut) -> WebhookOut:
    """A webhook without what changes by itself."""
    still = {"attempt": 0, "next_at": None, "delivered_at": None, "last_error": "", "missed_at": None}
    return msgspec.structs.replace(out, **still)


async def _one(work: Work, key: int) -> WebhookOut:
    found = await (await work.sql()).execute(select(table).where(table.c.id == key))
    row = found.one_or_none()
    if row is None:
        raise _unknown(key)
    return _out(row)


async def _mine(request: ApiRequest, work: Work, key: int) -> WebhookOut:
    """A webhook that this caller may change. Raises NotFound, also for one of somebody else."""
    out = await _one(work, key)
    scope = request.caller.scope(request.permission)
    if scope.organisations is not None and out.organisation_id not in scope.organisations:
        raise _unknown(key)
    return out


async def _check(work: Work, organisation: int, values: dict[str, Any]) -> None:
    """Raise Invalid for what cannot be told or be reached."""
    if values.get("kinds") is not None:
        check_kinds(frozenset(values["kinds"]), "kinds")
    if "url" in values:
        _check_url(values["url"])
    for name, path, where in (("station_id", "stationId", station_table), ("site_id", "siteId", site_table)):
        key = values.get(name)
        if key is not None:
            found = await (await work.sql()).execute(select(where.c.organisation_id).where(where.c.id == key))
            if found.scalar_one_or_none() != organisation:
                message = f"there is no such {where.name} in this organisation"
                raise Invalid(f"{where.name}_unknown", message, {path: message})


def _check_url(url: str) -> None:
    message = "an address begins with https:// or http://, names a host, and carries no user"
    try:
        parts = urlsplit(url)
        fine = parts.scheme in ("https", "http") and bool(parts.hostname) and "@" not in parts.netloc
        fine = fine and parts.port != 0 and url.isascii()
    except ValueError:
        fine = False
    if not fine:
        raise Invalid("url_invalid", message, {"url": message})


def _secret(text: str) -> bytes:
    secret = secret_of(text)
    if secret is None:
        message = "a secret is whsec_ and 24 to 64 bytes in base64"
        raise Invalid("secret_invalid", message, {"secret": message})
    return secret


def _unknown(key: int) -> NotFound:
    return NotFound("webhook_unknown", f"there is no webhook {key}")


def _out(row: Row[Any]) -> WebhookOut:
    return WebhookOut(**{name: row._mapping[name] for name in WebhookOut.__struct_fields__})


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
