"""What happened to tokens, verdicts and local lists. Facts only; secret values are left out of them (C04.FR.04)."""

from __future__ import annotations

from datetime import datetime

import msgspec

from forecourt.csms.blocks.authorization.model import KnownToken, TokenData, shown
from forecourt.csms.store.announced import Event


class TokenFacts(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A token as events tell of it. `value` is `***` where it is a secret."""

    value: str
    kind: str
    medium: str
    group: str
    visual_number: str
    valid_from: datetime | None
    valid_until: datetime | None
    language: str
    second_language: str
    personal_message: str
    max_concurrent: int | None
    concurrent_per_group: bool
    charging_priority: int
    cache_life_s: int | None
    places: dict[str, tuple[int, ...] | None] | None
    evse_kinds: tuple[str, ...] | None


class TokenJudged(Event, frozen=True, kw_only=True):
    """A station was told, or would have been told, a verdict about a token, and why.

    `organisation_id` is the station's operator, `provider_id` whose token it is. `moment` is when the token becomes or
    ceased to be valid, `transactions` are those that stand against it, where that is the reason.
    """

    organisation_id: int
    station_id: int
    token: str
    kind: str
    token_id: int | None
    provider_id: int | None
    asked: str
    evse_id: int | None
    verdict: str
    reason: str
    group: str
    moment: datetime | None
    transactions: tuple[str, ...]
    evse_ids: tuple[int, ...]


class TokenAdded(Event, frozen=True, kw_only=True):
    """A provider has a new token."""

    organisation_id: int
    token_id: int
    facts: TokenFacts


class TokenChanged(Event, frozen=True, kw_only=True):
    """What is on record about a token is now this."""

    organisation_id: int
    token_id: int
    facts: TokenFacts


class TokenBlocked(Event, frozen=True, kw_only=True):
    """A token may not charge until it is unblocked."""

    organisation_id: int
    token_id: int
    reason: str


class TokenUnblocked(Event, frozen=True, kw_only=True):
    """A token is no longer blocked."""

    organisation_id: int
    token_id: int


class TokenRemoved(Event, frozen=True, kw_only=True):
    """A token is no longer known. What it did remains on record."""

    organisation_id: int
    token_id: int


class TokenGroupChanged(Event, frozen=True, kw_only=True):
    """A group of tokens became, or ceased to be, one that stops transactions and never starts any (C16)."""

    organisation_id: int
    group: str
    master_pass: bool


class ProviderAccepted(Event, frozen=True, kw_only=True):
    """An operator takes the tokens of a provider; `listed` says whether they go on its stations' local lists."""

    organisation_id: int
    provider_id: int
    listed: bool


class ProviderDropped(Event, frozen=True, kw_only=True):
    """An operator no longer takes the tokens of a provider."""

    organisation_id: int
    provider_id: int


class LocalListPolicyChanged(Event, frozen=True, kw_only=True):
    """What an operator wants on the local lists of its stations is now this."""

    organisation_id: int
    mode: str
    media: tuple[str, ...]
    refused_too: bool


class LocalListSynced(Event, frozen=True, kw_only=True):
    """A station has the local list it should have. `left_out` tokens did not fit or cannot be said in its version."""

    organisation_id: int
    station_id: int
    version: int
    entries: int
    left_out: int
    update: str


class LocalListFailed(Event, frozen=True, kw_only=True):
    """A station did not take its local list. `reason` is its own word, or ours; tried again at `retry_at`, None: not by itself."""

    organisation_id: int
    station_id: int
    reason: str
    retry_at: datetime | None


def facts_of(data: TokenData) -> TokenFacts:
    """The facts of a token, for an event."""
    return TokenFacts(
        value=shown(data.token.value, data.token.kind),
        kind=data.token.kind,
        medium=data.medium.value,
        group=data.group,
        visual_number=data.visual_number,
        valid_from=data.valid_from,
        valid_until=data.valid_until,
        language=data.language,
        second_language=data.second_language,
        personal_message=data.personal_message,
        max_concurrent=data.max_concurrent,
        concurrent_per_group=data.concurrent_per_group,
        charging_priority=data.charging_priority,
        cache_life_s=data.cache_life_s,
        places=None if data.places is None else dict(data.places),
        evse_kinds=None if data.evse_kinds is None else tuple(sorted(data.evse_kinds)),
    )


def added(known: KnownToken) -> TokenAdded:
    return TokenAdded(organisation_id=known.provider, token_id=known.key, facts=facts_of(known.data))


def changed(known: KnownToken) -> TokenChanged:
    return TokenChanged(organisation_id=known.provider, token_id=known.key, facts=facts_of(known.data))
