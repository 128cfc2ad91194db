"""Local Authorization Lists as pure rules: what is on one, how two differ, and in which messages that is said (D01).

What a station would be told about a token is what its list says about it: the same rule decides both. The words of a
version are a `ListWords` of the dialect.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final, Protocol

import msgspec

from forecourt.charging import judging
from forecourt.charging.ids import EvseId, StationId
from forecourt.charging.judging import Asked, Occasion
from forecourt.charging.local_authorization import Entry, TokenInfo
from forecourt.charging.tokens import SECRET, Token
from forecourt.csms.blocks.authorization.model import KnownToken, ListUpdate, Medium, TokenKey
from forecourt.csms.stations.link import Link

NO_LIST: Final = 0
UNSUPPORTED: Final = -1
"""Versions with a meaning of their own: D02.FR.02 and 03, 1.6 section 5.10. Neither is ever sent (D01.FR.18)."""


class ListMode(StrEnum):
    """What is done about the list of a station: kept in step with the tokens, kept empty, or left alone."""

    KEPT = "kept"
    EMPTY = "empty"
    LEFT_ALONE = "left_alone"


@dataclass(frozen=True, slots=True, kw_only=True)
class ListPolicy:
    """What an operator wants on the lists of its stations.

    `refused_too` lists blocked and expired tokens with their refusal, so that a station which allows unknown tokens while
    it is offline refuses those.
    """

    mode: ListMode = ListMode.KEPT
    media: frozenset[Medium] = frozenset({Medium.RFID})
    refused_too: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """How much a station takes, as it reported; None where it did not say.

    `enabled` is whether its list is in use, `items_per_message` and `bytes_per_message` bound one message (D01.FR.11;
    SendLocalListMaxLength), `entries` and `storage_bytes` the whole list (LocalAuthListEntries, LocalAuthListStorage;
    LocalAuthListMaxLength). How a station stores an entry only it knows: one is taken to need what it takes in a message.
    """

    enabled: bool | None = None
    items_per_message: int | None = None
    bytes_per_message: int | None = None
    entries: int | None = None
    storage_bytes: int | None = None


ASSUMED: Final = Room(items_per_message=50, bytes_per_message=16_384)
"""What is taken for granted of a station that has not said."""

_HIGHEST_VERSION: Final = 2**31 - 1
_VERSIONS_LEFT: Final = 100_000
"""So far below the highest number counting starts over, with a full update: to that any number may be given."""

_ENVELOPE_BYTES: Final = 160
"""A message around its entries, generously: the frame, the action, version and kind of update."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """What a list says about one token. The entry names it as the station's version does; without info it removes it."""

    key: TokenKey
    entry: Entry
    language: str = ""
    second_language: str = ""
    personal_message: str = ""

    @property
    def digest(self) -> int:
        """A signed number of 64 bits that is the same for the same entry: what is remembered of what a station has."""
        info = self.entry.info
        content = (
            self.entry.token.value,
            self.entry.token.kind,
            info and (info.verdict.value, info.expires_at, info.group and info.group.value, info.priority),
            sorted(info.evse_ids) if info else (),
            self.language,
            self.second_language,
            self.personal_message,
        )
        return int.from_bytes(hashlib.blake2b(msgspec.json.encode(content), digest_size=8).digest(), signed=True)


@dataclass(frozen=True, slots=True)
class Held:
    """An entry that a station has: what it calls the token, None if its version has no word for it, and the digest."""

    name: Token | None
    digest: int


@dataclass(frozen=True, slots=True)
class Part:
    """One SendLocalList message."""

    full: bool
    version: int
    changes: tuple[Listed, ...]


class ListWords(Protocol):
    """How one version speaks of lists."""

    @property
    def says_evses(self) -> bool:
        """Whether an entry can be for some EVSEs only."""

    def name_of(self, link: Link, token: Token) -> Token | None:
        """What a list of this station calls a token; None if it has no word for it."""

    def size_of(self, listed: Listed) -> int:
        """How many bytes an entry takes in a message."""

    async def ask_version(self, link: Link) -> int:
        """GetLocalListVersion. Raises StationError."""

    async def send(self, link: Link, part: Part) -> str:
        """SendLocalList; returns the status. Raises StationError."""


def listed_of(
    known: KnownToken,
    name: Token,
    *,
    says_evses: bool,
    station_id: StationId,
    evses: Mapping[EvseId, str],
    now: datetime,
) -> Listed | None:
    """What the list of a station says about a token that it calls `name`. None if a list cannot say it truly."""
    on = Occasion(
        asked=Asked.TO_AUTHORIZE,
        at=now,
        station_id=station_id,
        evses=evses,
        master_group=known.group if known.master_pass else None,
    )
    judgement = judging.judge(known.data.token, known.record, (), on)
    if judgement.keep_out_of_cache or (judgement.accepted and judgement.evse_ids and not says_evses):
        return None
    data = known.data
    info = TokenInfo(
        verdict=judgement.verdict,
        expires_at=data.valid_until if judgement.accepted else None,
        group=judgement.group,
        evse_ids=judgement.evse_ids if judgement.accepted else frozenset(),
        priority=data.charging_priority,
    )
    return Listed(
        key=known.key,
        entry=Entry(name, info),
        language=data.language,
        second_language=data.second_language,
        personal_message=data.personal_message,
    )


