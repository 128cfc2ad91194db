"""Where one is signed in oneself: so that a session left open elsewhere is found and ended."""

from __future__ import annotations

from datetime import datetime
from typing import Final

import msgspec
from litestar.handlers import HTTPRouteHandler
from sqlalchemy import delete, select

from forecourt.csms.accounts.store import user_session as table
from forecourt.csms.store.work import Store
from forecourt.csms.web.requests import ApiRequest
from forecourt.csms.web.routes import SIGNED_IN, read, remove
from forecourt.errors import NotAllowed

_MOST: Final = 100


class OwnSessionOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A session of the caller: from where it was begun, by which program, and when it was last used. `current` is the one that
    asks."""

    created_at: datetime
    seen_at: datetime
    expires_at: datetime
    peer: str
    agent: str
    current: bool


class OwnSessions(msgspec.Struct, frozen=True, kw_only=True):
    """The sessions that one has open, the one used last first."""

    items: list[OwnSessionOut]


def routes(store: Store) -> list[HTTPRouteHandler]:
    """The routes of one's own sessions. They are beyond the API's database role, so these act as the owner."""

    @read("/me/sessions", permission=SIGNED_IN, tags=["Session"], summary="List where I am signed in")
    async def list_own_sessions(request: ApiRequest) -> OwnSessions:
        """None for an API key, which has no sessions."""
        caller = request.caller
        async with store.work() as work:
            found = await (await work.sql()).execute(
                select(table)
                .where(table.c.user_id == caller.user, table.c.expires_at > work.now)
                .order_by(table.c.seen_at.desc())
                .limit(_MOST)
            )
            rows = found.all()
        return OwnSessions(
            items=[
                OwnSessionOut(
                    created_at=row.created_at,
                    seen_at=row.seen_at,
                    expires_at=row.expires_at,
                    peer=row.peer,
                    agent=row.agent,
                    current=row.token_hash == caller.session,
                )
                for row in rows
            ]
        )

    @remove("/me/sessions", permission=SIGNED_IN, tags=["Session"], summary="Sign out everywhere else")
    async def end_other_sessions(request: ApiRequest) -> None:
        """The session that asks goes on."""
        caller = request.caller
        if caller.user is None:
            raise NotAllowed("no_sessions", "an API key has no sessions")
        async with request.change_as_owner() as change:
            others = delete(table).where(table.c.user_id == caller.user)
            if caller.session is not None:
                others = others.where(table.c.token_hash != caller.session)
            ended = (await (await change.work.sql()).execute(others)).rowcount
            change.record("user.sessions_ended", f"users/{caller.user}", None, after={"ended": ended})

    return [list_own_sessions, end_other_sessions]
