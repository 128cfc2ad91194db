"""Who a request comes from: an API key or the local administration key in `Authorization`, or a session's cookie."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from typing import Final

from sqlalchemy import select, update

from forecourt.csms.accounts.model import KEY, SEEN_EVERY, SESSION_ENDS, SESSION_LASTS, digest
from forecourt.csms.accounts.store import api_key, api_key_secret, user, user_grant, user_session
from forecourt.csms.store.work import Store, Work
from forecourt.csms.web.callers import Caller, Grant
from forecourt.csms.web.permissions import Role
from forecourt.csms.web.problems import NotAuthenticated
from forecourt.errors import NotAllowed

SECURE_COOKIE: Final = "__Host-forecourt"
PLAIN_COOKIE: Final = "forecourt"
"""Where there is no TLS, a browser takes no `__Host-` cookie."""
CSRF_HEADER: Final = "x-csrf-token"
LOCAL_NAME: Final = "local administrator"

_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})


class Accounts:
    """The authenticator of the API. `local_key` is what programs on this machine show that may read the secrets' folder."""

    def __init__(self, store: Store, local_key: str) -> None:
        self._store = store
        self._local_digest = digest(local_key)

    async def caller(
        self, method: str, headers: Mapping[str, str], cookies: Mapping[str, str], peer: str
    ) -> Caller | None:
        """See Authenticator. A key that is shown and not valid is refused, even on a route that is open to everybody."""
        shown = headers.get("authorization")
        if shown is not None:
            kind, _, secret = shown.partition(" ")
            if kind.lower() != "bearer":
                raise NotAuthenticated("not_authenticated", "send an API key as Authorization: Bearer ...")
            return await self._of_key(secret.strip())
        token = cookies.get(SECURE_COOKIE) or cookies.get(PLAIN_COOKIE)
        if not token:
            return None
        return await self._of_session(token, method, headers.get(CSRF_HEADER, ""))

    async def _of_key(self, secret: str) -> Caller:
        shown = digest(secret)
        if hmac.compare_digest(shown, self._local_digest):
            return Caller(name=LOCAL_NAME, grants=(Grant(Role.ADMINISTRATOR),))
        if not KEY.fullmatch(secret):
            raise _not_valid()
        async with self._store.work() as work:
            connection = await work.sql()
            found = await connection.execute(
                select(api_key, api_key_secret.c.hash)
                .join(api_key_secret, api_key_secret.c.key_id == api_key.c.id)
                .where(api_key.c.prefix == secret[:11])
            )
            row = found.one_or_none()
            if row is None or not hmac.compare_digest(row.hash, shown) or row.revoked_at is not None:
                raise _not_valid()
            if row.expires_at is not None and row.expires_at <= work.now:
                raise NotAuthenticated("key_expired", f"this API key expired on {row.expires_at:%Y-%m-%d}")
            if row.used_at is None or work.now - row.used_at >= SEEN_EVERY:
                await connection.execute(update(api_key).where(api_key.c.id == row.id).values(used_at=work.now))
        grant = Grant(Role(row.role), row.organisation_id, row.site_id)
        return Caller(name=f"key {row.name} ({row.prefix})", grants=(grant,), key=row.id)

    async def _of_session(self, token: str, method: str, csrf: str) -> Caller | None:
        hashed = digest(token)
        async with self._store.work() as work:
            connection = await work.sql()
            found = await connection.execute(
                select(user_session, user.c.login, user.c.enabled)
                .join(user, user.c.id == user_session.c.user_id)
                .where(user_session.c.token_hash == hashed)
            )
            row = found.one_or_none()
            if row is None or row.expires_at <= work.now or not row.enabled:
                return None
            if method not in _SAFE and not hmac.compare_digest(row.csrf_token.encode(), csrf.encode()):
                raise NotAllowed("csrf", f"a browser's request that changes something needs the header {CSRF_HEADER}")
            if work.now - row.seen_at >= SEEN_EVERY:
                expires_at = min(work.now + SESSION_LASTS, row.created_at + SESSION_ENDS)
                await connection.execute(
                    update(user_session)
                    .where(user_session.c.token_hash == hashed)
                    .values(seen_at=work.now, expires_at=expires_at)
                )
            grants = await grants_of(work, row.user_id)
        return Caller(name=row.login, grants=grants, user=row.user_id, session=hashed)


async def grants_of(work: Work, user_key: int) -> tuple[Grant, ...]:
    """Everything a user was granted."""
    found = await (await work.sql()).execute(
        select(user_grant.c.role, user_grant.c.organisation_id, user_grant.c.site_id)
        .where(user_grant.c.user_id == user_key)
        .order_by(user_grant.c.id)
    )
    return tuple(Grant(Role(row.role), row.organisation_id, row.site_id) for row in found)


def _not_valid() -> NotAuthenticated:
    return NotAuthenticated("key_not_valid", "this API key is not valid")
