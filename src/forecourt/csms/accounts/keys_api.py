"""The routes of API keys."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
from litestar import Response
from litestar.handlers import HTTPRouteHandler
from litestar.params import JSONBody, QueryParameter
from msgspec import Meta
from sqlalchemy import ColumnElement, Row, and_, or_, select

from forecourt.csms.accounts import keys, users
from forecourt.csms.accounts.grants_api import Number
from forecourt.csms.accounts.store import api_key as table
from forecourt.csms.store.work import Work
from forecourt.csms.web.callers import Grant
from forecourt.csms.web.numbers import OrganisationNumber
from forecourt.csms.web.paging import CursorText, Limit, Page, Sorting, SortText, page_of
from forecourt.csms.web.permissions import Role
from forecourt.csms.web.requests import SHOWN_ONCE, ApiRequest
from forecourt.csms.web.routes import Key, create, read, remove
from forecourt.csms.web.texts import LINE
from forecourt.errors import NotFound

Name = Annotated[str, Meta(min_length=1, max_length=100, pattern=LINE)]
KeyRole = Literal["administrator", "operator", "technician", "viewer"]
State = Literal["active", "expired", "revoked"]
Expiry = Annotated[datetime, Meta(tz=True)]


class KeyOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """An API key, without what proves it. `prefix` is how it begins; `usedAt` is right to five minutes."""

    id: int
    name: str
    prefix: str
    role: KeyRole
    organisation_id: int | None
    site_id: int | None
    created_by: str
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    used_at: datetime | None


class NewKeyOut(KeyOut, frozen=True, kw_only=True, rename="camel"):
    """A key that has just been made: `key` is what to send as `Authorization: Bearer ...`, and is not shown again."""

    key: str


class KeyBody(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """A new API key. It holds on the whole platform if nothing is named, on a site if both are."""

    name: Name
    role: KeyRole
    organisation_id: Number | None = None
    site_id: Number | None = None
    expires_at: Expiry | None = None


_SORTING = Sorting(table.c.id, {"name": table.c.name, "createdAt": table.c.created_at}, "name")
_TAGS = ["API keys"]


def routes() -> list[HTTPRouteHandler]:
    """The routes of API keys."""
    return [list_keys, create_key, get_key, revoke_key]


@read("/api-keys", permission="keys.read", tags=_TAGS, summary="List API keys")
async def list_keys(
    request: ApiRequest,
    cursor: CursorText = None,
    limit: Limit = 50,
    sort: SortText = None,
    organisation_id: OrganisationNumber = None,
    in_state: Annotated[State | None, QueryParameter(name="state")] = None,
) -> Page[KeyOut]:
    statement = select(table)
    if organisation_id is not None:
        statement = statement.where(table.c.organisation_id == organisation_id)
    async with request.work() as work:
        if in_state is not None:
            statement = statement.where(_in_state(in_state, work.now))
        connection = await work.sql()
        return await page_of(connection, statement, _SORTING.order(sort), cursor=cursor, limit=limit, build=_out)


@create("/api-keys", permission="keys.write", tags=_TAGS, summary="Make an API key")
async def create_key(request: ApiRequest, data: JSONBody[KeyBody]) -> Response[NewKeyOut]:
    grant = Grant(Role(data.role), data.organisation_id, data.site_id)
    async with request.change_as_owner() as change:
        await users.check_grant(change.work, request.caller.scope(request.permission), grant)
        key, made = await keys.add(
            change.work, name=data.name, grant=grant, created_by=request.caller.name, expires_at=data.expires_at
        )
        out = await _one(change.work, key)
        change.record("key.added", f"api-keys/{key}", grant.organisation, after=out)
    shown = NewKeyOut(**msgspec.structs.asdict(out), key=made.text)
    return Response(shown, status_code=201, headers={**SHOWN_ONCE, "Location": f"/api/v1/api-keys/{key}"})


@read("/api-keys/{key_id:int}", permission="keys.read", tags=_TAGS, summary="Get an API key")
async def get_key(request: ApiRequest, key_id: Key) -> Response[KeyOut]:
    async with request.work() as work:
        return request.tagged(await _one(work, key_id))


@remove("/api-keys/{key_id:int}", permission="keys.write", tags=_TAGS, summary="Revoke an API key")
async def revoke_key(request: ApiRequest, key_id: Key) -> None:
    """It is refused from then on, and stays on the list."""
    async with request.change_as_owner() as change:
        await keys.revoke(change.work, key_id, request.caller.scope(request.permission))
        out = await _one(change.work, key_id)
        change.record("key.revoked", f"api-keys/{key_id}", out.organisation_id, after=out)


async def _one(work: Work, key: int) -> KeyOut:
    found = await (await work.sql()).execute(select(table).where(table.c.id == key))
    row = found.one_or_none()
    if row is None:
        raise NotFound("key_unknown", f"there is no API key {key}")
    return _out(row)


def _out(row: Row[Any]) -> KeyOut:
    return KeyOut(**{name: row._mapping[name] for name in KeyOut.__struct_fields__})


def _in_state(state: State, now: datetime) -> ColumnElement[bool]:
    columns = table.c
    if state == "revoked":
        return columns.revoked_at.is_not(None)
    if state == "expired":
        return and_(columns.revoked_at.is_(None), columns.expires_at <= now)
    return and_(columns.revoked_at.is_(None), or_(columns.expires_at.is_(None), columns.expires_at > now))
