"""What a token is to the management system: its record, what may be asked of a station about it, what happened to it.

No SQL and no wire here. Whether a token may charge is decided by `forecourt.charging.judging`; this module turns what we
keep into what that rule asks for, and its verdict into something that explains itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Final, NewType, Protocol

from forecourt.charging.ids import EvseId, StationId, TokenId
from forecourt.charging.judging import Because, Concurrency, Judgement, OpenTransaction, TokenRecord
from forecourt.charging.tokens import SECRET, Token, TokenKind, Verdict
from forecourt.charging.topology import Topology
from forecourt.csms.stations.commands import Command
from forecourt.csms.stations.model import OrganisationKey
from forecourt.csms.store.work import Work

TokenKey = NewType("TokenKey", int)
"""Our own number of a token."""


class Medium(StrEnum):
    """What the driver holds in his hand. The kind of a token says how it is written, this says what it is."""

    RFID = "rfid"
    APP = "app"
    CONTRACT = "contract"
    CODE = "code"
    PAYMENT = "payment"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenData:
    """A token as its provider describes it.

    `max_concurrent` is how many transactions may be open at once (None: any number), counted per token or, with
    `concurrent_per_group`, over its whole group. `cache_life_s` is how long a station may rely on a verdict (None: as long
    as the station likes). `places` narrows down where it may charge, by the identity of the station, and at which of its
    EVSEs (None: all of them); `evse_kinds` at what kind of EVSE (`ac`, `dc`).
    """

    token: Token
    medium: Medium = Medium.RFID
    group: str = ""
    visual_number: str = ""
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    language: str = ""
    second_language: str = ""
    personal_message: str = ""
    max_concurrent: int | None = 1
    concurrent_per_group: bool = False
    charging_priority: int = 0
    cache_life_s: int | None = None
    places: Mapping[str, tuple[int, ...] | None] | None = None
    evse_kinds: frozenset[str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownToken:
    """A token that is on record. `accepted_here` says whether the operator in question takes tokens of its provider.

    A token of a `master_pass` group stops transactions and never starts one (C16.FR.03).
    """

    key: TokenKey
    provider: OrganisationKey
    data: TokenData
    blocked: bool = False
    block_reason: str = ""
    group_key: int | None = None
    master_pass: bool = False
    accepted_here: bool = True

    @property
    def group(self) -> Token | None:
        """C09.FR.13: a group is named by a token of the kind Central."""
        return Token(self.data.group, TokenKind.CENTRAL) if self.data.group else None

    @property
    def record(self) -> TokenRecord:
        """What the rule asks for."""
        data = self.data
        if data.max_concurrent is None:
            concurrency = Concurrency.UNLIMITED
        else:
            concurrency = Concurrency.ONE_PER_GROUP if data.concurrent_per_group else Concurrency.ONE_PER_TOKEN
        places = None
        if data.places is not None:
            places = {
                StationId(wire_id): None if evses is None else frozenset(EvseId(evse) for evse in evses)
                for wire_id, evses in data.places.items()
            }
        return TokenRecord(
            token_id=TokenId(str(self.key)),
            token=data.token,
            group=self.group,
            blocked=self.blocked,
            valid_from=data.valid_from,
            valid_to=data.valid_until,
            stations=places,
            evse_kinds=data.evse_kinds,
            concurrency=concurrency,
        )


class Reason(StrEnum):
    """Why a verdict is what it is: the words of `Because`, and those that only a management system has."""

    NO_AUTHORIZATION_NEEDED = "no_authorization_needed"
    NOT_KNOWN = "not_known"
    BLOCKED = "blocked"
    NOT_YET_VALID = "not_yet_valid"
    NO_LONGER_VALID = "no_longer_valid"
    MASTER_PASS_CANNOT_START = "master_pass_cannot_start"  # noqa: S105 - not a password
    NOT_AT_THIS_STATION = "not_at_this_station"
    NO_EVSE_OF_AN_ALLOWED_KIND = "no_evse_of_an_allowed_kind"
    NOT_AT_THIS_EVSE = "not_at_this_evse"
    NO_CREDIT = "no_credit"
    OTHER_TRANSACTION_OPEN = "other_transaction_open"
    NOTHING_AGAINST_IT = "nothing_against_it"
    PROVIDER_NOT_ACCEPTED = "provider_not_accepted"
    CONTRACT_NOT_VERIFIED = "contract_not_verified"

    @classmethod
    def of(cls, because: Because) -> Reason:
        return cls[because.name]


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A presented token, the verdict about it, and what the answer to the station carries along.

    `known` is None for a token nobody has on record. `expires_at` is until when the station may rely on the verdict
    (None: as long as it likes).
    """

    token: Token
    judgement: Judgement
    reason: Reason
    known: KnownToken | None = None
    expires_at: datetime | None = None

    @property
    def verdict(self) -> Verdict:
        return self.judgement.verdict

    @property
    def accepted(self) -> bool:
        return self.judgement.accepted

    @property
    def group(self) -> Token | None:
        return self.judgement.group

    @property
    def evse_ids(self) -> tuple[EvseId, ...]:
        """Where the token may charge, in order; empty where that is everywhere, and with every refusal (C01.FR.19, 20, 22)."""
        return tuple(sorted(self.judgement.evse_ids)) if self.accepted else ()


