"""What is done with users. The rules need every grant of a user, so these run as the owner of the tables, and check here
what row-level security checks elsewhere.

Who administers an organisation gives and takes grants in it. The person behind them (name, password, whether they may come
in) is changed only by those who administer everything the person was granted: otherwise one organisation's administrator
could take over another's.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from forecourt.csms.accounts.authentication import grants_of
from forecourt.csms.accounts.model import LOGIN, UserChanged
from forecourt.csms.accounts.store import user, user_grant, user_password, user_session
from forecourt.csms.organisations import actions as organisations
from forecourt.csms.sites import actions as sites
from forecourt.csms.store.scopes import Scope
from forecourt.csms.store.work import Work
from forecourt.csms.web.callers import Grant
from forecourt.csms.web.permissions import Role
from forecourt.errors import Conflict, Invalid, NotAllowed, NotFound

_LAST_ADMINISTRATOR: Final = 0x466F7265636F7575
"""Number of the advisory lock under which it is counted who is left to administer the platform."""


async def add(work: Work, *, login: str, name: str, grants: Sequence[Grant] = (), hashed: str | None = None) -> int:
    """A user. Raises Invalid, and Conflict if the login is taken."""
    if not LOGIN.fullmatch(login):
        message = "a login has 1 to 128 characters and no spaces"
        raise Invalid("login_form", message, {"login": message})
    adding = upsert(user).values(login=login, login_key=login.casefold(), name=name, created_at=work.now)
    added = await (await work.sql()).execute(adding.on_conflict_do_nothing().returning(user.c.id))
    key = added.scalar_one_or_none()
    if key is None:
        message = f"the login {login} is taken"
        raise Conflict("login_taken", message, {"login": message})
    await _give(work, key, grants)
    if hashed is not None:
        await put_password(work, key, hashed)
    _announce(work, key, grants)
    return int(key)


async def locked(work: Work, key: int, scope: Scope) -> tuple[Grant, ...]:
    """Every grant of a user, whom nobody else changes until the work ends. Raises NotFound if the scope sees none of them."""
    found = await (await work.sql()).execute(select(user.c.id).where(user.c.id == key).with_for_update())
    grants = await grants_of(work, key)
    if found.first() is None or (scope.organisations is not None and not any(within(scope, one) for one in grants)):
        raise NotFound("user_unknown", f"there is no user {key}")
    return grants


async def change(work: Work, key: int, scope: Scope, *, values: dict[str, Any], grants: Sequence[Grant] | None) -> None:
    """Change a user that is `locked`. `grants` replaces those within the scope; what was granted beyond it stays.

    Raises NotAllowed, Conflict.
    """
    before = await grants_of(work, key)
    connection = await work.sql()
    if values:
        check_whole(scope, before)
        await connection.execute(update(user).where(user.c.id == key).values(**values))
        if values.get("enabled") is False:
            await connection.execute(delete(user_session).where(user_session.c.user_id == key))
    after: Sequence[Grant] = before
    if grants is not None:
        taken = [grant for grant in before if within(scope, grant) and grant not in grants]
        after = [
            *(grant for grant in before if grant not in taken),
            *(grant for grant in grants if grant not in before),
        ]
        if not after:
            message = "a user without any grant can do nothing: remove the user instead"
            raise Invalid("no_grant", message, {"grants": message})
        await _take(work, key, taken)
        await _give(work, key, [grant for grant in grants if grant not in before])
    await _keep_an_administrator(work)
    _announce(work, key, [*before, *after])


async def remove(work: Work, key: int, scope: Scope) -> None:
    """Remove a user that is `locked`. What they did stays on the audit log. Raises NotAllowed, Conflict."""
    grants = await grants_of(work, key)
    check_whole(scope, grants)
    await (await work.sql()).execute(delete(user).where(user.c.id == key))
    await _keep_an_administrator(work)
    _announce(work, key, grants)


async def put_password(work: Work, key: int, hashed: str, *, keep_session: bytes | None = None) -> None:
    """Give a user a password; sessions that began with another one end, save one."""
    connection = await work.sql()
    setting = upsert(user_password).values(user_id=key, hash=hashed, changed_at=work.now)
    await connection.execute(
        setting.on_conflict_do_update(
            index_elements=["user_id"], set_={"hash": setting.excluded.hash, "changed_at": work.now}
        )
    )
    ending = delete(user_session).where(user_session.c.user_id == key)
    if keep_session is not None:
        ending = ending.where(user_session.c.token_hash != keep_session)
    await connection.execute(ending)


def within(scope: Scope, grant: Grant) -> bool:
    """Whether whoever has this scope for users also administers what a grant is for."""
    return scope.organisations is None or grant.organisation in scope.organisations


def check_whole(scope: Scope, grants: Sequence[Grant]) -> None:
    """Raise NotAllowed unless everything a user was granted is within the scope."""
    if not all(within(scope, grant) for grant in grants):
        raise NotAllowed(
            "granted_elsewhere",
            "this user has grants beyond what you administer: you may change the grants in your organisations only",
        )


async def check_grants(work: Work, scope: Scope, grants: Sequence[Grant], path: str = "grants") -> None:
    """Raise NotAllowed, NotFound or Invalid for a grant that must not or cannot be given; `path` is where they stand."""
    for index, grant in enumerate(grants):
        await check_grant(work, scope, grant, f"{path}[{index}].")
    if len(set(grants)) != len(grants):
        message = "a grant is named once"
        raise Invalid("named_twice", message, {path: message})


async def check_grant(work: Work, scope: Scope, grant: Grant, prefix: str = "") -> None:
    """Raise NotAllowed, NotFound or Invalid if a grant must not or cannot be given; `prefix` is what its fields stand in."""
    at = f"{prefix}organisationId"
    if grant.organisation is None:
        if grant.site is not None:
            raise Invalid("organisation_needed", "a site is named with its organisation", {at: "is needed with a site"})
        if scope.organisations is not None:
            message = "you may not grant on the whole platform: name an organisation"
            raise NotAllowed("not_allowed", message, {at: message})
        return
    if not within(scope, grant) or not await organisations.exists(work, grant.organisation):
        message = f"there is no organisation {grant.organisation}"
        raise NotFound("organisation_unknown", message, {at: message})
    if grant.site is not None and await sites.organisation_of(work, grant.site) != grant.organisation:
        message = f"the organisation has no site {grant.site}"
        raise NotFound("site_unknown", message, {f"{prefix}siteId": message})


async def _give(work: Work, key: int, grants: Sequence[Grant]) -> None:
    if grants:
        await (await work.sql()).execute(
            insert(user_grant),
            [
                {
                    "user_id": key,
                    "role": grant.role,
                    "organisation_id": grant.organisation,
                    "site_id": grant.site,
                }
                for grant in grants
            ],
        )


async def _take(work: Work, key: int, grants: Sequence[Grant]) -> None:
    columns = user_grant.c
    for grant in grants:
        await (await work.sql()).execute(
            delete(user_grant).where(
                columns.user_id == key,
                columns.role == grant.role,
                columns.organisation_id.is_not_distinct_from(grant.organisation),
                columns.site_id.is_not_distinct_from(grant.site),
            )
        )


async def _keep_an_administrator(work: Work) -> None:
    """Raise Conflict if nobody would be left to administer the platform."""
    connection = await work.sql()
    # Two who remove each other at once must not both find the other one left.
    await connection.execute(select(func.pg_advisory_xact_lock(_LAST_ADMINISTRATOR)))
    left = await connection.execute(
        select(user.c.id)
        .join(user_grant, user_grant.c.user_id == user.c.id)
        .join(user_password, user_password.c.user_id == user.c.id)
        .where(user.c.enabled, user_grant.c.role == Role.ADMINISTRATOR, user_grant.c.organisation_id.is_(None))
        .limit(1)
    )
    if left.first() is None:
        raise Conflict("last_administrator", "somebody has to be left who administers the platform")


def _announce(work: Work, key: int, grants: Sequence[Grant]) -> None:
    """Tell every organisation that has to do with a user; the platform if it is for the whole of it."""
    for organisation in sorted({grant.organisation for grant in grants}, key=lambda number: number or 0) or [None]:
        work.announce(UserChanged(organisation_id=organisation, user_id=key))
