"""The verdict about a presented token, recorded with its reason. What other blocks use of this one is here and in `model`.

Unknown never passes, and a failure of ours is never a verdict: where the database is away the errors of the store pass
through, and no answer is made.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from forecourt.charging import judging
from forecourt.charging.ids import EvseId, StationId, TransactionId
from forecourt.charging.judging import Asked, Because, Judgement, Occasion
from forecourt.charging.tokens import SECRET, Token, TokenKind, Verdict
from forecourt.csms.blocks.authorization import store
from forecourt.csms.blocks.authorization.events import TokenJudged
from forecourt.csms.blocks.authorization.model import (
    Judged,
    KnownToken,
    OpenTransactions,
    Reason,
    best_match,
    kinds_of_evses,
    relied_on_until,
    shown,
)
from forecourt.csms.stations.model import Station
from forecourt.csms.store.work import Work

__all__ = ["Asked", "Judged", "OpenTransactions", "judge", "refuse_contract"]

_WORDS = {Asked.TO_AUTHORIZE: "authorize", Asked.TO_START: "start"}


@dataclass(frozen=True, slots=True)
class _Presented:
    """A token at a station, and what for."""

    token: Token
    asked: Asked
    at: datetime
    evse_id: EvseId | None = None
    transaction_id: TransactionId | None = None


async def judge(
    work: Work,
    station: Station,
    token: Token,
    at: datetime,
    *,
    asked: Asked,
    open_transactions: OpenTransactions | None,
    evse_id: EvseId | None = None,
    transaction_id: TransactionId | None = None,
) -> Judged:
    """The verdict about `token`, presented at `station` at `at`, announced with its reason.

    `open_transactions` None leaves out whether the token is in use already. `transaction_id` names the transaction this is
    about, which is no other one (a repeated start). To start, the token is held until this unit commits, so that of two
    starts at once the second one sees the first. `NoAuthorization` needs no database. Raises StoreAway.
    """
    presented = _Presented(token, asked, at, evse_id, transaction_id)
    if token.kind == TokenKind.NO_AUTHORIZATION:
        judgement = judging.judge(token, None, (), _occasion(station, presented, None))  # C02.FR.02
        return _announced(work, station, presented, judgement, Reason.NO_AUTHORIZATION_NEEDED, None)

    known = best_match(token, await store.find(await work.sql(), token.key, station.organisation))
    if known is not None and not known.accepted_here:
        # C01.FR.22: not allowed at any EVSE here. Its group is no business of this operator.
        judgement = Judgement(verdict=Verdict.NOT_AT_THIS_LOCATION, because=Because.NOT_AT_THIS_STATION)
        if token.kind in SECRET:
            # C04.FR.01: whoever tries codes does not learn that one of them is valid elsewhere.
            judgement = Judgement(verdict=Verdict.INVALID, because=Because.NOT_KNOWN)
        return _announced(work, station, presented, judgement, Reason.PROVIDER_NOT_ACCEPTED, known)

    judgement = judging.judge(token, None if known is None else known.record, (), _occasion(station, presented, known))
    if known is not None and judgement.accepted and open_transactions is not None:
        judgement = await _counted(work, station, presented, known, judgement, open_transactions)
    return _announced(work, station, presented, judgement, Reason.of(judgement.because), known)


def refuse_contract(work: Work, station: Station, token: Token) -> Judged:
    """The verdict about a contract certificate that cannot be verified, because we do not verify any yet (C07.FR.17)."""
    judgement = Judgement(verdict=Verdict.INVALID, because=Because.NOT_KNOWN)
    presented = _Presented(token, Asked.TO_AUTHORIZE, work.now)
    return _announced(work, station, presented, judgement, Reason.CONTRACT_NOT_VERIFIED, None)


async def _counted(
    work: Work,
    station: Station,
    presented: _Presented,
    known: KnownToken,
    accepted: Judgement,
    open_transactions: OpenTransactions,
) -> Judgement:
    """`accepted`, unless the token has as many transactions open as it may have."""
    most = known.data.max_concurrent
    if most is None:
        return accepted
    if presented.asked is Asked.TO_START:
        await store.hold(await work.sql(), known)
    group = known.group if known.data.concurrent_per_group else None
    others = await open_transactions(work, known.data.token, group)
    counted = judging.judge(presented.token, known.record, others, _occasion(station, presented, known))
    return counted if len(counted.transactions) >= most else accepted


def _occasion(station: Station, presented: _Presented, known: KnownToken | None) -> Occasion:
    return Occasion(
        asked=presented.asked,
        at=presented.at,
        station_id=StationId(station.wire_id),
        evses=kinds_of_evses(station.topology),
        evse_id=presented.evse_id,
        transaction_id=presented.transaction_id,
        master_group=known.group if known is not None and known.master_pass else None,
    )


def _announced(
    work: Work,
    station: Station,
    presented: _Presented,
    judgement: Judgement,
    reason: Reason,
    known: KnownToken | None,
) -> Judged:
    token = presented.token
    judged = Judged(
        token=token,
        judgement=judgement,
        reason=reason,
        known=known,
        expires_at=relied_on_until(judgement, known, work.now),
    )
    work.announce(
        TokenJudged(
            organisation_id=station.organisation,
            station_id=station.key,
            token=shown(token.value, token.kind),
            kind=token.kind,
            token_id=None if known is None else known.key,
            provider_id=None if known is None else known.provider,
            asked=_WORDS[presented.asked],
            evse_id=presented.evse_id,
            verdict=judgement.verdict.value,
            reason=reason.value,
            group=judged.group.value if judged.group is not None else "",
            moment=judgement.moment,
            transactions=judgement.transactions,
            evse_ids=tuple(sorted(judgement.evse_ids)),
        )
    )
    return judged
