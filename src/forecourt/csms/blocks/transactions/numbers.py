"""Transactions of stations that are given a number for each (1.6), and which one is meant where the number is not ours.

A station that never got its number says -1 (errata 3.18), others say 0 or one from another life. Such messages are
answered like any other; the transaction is found by its place and time, and that it had to be is recorded.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

import msgspec

from forecourt.charging.connector_state import ChargingState
from forecourt.charging.registers import Point
from forecourt.charging.tokens import Token
from forecourt.charging.topology import Place
from forecourt.csms.blocks.metering.model import Metered, Report
from forecourt.csms.blocks.transactions import records, starts
from forecourt.csms.blocks.transactions.context import Transactions
from forecourt.csms.blocks.transactions.going_on import fresh, take_readings
from forecourt.csms.blocks.transactions.late import take_late_readings
from forecourt.csms.blocks.transactions.memory import Running
from forecourt.csms.blocks.transactions.model import (
    AT_BEGIN,
    AT_END,
    LATE,
    STOP_AUTHORIZED,
    Details,
    Heard,
    Odd,
    Remark,
    Told,
    What,
    moment,
)
from forecourt.csms.blocks.transactions.record import Record
from forecourt.csms.blocks.transactions.recording import record
from forecourt.csms.stations.link import Link
from forecourt.csms.store.work import Work
from forecourt.ocpp.deviations import Deviation

_SLACK: Final = timedelta(minutes=1)
_LOCAL: Final = "Local"
_START: Final = "StartTransaction"
_STOP: Final = "StopTransaction"
_METER_VALUES: Final = "MeterValues"


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """A StartTransaction. `connector` is the number the station has for the place."""

    place: Place
    connector: int
    token: Token
    at: datetime
    meter_start: int
    reservation_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Over:
    """A StopTransaction. `reason` is a word of 2.1, `wire_reason` the station's own, `trigger` what 2.1 calls its cause."""

    number: int
    at: datetime
    meter_stop: int
    token: Token | None
    reason: str
    wire_reason: str
    trigger: str
    values: tuple[Metered, ...]


async def begin(block: Transactions, link: Link, work: Work, begun: Begun) -> Heard:
    """Open a transaction and give it a number, also for a refused token: the station has begun already (section 4.8).

    The same message again gets the same number. Raises StoreAway.
    """
    connection = await work.sql()
    station = link.station
    await records.hold(connection, station.key)
    key = await starts.started(connection, station.key, begun.connector, begun.token.key, begun.at, begun.meter_start)
    before = None if key is None else await records.of_key(connection, key)
    _ = await fresh(block, link, work)
    number = await starts.next_number(connection) if before is None else before.number
    told = Told(
        action=_START,
        wire_id=str(number),
        number=number,
        what=What.STARTED,
        seq_no=AT_BEGIN,
        at=begun.at,
        trigger="Authorized",
        offline=work.now - begun.at > LATE,
        evse_id=begun.place.evse_id or None,
        connector_id=begun.place.connector_id,
        # A transaction of 1.6 begins when a vehicle is connected and its driver authorized (2.1, E 1.1.2).
        charging_state=ChargingState.EV_CONNECTED.value,
        token=begun.token,
        details=Details(register_wh=Decimal(begun.meter_start), reservation_id=begun.reservation_id),
    )
    heard = await record(block, link, work, told, held=True)
    if before is None:
        await starts.remember_start(
            connection, station.key, begun.connector, begun.token.key, begun.at, begun.meter_start, heard.key
        )
    return heard


