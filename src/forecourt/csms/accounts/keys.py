"""What is done with API keys. What proves a key is beyond the API's database role, so these run as the owner of the tables."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, insert, select, update

from forecourt.csms.accounts.model import KeyChanged, NewKey, new_key
from forecourt.csms.accounts.store import api_key, api_key_secret
from forecourt.csms.store.scopes import Scope
from forecourt.csms.store.work import Work
from forecourt.csms.web.callers import Grant
from forecourt.errors import Conflict, Invalid, NotFound


async def add(
    work: Work, *, name: str, grant: Grant, created_by: str, expires_at: datetime | None = None
) -> tuple[int, NewKey]:
    """A key with one grant, which has to be checked already; its text is to be shown once. Raises Invalid."""
    if expires_at is not None and expires_at <= work.now:
        message = "it lies in the past"
        raise Invalid("expired_already", message, {"expiresAt": message})
    made = new_key()
    connection = await work.sql()
    added = await connection.execute(
        insert(api_key)
        .values(
            name=name,
            prefix=made.prefix,
            role=grant.role,
            organisation_id=grant.organisation,
            site_id=grant.site,
            created_by=created_by,
            created_at=work.now,
            expires_at=expires_at,
        )
        .returning(api_key.c.id)
    )
    key = int(added.scalar_one())
    await connection.execute(insert(api_key_secret).values(key_id=key, hash=made.digest))
    work.announce(KeyChanged(organisation_id=grant.organisation, key_id=key))
    return key, made


async def revoke(work: Work, key: int, scope: Scope) -> None:
    """End a key; that it was there stays on record. Raises NotFound, Conflict."""
    connection = await work.sql()
    found = await connection.execute(
        select(api_key.c.organisation_id, api_key.c.revoked_at).where(api_key.c.id == key).with_for_update()
    )
    row = found.one_or_none()
    if row is None or (scope.organisations is not None and row.organisation_id not in scope.organisations):
        raise NotFound("key_unknown", f"there is no API key {key}")
    if row.revoked_at is not None:
        raise Conflict("key_revoked", "this key was revoked already")
    await connection.execute(update(api_key).where(api_key.c.id == key).values(revoked_at=work.now))
    await connection.execute(delete(api_key_secret).where(api_key_secret.c.key_id == key))
    work.announce(KeyChanged(organisation_id=row.organisation_id, key_id=key))
