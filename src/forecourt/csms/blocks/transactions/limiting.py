"""Limits of a transaction: who may set them, what is wanted, what the station is told and when.

Refused is what nobody can watch, neither we nor the station. What the station observes itself (SupportedLimits) it is told in
the next answer, once on each connection until it confirms (E16.FR.02, 03, 12); we watch every limit all the same (`watching`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from itertools import pairwise
from types import MappingProxyType
from typing import Final

import msgspec

from forecourt.charging.energy import ENERGY
from forecourt.charging.limits import LimitKind, Limits, Reporting, Unobservable, unobservable
from forecourt.charging.quantities import Money
from forecourt.charging.readings import Reading
from forecourt.csms.blocks.authorization.model import Judged
from forecourt.csms.blocks.metering import actions as metering
from forecourt.csms.blocks.transactions import records
from forecourt.csms.blocks.transactions.announcing import announce_limits
from forecourt.csms.blocks.transactions.context import Transactions
from forecourt.csms.blocks.transactions.events import TransactionUpdated
from forecourt.csms.blocks.transactions.memory import Ongoing
from forecourt.csms.blocks.transactions.model import (
    Ability,
    Details,
    LimitsBody,
    LimitsData,
    Remark,
    Told,
    TransactionKey,
)
from forecourt.csms.blocks.transactions.pace import Pulse
from forecourt.csms.blocks.transactions.record import Record, facts_of
from forecourt.csms.stations.link import Link
from forecourt.csms.stations.model import Station, StationKey
from forecourt.csms.stations.registry import Stations
from forecourt.csms.store.work import Store, Work
from forecourt.errors import Conflict, Flaw, Invalid, NotFound

FIELDS: Final[Mapping[LimitKind, str]] = MappingProxyType(
    {
        LimitKind.ENERGY: "energyWh",
        LimitKind.TIME: "timeS",
        LimitKind.COST: "cost",
        LimitKind.SOC: "socPercent",
    }
)
WHY: Final[Mapping[Unobservable, str]] = MappingProxyType(
    {
        Unobservable.NO_ENERGY_READINGS: "the station sends no energy readings while a transaction runs",
        Unobservable.READINGS_TOO_RARE: "its readings come so seldom that the limit could be missed by too much",
        Unobservable.NO_PRICE: "there is no price",
        Unobservable.NO_SOC_READINGS: "the station sends no state of charge",
    }
)
_NO_LIMIT: Final = Limits(energy_wh=Decimal(10_000_000), time_s=10 * 365 * 86400, soc_percent=100)
"""A limit that was sent cannot be taken back, only made irrelevant (E16.FR.17)."""

_NO_COST: Final = Decimal(1_000_000)
_LOOKED_AT: Final = 8
_SOC: Final = "SoC"


async def set_limits(
    block: Transactions, store: Store, stations: Stations, key: TransactionKey, limits: Limits
) -> Record:
    """Let these be the limits of a running transaction; kinds that are left out have none.

    Raises NotFound, Conflict for one that has ended, and Invalid for a limit that cannot be watched: `fields` says of each
    why.
    """
    async with store.work() as work:
        connection = await work.sql()
        record = await records.of_key(connection, key)
        if record is None:
            raise NotFound("transaction_unknown", f"there is no transaction {key}")
        station = stations.of_key(StationKey(record.station_id))
        await records.hold(connection, station.key)
        record = await records.of_key(connection, key) or record
        if record.ended:
            raise Conflict("transaction_ended", f"transaction {record.wire_id} of {station.wire_id} has ended")
        if limits.cost is not None and limits.cost.currency != record.currency and record.price is not None:
            message = f"the price of this transaction is in {record.currency}"
            raise Invalid("currencies_differ", message, {"cost": message})
        ability = await _ability(block, work, station, record)
        _refuse(_unwatched(limits, ability))
        record = await _want(work, record, limits, ability)
        work.announce(TransactionUpdated(**facts_of(record)))
    # After the commit: the next message of the station reads the record anew.
    ongoing = station.recall(Ongoing)
    running = ongoing.named(record.wire_id)
    ongoing.stale()
    block.watch.look(station, record, Pulse() if running is None else running.pulse, work.now)
    return record


async def check_limits(block: Transactions, work: Work, station: Station, asked: LimitsBody) -> None:
    """Whether a transaction of this station could have these limits. Raises Invalid, whose `fields` say of each why not."""
    ability = await _ability(block, work, station, None)
    against = _unwatched(asked.limits(block.currency), ability)
    _refuse(against, "limits.")


def _unwatched(limits: Limits, ability: Ability) -> dict[LimitKind, Unobservable]:
    """Which limits nobody would watch. A station that reckons no cost itself needs our price for that (E16.FR.11)."""
    watched_there = ability.limits - {LimitKind.COST}
    return {kind: why for kind, why in unobservable(limits, ability.reporting).items() if kind not in watched_there}


def _refuse(against: Mapping[LimitKind, Unobservable], path: str = "") -> None:
    if against:
        fields = {path + FIELDS[kind]: Flaw(WHY[why], f"limit_{why.name.lower()}") for kind, why in against.items()}
        raise Invalid("limit_not_observable", "; ".join(dict.fromkeys(fields.values())), fields)


async def at_begin(
    block: Transactions,
    work: Work,
    station: Station,
    record: Record,
    told: Told,
    judged: Judged | None,
    details: Details,
) -> tuple[Record, Details]:
    """The record with the limits it begins with, if there are any; what cannot be watched is left out and remarked."""
    accepted = judged is not None and judged.accepted
    named = details.remote_start_id is not None
    if record.ended or record.limits_wanted is not None or not (accepted or named):
        return record, details
    wanted = await block.first_limits(work, station, told, judged)
    if wanted is None:
        return record, details
    ability = await _ability(block, work, station, record)
    against = _unwatched(wanted, ability)
    if against:
        words = "; ".join(f"{FIELDS[kind]}: {WHY[why]}" for kind, why in against.items())
        details = msgspec.structs.replace(details, remark=Remark.LIMIT_NOT_WATCHED.name, remark_detail=words)
        wanted = wanted.only(wanted.kinds - against.keys())
    return await _want(work, record, wanted, ability), details


async def _want(work: Work, record: Record, wanted: Limits, ability: Ability) -> Record:
    """Write the limits that are wanted, and those of them the station is to be told."""
    before = None if record.limits_offered is None else record.limits_offered.limits
    offered = wanted.only(ability.limits)
    if before is not None:
        offered = _lifted(offered, before, record.currency)
    changed = msgspec.structs.replace(
        record,
        limits_wanted=LimitsData.of(wanted) if wanted.kinds else None,
        limits_offered=LimitsData.of(offered) if offered.kinds else None,
        limits_at=work.now,
        limits_confirmed=(),
        limits_reached=(),
        stops_asked=(),
    )
    await records.change(
        await work.sql(),
        record.id,
        limits_wanted=changed.limits_wanted,
        limits_offered=changed.limits_offered,
        limits_at=changed.limits_at,
        limits_confirmed=(),
        limits_reached=(),
        stops_asked=(),
    )
    announce_limits(work, changed)
    return changed


def _lifted(offered: Limits, before: Limits, currency: str) -> Limits:
    """`offered`, with limits the station was told before and that are no longer wanted raised out of the way."""
    gone = before.kinds - offered.kinds
    none = replace(_NO_LIMIT, cost=Money(_NO_COST, currency) if LimitKind.COST in gone else None).only(gone)
    return Limits(
        energy_wh=offered.energy_wh if none.energy_wh is None else none.energy_wh,
        time_s=offered.time_s if none.time_s is None else none.time_s,
        cost=offered.cost if none.cost is None else none.cost,
        soc_percent=offered.soc_percent if none.soc_percent is None else none.soc_percent,
    )


def unconfirmed(record: Record) -> Limits | None:
    """What the station is to observe and has not confirmed."""
    if record.limits_offered is None:
        return None
    offered = record.limits_offered.limits
    left = offered.only(offered.kinds - frozenset(record.limits_confirmed))
    return left if left.kinds else None


def to_tell(ongoing: Ongoing, link: Link, record: Record, told: Told) -> Limits | None:
    """The limits for this answer. The station's own limit above ours is answered at once (E16.FR.07, 08)."""
    left = None if record.ended else unconfirmed(record)
    if left is None:
        return None
    countered = told.details is not None and told.details.limits is not None
    return left if ongoing.tell_once(link.epoch, record.id, left) or countered else None


async def _ability(block: Transactions, work: Work, station: Station, record: Record | None) -> Ability:
    """What is known of the station, with what this transaction has shown so far, if it has begun."""
    ability = await block.abilities(work, station)
    found: list[list[Reading]] = []
    price = block.price_per_kwh
    if record is not None:
        found = await metering.newest_of_transaction(await work.sql(), record.id, record.received_at, _LOOKED_AT)
        price = record.price
    longest_s = int(block.longest_interval.total_seconds())
    said = ability.reporting
    reporting = Reporting(
        energy_every_s=said.energy_every_s or _rhythm(found, ENERGY),
        soc_every_s=said.soc_every_s or _rhythm(found, frozenset({_SOC})),
        price_known=said.price_known or price is not None,
        price_needs_energy=True,
        longest_interval_s=longest_s,
    )
    return Ability(reporting, ability.limits)


def _rhythm(found: list[list[Reading]], measurands: frozenset[str]) -> int | None:
    """How far apart such readings are; None if there were not two."""
    times = sorted({one.at for values in found for one in values if one.measurand in measurands})
    apart = [after - before for before, after in pairwise(times)]
    return None if not apart else max(1, int(max(apart) / timedelta(seconds=1)))
