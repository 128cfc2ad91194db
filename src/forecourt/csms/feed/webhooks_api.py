"""The routes of webhooks: who is told of what. What came of it is in `deliveries_api.py`."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Final, Literal
from urllib.parse import urlsplit

import msgspec
from litestar import Response
from litestar.handlers import HTTPRouteHandler
from litestar.params import JSONBody
from msgspec import UNSET, Meta, UnsetType
from sqlalchemy import Row, delete, select, update

from forecourt.csms.events import latest
from forecourt.csms.feed import webhook_store as store
from forecourt.csms.feed.filters import check_kinds
from forecourt.csms.feed.webhook_store import webhook as table
from forecourt.csms.feed.webhooks import WEBHOOKS, new_secret, secret_of, secret_text
from forecourt.csms.sites.store import site as site_table
from forecourt.csms.stations.store import station as station_table
from forecourt.csms.store.announced import EVENTS
from forecourt.csms.store.work import Work
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


_SORTING: Final = Sorting(table.c.id, {"name": table.c.name}, "name")
_TAGS: Final = ["Webhooks"]
_SETTABLE: Final = ("name", "url", "kinds", "station_id", "site_id", "enabled")


def routes() -> list[HTTPRouteHandler]:
    """The routes of webhooks themselves."""
    return [list_webhooks, create_webhook, get_webhook, change_webhook, remove_webhook]


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
        out = await one(change.work, key)
        change.record("webhook.added", f"webhooks/{key}", owner, after=out)
        change.work.wake(WEBHOOKS)
    made = NewWebhookOut(**msgspec.structs.asdict(out), secret=secret_text(secret))
    return Response(made, status_code=201, headers={**SHOWN_ONCE, "Location": f"/api/v1/webhooks/{key}"})


@read("/webhooks/{webhook_id:int}", permission="webhooks.read", tags=_TAGS, summary="Get a webhook")
async def get_webhook(request: ApiRequest, webhook_id: Key) -> Response[WebhookOut]:
    """Its entity tag goes by what people have said of it, so that a delivery spoils nobody's change."""
    async with request.work() as work:
        out = await one(work, webhook_id)
    return request.tagged(out, tag_by=_settings(out))


@change("/webhooks/{webhook_id:int}", permission="webhooks.write", tags=_TAGS, summary="Change a webhook")
async def change_webhook(request: ApiRequest, webhook_id: Key, data: JSONBody[WebhookChange]) -> Response[WebhookOut]:
    given = {name: value for name in _SETTABLE if (value := getattr(data, name)) is not UNSET}
    secret = None if data.secret is UNSET else _secret(data.secret)
    async with request.change_as_owner() as change:
        before = await mine(request, change.work, webhook_id)
        request.require_match(_settings(before))
        await _check(change.work, before.organisation_id, given)
        connection = await change.work.sql()
        # Whoever changes it wants to see at once whether it works now.
        fresh = {"next_at": None, "attempt": 0, "disabled_because": ""}
        await connection.execute(update(table).where(table.c.id == webhook_id).values(**given, **fresh))
        if secret is not None:
            await store.set_secret(connection, webhook_id, secret)
        out = await one(change.work, webhook_id)
        change.record("webhook.changed", f"webhooks/{webhook_id}", before.organisation_id, before=before, after=out)
        change.work.wake(EVENTS)
        change.work.wake(WEBHOOKS)
    return request.tagged(out, tag_by=_settings(out))


@remove("/webhooks/{webhook_id:int}", permission="webhooks.write", tags=_TAGS, summary="Remove a webhook")
async def remove_webhook(request: ApiRequest, webhook_id: Key) -> None:
    """With its deliveries and dead letters."""
    async with request.change_as_owner() as change:
        before = await mine(request, change.work, webhook_id)
        request.require_match(_settings(before))
        await (await change.work.sql()).execute(delete(table).where(table.c.id == webhook_id))
        change.record("webhook.removed", f"webhooks/{webhook_id}", before.organisation_id, before=before)


def _settings(out: WebhookOut) -> WebhookOut:
    """A webhook without what changes by itself."""
    still = {"attempt": 0, "next_at": None, "delivered_at": None, "last_error": "", "missed_at": None}
    return msgspec.structs.replace(out, **still)


async def one(work: Work, key: int) -> WebhookOut:
    """A webhook. Raises NotFound."""
    found = await (await work.sql()).execute(select(table).where(table.c.id == key))
    row = found.one_or_none()
    if row is None:
        raise unknown(key)
    return _out(row)


async def mine(request: ApiRequest, work: Work, key: int) -> WebhookOut:
    """A webhook that this caller may change. Raises NotFound, also for one of somebody else."""
    out = await one(work, key)
    scope = request.caller.scope(request.permission)
    if scope.organisations is not None and out.organisation_id not in scope.organisations:
        raise unknown(key)
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


def unknown(key: int) -> NotFound:
    """The refusal that says so."""
    return NotFound("webhook_unknown", f"there is no webhook {key}")


def _out(row: Row[Any]) -> WebhookOut:
    return WebhookOut(**{name: row._mapping[name] for name in WebhookOut.__struct_fields__})
