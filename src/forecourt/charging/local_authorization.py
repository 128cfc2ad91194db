"""How a station judges a token by itself: the Local Authorization List, the Authorization Cache, and who comes first.

The management system keeps the same list values to know what a station has. The list is changed by SendLocalList only
(D01.FR.09), the cache by every answer about a token (C10.FR.01). Where these are stored is the caller's business.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import Enum, StrEnum, auto

from forecourt.charging.ids import EvseId
from forecourt.charging.tokens import UNCACHEABLE, Token, Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenInfo:
    """IdTokenInfo, idTagInfo: what a management system said about a token. `expires_at` is cacheExpiryDateTime.

    `languages` are those its holder prefers, RFC 5646 tags, the best first.
    """

    verdict: Verdict
    expires_at: datetime | None = None
    group: Token | None = None
    evse_ids: frozenset[EvseId] = frozenset()
    priority: int = 0
    languages: tuple[str, ...] = ()

    def expired(self, at: datetime) -> bool:
        return self.expires_at is not None and at >= self.expires_at


class UpdateStatus(StrEnum):
    """SendLocalListStatusEnumType."""

    ACCEPTED = "Accepted"
    FAILED = "Failed"
    VERSION_MISMATCH = "VersionMismatch"


@dataclass(frozen=True, slots=True)
class Entry:
    """One element of an update; `info` None removes the token (D01.FR.17)."""

    token: Token
    info: TokenInfo | None


@dataclass(frozen=True, slots=True)
class LocalList:
    """The list of a station. Version 0 means that none is installed (D01.FR.18)."""

    version: int = 0
    entries: Mapping[str, tuple[Entry, ...]] = field(default_factory=dict)
    """By `Token.key`; more than one where the same text has several kinds."""

    def find(self, token: Token) -> TokenInfo | None:
        """The entry of a token that matches, preferring one of the same kind."""
        candidates = self.entries.get(token.key, ())
        exact = [entry for entry in candidates if entry.token.kind == token.kind]
        return next((entry.info for entry in (*exact, *candidates) if entry.token.matches(token)), None)

    def __len__(self) -> int:
        return sum(len(entries) for entries in self.entries.values())

    def replaced(self, version: int, entries: Iterable[Entry]) -> tuple[LocalList, UpdateStatus]:
        """A full update (D01.FR.04, 15).

        Fails, leaving the list as it was, when a token is there twice (D01.FR.06) or without info, or the version is
        not positive (D01.FR.18).
        """
        if version < 1:
            return self, UpdateStatus.FAILED
        added: dict[str, tuple[Entry, ...]] = {}
        for entry in entries:
            present = added.get(entry.token.key, ())
            if entry.info is None or any(entry.token.matches(other.token) for other in present):
                return self, UpdateStatus.FAILED
            added[entry.token.key] = (*present, entry)
        return LocalList(version, added), UpdateStatus.ACCEPTED

    def changed(self, version: int, entries: Iterable[Entry]) -> tuple[LocalList, UpdateStatus]:
        """A differential update: entries with info are added or replaced, those without are removed (D01.FR.05, 16,
        17).

        A version that is not higher than the present one is refused (D01.FR.19). Removing what is not there is no
        fault.
        """
        if version <= self.version:
            return self, UpdateStatus.VERSION_MISMATCH
        after = dict(self.entries)
        seen: list[Token] = []
        for entry in entries:
            if any(entry.token.matches(token) for token in seen):
                return self, UpdateStatus.FAILED
            seen.append(entry.token)
            kept = tuple(other for other in after.get(entry.token.key, ()) if not other.token.matches(entry.token))
            if entry.info is not None:
                kept = (*kept, entry)
            after[entry.token.key] = kept
        return LocalList(version, {key: kept for key, kept in after.items() if kept}), UpdateStatus.ACCEPTED


@dataclass(frozen=True, slots=True, kw_only=True)
class Cached:
    token: Token
    info: TokenInfo
    updated_at: datetime
    used_at: datetime

    def expired(self, at: datetime, life_time: timedelta | None) -> bool:
        """C10.FR.13 where the answer named a moment, else C10.FR.08 and 10.

        `life_time` (AuthCacheLifeTime) after it was last used or updated.
        """
        if self.info.expires_at is not None:
            return self.info.expired(at)
        return life_time is not None and at - max(self.updated_at, self.used_at) > life_time


def cacheable(token: Token, info: TokenInfo, at: datetime) -> bool:
    """Whether an answer about `token` is to be kept; if not, what the cache has about it is to be removed.

    Not kept: kinds that never are (C02.FR.03, C05.FR.02), and what has expired already, as for prepaid tokens
    (C10.FR.10).
    """
    return token.kind not in UNCACHEABLE and not info.expired(at)


def first_to_go(entries: Iterable[Cached]) -> Cached | None:
    """Which entry makes room in a full cache.

    One that is not accepted before any other, the longest unused first (C10.FR.07).
    """
    return min(entries, key=lambda entry: (entry.info.verdict is Verdict.ACCEPTED, entry.used_at), default=None)


class Decision(Enum):
    ALLOW = auto()
    ASK = auto()
    """Send Authorize: the management system decides."""
    REFUSE = auto()


class Grounds(Enum):
    IN_LIST = auto()
    IN_CACHE = auto()
    UNKNOWN = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The variables that rule local authorization, in 2.1 names; a dialect derives them from the keys of 1.6.

    `list_expires` is LocalAuthListSupportsExpiryDateTime, `unknown_offline` OfflineTxForUnknownIdEnabled,
    `post_authorize` the opposite of DisablePostAuthorize (of list and cache alike).
    """

    pre_authorize: bool = False
    authorize_offline: bool = True
    unknown_offline: bool = False
    list_expires: bool = False
    post_authorize: bool = True
    cache_life_time: timedelta | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalJudgement:
    decision: Decision
    grounds: Grounds
    info: TokenInfo | None
    """What list or cache says, also when it did not decide; its verdict is EXPIRED where it has run out."""


