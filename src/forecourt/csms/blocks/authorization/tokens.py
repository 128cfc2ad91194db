"""The life of tokens: added, changed, blocked, unblocked, removed, imported; and whose tokens an operator takes.

Each verb checks first, then writes, announces what happened, and has the local lists looked at that the token is on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from forecourt.charging.tokens import Token
from forecourt.csms.blocks.authorization import events, store
from forecourt.csms.blocks.authorization.list_jobs import touch
from forecourt.csms.blocks.authorization.model import KnownToken, TokenData, TokenKey
from forecourt.csms.blocks.authorization.records import fields_of
from forecourt.csms.blocks.authorization.rules import canonical, check_group, checked
from forecourt.csms.stations.model import OrganisationKey
from forecourt.csms.store.work import Work
from forecourt.errors import Conflict, DomainError, Invalid, NotFound

MAX_IMPORT: Final = 10_000
"""How many tokens one import takes; more are several imports."""


@dataclass(frozen=True, slots=True)
class RefusedLine:
    """A line of an import that was left out: its place, counted from 0, and why."""

    index: int
    why: DomainError


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """What an import did. Lines that say what is on record already are `unchanged`."""

    added: int
    changed: int
    unchanged: int
    refused: tuple[RefusedLine, ...]


async def add(work: Work, owner: OrganisationKey, data: TokenData) -> KnownToken:
    """A new token. Raises Invalid, Conflict if it exists or its group is another provider's."""
    data = checked(data)
    connection = await work.sql()
    await _check_provider(connection, owner)
    await _check_name(connection, data.token)
    group_key = await _Groups(work, owner).key_of(data.group)
    (key,) = await store.add(connection, owner, [(data, group_key)], work.now)
    known = KnownToken(key=key, provider=owner, data=data, group_key=group_key)
    work.announce(events.added(known))
    await touch(work, owner)
    return known


async def change(work: Work, key: TokenKey, data: TokenData) -> KnownToken:
    """Let `data` be what is on record about a token. What it is called cannot change: that would be another token.

    Raises Invalid, NotFound, Conflict if the group is another provider's.
    """
    data = checked(data)
    known = await _load(work, key)
    if data.token != known.data.token:
        message = "a token's value and kind do not change; remove it and add another"
        raise Invalid("token_renamed", message, {"value": message})
    changed = await _change(work, _Groups(work, known.provider), known, data)
    if changed is not known:
        await touch(work, known.provider)
    return changed


async def block(work: Work, key: TokenKey, reason: str = "") -> None:
    """Refuse a token from now on. Blocking it again changes the reason. Raises NotFound."""
    known = await _load(work, key)
    if known.blocked and known.block_reason == reason:
        return
    fields = {"blocked": True, "block_reason": reason, "blocked_at": work.now}
    await store.change(await work.sql(), key, fields, work.now)
    work.announce(events.TokenBlocked(organisation_id=known.provider, token_id=key, reason=reason))
    await touch(work, known.provider)


async def unblock(work: Work, key: TokenKey) -> None:
    """Refuse a token no longer. Raises NotFound."""
    known = await _load(work, key)
    if not known.blocked:
        return
    fields = {"blocked": False, "block_reason": "", "blocked_at": None}
    await store.change(await work.sql(), key, fields, work.now)
    work.announce(events.TokenUnblocked(organisation_id=known.provider, token_id=key))
    await touch(work, known.provider)


async def remove(work: Work, key: TokenKey) -> None:
    """Know a token no longer. Its row stays for the transactions that point to it, and its name is free. Raises NotFound."""
    known = await _load(work, key)
    await store.change(await work.sql(), key, {"removed_at": work.now}, work.now)
    work.announce(events.TokenRemoved(organisation_id=known.provider, token_id=key))
    await touch(work, known.provider)


async def import_many(work: Work, owner: OrganisationKey, lines: Sequence[TokenData]) -> Imported:
    """Add the tokens that are new and bring the others up to date; a line that cannot be taken stops none of the rest.

    A blocked token stays blocked. Raises Invalid for more than MAX_IMPORT lines.
    """
    if len(lines) > MAX_IMPORT:
        raise Invalid("import_too_long", f"an import has at most {MAX_IMPORT} tokens; this one has {len(lines)}")
    connection = await work.sql()
    await _check_provider(connection, owner)
    refused: list[RefusedLine] = []
    wanted = _distinct(lines, refused)
    present: dict[str, list[KnownToken]] = {}
    for known in await store.namesakes(connection, {data.token.key for _, data in wanted}):
        present.setdefault(known.data.token.key, []).append(known)
    groups = _Groups(work, owner)
    added: list[tuple[TokenData, int | None]] = []
    changed = unchanged = 0
    for index, data in wanted:
        try:
            same = _same_or_conflict(data.token, present.get(data.token.key, ()), owner)
            if same is None:
                added.append((data, await groups.key_of(data.group)))
            elif await _change(work, groups, same, data) is same:
                unchanged += 1
            else:
                changed += 1
        except DomainError as error:
            refused.append(RefusedLine(index, error))
    if added:
        for key, (data, group_key) in zip(await store.add(connection, owner, added, work.now), added, strict=True):
            work.announce(events.added(KnownToken(key=key, provider=owner, data=data, group_key=group_key)))
    if added or changed:
        await touch(work, owner)
    refused.sort(key=lambda line: line.index)
    return Imported(added=len(added), changed=changed, unchanged=unchanged, refused=tuple(refused))