def belongs(known: KnownToken, policy: ListPolicy) -> bool:
    """Whether a token may be on a list at all. A secret never is: lists can be read out (C04.FR.04)."""
    return known.data.medium in policy.media and known.data.token.kind not in SECRET


def next_change(tokens: Iterable[KnownToken], now: datetime) -> datetime | None:
    """When time alone will next change what the list says: a token becomes valid or ceases to be."""
    moments = (moment for known in tokens for moment in (known.data.valid_from, known.data.valid_until))
    return min((moment for moment in moments if moment is not None and moment > now), default=None)


def fitting(wanted: Sequence[Listed], room: Room, size_of: Callable[[Listed], int]) -> list[Listed]:
    """As many of `wanted` as the station takes, the first ones first; each token once (D01.FR.06)."""
    longest = _bytes_for_entries(room)
    kept: list[Listed] = []
    names: set[tuple[str, str]] = set()
    stored_bytes = 0
    for listed in wanted:
        if room.entries is not None and len(kept) >= room.entries:
            break
        name, size_bytes = _name(listed.entry.token), size_of(listed)
        if room.storage_bytes is not None and stored_bytes + size_bytes > room.storage_bytes:
            break
        if name not in names and size_bytes <= longest:
            names.add(name)
            kept.append(listed)
            stored_bytes += size_bytes
    return kept


def content_hash(digests: Mapping[TokenKey, int]) -> bytes:
    """What tells whether two lists say the same."""
    hasher = hashlib.blake2b(digest_size=16)
    for key in sorted(digests):
        hasher.update(key.to_bytes(8, signed=True) + digests[key].to_bytes(8, signed=True))
    return hasher.digest()


def parts(
    held: Mapping[TokenKey, Held] | None,
    wanted: Sequence[Listed],
    *,
    update: ListUpdate,
    above: int,
    room: Room,
    size_of: Callable[[Listed], int],
) -> tuple[Part, ...]:
    """The messages that give a station which has `held` (None: nobody knows what) the list `wanted`; none if it has it.

    Their versions follow on `above`, the highest number either side has used (D01.FR.18, 19). What is too much for one
    message goes on in differential ones (D01.FR.03, 15). A list that becomes empty is replaced by an empty one (D01.FR.04).
    """
    asked = update is not ListUpdate.AS_NEEDED
    if above > _HIGHEST_VERSION - _VERSIONS_LEFT:
        update, above = ListUpdate.FULL, NO_LIST
    if update is ListUpdate.FULL or (not asked and (held is None or (held and not wanted))):
        changes, full = list(wanted), True
    else:
        changes, full = _differences(held or {}, wanted), False
        if not changes and asked:
            changes = list(wanted)
        if not changes and not asked:
            return ()
    chunks = _chunks(changes, room, size_of)
    return tuple(
        Part(full=full and number == 0, version=max(above, NO_LIST) + 1 + number, changes=tuple(chunk))
        for number, chunk in enumerate(chunks)
    )


def _differences(held: Mapping[TokenKey, Held], wanted: Sequence[Listed]) -> list[Listed]:
    """What to say to a station that has `held`. Removals come first, so that the list is never longer than its end."""
    staying = {listed.key for listed in wanted}
    # One token can take the name of another: its entry replaces that one, and must not be removed after all.
    names = {_name(listed.entry.token) for listed in wanted}
    removed = [
        Listed(key=key, entry=Entry(one.name, None))
        for key, one in held.items()
        if key not in staying and one.name is not None and _name(one.name) not in names
    ]
    changed = [listed for listed in wanted if listed.key not in held or held[listed.key].digest != listed.digest]
    return removed + changed


def _name(token: Token) -> tuple[str, str]:
    """A token as a station compares it with others on its list."""
    return token.key, token.kind


def _chunks(changes: Sequence[Listed], room: Room, size_of: Callable[[Listed], int]) -> list[list[Listed]]:
    """`changes` in messages that the station takes; a single empty one if there are none."""
    most = max(1, room.items_per_message or ASSUMED.items_per_message or 1)
    longest = _bytes_for_entries(room)
    chunks: list[list[Listed]] = [[]]
    size = 0
    for listed in changes:
        added = size_of(listed)
        if chunks[-1] and (len(chunks[-1]) >= most or size + added > longest):
            chunks.append([])
            size = 0
        chunks[-1].append(listed)
        size += added
    return chunks


def _bytes_for_entries(room: Room) -> int:
    return (room.bytes_per_message or ASSUMED.bytes_per_message or 0) - _ENVELOPE_BYTES
