"""Signing in and out, and what the caller may do."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

import msgspec
from litestar import Response
from litestar.datastructures import Cookie
from litestar.handlers import HTTPRouteHandler
from litestar.params import JSONBody
from msgspec import Meta
from sqlalchemy import select

from forecourt.csms.accounts import actions, passwords, users
from forecourt.csms.accounts.authentication import PLAIN_COOKIE, SECURE_COOKIE
from forecourt.csms.accounts.grants_api import GrantOut, grant_out
from forecourt.csms.accounts.model import SESSION_ENDS
from forecourt.csms.accounts.store import user, user_session
from forecourt.csms.accounts.throttle import Throttle
from forecourt.csms.store.work import Store
from forecourt.csms.web.permissions import PERMISSIONS
from forecourt.csms.web.problems import NotAuthenticated
from forecourt.csms.web.requests import ApiRequest
from forecourt.csms.web.routes import PUBLIC, SIGNED_IN, create, read, remove
from forecourt.csms.web.texts import WORD
from forecourt.errors import NotAllowed


class SignInBody(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """A login and its password."""

    login: Annotated[str, Meta(min_length=1, max_length=128, pattern=WORD)]
    password: Annotated[str, Meta(min_length=1, max_length=256)]


class SessionOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A session: send `csrfToken` back as X-CSRF-Token with everything that changes something."""

    csrf_token: str
    expires_at: datetime


class CallerOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Who is asking, and everything they may do somewhere. `csrfToken` is there for a browser's session only."""

    name: str
    user_id: int | None
    grants: list[GrantOut]
    permissions: list[str]
    csrf_token: str | None = None


class PasswordBody(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """One's own password, old and new."""

    current: Annotated[str, Meta(min_length=1, max_length=256)]
    password: Annotated[str, Meta(min_length=12, max_length=256)]


def routes(store: Store, throttle: Throttle) -> list[HTTPRouteHandler]:
    """The routes of sessions. What they read and write is beyond the API's database role, so they act as the owner."""

    @create("/session", permission=PUBLIC, tags=["Session"], summary="Sign in")
    async def sign_in(request: ApiRequest, data: JSONBody[SignInBody]) -> Response[SessionOut]:
        throttle.attempt(data.login, request.peer)
        key = await actions.check_password(store, data.login, data.password)
        throttle.succeeded(data.login, request.peer)
        signed_in = await actions.sign_in(store, key, peer=request.peer, agent=request.headers.get("user-agent", ""))
        out = SessionOut(csrf_token=signed_in.csrf_token, expires_at=signed_in.expires_at)
        return Response(out, cookies=[_cookie(request, signed_in.token)])

    @remove("/session", permission=SIGNED_IN, tags=["Session"], summary="Sign out")
    async def sign_out(request: ApiRequest) -> Response[None]:
        if request.caller.session is not None:
            await actions.sign_out(store, request.caller.session)
        return Response(None, status_code=204, cookies=[_cookie(request, "", max_age_s=0)])

    @read("/me", permission=SIGNED_IN, tags=["Session"], summary="Who am I, and what may I do")
    async def me(request: ApiRequest) -> CallerOut:
        caller = request.caller
        csrf_token = None
        if caller.session is not None:
            async with store.work() as work:
                found = await (await work.sql()).execute(
                    select(user_session.c.csrf_token).where(user_session.c.token_hash == caller.session)
                )
                csrf_token = found.scalar_one_or_none()
        return CallerOut(
            name=caller.name,
            user_id=caller.user,
            grants=[grant_out(one) for one in caller.grants],
            permissions=sorted(name for name in PERMISSIONS if caller.may(name)),
            csrf_token=csrf_token,
        )

    @create("/me/password", permission=SIGNED_IN, tags=["Session"], summary="Change my password", status_code=204)
    async def change_password(request: ApiRequest, data: JSONBody[PasswordBody]) -> None:
        key = request.caller.user
        if key is None:
            raise NotAllowed("no_password", "an API key has no password")
        async with store.work() as work:
            found = await (await work.sql()).execute(select(user.c.login).where(user.c.id == key))
            login = found.scalar_one()
        throttle.attempt(login, request.peer)
        try:
            await actions.check_password(store, login, data.current)
        except NotAuthenticated:
            raise NotAllowed("wrong_password", "the current password is not right", {"current": "not right"}) from None
        throttle.succeeded(login, request.peer)
        passwords.check_strength(data.password)
        hashed = await passwords.hashed(data.password)
        async with request.change_as_owner() as change:
            await users.put_password(change.work, key, hashed, keep_session=request.caller.session)
            change.record("user.password_changed", f"users/{key}", None)

    return [sign_in, sign_out, me, change_password]


def _cookie(request: ApiRequest, token: str, max_age_s: int = int(SESSION_ENDS.total_seconds())) -> Cookie:
    """A cookie that scripts cannot read and other sites cannot send."""
    secure = request.url.scheme == "https"
    options: dict[str, Any] = {"path": "/", "httponly": True, "samesite": "lax", "max_age": max_age_s}
    return Cookie(key=SECURE_COOKIE if secure else PLAIN_COOKIE, value=token, secure=secure, **options)
