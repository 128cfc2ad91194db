"""The verdict about a token, from what is known about it: a pure function that also says why.

The reason is data (`Because` and the values it rests on), from which every end makes its own sentence: a page, a log,
an answer to a driver. Where more than one thing is wrong the first in the order of `Because` decides, so that the same
facts give the same verdict. A failure to find out is not a verdict: the caller does not get here without the facts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, StrEnum, auto

from forecourt.charging.ids import EvseId, StationId, TokenId, TransactionId
from forecourt.charging.quantities import Money
from forecourt.charging.tokens import Token, TokenKind, Verdict, same_group


class Concurrency(StrEnum):
    """How many transactions may be open at once."""

    UNLIMITED = "unlimited"
    ONE_PER_TOKEN = "one_per_token"  # noqa: S105 - not a password
    ONE_PER_GROUP = "one_per_group"


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRecord:
    """What is known about a token. A limit that is None does not apply.

    `stations` says where it may charge, and at which EVSEs there (None: all of them); `evse_kinds` at what kind of EVSE
    (in the words that `Occasion.evses` uses: `ac`, `dc`, ...). `credit` is the balance of a prepaid account, None where
    nothing is prepaid.
    """

    token_id: TokenId
    token: Token
    group: Token | None = None
    blocked: bool = False
    valid_from: datetime | None = None
    valid_to: datetime | None = None
    credit: Money | None = None
    stations: Mapping[StationId, frozenset[EvseId] | None] | None = None
    evse_kinds: frozenset[str] | None = None
    concurrency: Concurrency = Concurrency.ONE_PER_TOKEN


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenTransaction:
    transaction_id: TransactionId
    station_id: StationId
    token: Token
    group: Token | None = None


class Asked(Enum):
    """What the verdict is for. Only the start of a transaction counts every other one that is open."""

    TO_AUTHORIZE = auto()
    """The station asks about a presented token; it may be there to stop what it started at this station."""
    TO_START = auto()
    """A transaction begins, or has begun."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Occasion:
    """When and where a token is presented.

    `evses` are the kinds of the station's EVSEs, by id, as far as known; `evse_id` is the one in question, None while
    the driver has not chosen. `transaction_id` is the one this is about, which does not count as another one (a
    repeated start).
    """

    asked: Asked
    at: datetime
    station_id: StationId
    evses: Mapping[EvseId, str]
    evse_id: EvseId | None = None
    transaction_id: TransactionId | None = None
    master_group: Token | None = None


class Because(Enum):
    """Why a verdict is what it is, in the order in which they are looked at."""

    NO_AUTHORIZATION_NEEDED = auto()
    NOT_KNOWN = auto()
    BLOCKED = auto()
    NOT_YET_VALID = auto()
    NO_LONGER_VALID = auto()
    MASTER_PASS_CANNOT_START = auto()
    NOT_AT_THIS_STATION = auto()
    NO_EVSE_OF_AN_ALLOWED_KIND = auto()
    NOT_AT_THIS_EVSE = auto()
    NO_CREDIT = auto()
    OTHER_TRANSACTION_OPEN = auto()
    NOTHING_AGAINST_IT = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """A verdict, why, and what the answer to the station carries along.

    `evse_ids` are those where the token may charge; empty when that is every EVSE of the station (C01.FR.19, 20). With
    a refusal they say where it might have (they are not sent then: C01.FR.22). `keep_out_of_cache` asks for a
    cacheExpiryDateTime of now (C17.FR.01, 02). `moment` is when the token becomes or ceased to be valid, `transactions`
    are those that stand against it, where that is the reason.
    """

    verdict: Verdict
    because: Because
    group: Token | None = None
    evse_ids: frozenset[EvseId] = frozenset()
    keep_out_of_cache: bool = False
    moment: datetime | None = None
    transactions: tuple[TransactionId, ...] = ()

    @property
    def accepted(self) -> bool:
        return self.verdict is Verdict.ACCEPTED


