"""Verdicts about tokens that come with events, and how they are kept with them."""

from __future__ import annotations

from collections.abc import Sequence

from forecourt.charging.ids import EvseId, TransactionId
from forecourt.charging.judging import Because, Judgement, OpenTransaction
from forecourt.charging.tokens import Token, Verdict
from forecourt.csms.blocks.authorization.actions import Asked, judge
from forecourt.csms.blocks.authorization.model import Judged, Reason
from forecourt.csms.blocks.transactions import records
from forecourt.csms.blocks.transactions.model import JudgedToken, Told, moment
from forecourt.csms.blocks.transactions.record import Record
from forecourt.csms.blocks.transactions.summary import stops
from forecourt.csms.stations.model import Station
from forecourt.csms.store.work import Work


async def open_transactions(work: Work, token: Token, group: Token | None) -> Sequence[OpenTransaction]:
    """Which transactions are open with a token, or with its group, at any station. What authorization asks for."""
    return await records.open_with_token(await work.sql(), token, group)


async def judged_now(
    work: Work, station: Station, record: Record, told: Told, token: Token, evse_id: int | None
) -> Judged:
    """The verdict about a token, whether the station had it authorized before or not (E01.FR.11, E05.FR.01).

    To stop a transaction nothing is counted against it: other transactions do not matter.
    """
    stopping = stops(told.trigger, told.what)
    return await judge(
        work,
        station,
        token,
        moment(told.at, work.now),
        asked=Asked.TO_AUTHORIZE if stopping else Asked.TO_START,
        open_transactions=None if stopping else open_transactions,
        evse_id=None if evse_id is None else EvseId(evse_id),
        transaction_id=TransactionId(str(record.id)),
    )


def kept(judged: Judged) -> JudgedToken:
    """A verdict as it is kept with the event."""
    known, group = judged.known, judged.group
    return JudgedToken(
        value=judged.token.value,
        kind=judged.token.kind,
        verdict=judged.verdict.value,
        reason=judged.reason.value,
        group="" if group is None else group.value,
        group_kind="" if group is None else group.kind,
        token_id=None if known is None else known.key,
        provider_id=None if known is None else known.provider,
        expires_at=judged.expires_at,
        master_pass=known is not None and known.master_pass,
    )


def judged_again(token: JudgedToken) -> Judged:
    """A verdict that was given before, to be given once more."""
    verdict = Verdict(token.verdict)
    because = Because.NOTHING_AGAINST_IT if verdict is Verdict.ACCEPTED else Because.NOT_KNOWN
    return Judged(
        token=token.token,
        judgement=Judgement(verdict=verdict, because=because, group=token.group_token),
        reason=Reason(token.reason),
        expires_at=token.expires_at,
    )