async def stop(block: Transactions, link: Link, work: Work, over: Over) -> Heard:
    """End a transaction, or record an end of which the begin was never heard. Raises StoreAway."""
    connection = await work.sql()
    station = link.station
    await records.hold(connection, station.key)
    known = await records.named(connection, station.key, str(over.number)) if over.number > 0 else None
    details = Details(
        register_wh=Decimal(over.meter_stop), stop_reason=over.reason or _LOCAL, wire_reason=over.wire_reason
    )
    wire_id = str(over.number)
    if known is None:
        _note(block, link, work, _STOP, over.number)
        register_wh = Decimal(over.meter_stop)
        known = await starts.ended_so(connection, station.key, over.at, register_wh)
        if known is None:
            known = await _meant(block, link, work, over)
        remark = Remark.WITHOUT_BEGIN if known is None else Remark.NUMBER_RESOLVED
        details = msgspec.structs.replace(details, remark=remark.name, remark_detail=str(over.number))
        # A name that no number of ours can ever have; the same message again finds the same record.
        wire_id = f"{over.number} {over.at.isoformat()}" if known is None else known.wire_id
    return await record(
        block,
        link,
        work,
        Told(
            action=_STOP,
            wire_id=wire_id,
            number=None if known is None else known.number,
            what=What.ENDED,
            seq_no=AT_END,
            at=over.at,
            trigger=over.trigger,
            offline=work.now - over.at > LATE,
            token=over.token,
            details=details,
            values=over.values,
        ),
        held=True,
    )


async def _meant(block: Transactions, link: Link, work: Work, over: Over) -> Record | None:
    """The open transaction that a stop without our number means: the only one it fits."""
    connection = await work.sql()
    at = moment(over.at, work.now)
    fitting = []
    for one in await records.running(connection, link.station.key):
        if moment(one.started_at, one.received_at) > at + _SLACK:
            continue
        begin_wh = one.register_end_wh or one.register_begin_wh
        bounds = block.bounds(link.station, None)
        follows = begin_wh is None or bounds.follows(
            Point(min(one.last_at, over.at), begin_wh), Point(over.at, Decimal(over.meter_stop))
        )
        if follows and (over.token is None or one.token is None or _may(over, one)):
            fitting.append(one)
    if over.token is not None:
        own = [one for one in fitting if one.token is not None and one.token.matches(over.token)]
        fitting = own or fitting
    return fitting[0] if len(fitting) == 1 else None


def _may(over: Over, one: Record) -> bool:
    """A driver stops his own transaction; with another token only what stopped by itself, or a number we never gave."""
    assert over.token is not None and one.token is not None  # noqa: S101, PT018 - asked for both only
    return one.token.matches(over.token) or over.number <= 0 or over.trigger != STOP_AUTHORIZED


async def own(block: Transactions, link: Link, work: Work, report: Report) -> int | None:
    """Which transaction meter values belong to, and their part in it. What the block of meters asks for.

    Without a number they belong to what is open at their place; with one that is not ours too, and that is recorded.
    """
    ongoing = await fresh(block, link, work)
    number = report.number
    running: Running | None = None
    if number is not None and number > 0:
        running = ongoing.named(str(number))
        if running is None and not ongoing.is_unknown(number):
            late = await records.named(await work.sql(), link.station.key, str(number))
            if late is not None and late.ended:
                await take_late_readings(block, link, work, late, report.values)
                return late.id
            ongoing.note_unknown(number)
    if running is None:
        running = _open_at(ongoing.all(), report)
        if number is not None:
            _note_once(block, link, work, number, running)
    if running is None:
        return None
    await take_readings(block, link, work, running, report.values)
    return running.record.id


def _open_at(open_ones: Sequence[Running], report: Report) -> Running | None:
    """The transaction that runs at the place of a report and had begun when its values were read."""
    for running in open_ones:
        known = running.record
        began = moment(known.started_at, known.received_at)
        if known.evse_id == report.place.evse_id and (report.at >= began - _SLACK or began == known.received_at):
            return running
    return None


def _note_once(block: Transactions, link: Link, work: Work, number: int, running: Running | None) -> None:
    """Once per transaction is enough: such a station says the same with every reading."""
    if running is not None:
        if running.told_of_number:
            return
        running.told_of_number = True
    _note(block, link, work, _METER_VALUES, number)


def _note(block: Transactions, link: Link, work: Work, action: str, number: int) -> None:
    block.deviate(
        link,
        work,
        action,
        Deviation(Odd.TRANSACTION_UNKNOWN, "$.transactionId", str(number), "found by place and time, if at all"),
    )
