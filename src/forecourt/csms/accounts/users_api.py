"""The routes of users. Reading is bound by row-level security; for changes see `users.py`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

import msgspec
from litestar import Response
from litestar.handlers import HTTPRouteHandler
from litestar.params import JSONBody, QueryParameter
from msgspec import UNSET, Meta, UnsetType
from sqlalchemy import Row, Select, func, select, text
from sqlalchemy.dialects.postgresql import aggregate_order_by

from forecourt.csms.accounts import passwords, users
from forecourt.csms.accounts.grants_api import GrantBody, GrantOut, grant_of
from forecourt.csms.accounts.store import user as table
from forecourt.csms.accounts.store import user_grant
from forecourt.csms.store.scopes import Scope
from forecourt.csms.store.work import Work
from forecourt.csms.web.audit import Change
from forecourt.csms.web.callers import Grant
from forecourt.csms.web.paging import CursorText, Limit, Page, Sorting, SortText, page_of, search
from forecourt.csms.web.permissions import Role
from forecourt.csms.web.requests import SHOWN_ONCE, ApiRequest
from forecourt.csms.web.routes import Key, change, create, read, remove
from forecourt.csms.web.texts import LINE, WORD
from forecourt.errors import NotFound

Login = Annotated[
    str,
    Meta(min_length=1, max_length=128, pattern=WORD, description="unique, whatever its case"),
]
Name = Annotated[str, Meta(max_length=100, pattern=LINE)]
Password = Annotated[str, Meta(min_length=passwords.SHORTEST, max_length=passwords.LONGEST)]
Grants = Annotated[list[GrantBody], Meta(max_length=100)]


class UserOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Somebody who may sign in. `grants` are those that the caller may see."""

    id: int
    login: str
    name: str
    enabled: bool
    grants: list[GrantOut]
    created_at: datetime
    signed_in_at: datetime | None


class NewUserOut(UserOut, frozen=True, kw_only=True, rename="camel"):
    """A user who has just been added, with the password that was made up for them: it is not shown again."""

    password: str | None = None


