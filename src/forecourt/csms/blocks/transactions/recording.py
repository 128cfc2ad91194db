"""Taking an event into the record: the careful way, in a transaction of its own, for everything but one more reading.

Whatever the event is, and in whichever order it comes: it is added to what is known, the record is reckoned anew from
that, and what has changed is announced. An event that is known already is answered again and changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Final

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from forecourt.charging.ids import EvseId
from forecourt.charging.limits import Limits
from forecourt.charging.quantities import Money
from forecourt.charging.topology import Place
from forecourt.csms.blocks.metering import actions as metering
from forecourt.csms.blocks.transactions import limiting, records
from forecourt.csms.blocks.transactions.announcing import announce
from forecourt.csms.blocks.transactions.context import Transactions
from forecourt.csms.blocks.transactions.figures import counted
from forecourt.csms.blocks.transactions.judging import judged_again, judged_now, kept
from forecourt.csms.blocks.transactions.memory import Ongoing, Running
from forecourt.csms.blocks.transactions.model import (
    Details,
    Fact,
    Heard,
    Odd,
    Remark,
    Told,
    TransactionKey,
    What,
    moment,
)
from forecourt.csms.blocks.transactions.numbering import SeqNos
from forecourt.csms.blocks.transactions.pace import Pulse
from forecourt.csms.blocks.transactions.reckoning import on_record, reckon, reported, supersede
from forecourt.csms.blocks.transactions.record import Record
from forecourt.csms.blocks.transactions.store import EVENT
from forecourt.csms.blocks.transactions.timeline import Reported, Timeline
from forecourt.csms.stations.link import Link
from forecourt.csms.stations.model import Station
from forecourt.csms.store.work import Work
from forecourt.ocpp.deviations import Deviation

_NO_DETAILS: Final = Details()


@dataclass(slots=True)
class _Case:
    """What an event is taken into. `before` is None if it is the first one of its transaction; `upset` if more than it changes."""

    link: Link
    work: Work
    connection: AsyncConnection
    record: Record
    before: Record | None
    known: list[Fact]
    upset: bool = False

    @property
    def station(self) -> Station:
        return self.link.station


async def record(block: Transactions, link: Link, work: Work, told: Told, *, held: bool = False) -> Heard:
    """Take an event into the record of its transaction, which is opened if there is none. Raises StoreAway.

    `held` says that the caller has the station's transactions to itself already.
    """
    connection = await work.sql()
    station = link.station
    if not held:
        await records.hold(connection, station.key)
    found = await records.named(connection, station.key, told.wire_id)
    if found is not None and _begins_anew(found, told):
        _note_reuse(block, link, work, told)
        await records.rename(connection, found)
        link.station.recall(Ongoing).stale()
        found = None
    if found is None:
        opened = await records.open_record(connection, station, told, work.now, block.price_per_kwh)
        case = _Case(link, work, connection, opened, None, [])
    else:
        case = _Case(link, work, connection, found, found, await records.facts(connection, found.id))
    twins = [fact for fact in case.known if fact.seq_no == told.seq_no]
    # What has no number of its own happens once: 1.6 has one begin and one end (DESIGN section 4).
    same = next((fact for fact in twins if told.seq_no < 0 or fact.repeats(told)), None)
    if same is not None:
        return _answer_again(case, told, same)
    if twins:
        told = _reused(block, case, told, twins)
    return await _take(block, case, told)


def _begins_anew(found: Record, told: Told) -> bool:
    """Whether a station gives a name to a second transaction, against E01.FR.08: it begins after the first has ended."""
    return told.what is What.STARTED and found.ended_at is not None and told.at > found.ended_at and told.number is None


def _note_reuse(block: Transactions, link: Link, work: Work, told: Told) -> None:
    detail = "an earlier transaction has this id"
    block.deviate(
        link, work, told.action, Deviation(Odd.ID_REUSED, "$.transactionInfo.transactionId", told.wire_id[:60], detail)
    )


def _answer_again(case: _Case, told: Told, same: Fact) -> Heard:
    again = msgspec.structs.replace(told, take=same.take)
    case.work.once(EVENT, records.row_of(case.record, again, None, case.work.now))
    token = same.details.token
    return Heard(
        case.record.id,
        case.record.number,
        judged=None if token is None else judged_again(token),
        cost=cost_to_tell(case.record, told.what),
        limits=limiting.unconfirmed(case.record),
    )


def _reused(block: Transactions, case: _Case, told: Told, twins: list[Fact]) -> Told:
    """A station that gives two events one number loses none of them."""
    deviation = Deviation(
        Odd.SEQUENCE_REUSED, "$.seqNo", str(told.seq_no), "another event of this transaction has this number"
    )
    block.deviate(case.link, case.work, told.action, deviation)
    details = msgspec.structs.replace(
        told.details or _NO_DETAILS, remark=Remark.SEQUENCE_REUSED.name, remark_detail=str(told.seq_no)
    )
    return msgspec.structs.replace(told, take=max(fact.take for fact in twins) + 1, details=details)


async def _take(block: Transactions, case: _Case, told: Told) -> Heard:
    work, station, opened = case.work, case.station, case.record
    evse_id = opened.evse_id if told.evse_id is None else told.evse_id
    lost = None
    if evse_id is not None and evse_id != opened.evse_id:
        # Before the token is judged: a transaction that is over must not stand against this one.
        lost = await _only_one(block, case, told, evse_id)
        case.upset = case.upset or lost is not None
    judged = None
    if told.token is not None:
        judged = await judged_now(work, station, opened, told, told.token, evse_id)
    details = msgspec.structs.replace(
        told.details or _NO_DETAILS,
        evse_id=told.evse_id,
        connector_id=told.connector_id,
        token=None if judged is None else kept(judged),
    )
    limited, details = await limiting.at_begin(block, work, station, opened, told, judged, details)
    work.once(EVENT, records.row_of(opened, told, details, work.now))
    if told.values:
        place = None if evse_id is None else Place(EvseId(evse_id))
        metering.keep(work, station, place, told.values, opened.id)
    limited = msgspec.structs.replace(limited, evse_id=evse_id)
    fact = _fact(told, details, case)
    after = await _reckoned(block, case, limited, [*case.known, fact], told, lost is not None)
    announce(work, case.before, after, told)
    return _done(block, case, after, fact, told, Heard(after.id, after.number, judged))


def _fact(told: Told, details: Details, case: _Case) -> Fact:
    return Fact(
        seq_no=told.seq_no,
        take=told.take,
        what=told.what,
        at=told.at,
        received_at=case.work.now,
        trigger=told.trigger,
        offline=told.offline,
        charging_state=told.charging_state,
        time_spent_s=told.time_spent_s,
        details=details,
    )


async def _reckoned(
    block: Transactions, case: _Case, record: Record, facts: list[Fact], told: Told, superseded: bool
) -> Record:
    """The record with the summary of `facts`, written."""
    superseded = superseded or record.superseded
    readings: list[Reported] | None = None
    whole = superseded or record.limits_wanted is not None or any(fact.what is What.ENDED for fact in facts)
    if case.before is None or whole:
        readings = reported(told.values, case.work.now)
        if case.before is not None:
            readings += await on_record(case.connection, record)
    after = await reckon(block, case.connection, case.station, record, facts, readings, superseded)
    if superseded and not record.superseded:
        await records.change(case.connection, record.id, superseded=True)
        after = msgspec.structs.replace(after, superseded=True)
    return after


async def _only_one(block: Transactions, case: _Case, told: Told, evse_id: int) -> TransactionKey | None:
    """Let there be one open transaction on an EVSE: a newer one says that the end of the older was lost.

    Stations deliver in order, so what is heard of later began later, whatever their clocks say. Only an event that its
    station calls offline may come after newer ones. Returns the other transaction if it is this one that is over.
    """
    began = moment(told.at, case.work.now)
    for other in await records.running(case.connection, case.station.key):
        if other.evse_id != evse_id or other.id == case.record.id:
            continue
        if told.offline and told.number is None and began < moment(other.started_at, other.received_at):
            return other.id
        await supersede(block, case.connection, case.work, case.station, other)
        case.upset = True
    return None


def _done(block: Transactions, case: _Case, after: Record, fact: Fact, told: Told, heard: Heard) -> Heard:
    """Leave memory stale until this is committed, and the watch up to date; say what the answer carries."""
    ongoing = case.station.recall(Ongoing)
    running = ongoing.named(told.wire_id)
    pulse = Pulse() if running is None else running.pulse
    pulse.feel(told.values)
    if after.ended:
        ongoing.drop(told.wire_id)
        block.watch.ended(after.id)
        if after.evse_id is not None and told.what is What.ENDED and not told.offline:
            metering.come_to_rest(case.station, EvseId(after.evse_id))
    else:
        block.watch.look(case.station, after, pulse, case.work.now, case.work)
    limits = limiting.to_tell(ongoing, case.link, after, told)
    fresh = ongoing.epoch == case.link.epoch
    ongoing.stale()
    if fresh and not case.upset:
        if after.ended:
            case.work.on_commit(ongoing.renewal(case.link.epoch))
        elif case.before is None and not after.superseded:
            begun = _begun(block, case, after, fact, told)
            begun.pulse = pulse
            case.work.on_commit(ongoing.renewal(case.link.epoch, begun))
        elif running is not None and told.what is What.UPDATED and not after.superseded:
            evse_id = None if after.evse_id is None else EvseId(after.evse_id)
            follow = partial(running.follow, after, told, block.bounds(case.station, evse_id))
            case.work.on_commit(follow)
            case.work.on_commit(ongoing.renewal(case.link.epoch, running))
    return Heard(heard.key, heard.number, heard.judged, cost_to_tell(after, told.what), limits)


def _begun(block: Transactions, case: _Case, after: Record, fact: Fact, told: Told) -> Running:
    """A transaction of which this is the first word, as memory holds it."""
    now = case.work.now
    seen = SeqNos([])
    if told.seq_no >= 0:
        seen.add(told.seq_no)
    running = Running(after, seen, now)
    evse_id = None if after.evse_id is None else EvseId(after.evse_id)
    running.account = counted(Timeline.of([fact]), reported(told.values, now), block.bounds(case.station, evse_id))
    return running


def cost_to_tell(record: Record, what: What) -> Money | None:
    """The cost for an answer: the final one, and the running one while a cost limit is to be observed by it (E16.FR.11).

    Nothing where the station reckons it itself (E16.FR.16), and nothing where there is no price.
    """
    if record.local_cost or record.price is None or (record.verdict and not record.billable):
        return None
    wanted: Limits | None = None if record.limits_wanted is None else record.limits_wanted.limits
    if what is not What.ENDED and (wanted is None or wanted.cost is None):
        return None
    if record.spent is None and what is not What.ENDED:
        return Money(record.price.amount * 0, record.currency)
    return record.spent