def judge(
    presented: Token, record: TokenRecord | None, open_transactions: Iterable[OpenTransaction], on: Occasion
) -> Judgement:
    """The verdict about `presented`, of which `record` is what is known (None: nothing).

    C09.FR.09, C01.FR.06: the group goes along with every verdict about a known token. An expired verdict is not given
    for a transaction that runs: the caller asks only at its start and when a token is presented.
    """
    if presented.kind == TokenKind.NO_AUTHORIZATION:
        return Judgement(verdict=Verdict.ACCEPTED, because=Because.NO_AUTHORIZATION_NEEDED)  # C02.FR.02
    if record is None:
        # C04.FR.01: a key code that is not valid here is Invalid, not Unknown; nothing is told to whoever tries codes.
        verdict = Verdict.INVALID if presented.kind == TokenKind.KEY_CODE else Verdict.UNKNOWN
        return Judgement(verdict=verdict, because=Because.NOT_KNOWN)

    if refusal := _refusal(record, on):
        return refusal
    allowed = _allowed(record, on)
    if allowed is not None and (not allowed or (on.evse_id is not None and on.evse_id not in allowed)):
        # C01.FR.20, 22
        return _refused(record, Verdict.NOT_AT_THIS_LOCATION, Because.NOT_AT_THIS_EVSE, evse_ids=allowed)
    if record.credit is not None and record.credit.amount <= 0:
        return _refused(record, Verdict.NO_CREDIT, Because.NO_CREDIT)  # C17.FR.02
    others = tuple(open_one.transaction_id for open_one in open_transactions if _stands_against(open_one, record, on))
    if others:
        return _refused(record, Verdict.CONCURRENT_TX, Because.OTHER_TRANSACTION_OPEN, transactions=others)
    return Judgement(
        verdict=Verdict.ACCEPTED,
        because=Because.NOTHING_AGAINST_IT,
        group=record.group,
        evse_ids=frozenset() if allowed is None or (on.evses and allowed >= on.evses.keys()) else allowed,
        keep_out_of_cache=record.credit is not None,
    )


def _refusal(record: TokenRecord, on: Occasion) -> Judgement | None:
    """What is against the token wherever at this station it is presented."""
    if record.blocked:
        return _refused(record, Verdict.BLOCKED, Because.BLOCKED)
    if record.valid_from is not None and on.at < record.valid_from:
        return _refused(record, Verdict.NOT_AT_THIS_TIME, Because.NOT_YET_VALID, moment=record.valid_from)
    if record.valid_to is not None and on.at >= record.valid_to:
        return _refused(record, Verdict.EXPIRED, Because.NO_LONGER_VALID, moment=record.valid_to)
    if on.asked is Asked.TO_START and same_group(record.group, on.master_group):
        return _refused(record, Verdict.INVALID, Because.MASTER_PASS_CANNOT_START)  # C16.FR.03, C12.FR.09
    if record.stations is not None and on.station_id not in record.stations:
        return _refused(record, Verdict.NOT_AT_THIS_LOCATION, Because.NOT_AT_THIS_STATION)  # C01.FR.22
    if record.evse_kinds is not None and not _of_kinds(record.evse_kinds, on):
        return _refused(record, Verdict.NOT_ALLOWED_TYPE_EVSE, Because.NO_EVSE_OF_AN_ALLOWED_KIND)  # C01.FR.18
    return None


def _refused(
    record: TokenRecord,
    verdict: Verdict,
    because: Because,
    *,
    evse_ids: frozenset[EvseId] = frozenset(),
    moment: datetime | None = None,
    transactions: tuple[TransactionId, ...] = (),
) -> Judgement:
    return Judgement(
        verdict=verdict,
        because=because,
        group=record.group,
        evse_ids=evse_ids,
        keep_out_of_cache=record.credit is not None,
        moment=moment,
        transactions=transactions,
    )


def _of_kinds(kinds: frozenset[str], on: Occasion) -> frozenset[EvseId]:
    return frozenset(evse_id for evse_id, kind in on.evses.items() if kind in kinds)


def _allowed(record: TokenRecord, on: Occasion) -> frozenset[EvseId] | None:
    """The EVSEs of this station where the token may charge; None when nothing narrows them down."""
    named = record.stations[on.station_id] if record.stations is not None else None
    if record.evse_kinds is None:
        return named
    of_kinds = _of_kinds(record.evse_kinds, on)
    return of_kinds if named is None else of_kinds & named


def _stands_against(open_one: OpenTransaction, record: TokenRecord, on: Occasion) -> bool:
    """Whether another open transaction forbids this one.

    While authorizing, one at the same station does not: the token may have come to stop it (1.6 7.2 calls ConcurrentTx
    relevant to the start only).
    """
    if record.concurrency is Concurrency.UNLIMITED or open_one.transaction_id == on.transaction_id:
        return False
    if on.asked is Asked.TO_AUTHORIZE and open_one.station_id == on.station_id:
        return False
    if open_one.token.matches(record.token):
        return True
    return record.concurrency is Concurrency.ONE_PER_GROUP and same_group(open_one.group, record.group)
