"""The routes of tokens: lists and records, blocking, groups, import and export, and why one was refused.

Changes are made beyond any scope, because a token's name must be unique among those of all providers: who may change what is
checked here. Reading is bound by row-level security like everywhere.
"""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncIterator
from typing import Annotated, Any, Final

from litestar import Response
from litestar.handlers import HTTPRouteHandler
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import JSONBody, QueryParameter
from litestar.response import Stream
from msgspec import UNSET
from sqlalchemy import Row, Select, or_, select

from forecourt.charging.tokens import SECRET
from forecourt.csms.blocks.authorization import judgements, shapes, store, tokens
from forecourt.csms.blocks.authorization.model import KnownToken, TokenKey
from forecourt.csms.blocks.authorization.shapes import (
    BlockBody,
    GroupBody,
    GroupOut,
    ImportBody,
    ImportOut,
    JudgementOut,
    MediumName,
    RefusedLineOut,
    TokenBody,
    TokenChange,
    TokenOut,
)
from forecourt.csms.blocks.authorization.sheets import COLUMNS, Sheet, cells_of
from forecourt.csms.blocks.authorization.store import token as table
from forecourt.csms.blocks.authorization.store import token_group, tokens_as_seen_by
from forecourt.csms.stations.model import OrganisationKey
from forecourt.csms.store.work import Store, Work
from forecourt.csms.web.beginnings import begins_with
from forecourt.csms.web.bodies import Nothing
from forecourt.csms.web.csv_text import MEDIA_TYPE, lines
from forecourt.csms.web.numbers import OrganisationNumber, StationNumber, TokenNumber
from forecourt.csms.web.paging import FEW, CursorText, Limit, Page, Sorting, SortText, among, page_of
from forecourt.csms.web.requests import ApiRequest
from forecourt.csms.web.routes import Key, change, create, read, remove, replace
from forecourt.errors import NotFound

_SORTING: Final = Sorting(table.c.id, {"value": table.c.key, "changedAt": table.c.changed_at}, "id")
_GROUPS: Final = Sorting(token_group.c.id, {"groupId": token_group.c.key}, "groupId")
_JUDGED: Final = Sorting(judgements.KEY, {}, "-id")
_TAGS: Final = ["Tokens"]
_PER_PAGE: Final = 1000
_NOBODY: Final = OrganisationKey(0)


def routes(store_: Store) -> list[HTTPRouteHandler]:
    """The routes of tokens."""

    @read("/token-judgements", permission="tokens.read", tags=_TAGS, summary="List verdicts about tokens, with reasons")
    async def list_judgements(
        request: ApiRequest,
        cursor: CursorText = None,
        limit: Limit = 50,
        token_id: TokenNumber = None,
        token: Annotated[str | None, QueryParameter(max_length=255, description="as the station sent it")] = None,
        station_id: StationNumber = None,
        refused: Annotated[bool | None, QueryParameter(description="whether it was refused")] = None,
    ) -> Page[JudgementOut]:
        """Why was this token refused? The newest first, for as long as events are kept; also of tokens nobody knows."""
        scope = request.caller.scope(request.permission)
        statement = judgements.judgements(scope, token_id=token_id, token=token, station_id=station_id, refused=refused)
        async with store_.work() as work:
            connection = await work.sql()
            order = _JUDGED.order(None)
            return await page_of(connection, statement, order, cursor=cursor, limit=limit, build=judgements.out_of)

    return [
        list_tokens,
        export_tokens,
        create_token,
        import_tokens,
        get_token,
        change_token,
        remove_token,
        block_token,
        unblock_token,
        list_groups,
        put_group,
        list_judgements,
    ]