class OpenTransactions(Protocol):
    """How the block that owns transactions is asked which are open. Handed in where everything is put together."""

    async def __call__(self, work: Work, token: Token, group: Token | None) -> Sequence[OpenTransaction]:
        """Every open transaction, at any station, that was begun with a token matching `token` or, if given, of `group`.

        Read in the transaction of `work.sql()`, so that what this unit has locked holds.
        """


# What can be asked of a station.


@dataclass(frozen=True, slots=True)
class ClearCache(Command):
    """Forget all verdicts the station has kept (C11)."""


@dataclass(frozen=True, slots=True)
class GetLocalListVersion(Command):
    """Say which version of the local list the station has (D02)."""


class ListUpdate(StrEnum):
    """How a local list is brought up to date. AS_NEEDED sends nothing to a station that has what it should have."""

    AS_NEEDED = "as_needed"
    FULL = "full"
    DIFFERENTIAL = "differential"


@dataclass(frozen=True, slots=True)
class SendLocalList(Command):
    """Bring the station's local list up to date (D01), in as many messages as that takes. What belongs on it is on record."""

    update: ListUpdate = ListUpdate.AS_NEEDED


# Rules.

HIDDEN: Final = "***"


def shown(value: str, kind: str) -> str:
    """A token's value as it may be shown and kept in events and logs (C04.FR.04)."""
    return HIDDEN if kind in SECRET else value


_READING_ORDER: Final[Mapping[str, int]] = MappingProxyType(
    {kind.value: rank for rank, kind in enumerate((TokenKind.UNTYPED, TokenKind.ISO14443, TokenKind.ISO15693))}
)


def best_match(presented: Token, candidates: Iterable[KnownToken]) -> KnownToken | None:
    """The record that `presented` means, None if there is none.

    An idTag of 1.6 has no type and may match several: one without type is meant first, then one that is accepted here,
    then what a card reader would have read.
    """

    def order(known: KnownToken) -> tuple[bool, bool, int, int]:
        kind = known.data.token.kind
        other_kind = kind.casefold() != presented.kind.casefold()
        return other_kind, not known.accepted_here, _READING_ORDER.get(kind, len(_READING_ORDER)), known.key

    return min((known for known in candidates if known.data.token.matches(presented)), key=order, default=None)


def relied_on_until(judgement: Judgement, known: KnownToken | None, now: datetime) -> datetime | None:
    """Until when a station may rely on a verdict given `now`, None for as long as it likes."""
    if judgement.keep_out_of_cache:
        return now  # C17.FR.01, 02
    if judgement.because is Because.NOT_YET_VALID:
        return judgement.moment
    if not judgement.accepted or known is None:
        return None
    life_s = known.data.cache_life_s
    ends = [known.data.valid_until, None if life_s is None else now + timedelta(seconds=life_s)]
    return min((end for end in ends if end is not None), default=None)


_DIRECT: Final = frozenset({"cCCS1", "cCCS2", "cChaoJi", "cG105", "cGBT-DC", "cMCS", "cUltraChaoJi"})
_ALTERNATING: Final = frozenset(
    {"cType1", "cType2", "sType2", "sType3", "sBS1361", "sCEE-7-7", "Other1PhMax16A", "Other1PhOver16A", "Other3Ph"}
)


def kinds_of_evses(topology: Topology | None) -> dict[EvseId, str]:
    """What kind of current each EVSE gives (`ac`, `dc`), by its connectors; empty text where they do not tell."""
    return (
        {evse.evse_id: _current({one.kind for one in evse.connectors}) for evse in topology.evses} if topology else {}
    )


def _current(kinds: set[str | None]) -> str:
    if kinds <= _DIRECT:
        return "dc"
    if all(kind in _ALTERNATING or (kind or "").startswith("s309") for kind in kinds):
        return "ac"
    return ""