def judge_locally(
    listed: TokenInfo | None, cached: Cached | None, *, online: bool, at: datetime, settings: Settings
) -> LocalJudgement:
    """What a station does with a presented token of which the list says `listed` and the cache `cached`.

    The list has priority over the cache (C13.FR.01, C14.FR.01). Online, an accepted entry is enough only with
    pre-authorization; any other entry is asked about (C10.FR.03, C12.FR.05, C14.FR.03), unless asking is disabled and
    the entry has not merely run out (C14.FR.05). Offline, an accepted entry that has not run out is allowed (C13.FR.02
    to 06, C12), an unknown token only if the setting says so (C15.FR.08), and a token known as anything else never: it
    is not unknown.
    """
    grounds, info, ran_out = _known(listed, cached, at, settings)
    accepted = info is not None and info.verdict is Verdict.ACCEPTED
    if online:
        if accepted and settings.pre_authorize:
            decision = Decision.ALLOW
        elif info is None or accepted or ran_out or settings.post_authorize:
            decision = Decision.ASK
        else:
            decision = Decision.REFUSE
    elif info is None:
        decision = Decision.ALLOW if settings.unknown_offline else Decision.REFUSE
    else:
        decision = Decision.ALLOW if accepted and settings.authorize_offline else Decision.REFUSE
    return LocalJudgement(decision=decision, grounds=grounds, info=info)


def _known(
    listed: TokenInfo | None, cached: Cached | None, at: datetime, settings: Settings
) -> tuple[Grounds, TokenInfo | None, bool]:
    """Who knows the token, what it says now, and whether it said something else before its time ran out."""
    if listed is not None:
        grounds, info, expired = Grounds.IN_LIST, listed, settings.list_expires and listed.expired(at)
    elif cached is not None:
        grounds, info, expired = Grounds.IN_CACHE, cached.info, cached.expired(at, settings.cache_life_time)
    else:
        return Grounds.UNKNOWN, None, False
    # C10.FR.10, 13: what was accepted becomes Expired; another verdict stays as it is.
    if expired and info.verdict is Verdict.ACCEPTED:
        return grounds, replace(info, verdict=Verdict.EXPIRED), True
    return grounds, info, False