class UserBody(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """A new user. A password is made up, and shown in the answer, if there is none."""

    login: Login
    name: Name = ""
    grants: Annotated[list[GrantBody], Meta(min_length=1, max_length=100)]
    password: Password | None = None


class UserChange(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """What is to be different; what is left out stays. `grants` replaces those that the caller may see."""

    name: Name | UnsetType = UNSET
    enabled: bool | UnsetType = UNSET
    grants: Grants | UnsetType = UNSET


class NewPasswordBody(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Somebody's new password; one is made up, and shown in the answer, if there is none."""

    password: Password | None = None


class NewPasswordOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The password that was made up: it is not shown again. Null if the caller chose one."""

    login: str
    password: str | None


_SORTING = Sorting(table.c.id, {"login": table.c.login_key, "createdAt": table.c.created_at}, "login")
_TAGS = ["Users"]


def routes() -> list[HTTPRouteHandler]:
    """The routes of users."""
    return [list_users, create_user, get_user, change_user, remove_user, reset_password]


@read("/users", permission="users.read", tags=_TAGS, summary="List users")
async def list_users(
    request: ApiRequest,
    cursor: CursorText = None,
    limit: Limit = 50,
    sort: SortText = None,
    organisation_id: Annotated[
        int | None, QueryParameter(name="organisationId", ge=1, le=2**63 - 1, description="with a grant in it")
    ] = None,
    role: Annotated[Role | None, QueryParameter(description="with this role somewhere")] = None,
    enabled: Annotated[bool | None, QueryParameter()] = None,
    searched: Annotated[
        str | None, QueryParameter(name="search", max_length=100, description="in login and name")
    ] = None,
) -> Page[UserOut]:
    statement = _with_grants()
    granted = select(user_grant.c.user_id)
    if organisation_id is not None:
        granted = granted.where(user_grant.c.organisation_id == organisation_id)
    if role is not None:
        granted = granted.where(user_grant.c.role == role)
    if organisation_id is not None or role is not None:
        statement = statement.where(table.c.id.in_(granted))
    if enabled is not None:
        statement = statement.where(table.c.enabled == enabled)
    if searched:
        statement = statement.where(table.c.login.ilike(search(searched)) | table.c.name.ilike(search(searched)))
    async with request.work() as work:
        connection = await work.sql()
        return await page_of(connection, statement, _SORTING.order(sort), cursor=cursor, limit=limit, build=_out)


@create("/users", permission="users.write", tags=_TAGS, summary="Add a user")
async def create_user(request: ApiRequest, data: JSONBody[UserBody]) -> Response[NewUserOut]:
    chosen = data.password or passwords.generated()
    hashed = await passwords.hashed(chosen)
    grants = [grant_of(body) for body in data.grants]
    async with request.change_as_owner() as change:
        await users.check_grants(change.work, request.caller.scope(request.permission), grants)
        key = await users.add(change.work, login=data.login, name=data.name, grants=grants, hashed=hashed)
        out = await _one(change.work, key)
        _record(change, "user.added", key, grants, after=out)
    made_up = None if data.password is not None else chosen
    shown = NewUserOut(**msgspec.structs.asdict(out), password=made_up)
    return Response(shown, status_code=201, headers={**SHOWN_ONCE, "Location": f"/api/v1/users/{key}"})


@read("/users/{user_id:int}", permission="users.read", tags=_TAGS, summary="Get a user")
async def get_user(request: ApiRequest, user_id: Key) -> Response[UserOut]:
    """Its entity tag goes by what people have said of it, so that a sign-in spoils nobody's change."""
    async with request.work() as work:
        out = await _one(work, user_id)
    return request.tagged(out, tag_by=_settings(out))


@change("/users/{user_id:int}", permission="users.write", tags=_TAGS, summary="Change a user")
async def change_user(request: ApiRequest, user_id: Key, data: JSONBody[UserChange]) -> Response[UserOut]:
    values = {name: value for name in ("name", "enabled") if (value := getattr(data, name)) is not UNSET}
    scope = request.caller.scope(request.permission)
    async with request.change_as_owner() as change:
        granted = await users.locked(change.work, user_id, scope)
        before = _seen(await _one(change.work, user_id), scope)
        request.require_match(_settings(before))
        grants = None
        if data.grants is not UNSET:
            grants = [grant_of(body) for body in data.grants]
            await users.check_grants(change.work, scope, grants)
        await users.change(change.work, user_id, scope, values=values, grants=grants)
        out = _seen(await _one(change.work, user_id), scope)
        _record(change, "user.changed", user_id, [*granted, *(grants or ())], before=before, after=out)
    return request.tagged(out, tag_by=_settings(out))


@remove("/users/{user_id:int}", permission="users.write", tags=_TAGS, summary="Remove a user")
async def remove_user(request: ApiRequest, user_id: Key) -> None:
    scope = request.caller.scope(request.permission)
    async with request.change_as_owner() as change:
        granted = await users.locked(change.work, user_id, scope)
        before = _seen(await _one(change.work, user_id), scope)
        request.require_match(_settings(before))
        await users.remove(change.work, user_id, scope)
        _record(change, "user.removed", user_id, granted, before=before)


@create(
    "/users/{user_id:int}/password",
    permission="users.write",
    tags=_TAGS,
    summary="Give a user a new password",
    status_code=200,
)
async def reset_password(
    request: ApiRequest, user_id: Key, data: JSONBody[NewPasswordBody]
) -> Response[NewPasswordOut]:
    """The user's sessions end."""
    chosen = data.password or passwords.generated()
    hashed = await passwords.hashed(chosen)
    scope = request.caller.scope(request.permission)
    async with request.change_as_owner() as change:
        granted = await users.locked(change.work, user_id, scope)
        users.check_whole(scope, granted)
        await users.put_password(change.work, user_id, hashed)
        login = (await _one(change.work, user_id)).login
        _record(change, "user.password_reset", user_id, granted)
    out = NewPasswordOut(login=login, password=None if data.password is not None else chosen)
    return Response(out, headers=SHOWN_ONCE)


def _with_grants() -> Select[Any]:
    columns = user_grant.c
    one = func.jsonb_build_object(
        "role", columns.role, "organisationId", columns.organisation_id, "siteId", columns.site_id
    )
    grants = (
        select(func.coalesce(func.jsonb_agg(aggregate_order_by(one, columns.id)), text("'[]'::jsonb")))
        .where(columns.user_id == table.c.id)
        .scalar_subquery()
    )
    return select(table, grants.label("grants"))


async def _one(work: Work, key: int) -> UserOut:
    found = await (await work.sql()).execute(_with_grants().where(table.c.id == key))
    row = found.one_or_none()
    if row is None:
        raise NotFound("user_unknown", f"there is no user {key}")
    return _out(row)


def _out(row: Row[Any]) -> UserOut:
    return UserOut(
        id=row.id,
        login=row.login,
        name=row.name,
        enabled=row.enabled,
        grants=msgspec.convert(row.grants, list[GrantOut]),
        created_at=row.created_at,
        signed_in_at=row.signed_in_at,
    )


def _settings(user: UserOut) -> UserOut:
    """A user without what changes by itself."""
    return msgspec.structs.replace(user, signed_in_at=None)


def _seen(user: UserOut, scope: Scope) -> UserOut:
    """What the scope sees of a user, as row-level security would have it."""
    grants = [one for one in user.grants if scope.organisations is None or one.organisation_id in scope.organisations]
    return msgspec.structs.replace(user, grants=grants)


def _record(
    change: Change,
    action: str,
    key: int,
    grants: Sequence[Grant],
    *,
    before: UserOut | None = None,
    after: UserOut | None = None,
) -> None:
    """Put it on the log of the organisation it concerns; on the platform's if these are several, or none."""
    organisations = {grant.organisation for grant in grants}
    organisation = organisations.pop() if len(organisations) == 1 else None
    change.record(action, f"users/{key}", organisation, before=before, after=after)