async def set_master_pass(work: Work, owner: OrganisationKey, group: str, master_pass: bool) -> None:
    """Let the tokens of a group stop transactions and start none (C16.FR.03), or be like any other.

    A group that does not exist yet is made. Raises Invalid, Conflict if it is another provider's.
    """
    group_key = await _Groups(work, owner).key_of(check_group(group))
    assert group_key is not None  # noqa: S101 - only an empty name has none
    await store.set_master_pass(await work.sql(), group_key, master_pass)
    work.announce(events.TokenGroupChanged(organisation_id=owner, group=group, master_pass=master_pass))
    await touch(work, owner)


async def accept_provider(
    work: Work, operator: OrganisationKey, provider: OrganisationKey, *, listed: bool = True
) -> None:
    """Let an operator's stations take a provider's tokens; `listed` puts them on their local lists.

    Its own tokens every operator takes. Raises NotFound, Invalid where the roles do not fit.
    """
    connection = await work.sql()
    await _check_provider(connection, provider)
    await _check_role(connection, operator, "cpo", "organisation_not_operator", "operates no stations")
    await store.accept(connection, operator, provider, listed, work.now)
    work.announce(events.ProviderAccepted(organisation_id=operator, provider_id=provider, listed=listed))
    await touch(work, operator)


async def drop_provider(work: Work, operator: OrganisationKey, provider: OrganisationKey) -> None:
    """Let an operator's stations no longer take a provider's tokens. Raises NotFound if they did not."""
    if not await store.drop(await work.sql(), operator, provider):
        raise NotFound("provider_not_accepted", f"organisation {operator} does not take tokens of {provider}")
    work.announce(events.ProviderDropped(organisation_id=operator, provider_id=provider))
    await touch(work, operator)


def _distinct(lines: Sequence[TokenData], refused: list[RefusedLine]) -> list[tuple[int, TokenData]]:
    """The lines that may stand as they are, with their places; of two that mean the same token the first."""
    seen: dict[str, list[Token]] = {}
    kept: list[tuple[int, TokenData]] = []
    for index, line in enumerate(lines):
        try:
            data = checked(line)
        except Invalid as error:
            refused.append(RefusedLine(index, error))
            continue
        earlier = seen.setdefault(data.token.key, [])
        if any(data.token.matches(other) for other in earlier):
            message = "an earlier line has this token already"
            refused.append(RefusedLine(index, Conflict("token_twice", message, {"value": message})))
            continue
        earlier.append(data.token)
        kept.append((index, data))
    return kept


async def _load(work: Work, key: TokenKey) -> KnownToken:
    found = await store.load(await work.sql(), [key], lock=True)
    if not found:
        raise NotFound("token_unknown", f"there is no token {key}")
    return found[0]


async def _change(work: Work, groups: _Groups, known: KnownToken, data: TokenData) -> KnownToken:
    """Write what differs and announce it; returns `known` itself if nothing does."""
    # The case of letters of a name is kept as it was first written.
    data = replace(data, token=known.data.token)
    if data.group.casefold() == known.data.group.casefold():
        data = replace(data, group=known.data.group)
    if data == known.data:
        return known
    connection = await work.sql()
    group_key = await groups.key_of(data.group)
    await store.change(connection, known.key, fields_of(data, group_key), work.now)
    changed = KnownToken(
        key=known.key,
        provider=known.provider,
        data=data,
        blocked=known.blocked,
        block_reason=known.block_reason,
        group_key=group_key,
    )
    work.announce(events.changed(changed))
    return changed


async def _check_provider(connection: AsyncConnection, owner: OrganisationKey) -> None:
    await _check_role(connection, owner, "emsp", "organisation_not_provider", "provides no tokens")


async def _check_role(connection: AsyncConnection, owner: OrganisationKey, role: str, code: str, words: str) -> None:
    roles = await store.roles_of(connection, owner)
    if not roles:
        raise NotFound("organisation_unknown", f"there is no organisation {owner}")
    if role not in roles:
        raise Invalid(code, f"organisation {owner} {words}")


async def _check_name(connection: AsyncConnection, token: Token) -> None:
    namesakes = await store.namesakes(connection, [token.key])
    if _same_or_conflict(token, namesakes, None) is not None:
        raise Conflict("token_exists", f"{token} exists already", {"value": "exists already"})


def _same_or_conflict(
    token: Token, namesakes: Sequence[KnownToken], owner: OrganisationKey | None
) -> KnownToken | None:
    """The token of `owner` (None: of anybody) that is this very one. Raises Conflict for one that merely means the same."""
    for known in namesakes:
        if not known.data.token.matches(token):
            continue
        same_kind = known.data.token.kind.casefold() == canonical(token).kind.casefold()
        if same_kind and owner in (None, known.provider):
            return known
        # An idTag means whatever has its value, so it has no namesake: which of the two is blocked must not be chance.
        message = "exists already" if same_kind else "an idTag without kind and a token with one cannot share a value"
        raise Conflict("token_exists", f"{token}: {message}", {"value": message})
    return None


class _Groups:
    """The groups of one provider, made when a token first names them, each looked up once."""

    def __init__(self, work: Work, owner: OrganisationKey) -> None:
        self._work = work
        self._owner = owner
        self._known: dict[str, tuple[int, OrganisationKey]] = {}

    async def key_of(self, value: str) -> int | None:
        """The number of a group, None for no group. Raises Conflict if it is another provider's."""
        name = value.casefold()
        if not name:
            return None
        connection = await self._work.sql()
        if name not in self._known:
            self._known.update(await store.groups(connection, [name]))
        if name not in self._known:
            self._known[name] = await store.add_group(connection, self._owner, value, self._work.now), self._owner
        key, owner = self._known[name]
        if owner != self._owner:
            raise Conflict("token_group_taken", f"the group {value} is another provider's", {"groupId": "taken"})
        return key