@read("/tokens", permission="tokens.read", tags=_TAGS, summary="List tokens")
async def list_tokens(
    request: ApiRequest,
    cursor: CursorText = None,
    limit: Limit = 50,
    sort: SortText = None,
    organisation_id: OrganisationNumber = None,
    text: Annotated[
        str | None,
        QueryParameter(name="search", max_length=100, description="how its value or visual number begins"),
    ] = None,
    value: Annotated[
        str | None, QueryParameter(max_length=255, description="exactly so, in small letters or capitals")
    ] = None,
    kind: Annotated[str | None, QueryParameter(max_length=20)] = None,
    medium: Annotated[MediumName | None, QueryParameter()] = None,
    group_id: Annotated[str | None, QueryParameter(name="groupId", max_length=20)] = None,
    blocked: Annotated[bool | None, QueryParameter()] = None,
) -> Page[TokenOut]:
    statement = tokens_as_seen_by(_NOBODY)
    same = {"organisation_id": organisation_id, "kind": kind, "medium": medium, "blocked": blocked}
    statement = statement.where(*(table.c[name] == value for name, value in same.items() if value is not None))
    if group_id is not None:
        statement = statement.where(token_group.c.key == group_id.casefold())
    # Whoever guesses a secret is not told so.
    plain = table.c.kind.not_in(sorted(SECRET))
    if value is not None:
        statement = statement.where(table.c.key == value.casefold(), plain)
    order = _SORTING.order(sort)
    async with request.work() as work:
        connection = await work.sql()
        if text:
            by_value = begins_with(table.c.key, text.casefold()) & plain
            said = or_(by_value, begins_with(table.c.visual_number, text))
            # Found first: for the order of the list the planner would rather read it from its beginning.
            keys = (await connection.execute(select(table.c.id).where(said).limit(FEW + 1))).scalars().all()
            statement = statement.where(among(table.c.id, keys) if len(keys) <= FEW else said)
        return await page_of(connection, statement, order, cursor=cursor, limit=limit, build=shapes.out_of)


@read(
    "/tokens/export",
    permission="tokens.read",
    tags=_TAGS,
    summary="Export tokens as CSV",
    responses={200: ResponseSpec(bytes, generate_examples=False, description="A line each", media_type="text/csv")},
)
async def export_tokens(request: ApiRequest, organisation_id: OrganisationNumber = None) -> Stream:
    """In the columns that an import takes. The values of secret tokens are masked, and such lines are refused by an import."""
    statement = tokens_as_seen_by(_NOBODY)
    if organisation_id is not None:
        statement = statement.where(table.c.organisation_id == organisation_id)
    first = await _export_page(request, statement, 0)
    headers = {"Content-Disposition": 'attachment; filename="tokens.csv"'}
    return Stream(_exported(request, statement, first), media_type=MEDIA_TYPE, headers=headers)


@create("/tokens", permission="tokens.write", tags=_TAGS, summary="Add a token")
async def create_token(request: ApiRequest, data: JSONBody[TokenBody]) -> Response[TokenOut]:
    owner = request.organisation(data.organisation_id)
    async with request.change_as_owner() as change:
        known = await tokens.add(change.work, OrganisationKey(owner), shapes.data_of(data))
        out = await _one(change.work, known.key)
        change.record("token.added", f"tokens/{known.key}", owner, after=out)
    return request.tagged(out, status_code=201, location=f"/api/v1/tokens/{known.key}")


@create("/tokens/import", permission="tokens.write", tags=_TAGS, summary="Import tokens from CSV", status_code=200)
async def import_tokens(request: ApiRequest, data: JSONBody[ImportBody]) -> ImportOut:
    """New ones are added, the others brought up to date; a line that cannot be taken stops none of the rest."""
    owner = request.organisation(data.organisation_id)
    sheet = Sheet(data.csv)
    async with request.change_as_owner() as change:
        done = await tokens.import_many(change.work, OrganisationKey(owner), sheet.lines)
        refused = sheet.all_refused(done)
        counts = {"added": done.added, "changed": done.changed, "unchanged": done.unchanged, "refused": len(refused)}
        change.record("tokens.imported", f"organisations/{owner}", owner, after=counts)
    return ImportOut(
        added=done.added,
        changed=done.changed,
        unchanged=done.unchanged,
        refused=[RefusedLineOut.of(line.index, line.why) for line in refused],
    )


@read("/tokens/{token_id:int}", permission="tokens.read", tags=_TAGS, summary="Get a token")
async def get_token(request: ApiRequest, token_id: Key) -> Response[TokenOut]:
    async with request.work() as work:
        return request.tagged(await _one(work, token_id))


@change("/tokens/{token_id:int}", permission="tokens.write", tags=_TAGS, summary="Change a token")
async def change_token(request: ApiRequest, token_id: Key, data: JSONBody[TokenChange]) -> Response[TokenOut]:
    given = {name: value for name in data.__struct_fields__ if (value := getattr(data, name)) is not UNSET}
    async with request.change_as_owner() as change:
        known, before = await _mine(request, change.work, token_id)
        request.require_match(before)
        await tokens.change(change.work, known.key, dataclasses.replace(known.data, **shapes.plain(given)))
        out = await _one(change.work, token_id)
        change.record("token.changed", f"tokens/{token_id}", known.provider, before=before, after=out)
    return request.tagged(out)


