"""The first administrator, signing in and signing out.

These act as the owner of the tables, which alone reads what proves an identity.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from sqlalchemy import delete, func, insert, select, update

from forecourt.csms.accounts import passwords, users
from forecourt.csms.accounts.model import SESSION_LASTS, digest
from forecourt.csms.accounts.store import user, user_password, user_session
from forecourt.csms.store.work import Store
from forecourt.csms.web.callers import Grant
from forecourt.csms.web.permissions import Role
from forecourt.csms.web.problems import NotAuthenticated

ADMINISTRATOR: Final = "admin"
_FIRST_START: Final = 0x466F7265636F7574
"""Number of the advisory lock under which the first administrator is made."""


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A session that has just begun. `token` is for the cookie, `csrf_token` for a header of what changes something."""

    user: int
    token: str = field(repr=False)
    csrf_token: str = field(repr=False)
    expires_at: datetime


async def ensure_administrator(store: Store, password: str = "") -> tuple[str, str] | None:
    """On a platform without users, make the platform's administrator; returns login and password, to be shown once.

    `password` is chosen by us if it is empty. Raises Invalid if it is too short.
    """
    chosen = password or passwords.generated()
    passwords.check_strength(chosen, "api.administrator_password")
    hashed = await passwords.hashed(chosen)
    async with store.work() as work:
        connection = await work.sql()
        await connection.execute(select(func.pg_advisory_xact_lock(_FIRST_START)))
        if (await connection.execute(select(user.c.id).limit(1))).first() is not None:
            return None
        everything = Grant(Role.ADMINISTRATOR)
        await users.add(work, login=ADMINISTRATOR, name="Administrator", grants=[everything], hashed=hashed)
    return ADMINISTRATOR, chosen


async def check_password(store: Store, login: str, password: str) -> int:
    """The user who signs in with this. Raises NotAuthenticated, the same whatever was wrong."""
    async with store.work() as work:
        found = await (await work.sql()).execute(
            select(user.c.id, user.c.enabled, user_password.c.hash)
            .join(user_password, user_password.c.user_id == user.c.id)
            .where(user.c.login_key == login.casefold())
        )
        row = found.one_or_none()
    right = await passwords.matches(password, None if row is None else row.hash)
    if row is None or not right or not row.enabled:
        raise NotAuthenticated("wrong_login", "login or password are not right")
    return int(row.id)


async def sign_in(store: Store, user_key: int, *, peer: str, agent: str) -> SignedIn:
    """Begin a session for a user who has shown who they are."""
    token, csrf_token = secrets.token_urlsafe(32), secrets.token_urlsafe(24)
    async with store.work() as work:
        connection = await work.sql()
        expires_at = work.now + SESSION_LASTS
        await connection.execute(
            insert(user_session).values(
                token_hash=digest(token),
                user_id=user_key,
                csrf_token=csrf_token,
                created_at=work.now,
                seen_at=work.now,
                expires_at=expires_at,
                peer=peer,
                agent=agent[:255],
            )
        )
        await connection.execute(update(user).where(user.c.id == user_key).values(signed_in_at=work.now))
        await connection.execute(delete(user_session).where(user_session.c.expires_at <= work.now))
    return SignedIn(user_key, token, csrf_token, expires_at)


async def sign_out(store: Store, session: bytes) -> None:
    """End a session."""
    async with store.work() as work:
        await (await work.sql()).execute(delete(user_session).where(user_session.c.token_hash == session))