@remove("/tokens/{token_id:int}", permission="tokens.write", tags=_TAGS, summary="Remove a token")
async def remove_token(request: ApiRequest, token_id: Key) -> None:
    """It is refused from then on; its transactions stay."""
    async with request.change_as_owner() as change:
        known, before = await _mine(request, change.work, token_id)
        request.require_match(before)
        await tokens.remove(change.work, known.key)
        change.record("token.removed", f"tokens/{token_id}", known.provider, before=before)


@create("/tokens/{token_id:int}/block", permission="tokens.write", tags=_TAGS, summary="Block a token", status_code=200)
async def block_token(request: ApiRequest, token_id: Key, data: JSONBody[BlockBody]) -> Response[TokenOut]:
    async with request.change_as_owner() as change:
        known, before = await _mine(request, change.work, token_id)
        request.require_match(before)
        await tokens.block(change.work, known.key, data.reason)
        out = await _one(change.work, token_id)
        change.record("token.blocked", f"tokens/{token_id}", known.provider, before=before, after=out)
    return request.tagged(out)


@create(
    "/tokens/{token_id:int}/unblock", permission="tokens.write", tags=_TAGS, summary="Unblock a token", status_code=200
)
async def unblock_token(request: ApiRequest, token_id: Key, data: JSONBody[Nothing]) -> Response[TokenOut]:
    async with request.change_as_owner() as change:
        known, before = await _mine(request, change.work, token_id)
        request.require_match(before)
        await tokens.unblock(change.work, known.key)
        out = await _one(change.work, token_id)
        change.record("token.unblocked", f"tokens/{token_id}", known.provider, before=before, after=out)
    return request.tagged(out)


@read("/token-groups", permission="tokens.read", tags=_TAGS, summary="List groups of tokens")
async def list_groups(
    request: ApiRequest,
    cursor: CursorText = None,
    limit: Limit = 50,
    sort: SortText = None,
    organisation_id: OrganisationNumber = None,
) -> Page[GroupOut]:
    statement = select(token_group)
    if organisation_id is not None:
        statement = statement.where(token_group.c.organisation_id == organisation_id)
    order = _GROUPS.order(sort)
    async with request.work() as work:
        return await page_of(await work.sql(), statement, order, cursor=cursor, limit=limit, build=_group)


@replace("/token-groups", permission="tokens.write", tags=_TAGS, summary="Make a group of tokens, or change it")
async def put_group(request: ApiRequest, data: JSONBody[GroupBody]) -> GroupOut:
    owner = request.organisation(data.organisation_id)
    async with request.change_as_owner() as change:
        await tokens.set_master_pass(change.work, OrganisationKey(owner), data.group_id, data.master_pass)
        found = await (await change.work.sql()).execute(
            select(token_group).where(token_group.c.key == data.group_id.casefold())
        )
        out = _group(found.one())
        change.record("token_group.changed", f"token-groups/{out.id}", owner, after=out)
    return out


async def _one(work: Work, key: int) -> TokenOut:
    found = await (await work.sql()).execute(tokens_as_seen_by(_NOBODY).where(table.c.id == key))
    row = found.one_or_none()
    if row is None:
        raise _unknown(key)
    return shapes.out_of(row)


async def _mine(request: ApiRequest, work: Work, key: int) -> tuple[KnownToken, TokenOut]:
    """A token that this caller may change, locked. Raises NotFound, also for one of somebody else."""
    scope = request.caller.scope(request.permission)
    found = await store.load(await work.sql(), [TokenKey(key)], lock=True)
    if not found or (scope.organisations is not None and found[0].provider not in scope.organisations):
        raise _unknown(key)
    return found[0], await _one(work, key)


def _unknown(key: int) -> NotFound:
    return NotFound("token_unknown", f"there is no token {key}")


def _group(row: Row[Any]) -> GroupOut:
    return GroupOut(
        id=row.id,
        organisation_id=row.organisation_id,
        group_id=row.value,
        master_pass=row.master_pass,
        created_at=row.created_at,
    )


async def _export_page(request: ApiRequest, statement: Select[Any], after: int) -> list[TokenOut]:
    page = statement.where(table.c.id > after).order_by(table.c.id).limit(_PER_PAGE)
    async with request.work() as work:
        return [shapes.out_of(row) for row in await (await work.sql()).execute(page)]


async def _exported(request: ApiRequest, statement: Select[Any], page: list[TokenOut]) -> AsyncIterator[bytes]:
    yield lines([COLUMNS])
    while page:
        yield lines([cells_of(one) for one in page])
        if len(page) < _PER_PAGE:
            return
        page = await _export_page(request, statement, page[-1].id)
